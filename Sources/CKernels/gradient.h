// A gradient as the updates read it: dense in memory, or a table's, whose rows are gathered from the batch.
#pragma once

#include "internal.h"

typedef struct {
  size_t width;
  const float *dx;               // rows x width; of a table, tokens x width
  const int32_t *heads, *order;  // from pf_embedding_index; NULL where dense
} pf_gradient;

PF_INLINE void pf_add_row(size_t width, const float *x, float *y) {
  PF_VECTOR for (size_t i = 0; i < width; i++) y[i] += x[i];
}

/// Whether a row is that of a table and has no token.
PF_INLINE bool pf_is_absent(const pf_gradient *from, size_t row) {
  return from->heads && from->heads[row] == from->heads[row + 1];
}

/// out += the elements of a table's row from `column` on, token by token.
PF_INLINE void pf_add_tokens(const pf_gradient *from, size_t row, size_t column, size_t count, float *out) {
  for (int32_t i = from->heads[row]; i < from->heads[row + 1]; i++) {
    pf_add_row(count, from->dx + (size_t)from->order[i] * from->width + column, out);
  }
}

/// `count` elements of a row from `column` on: in place where dense, else summed into `buffer`.
PF_INLINE const float *pf_gradient_part(const pf_gradient *from, size_t row, size_t column, size_t count,
                                        float *buffer) {
  if (!from->heads) return from->dx + row * from->width + column;
  memset(buffer, 0, count * sizeof(float));
  pf_add_tokens(from, row, column, count, buffer);
  return buffer;
}
