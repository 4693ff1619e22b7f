// Products too small to be worth a BLAS's packing, among them most of attention's. OpenBLAS would allocate memory on
// the heap for some of these (AVX-512, neither operand transposed, at most 10^6 multiply-adds); here, a packed strip
// of B lives on the stack.

#include "internal.h"

// A tile of C stays in registers: 6 x 16 floats are 6, 12 or 24 of them for AVX-512, AVX2 and NEON.
enum { tile_rows = 6, tile_columns = 16, strip_depth = 256 };

typedef float lanes __attribute__((vector_size(tile_columns * sizeof(float)), aligned(4)));

/// Copies `depth` rows of 16 columns of op(B); columns from `width` on are zero.
PF_INLINE void pack(bool transpose, size_t depth, size_t width, const float *b, size_t ldb, lanes *strip) {
  for (size_t p = 0; p < depth; p++) {
    float *to = (float *)&strip[p];
    if (transpose) {
      for (size_t j = 0; j < tile_columns; j++) to[j] = j < width ? b[j * ldb + p] : 0.0f;
    } else if (width == tile_columns) {
      memcpy(to, b + p * ldb, sizeof(lanes));
    } else {
      for (size_t j = 0; j < tile_columns; j++) to[j] = j < width ? b[p * ldb + j] : 0.0f;
    }
  }
}

/// c = alpha a strip + beta c for up to 6 rows of a. Rows past the last repeat it, and are not stored.
PF_INLINE void multiply_tile(size_t rows, size_t width, size_t depth, float alpha, const float *a, size_t row_stride,
                             size_t depth_stride, const lanes *strip, float beta, float *c, size_t ldc) {
  lanes sum[tile_rows];
  const float *row[tile_rows];
  for (size_t i = 0; i < tile_rows; i++) {
    sum[i] = (lanes){0};
    row[i] = a + pf_smaller(i, rows - 1) * row_stride;
  }
  for (size_t p = 0; p < depth; p++) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < tile_rows; i++) sum[i] += row[i][p * depth_stride] * strip[p];
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile_rows; i++) {
    if (i >= rows) break;
    float *out = c + i * ldc;
    lanes value = alpha * sum[i], old = {0};
    if (beta != 0.0f) {
      memcpy(&old, out, width * sizeof(float));
      value += beta * old;
    }
    if (width == tile_columns) {
      memcpy(out, &value, sizeof value);
    } else {
      memcpy(out, &value, width * sizeof(float));
    }
  }
}

PF_CLONES void pf_small_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                             const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                             size_t ldc) {
  __attribute__((aligned(64))) lanes strip[strip_depth];  // no load crosses a cache line
  size_t row_stride = transpose_a ? 1 : lda, depth_stride = transpose_a ? lda : 1;
  for (size_t column = 0; column < n; column += tile_columns) {
    size_t width = pf_smaller(tile_columns, n - column);
    for (size_t p = 0; p < k; p += strip_depth) {
      size_t depth = pf_smaller(strip_depth, k - p);
      pack(transpose_b, depth, width, b + (transpose_b ? column * ldb + p : p * ldb + column), ldb, strip);
      for (size_t i = 0; i < m; i += tile_rows) {
        multiply_tile(pf_smaller(tile_rows, m - i), width, depth, alpha, a + i * row_stride + p * depth_stride,
                      row_stride, depth_stride, strip, p == 0 ? beta : 1.0f, c + i * ldc + column, ldc);
      }
    }
  }
}
