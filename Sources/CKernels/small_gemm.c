// Products too small to be worth a BLAS's packing, among them most of attention's. OpenBLAS would allocate memory on
// the heap for some of these (AVX-512, neither operand transposed, at most 10^6 multiply-adds); here, a packed strip
// of B lives on the stack.

#include "tile.h"

/// Copies `depth` rows of 16 columns of op(B); columns from `width` on are zero.
PF_INLINE void pack(size_t depth, size_t width, const float *b, size_t ldb, lanes *strip) {
  for (size_t p = 0; p < depth; p++) {
    if (width == tile_columns) {
      memcpy(&strip[p], b + p * ldb, sizeof(lanes));
    } else {
      float *to = (float *)&strip[p];
      for (size_t j = 0; j < tile_columns; j++) to[j] = j < width ? b[p * ldb + j] : 0.0f;
    }
  }
}

/// The same where B is stored transposed.
PF_INLINE void pack_transposed(size_t depth, size_t width, const float *b, size_t ldb, lanes *strip) {
  size_t whole = depth / tile_columns * tile_columns;
  for (size_t p = 0; p < whole; p += tile_columns) {
    lanes tile[tile_columns];
#pragma clang loop unroll(full)
    for (size_t j = 0; j < tile_columns; j++) {
      tile[j] = (lanes){0};
      if (j < width) memcpy(&tile[j], b + j * ldb + p, sizeof(lanes));
    }
    transpose_tile(tile);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < tile_columns; i++) strip[p + i] = tile[i];
  }
  for (size_t p = whole; p < depth; p++) {
    float *to = (float *)&strip[p];
    for (size_t j = 0; j < tile_columns; j++) to[j] = j < width ? b[j * ldb + p] : 0.0f;
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
      if (transpose_b) {
        pack_transposed(depth, width, b + column * ldb + p, ldb, strip);
      } else {
        pack(depth, width, b + p * ldb + column, ldb, strip);
      }
      for (size_t i = 0; i < m; i += tile_rows) {
        multiply_tile(pf_smaller(tile_rows, m - i), width, depth, alpha, a + i * row_stride + p * depth_stride,
                      row_stride, depth_stride, strip, p == 0 ? beta : 1.0f, c + i * ldc + column, ldc);
      }
    }
  }
}
