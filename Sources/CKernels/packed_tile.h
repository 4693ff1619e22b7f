// The inner kernel of the packed product: a tile of 12 x 32 of C in 24 of AVX-512's 32 registers, over panels that
// packed_gemm.c lays out. Each element of A is broadcast once and multiplies two registers of B, so the loop has 14
// loads for 24 multiply-adds, of which these processors issue one or two a cycle.
#pragma once

#include <immintrin.h>

#include "tile.h"

// A panel of A holds, for each step of depth, `panel_rows` elements in a cache line; a strip of B holds
// `strip_columns`, two lines.
enum { panel_rows = 12, panel_line = 16, strip_columns = 32 };

/// What the kernel fetches from memory while it computes, a cache line a step: `row_lines` lines of a row of a matrix
/// as stored, and then those of the rows after it.
typedef struct {
  const float *from;
  size_t row_lines, ld;
} packed_fetch;

/// c = alpha panel strip + beta c + bias, over `depth` steps; the strip has `width` columns that count.
typedef struct {
  size_t depth, width;
  const float *panel, *strip;
  float alpha, beta;
  const float *bias;
  float *c;
  size_t ldc;
  packed_fetch next;
} packed_tile;

PF_INLINE __mmask16 first_lanes(size_t count) { return (__mmask16)((1u << pf_smaller(count, 16)) - 1); }

/// Stores the tile. Its paths are kept apart: the tests would cost as much as the arithmetic.
PF_INLINE void store_tile(size_t rows, bool whole, bool reads, lanes sum[panel_rows][2], const packed_tile *tile) {
  const float *bias = tile->bias;
  float *c = tile->c, alpha = tile->alpha, beta = tile->beta;
  size_t ldc = tile->ldc;
  __mmask16 masks[2] = {first_lanes(tile->width), first_lanes(tile->width - pf_smaller(tile->width, 16))};
  lanes add[2] = {0};
  for (size_t j = 0; j < 2 && bias; j++) add[j] = _mm512_maskz_loadu_ps(masks[j], bias + 16 * j);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++, c += ldc) {
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 2; j++) {
      lanes value = alpha * sum[i][j] + add[j];
      if (reads) value += beta * (lanes)_mm512_maskz_loadu_ps(whole ? 0xffff : masks[j], c + 16 * j);
      if (whole) {
        _mm512_storeu_ps(c + 16 * j, value);  // a store under a mask is slower, even a full one
      } else {
        _mm512_mask_storeu_ps(c + 16 * j, masks[j], value);
      }
    }
  }
}

/// The tile of `rows` rows, a constant where it is inlined.
PF_INLINE void multiply_packed(size_t rows, const packed_tile *tile) {
  lanes sum[panel_rows][2];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
    sum[i][0] = sum[i][1] = (lanes){0};
    __builtin_prefetch(tile->c + i * tile->ldc, 1);
    __builtin_prefetch(tile->c + i * tile->ldc + tile->width - 1, 1);
  }
  const float *a = tile->panel, *b = tile->strip;
  // An integer, for it may pass the matrix's end: it is only hinted at, never loaded from.
  uintptr_t next = (uintptr_t)tile->next.from;
  size_t left = tile->next.row_lines, line = sizeof(lanes);
  uintptr_t skip = tile->next.ld * sizeof(float) - left * line;
  for (size_t p = 0; p < tile->depth; p++, a += panel_line, b += strip_columns) {
    __builtin_prefetch((const void *)next, 0, 2);  // into the second level: the first is full of the operands
    next += line;
    left--;
    next += left == 0 ? skip : 0;
    left = left == 0 ? tile->next.row_lines : left;
    lanes first = _mm512_loadu_ps(b), second = _mm512_loadu_ps(b + 16);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
      lanes x = _mm512_set1_ps(a[i]);
      sum[i][0] += x * first;
      sum[i][1] += x * second;
    }
  }
  bool whole = tile->width == strip_columns, reads = tile->beta != 0.0f;
  if (whole && reads) {
    store_tile(rows, true, true, sum, tile);
  } else if (whole) {
    store_tile(rows, true, false, sum, tile);
  } else if (reads) {
    store_tile(rows, false, true, sum, tile);
  } else {
    store_tile(rows, false, false, sum, tile);
  }
}

#define PACKED_KERNEL(rows) \
  static void multiply_packed_##rows(const packed_tile *tile) { multiply_packed(rows, tile); }
PACKED_KERNEL(1)
PACKED_KERNEL(2)
PACKED_KERNEL(3)
PACKED_KERNEL(4)
PACKED_KERNEL(5)
PACKED_KERNEL(6)
PACKED_KERNEL(7)
PACKED_KERNEL(8)
PACKED_KERNEL(9)
PACKED_KERNEL(10)
PACKED_KERNEL(11)
PACKED_KERNEL(12)
#undef PACKED_KERNEL

/// The kernel of 1 + i rows is at i.
static void (*const packed_kernels[panel_rows])(const packed_tile *) = {
    multiply_packed_1, multiply_packed_2, multiply_packed_3, multiply_packed_4,  multiply_packed_5,  multiply_packed_6,
    multiply_packed_7, multiply_packed_8, multiply_packed_9, multiply_packed_10, multiply_packed_11, multiply_packed_12,
};
