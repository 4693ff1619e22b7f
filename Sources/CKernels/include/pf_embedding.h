// Embedding tables: lookup, and the update of a table without forming its gradient.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pf_optimizer.h"
#include "pf_pool.h"

/// out[t, :] = word[ids[t], :] + position[positions[t], :] + type[types[t], :], for t < tokens. `type` with `types`,
/// and `position` with `positions`, may be NULL. Indices must lie within their tables.
void pf_embedding_forward(pf_pool *pool, size_t tokens, size_t width, const float *word, const int32_t *ids,
                          const float *position, const int32_t *positions, const float *type,
                          const int32_t *types, float *out);

/// Groups token positions by id with a stable counting sort: those of id r become order[heads[r] ..< heads[r + 1]],
/// ascending. heads: rows + 1; order: tokens; ids within 0 ..< rows.
void pf_embedding_index(size_t tokens, size_t rows, const int32_t *ids, int32_t *heads, int32_t *order);

/// dtable[r, :] = scale dtable[r, :] + sum of dx[t, :] over the tokens t of row r. With scale 0 dtable is not read.
/// dx: tokens x width, dtable: rows x width; heads, order: from pf_embedding_index.
void pf_embedding_backward(pf_pool *pool, size_t rows, size_t width, const float *dx, const int32_t *heads,
                           const int32_t *order, float scale, float *dtable);

/// One row of floats a thread: threads x width x 4.
size_t pf_update_embedding_scratch_bytes(size_t threads, size_t width);

/// Updates table[rows, width] as pf_update would with the dense gradient of pf_embedding_backward (rows of no token
/// have gradient zero), one row of gradient a thread at a time. state1, state2: as in pf_update.
void pf_update_embedding(pf_pool *pool, const pf_optimizer *optimizer, size_t rows, size_t width, const float *dx,
                         const int32_t *heads, const int32_t *order, float gradient_scale, float *table,
                         float *state1, float *state2, void *scratch);
