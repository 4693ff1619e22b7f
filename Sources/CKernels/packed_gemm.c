// Our own large product, for processors with AVX-512. As in Goto and van de Geijn, "Anatomy of High-Performance
// Matrix Multiplication" (ACM TOMS 34, 2008), blocks of both operands are copied into panels that the inner kernel
// reads in order: a block of A stays in the second-level cache, and one strip of B after another multiplies it. What B
// holds in fewer bits is expanded as it is copied, once.
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

/// A or B: a matrix as stored, from (`row`, `column`) on. `by_rows` is whether rows of op(A) or columns of op(B), which
/// are called outer below, are rows as stored.
typedef struct {
  pf_weights stored;
  size_t row, column;
  bool by_rows;
} operand;

/// Elements of a row under a mask, the others zero. `format` is that of x, a constant where it is inlined.
///
/// Of PF_INT8 the elements must have one scale: 16 of them from a multiple of 16 on have.
PF_INLINE lanes line_of(pf_weight_format format, const pf_weights *x, size_t row, size_t column, __mmask16 mask) {
  size_t at = row * x->columns + column;
  switch (format) {
    case PF_FLOAT32:
      return _mm512_maskz_loadu_ps(mask, (const float *)x->values + at);
    case PF_BFLOAT16: {
      __m256i halves = _mm256_maskz_loadu_epi16(mask, (const uint16_t *)x->values + at);
      return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
    }
    case PF_FLOAT16:
      return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, (const uint16_t *)x->values + at));
    case PF_INT8: {
      size_t blocks = (x->columns + PF_WEIGHT_BLOCK - 1) / PF_WEIGHT_BLOCK;
      float scale = x->scales[row * blocks + column / PF_WEIGHT_BLOCK];
      __m128i codes = _mm_maskz_loadu_epi8(mask, (const int8_t *)x->values + at);
      return scale * _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes));
    }
  }
}

/// Copies `width` (at most 16) elements of each of `depth` rows to lines `stride` apart; the rest of a line is zero.
PF_INLINE void copy_lines(pf_weight_format format, size_t depth, size_t width, const pf_weights *x, size_t row,
                          size_t column, float *to, size_t stride) {
  __mmask16 mask = first_lanes(width);
  for (size_t p = 0; p < depth; p++) _mm512_storeu_ps(to + p * stride, line_of(format, x, row + p, column, mask));
}

/// `width` rows, `depth` (at most 16) elements of each, become the lines of `to`; the rest of a line repeats the last.
PF_INLINE void turn_tile(pf_weight_format format, size_t depth, size_t width, const pf_weights *x, size_t row,
                         size_t column, float *to, size_t stride) {
  lanes tile[tile_columns];
  __mmask16 mask = first_lanes(depth);
#pragma clang loop unroll(full)
  for (size_t j = 0; j < tile_columns; j++) {
    tile[j] = line_of(format, x, row + pf_smaller(j, width - 1), column, mask);
  }
  transpose_tile(tile);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile_columns; i++) {
    if (i < depth) _mm512_storeu_ps(to + i * stride, tile[i]);
  }
}

/// The same as `copy_lines` of the transpose: `width` rows of `depth` elements.
PF_INLINE void turn_lines(pf_weight_format format, size_t depth, size_t width, const pf_weights *x, size_t row,
                          size_t column, float *to, size_t stride) {
  size_t whole = depth / tile_columns * tile_columns;
  for (size_t p = 0; p < whole; p += tile_columns) {
    turn_tile(format, tile_columns, width, x, row, column + p, to + p * stride, stride);
  }
  if (whole < depth) turn_tile(format, depth - whole, width, x, row, column + whole, to + whole * stride, stride);
}

PF_INLINE void pack_format(pf_weight_format format, const operand *from, size_t outer, size_t at, size_t depth,
                           size_t width, float *to, size_t stride) {
  size_t row = from->row + (from->by_rows ? outer : at), column = from->column + (from->by_rows ? at : outer);
  if (from->by_rows) {
    turn_lines(format, depth, width, &from->stored, row, column, to, stride);
  } else {
    copy_lines(format, depth, width, &from->stored, row, column, to, stride);
  }
}

