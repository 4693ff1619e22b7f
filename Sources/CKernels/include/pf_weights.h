// Weights that are only read, held in 16 or 8 bits an element.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pf_pool.h"

typedef enum {
  PF_FLOAT32,
  PF_BFLOAT16,  // the upper half of a float, rounded to nearest even
  PF_FLOAT16,   // IEEE 754 binary16, rounded to nearest even; from 65520 on infinite
  // x = code scale, blocks of 64 along a row: scale = greatest magnitude / 127, code rounded to nearest even.
  PF_INT8,
} pf_weight_format;

/// Elements of a row that share a scale; the last block of a row may have fewer.
#define PF_WEIGHT_BLOCK ((size_t)64)

/// Rows of `columns` elements each, one after another; `scales` (PF_INT8 only) has ceil(columns / 64) a row.
typedef struct {
  pf_weight_format format;
  size_t columns;
  void *values;
  float *scales;
} pf_weights;

/// rows x columns elements; PF_INT8: codes rounded up to 64 bytes, then scales.
size_t pf_weights_bytes(pf_weight_format format, size_t rows, size_t columns);

/// The matrix that lies in pf_weights_bytes bytes.
pf_weights pf_weights_at(pf_weight_format format, size_t rows, size_t columns, void *bytes);

/// Rows from `row` on.
pf_weights pf_weights_from(pf_weights weights, size_t row);

/// Writes x[rows, columns], which must be finite, over the first rows of `weights`; and reads them back.
void pf_weights_compress(pf_weights weights, size_t rows, const float *x);
void pf_weights_expand(pf_weights weights, size_t rows, float *x);

/// pf_gemm with B compressed. B is expanded into the packing memory, or without that in strips of at most 16 columns and
/// 256 rows on the stack: no scratch.
void pf_expanding_gemm(pf_pool *pool, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                       const float *a, size_t lda, const pf_weights *b, float beta, float *c, size_t ldc,
                       const float *bias);

/// pf_embedding_forward with tables in formats of their own.
void pf_expanding_embedding_forward(pf_pool *pool, size_t tokens, const pf_weights *word, const int32_t *ids,
                                    const pf_weights *position, const int32_t *positions, const pf_weights *type,
                                    const int32_t *types, float *out);
