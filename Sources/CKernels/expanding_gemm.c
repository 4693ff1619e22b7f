// Products with a compressed B. Where the packed product can run, it expands B as it packs it. Elsewhere B is expanded
// straight into the strips that the small kernel reads, which hold 16 KiB: a strip then serves every row of C in a
// panel, so that expanding it costs little beside them.

#include "formats.h"
#include "tile.h"

/// The strip of op(B) whose first element is (`row`, `column`); columns from `width` on are zero.
PF_INLINE void expand_strip(const pf_weights *b, bool transpose, size_t row, size_t depth, size_t column,
                            size_t width, lanes *strip) {
  memset(strip, 0, width < tile_columns ? strip_depth * sizeof(lanes) : 0);
  if (!transpose) {
    for (size_t p = 0; p < depth; p++) pf_expand_part(b, row + p, column, width, false, (float *)&strip[p]);
    return;
  }
  for (size_t p = 0; p < depth; p += tile_columns) {
    lanes tile[tile_columns] = {0};
    size_t part = pf_smaller(tile_columns, depth - p);
    for (size_t j = 0; j < width; j++) pf_expand_part(b, column + j, row + p, part, false, (float *)&tile[j]);
    transpose_tile(tile);
    for (size_t i = 0; i < part; i++) strip[p + i] = tile[i];
  }
}

typedef struct {
  bool transpose_a, transpose_b, split_columns;
  size_t m, n, k;
  float alpha;
  const float *a;
  size_t lda;
  const pf_weights *b;
  float beta;
  float *c;
  size_t ldc;
  const float *bias;
} product;

/// A strip of C before anything is added to it, where there is a bias or no depth.
PF_INLINE void start_strip(const product *p, size_t row, size_t rows, size_t column, size_t width) {
  for (size_t i = row; i < row + rows; i++) {
    float *c = p->c + i * p->ldc + column;
    for (size_t j = 0; j < width; j++) {
      c[j] = (p->beta == 0.0f ? 0.0f : p->beta * c[j]) + (p->bias ? p->bias[column + j] : 0.0f);
    }
  }
}

PF_CLONES static void multiply(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const product *p = context;
  size_t first_row = p->split_columns ? 0 : begin, last_row = p->split_columns ? p->m : end;
  size_t first_column = p->split_columns ? begin : 0, last_column = p->split_columns ? end : p->n;
  size_t row_stride = p->transpose_a ? 1 : p->lda, depth_stride = p->transpose_a ? p->lda : 1;
  size_t columns = last_column - first_column;
  if (pf_packs(last_row - first_row, columns, p->k)) {
    pf_packed_gemm(pf_packing(), p->transpose_a, p->transpose_b, last_row - first_row, columns, p->k, p->alpha,
                   p->a + first_row * row_stride, p->lda, p->b, p->transpose_b ? first_column : 0,
                   p->transpose_b ? 0 : first_column, p->beta, p->c + first_row * p->ldc + first_column, p->ldc,
                   p->bias ? p->bias + first_column : NULL);
    return;
  }
  bool starts = p->bias || p->k == 0;
  __attribute__((aligned(64))) lanes strip[strip_depth];
  for (size_t panel = first_row; panel < last_row; panel += PF_GEMM_PANEL_ROWS) {
    size_t rows = pf_smaller(PF_GEMM_PANEL_ROWS, last_row - panel);
    for (size_t column = first_column; column < last_column; column += tile_columns) {
      size_t width = pf_smaller(tile_columns, last_column - column);
      if (starts) start_strip(p, panel, rows, column, width);
      for (size_t at = 0; at < p->k; at += strip_depth) {
        size_t depth = pf_smaller(strip_depth, p->k - at);
        expand_strip(p->b, p->transpose_b, at, depth, column, width, strip);
        for (size_t i = 0; i < rows; i += tile_rows) {
          size_t row = panel + i;
          multiply_tile(pf_smaller(tile_rows, rows - i), width, depth, p->alpha,
                        p->a + row * row_stride + at * depth_stride, row_stride, depth_stride, strip,
                        at > 0 || starts ? 1.0f : p->beta, p->c + row * p->ldc + column, p->ldc);
        }
      }
    }
  }
}

void pf_expanding_gemm(pf_pool *pool, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                       const float *a, size_t lda, const pf_weights *b, float beta, float *c, size_t ldc,
                       const float *bias) {
  if (m == 0 || n == 0) return;
  if (b->format == PF_FLOAT32) {
    pf_gemm(pool, transpose_a, transpose_b, m, n, k, alpha, a, lda, b->values, b->columns, beta, c, ldc, bias);
    return;
  }
  // Shares of columns expand each element once; shares of rows are for products too narrow for them.
  bool split_columns = n >= 4 * tile_columns * pf_pool_threads(pool) || n >= m;
  product p = {.transpose_a = transpose_a, .transpose_b = transpose_b, .split_columns = split_columns,
               .m = m, .n = n, .k = k, .alpha = alpha, .a = a, .lda = lda, .b = b, .beta = beta, .c = c,
               .ldc = ldc, .bias = bias};
  size_t extent = split_columns ? n : m;
  pf_parallel(pool, extent, m * n * k <= PF_SMALL_WORK ? extent : tile_columns, multiply, &p);
}
