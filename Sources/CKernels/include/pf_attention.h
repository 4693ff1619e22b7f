// Multi-head self-attention over sequences of different lengths packed one after another, without padding.
//
// Tokens of sequence b are rows offsets[b] ..< offsets[b + 1] of q, k, v and context, all tokens x width, with
// width = heads x head size; head j uses columns j d ..< (j + 1) d. Scores exist for one tile of query rows of one
// head at a time, never for a whole batch; backward computes them again.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pf_dropout.h"
#include "pf_pool.h"

/// The most query rows whose scores exist at once on one thread.
#define PF_ATTENTION_TILE_ROWS ((size_t)64)

typedef struct {
  size_t sequences;
  const int32_t *offsets;  // sequences + 1, nondecreasing from 0
  size_t max_length;       // at least the length of every sequence
  size_t heads;
  size_t head_size;
  float scale;         // of the scores; 1 / sqrt(head_size) in Vaswani et al., arXiv:1706.03762
  pf_dropout dropout;  // on the probabilities; index ((query token) heads + head) max_length + key position
} pf_attention;

/// threads x r4(min(PF_ATTENTION_TILE_ROWS, max_length) x max_length) floats, r4 rounding up to whole 64-byte lines.
size_t pf_attention_forward_scratch_bytes(size_t threads, size_t max_length);

/// Twice what forward needs: probabilities and their gradient.
size_t pf_attention_backward_scratch_bytes(size_t threads, size_t max_length);

/// context = dropout(softmax(scale q k^T)) v, head by head. `scratch`: pf_attention_forward_scratch_bytes.
void pf_attention_forward(pf_pool *pool, const pf_attention *shape, const float *q, const float *k, const float *v,
                          float *context, void *scratch);

/// Gradients dq, dk, dv of the forward from dcontext; each may be NULL and is then not computed. v is read only for
/// dq and dk. No output may overlap an input. `scratch`: pf_attention_backward_scratch_bytes.
void pf_attention_backward(pf_pool *pool, const pf_attention *shape, const float *q, const float *k,
                           const float *v, const float *dcontext, float *dq, float *dk, float *dv,
                           void *scratch);

/// out[b, :] = x[offsets[b], :]: the first token of each sequence. x: tokens x width, out: sequences x width.
void pf_first_token_forward(size_t sequences, const int32_t *offsets, size_t width, const float *x, float *out);

/// dx[offsets[b], :] = dout[b, :], and zero elsewhere. Tokens are offsets[sequences]. No sequence may be empty.
void pf_first_token_backward(pf_pool *pool, size_t sequences, const int32_t *offsets, size_t width,
                             const float *dout, float *dx);
