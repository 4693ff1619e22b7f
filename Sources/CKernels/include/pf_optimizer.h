// Parameter updates with PyTorch's formulas.
#pragma once

#include <stddef.h>

#include "pf_pool.h"

typedef enum {
  // p -= lr wd p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= lr/c1 m / (sqrt(v)/sqrt(c2) + eps).
  // https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html (Loshchilov & Hutter, arXiv:1711.05101)
  PF_ADAMW,
  // p -= lr (g + wd p). https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
  PF_SGD,
  // b = momentum b + g + wd p; p -= lr b. The same page, dampening 0, not Nesterov.
  PF_SGD_MOMENTUM,
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

/// Updates n parameters from their gradients. state1: AdamW's m or SGD's momentum buffer; state2: AdamW's v; both
/// zero before the first step, and NULL where the kind has none.
void pf_update(pf_pool *pool, const pf_optimizer *optimizer, size_t n, float *parameters, const float *gradients,
               float *state1, float *state2);
