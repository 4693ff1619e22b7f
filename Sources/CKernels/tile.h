// The inner kernel of our own matrix products: a tile of C in registers, over a strip of B packed by the caller.
#pragma once

#include "internal.h"

// 6 x 16 floats are 6, 12 or 24 registers of AVX-512, AVX2 and NEON.
enum { tile_rows = 6, tile_columns = 16, strip_depth = 256 };

typedef float lanes __attribute__((vector_size(tile_columns * sizeof(float)), aligned(4)));

/// 16 rows become 16 columns: interleaving the first half of the rows with the second rotates the bits of (row, column)
/// by one place, and four rotations exchange the two.
PF_INLINE void transpose_tile(lanes rows[tile_columns]) {
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
    lanes next[tile_columns];
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      lanes a = rows[i], b = rows[i + 8];
      next[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) rows[i] = next[i];
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
