// Plain vector helpers.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "pf_pool.h"

/// x[i] = value
void pf_fill(pf_pool *pool, size_t n, float value, float *x);

/// y[i] = x[i]; the two must not overlap.
void pf_copy(pf_pool *pool, size_t n, const float *x, float *y);

/// y[i] = alpha x[i] + beta y[i]; x may be y. With beta 0, y is not read.
void pf_add(pf_pool *pool, size_t n, float alpha, const float *x, float beta, float *y);

/// Whether no element is infinite or not a number.
bool pf_all_finite(size_t n, const float *x);
