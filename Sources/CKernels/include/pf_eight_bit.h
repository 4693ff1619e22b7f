// Updates whose states take one byte an element.
//
// Dettmers, Lewis, Shleifer & Zettlemoyer, arXiv:2110.02861: a state is cut into blocks of 256 elements of the flat
// tensor, each normalised by its greatest magnitude and rounded to the nearest of 256 values ("dynamic tree
// quantization"). The values are 0, 1, and in each of seven decades 10^-6 ... 1 the centres of n equal parts of
// [0.1, 1] times the decade: n = 2, 4, ..., 128 without sign, and n = 1, 2, ..., 64 of either sign.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pf_optimizer.h"
#include "pf_pool.h"

/// Elements that share a factor.
#define PF_STATE_BLOCK ((size_t)256)

/// One byte an element, rounded up to 64, and one float a block. All bytes zero is the state zero.
size_t pf_eight_bit_bytes(size_t n);

/// The 256 values by code. With sign, codes are those of two's complement: 1 ... 127 ascend from the smallest positive
/// value, 255 ... 129 are their negatives, and 128 is 1.
void pf_eight_bit_values(bool has_sign, float values[256]);

/// Writes x[n] as a state, and reads it back. A block's value that is not finite makes the block meaningless.
void pf_eight_bit_store(bool has_sign, size_t n, const float *x, void *state);
void pf_eight_bit_load(bool has_sign, size_t n, const void *state, float *x);

/// pf_update with states held so: each block is loaded, updated in single precision and stored again. state1 has a
/// sign, state2 has none.
void pf_update_eight_bit(pf_pool *pool, const pf_optimizer *optimizer, size_t n, float *parameters,
                         const float *gradients, float gradient_scale, void *state1, void *state2);

/// The same bits for a table and the dense gradient of pf_embedding_backward, which is never formed; no scratch.
void pf_update_embedding_eight_bit(pf_pool *pool, const pf_optimizer *optimizer, size_t rows, size_t width,
                                   const float *dx, const int32_t *heads, const int32_t *order,
                                   float gradient_scale, float *table, void *state1, void *state2);
