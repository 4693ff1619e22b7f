// The update formulas, shared by dense parameters and embedding tables.
#pragma once

#include <math.h>

#include "internal.h"

/// Updates n parameters. Scalars are combined in double precision and rounded once, as PyTorch does.
PF_INLINE void pf_apply_rule(const pf_optimizer *o, size_t n, float *p, const float *g, float scale, float *s1,
                             float *s2) {
  switch (o->kind) {
    case PF_ADAMW: {
      float decay = (float)(1.0 - o->learning_rate * o->weight_decay);
      float step = (float)(o->learning_rate / o->bias_correction1);
      float root = (float)sqrt(o->bias_correction2), eps = (float)o->epsilon;
      float b1 = (float)o->beta1, c1 = (float)(1.0 - o->beta1);
      float b2 = (float)o->beta2, c2 = (float)(1.0 - o->beta2);
      PF_VECTOR for (size_t i = 0; i < n; i++) {
        float gradient = scale * g[i];
        float m = b1 * s1[i] + c1 * gradient;
        float v = b2 * s2[i] + c2 * gradient * gradient;
        s1[i] = m;
        s2[i] = v;
        p[i] = decay * p[i] - step * (m / (sqrtf(v) / root + eps));
      }
      break;
    }
    case PF_SGD: {
      float rate = (float)o->learning_rate, decay = (float)o->weight_decay;
      PF_VECTOR for (size_t i = 0; i < n; i++) p[i] -= rate * (scale * g[i] + decay * p[i]);
      break;
    }
    case PF_SGD_MOMENTUM: {
      float rate = (float)o->learning_rate, decay = (float)o->weight_decay, momentum = (float)o->momentum;
      PF_VECTOR for (size_t i = 0; i < n; i++) {
        s1[i] = momentum * s1[i] + (scale * g[i] + decay * p[i]);
        p[i] -= rate * s1[i];
      }
      break;
    }
    case PF_LION: {
      float rate = (float)o->learning_rate, decay = (float)(1.0 - o->learning_rate * o->weight_decay);
      float b1 = (float)o->beta1, c1 = (float)(1.0 - o->beta1);
      float b2 = (float)o->beta2, c2 = (float)(1.0 - o->beta2);
      PF_VECTOR for (size_t i = 0; i < n; i++) {
        float gradient = scale * g[i];
        float direction = b1 * s1[i] + c1 * gradient;
        float sign = (direction > 0.0f ? 1.0f : 0.0f) - (direction < 0.0f ? 1.0f : 0.0f);
        s1[i] = b2 * s1[i] + c2 * gradient;
        p[i] = decay * p[i] - rate * sign;
      }
      break;
    }
  }
}