/// Packs `width` (at most 16) outer elements over `depth` steps from `at` on into lines `stride` apart.
static void pack_lines(const operand *from, size_t outer, size_t at, size_t depth, size_t width, float *to,
                       size_t stride) {
  switch (from->stored.format) {
    case PF_FLOAT32: return pack_format(PF_FLOAT32, from, outer, at, depth, width, to, stride);
    case PF_BFLOAT16: return pack_format(PF_BFLOAT16, from, outer, at, depth, width, to, stride);
    case PF_FLOAT16: return pack_format(PF_FLOAT16, from, outer, at, depth, width, to, stride);
    case PF_INT8: return pack_format(PF_INT8, from, outer, at, depth, width, to, stride);
  }
}

/// Where an element of a matrix of floats is stored.
PF_INLINE const float *element(const operand *from, size_t outer, size_t at) {
  size_t row = from->row + (from->by_rows ? outer : at), column = from->column + (from->by_rows ? at : outer);
  return (const float *)from->stored.values + row * from->stored.columns + column;
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
                    const float *a, size_t lda, const pf_weights *b, size_t b_row, size_t b_column, float beta,
                    float *c, size_t ldc, const float *bias) {
  size_t most_depth = equal_blocks(k, k <= one_depth ? one_depth : block_depth, 16);
  size_t panels = packed_a_floats / (most_depth * panel_line), strips = packed_b_floats / (most_depth * strip_columns);
  size_t most_rows = equal_blocks(m, panels * panel_rows, panel_rows);
  size_t most_columns = equal_blocks(n, strips * strip_columns, strip_columns);
  operand from_a = {.stored = pf_floats(a, lda), .by_rows = !transpose_a};
  operand from_b = {.stored = *b, .row = b_row, .column = b_column, .by_rows = transpose_b};
  // Fewer bits are read soon enough without being fetched.
  bool fetches_b = b->format == PF_FLOAT32;
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
            pack_lines(&from_b, j + half, at, tile.depth, pf_smaller(16, tile.width - half), strip + half,
                       strip_columns);
          }
          for (size_t i = row; i < last_row; i += panel_rows) {
            size_t rows = pf_smaller(panel_rows, last_row - i);
            float *panel = packing + (i - row) / panel_rows * panel_line * tile.depth;
            tile.panel = panel;
            tile.c = c + i * ldc + j;
            tile.next = (packed_fetch){.from = panel, .row_lines = row_lines};
            if (j == column) {
              pack_lines(&from_a, i, at, tile.depth, rows, panel, panel_line);
              // The next panel. Of lines shared by two panels, the first was fetched with the panel before.
              tile.next.from = element(&from_a, i + panel_rows + (transpose_a ? panel_rows - 1 : 0), at);
              tile.next.row_lines = transpose_a ? 1 : row_lines;
              tile.next.ld = lda;
            } else if (row == 0 && fetches_b) {
              // This tile's share of the next strip.
              size_t part = (transpose_b ? strip_columns : tile.depth) * i / last_row;
              tile.next.from = element(&from_b, j + strip_columns + (transpose_b ? part : 0),
                                       at + (transpose_b ? 0 : part));
              tile.next.row_lines = transpose_b ? row_lines : 2;
              tile.next.ld = b->columns;
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
                    const float *a, size_t lda, const pf_weights *b, size_t b_row, size_t b_column, float beta,
                    float *c, size_t ldc, const float *bias) {
  (void)packing, (void)transpose_a, (void)transpose_b, (void)m, (void)n, (void)k, (void)alpha, (void)a, (void)lda;
  (void)b, (void)b_row, (void)b_column, (void)beta, (void)c, (void)ldc, (void)bias;
}

#endif
