// Our own large product, for processors with AVX-512. As in Goto and van de Geijn, "Anatomy of High-Performance
// Matrix Multiplication" (ACM TOMS 34, 2008), blocks of both operands are copied into panels that the inner kernel
// reads in order: a block of A stays in the second-level cache, and one strip of B after another multiplies it.
//
// Each panel is packed just before its first use, and while the kernel computes it fetches what is packed next, so
// that packing seldom waits for memory. Which part of C a thread computes depends on sizes alone, and each element of
// C is summed in order of depth: the same calls give the same bits.

#include "internal.h"

#if defined(__x86_64__) && defined(__linux__)

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)

#include "packed_tile.h"

// A depth of up to 768 is one block, so that C is written once; larger ones are cut into blocks of half as much, whose
// strips of B nearly fit the first-level cache. A block's other extents are what fits these.
enum { one_depth = 768, block_depth = 384 };
enum { packed_a_floats = 192 << 8, packed_b_floats = 1152 << 8 };  // 192 KiB in the second-level cache; 1152 KiB

/// Copies `width` (at most 16) elements of each of `depth` rows to lines `stride` apart; the rest of a line is zero.
PF_INLINE void copy_lines(size_t depth, size_t width, const float *x, size_t ld, float *to, size_t stride) {
  __mmask16 mask = first_lanes(width);
  for (size_t p = 0; p < depth; p++) _mm512_storeu_ps(to + p * stride, _mm512_maskz_loadu_ps(mask, x + p * ld));
}

/// 16 rows, `depth` (at most 16) elements of each, become the lines of `to`.
PF_INLINE void turn_tile(size_t depth, const float *const rows[tile_columns], size_t at, float *to, size_t stride) {
  lanes tile[tile_columns];
  __mmask16 mask = first_lanes(depth);
#pragma clang loop unroll(full)
  for (size_t j = 0; j < tile_columns; j++) tile[j] = _mm512_maskz_loadu_ps(mask, rows[j] + at);
  transpose_tile(tile);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile_columns; i++) {
    if (i < depth) _mm512_storeu_ps(to + (at + i) * stride, tile[i]);
  }
}

/// The same as `copy_lines` of the transpose: `width` rows of `depth` elements. The rest of a line repeats the last.
static void turn_lines(size_t depth, size_t width, const float *x, size_t ld, float *to, size_t stride) {
  const float *rows[tile_columns];
  for (size_t j = 0; j < tile_columns; j++) rows[j] = x + pf_smaller(j, width - 1) * ld;
  size_t whole = depth / tile_columns * tile_columns;
  for (size_t p = 0; p < whole; p += tile_columns) turn_tile(tile_columns, rows, p, to, stride);
  if (whole < depth) turn_tile(depth - whole, rows, whole, to, stride);
}

/// Where the element (`outer`, `depth`) is stored: `outer` counts rows of op(A) or columns of op(B), which are rows
/// as stored when `by_rows`.
PF_INLINE const float *element(const float *x, size_t ld, bool by_rows, size_t outer, size_t depth) {
  return by_rows ? x + outer * ld + depth : x + depth * ld + outer;
}

PF_INLINE void pack_lines(bool by_rows, size_t depth, size_t width, const float *x, size_t ld, float *to,
                          size_t stride) {
  if (by_rows) {
    turn_lines(depth, width, x, ld, to, stride);
  } else {
    copy_lines(depth, width, x, ld, to, stride);
  }
}

/// Equal blocks of at most `most`, in multiples of `unit`.
static size_t equal_blocks(size_t extent, size_t most, size_t unit) {
  size_t blocks = (extent + most - 1) / most;
  return ((extent + blocks - 1) / blocks + unit - 1) / unit * unit;
}

size_t pf_packing_floats(void) {
  return __builtin_cpu_supports("x86-64-v4") ? packed_a_floats + packed_b_floats : 0;
}

void pf_packed_gemm(float *packing, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                    const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc,
                    const float *bias) {
  size_t most_depth = equal_blocks(k, k <= one_depth ? one_depth : block_depth, 16);
  size_t panels = packed_a_floats / (most_depth * panel_line), strips = packed_b_floats / (most_depth * strip_columns);
  size_t most_rows = equal_blocks(m, panels * panel_rows, panel_rows);
  size_t most_columns = equal_blocks(n, strips * strip_columns, strip_columns);
  bool a_by_rows = !transpose_a, b_by_rows = transpose_b;
  for (size_t column = 0; column < n; column += most_columns) {
    size_t last_column = pf_smaller(n, column + most_columns);
    for (size_t at = 0; at < k; at += most_depth) {
      packed_tile tile = {.depth = pf_smaller(most_depth, k - at), .alpha = alpha, .ldc = ldc};
      tile.beta = at == 0 ? beta : 1.0f;
      size_t row_lines = tile.depth / 16 + 1;  // of a row as stored, which need not start with a cache line
      for (size_t row = 0; row < m; row += most_rows) {
        size_t last_row = pf_smaller(m, row + most_rows);
        for (size_t j = column; j < last_column; j += strip_columns) {
          float *strip = packing + packed_a_floats + (j - column) * tile.depth;
          tile.strip = strip;
          tile.width = pf_smaller(strip_columns, last_column - j);
          tile.bias = at == 0 && bias ? bias + j : NULL;
          for (size_t half = 0; row == 0 && half < tile.width; half += 16) {
            pack_lines(b_by_rows, tile.depth, pf_smaller(16, tile.width - half),
                       element(b, ldb, b_by_rows, j + half, at), ldb, strip + half, strip_columns);
          }
          for (size_t i = row; i < last_row; i += panel_rows) {
            size_t rows = pf_smaller(panel_rows, last_row - i);
            float *panel = packing + (i - row) / panel_rows * panel_line * tile.depth;
            tile.panel = panel;
            tile.c = c + i * ldc + j;
            tile.next = (packed_fetch){.from = panel, .row_lines = row_lines};
            if (j == column) {
              pack_lines(a_by_rows, tile.depth, rows, element(a, lda, a_by_rows, i, at), lda, panel, panel_line);
              // The next panel. Of lines shared by two panels, the first was fetched with the panel before.
              tile.next.from = element(a, lda, a_by_rows, i + panel_rows + (a_by_rows ? 0 : panel_rows - 1), at);
              tile.next.row_lines = a_by_rows ? row_lines : 1;
              tile.next.ld = lda;
            } else if (row == 0) {
              // This tile's share of the next strip.
              size_t part = (b_by_rows ? strip_columns : tile.depth) * i / last_row;
              tile.next.from = b_by_rows ? element(b, ldb, true, j + strip_columns + part, at)
                                         : element(b, ldb, false, j + strip_columns, at + part);
              tile.next.row_lines = b_by_rows ? row_lines : 2;
              tile.next.ld = ldb;
            }
            packed_kernels[rows - 1](&tile);
          }
        }
      }
    }
  }
}

#pragma clang attribute pop

#else

size_t pf_packing_floats(void) { return 0; }

void pf_packed_gemm(float *packing, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                    const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc,
                    const float *bias) {
  (void)packing, (void)transpose_a, (void)transpose_b, (void)m, (void)n, (void)k, (void)alpha, (void)a, (void)lda;
  (void)b, (void)ldb, (void)beta, (void)c, (void)ldc, (void)bias;
}

#endif
