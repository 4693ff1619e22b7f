// Dropout whose mask is a function of a key and an element's index, so that it is never stored.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pf_pool.h"

/// Element i is dropped with `probability` (0 up to, not including, 1), decided by (key, i) alone; kept elements are
/// multiplied by 1 / (1 - probability). Probability 0 is the identity.
typedef struct {
  uint64_t key;
  float probability;
} pf_dropout;

/// A key for one place (`site`) in the model at one step of a run seeded with `seed`.
uint64_t pf_dropout_key(uint64_t seed, uint64_t step, uint64_t site);

/// y[i] = mask(key, i) x[i] for i < n; y may be x. The same call on dy is the backward.
void pf_dropout_apply(pf_pool *pool, pf_dropout dropout, size_t n, const float *x, float *y);
