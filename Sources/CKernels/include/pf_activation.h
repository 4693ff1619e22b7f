// Elementwise nonlinearities.
#pragma once

#include <stddef.h>

#include "pf_pool.h"

typedef enum {
  PF_GELU,       // x Phi(x), Phi the normal distribution function: Hendrycks & Gimpel, arXiv:1606.08415
  PF_GELU_TANH,  // x / 2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), the same paper, section 2
  PF_RELU,       // max(x, 0)
  PF_TANH,       // tanh(x)
} pf_activation;

/// y[i] = f(x[i]) for i < n; y may be x.
void pf_activation_forward(pf_pool *pool, pf_activation kind, size_t n, const float *x, float *y);

/// dx[i] = dy[i] f'(x[i]) for i < n; dx may be dy. `saved` is the input x for both GELUs, the output y for tanh, and
/// either of them for ReLU.
void pf_activation_backward(pf_pool *pool, pf_activation kind, size_t n, const float *saved, const float *dy,
                            float *dx);
