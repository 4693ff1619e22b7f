// Layer normalization (Ba, Kiros & Hinton, arXiv:1607.06450), fused with the residual sum and dropout before it.
#pragma once

#include <stddef.h>

#include "pf_dropout.h"
#include "pf_pool.h"

/// z = residual + dropout(branch); xhat = (z - mean(z)) rstd; y = gamma xhat + beta, row by row, with
/// rstd = 1 / sqrt(var(z) + eps) and var the biased variance.
/// residual (NULL: absent), branch, y, xhat: rows x width; gamma, beta: width; rstd: rows.
/// `y`, `xhat` and `rstd` may be NULL when not wanted, but not both y and xhat. y and xhat may each be the same
/// buffer as residual or branch, and must differ from each other.
void pf_add_norm_forward(pf_pool *pool, size_t rows, size_t width, const float *residual, const float *branch,
                         pf_dropout dropout, const float *gamma, const float *beta, float eps, float *y,
                         float *xhat, float *rstd);

/// y = gamma xhat + beta; y may be xhat.
void pf_norm_rebuild(pf_pool *pool, size_t rows, size_t width, const float *xhat, const float *gamma,
                     const float *beta, float *y);

/// dz = rstd (g - mean(g) - xhat mean(g xhat)) with g = gamma dy, row by row; dz may be dy.
void pf_norm_backward(pf_pool *pool, size_t rows, size_t width, const float *dy, const float *xhat,
                      const float *rstd, const float *gamma, float *dz);

/// dgamma = scale dgamma + sum over rows of dy xhat; dbeta = scale dbeta + sum over rows of dy. Either may be NULL
/// (then nothing of it is computed; xhat is read for dgamma only). With scale 0 the old values are not read.
void pf_norm_parameter_gradients(pf_pool *pool, size_t rows, size_t width, const float *dy, const float *xhat,
                                 float scale, float *dgamma, float *dbeta);
