// Products are split over the pool into equal shares of rows or columns. A share is a product of our own, small or
// packed, or where the processor cannot run the packed one, a serial call of the BLAS for each panel of rows.

#include "blas.h"
#include "internal.h"

// Shares are whole multiples of these, which the micro-kernels of OpenBLAS divide (16 x 4 floats for AVX-512, 16 x 4
// or smaller elsewhere); 64 columns also keep two threads off one row's cache line, and are two strips of our own.
#define ROW_UNIT ((size_t)16)
#define COLUMN_UNIT ((size_t)64)

bool pf_packs(size_t m, size_t n, size_t k) { return pf_packing() && n > 64 && m * n * k > PF_SMALL_WORK; }

void pf_serial_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
                    size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc) {
  if (pf_packs(m, n, k)) {
    pf_weights floats = pf_floats(b, ldb);
    pf_packed_gemm(pf_packing(), transpose_a, transpose_b, m, n, k, alpha, a, lda, &floats, 0, 0, beta, c, ldc, NULL);
    return;
  }
  for (size_t row = 0; row < m; row += PF_GEMM_PANEL_ROWS) {
    size_t rows = pf_smaller(PF_GEMM_PANEL_ROWS, m - row);
    const float *from = a + (transpose_a ? row : row * lda);
    float *to = c + row * ldc;
    if (rows * n * k <= PF_SMALL_WORK || pf_packing()) {  // with packing memory, the BLAS's buffers stay untouched
      pf_small_gemm(transpose_a, transpose_b, rows, n, k, alpha, from, lda, b, ldb, beta, to, ldc);
    } else {
      pf_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
               (int)rows, (int)n, (int)k, alpha, from, (int)lda, b, (int)ldb, beta, to, (int)ldc);
    }
  }
}

typedef struct {
  bool transpose_a, transpose_b, split_columns;
  size_t m, n, k;
  float alpha;
  const float *a;
  size_t lda;
  const float *b;
  size_t ldb;
  float beta;
  float *c;
  size_t ldc;
  const float *bias;
} product;

/// c = beta c + bias, the part of the product that needs no BLAS.
PF_CLONES static void start_rows(size_t m, size_t n, float beta, const float *bias, float *c, size_t ldc) {
  for (size_t row = 0; row < m; row++, c += ldc) {
    if (!bias) {
      PF_VECTOR for (size_t i = 0; i < n; i++) c[i] = beta == 0.0f ? 0.0f : beta * c[i];
    } else if (beta == 0.0f) {
      memcpy(c, bias, n * sizeof(float));
    } else {
      PF_VECTOR for (size_t i = 0; i < n; i++) c[i] = beta * c[i] + bias[i];
    }
  }
}

static void multiply(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  product p = *(const product *)context;
  if (p.split_columns) {
    p.n = end - begin;
    p.b += p.transpose_b ? begin * p.ldb : begin;
    p.c += begin;
    if (p.bias) p.bias += begin;
  } else {
    p.m = end - begin;
    p.a += p.transpose_a ? begin : begin * p.lda;
    p.c += begin * p.ldc;
  }
  if (pf_packs(p.m, p.n, p.k)) {
    pf_weights floats = pf_floats(p.b, p.ldb);
    pf_packed_gemm(pf_packing(), p.transpose_a, p.transpose_b, p.m, p.n, p.k, p.alpha, p.a, p.lda, &floats, 0, 0, p.beta,
                   p.c, p.ldc, p.bias);
    return;
  }
  // A panel's rows get their bias just before their product, while they are in cache.
  for (size_t row = 0; row < p.m; row += PF_GEMM_PANEL_ROWS) {
    size_t rows = pf_smaller(PF_GEMM_PANEL_ROWS, p.m - row);
    float *c = p.c + row * p.ldc;
    bool started = p.bias || p.k == 0;
    if (started) start_rows(rows, p.n, p.beta, p.bias, c, p.ldc);
    if (p.k == 0) continue;
    pf_serial_gemm(p.transpose_a, p.transpose_b, rows, p.n, p.k, p.alpha,
                   p.a + (p.transpose_a ? row : row * p.lda), p.lda, p.b, p.ldb, started ? 1.0f : p.beta, c, p.ldc);
  }
}

/// Elements of C in the largest share when `extent` is cut in multiples of `unit`.
static size_t largest_share(size_t extent, size_t unit, size_t threads, size_t other) {
  size_t units = (extent + unit - 1) / unit;
  return pf_smaller((units + threads - 1) / threads * unit, extent) * other;
}

void pf_gemm(pf_pool *pool, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
             const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc,
             const float *bias) {
  if (m == 0 || n == 0) return;
  size_t threads = pf_pool_threads(pool);
  size_t row_share = largest_share(m, ROW_UNIT, threads, n), column_share = largest_share(n, COLUMN_UNIT, threads, m);
  // Of equal shares the squarer ones, which pack and read less.
  bool split_columns = column_share < row_share || (column_share == row_share && n > m);
  product p = {.transpose_a = transpose_a, .transpose_b = transpose_b, .split_columns = split_columns,
               .m = m, .n = n, .k = k, .alpha = alpha, .a = a, .lda = lda, .b = b, .ldb = ldb,
               .beta = beta, .c = c, .ldc = ldc, .bias = bias};
  size_t extent = split_columns ? n : m;
  size_t unit = split_columns ? COLUMN_UNIT : ROW_UNIT;
  pf_parallel(pool, extent, m * n * k <= PF_SMALL_WORK ? extent : unit, multiply, &p);
}

typedef struct {
  size_t rows, columns;
  const float *x;
  float beta;
  float *out;
} column_sum;

// Rows are read in pieces of 2 KiB, long enough for the processor to fetch ahead, and shared by whole cache lines.
enum { row_block = 64, column_block = 512, column_unit = 64 };

/// Sums of 64 rows are added to the total, not single rows: the rounding error grows with rows / 64 + 64.
PF_CLONES static void sum_columns(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const column_sum *job = context;
  for (size_t column = begin; column < end; column += column_block) {
    size_t width = pf_smaller(column_block, end - column);
    float *out = job->out + column;
    PF_VECTOR for (size_t i = 0; i < width; i++) out[i] = job->beta == 0.0f ? 0.0f : job->beta * out[i];
    for (size_t row = 0; row < job->rows; row += row_block) {
      float partial[column_block] = {0};
      size_t last = pf_smaller(job->rows, row + row_block);
      for (size_t r = row; r < last; r++) {
        const float *x = job->x + r * job->columns + column;
        PF_VECTOR for (size_t i = 0; i < width; i++) partial[i] += x[i];
      }
      PF_VECTOR for (size_t i = 0; i < width; i++) out[i] += partial[i];
    }
  }
}

void pf_column_sum(pf_pool *pool, size_t rows, size_t columns, const float *x, float beta, float *out) {
  column_sum job = {.rows = rows, .columns = columns, .x = x, .beta = beta, .out = out};
  pf_parallel(pool, columns, rows * columns <= PF_UNIT ? columns : column_unit, sum_columns, &job);
}
