// Parameter updates with PyTorch's formulas.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pf_pool.h"

typedef enum {
  // p -= lr wd p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= lr/c1 m / (sqrt(v)/sqrt(c2) + eps).
  // https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html (Loshchilov & Hutter, arXiv:1711.05101)
  PF_ADAMW,
  // p -= lr (g + wd p). https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
  PF_SGD,
  // b = momentum b + g + wd p; p -= lr b. The same page, dampening 0, not Nesterov.
  PF_SGD_MOMENTUM,
  // p -= lr (sign(b1 m + (1 - b1) g) + wd p); m = b2 m + (1 - b2) g. Chen et al., arXiv:2302.06675, algorithm 2.
  PF_LION,
} pf_optimizer_kind;

typedef struct {
  pf_optimizer_kind kind;
  double learning_rate;
  double beta1;
  double beta2;
  double epsilon;
  double weight_decay;
  double bias_correction1;  // c1 = 1 - beta1^step, step counted from 1
  double bias_correction2;  // c2 = 1 - beta2^step
  double momentum;
} pf_optimizer;

/// Updates n parameters from their gradients times `gradient_scale`. state1: AdamW's and Lion's m or SGD's momentum
/// buffer; state2: AdamW's v; both zero before the first step, and NULL where the kind has none.
void pf_update(pf_pool *pool, const pf_optimizer *optimizer, size_t n, float *parameters, const float *gradients,
               float gradient_scale, float *state1, float *state2);

/// Sum of x[i]^2 in double precision, the same for any thread count.
double pf_squared_norm(pf_pool *pool, size_t n, const float *x);

/// pf_squared_norm of the dense gradient of pf_embedding_backward, which is never formed: only rows with tokens are
/// gathered. scratch: pf_update_embedding_scratch_bytes.
double pf_squared_norm_of_table(pf_pool *pool, size_t rows, size_t width, const float *dx, const int32_t *heads,
                                const int32_t *order, void *scratch);
