// Dynamic tree quantization (pf_eight_bit.h) without a search: within a decade the values are equally spaced, so that
// the nearest one is a multiplication away.
#pragma once

#include <math.h>

#include "magnitude.h"

enum { pf_decades = 7 };

/// Of magnitudes, counted from the smallest: 0 is zero, and `one` is 1.
typedef struct {
  float least;                // from here on, the nearest value is not 0
  float from[pf_decades];     // from here on, the nearest value lies in this decade
  float base[pf_decades];     // the nearest value of a decade to a is number min(base + slope a, last)
  float slope[pf_decades];
  float last[pf_decades];
  float most;                 // from here on, the nearest value is 1
  int32_t one;
  bool has_sign;
  float values[256];
} pf_code;

static inline pf_code pf_make_code(bool has_sign) {
  pf_code code = {.has_sign = has_sign};
  int32_t number = 1;
  double scale = 1e-6, previous = 0;
  for (int32_t decade = 0; decade < pf_decades; decade++, scale *= 10) {
    int32_t parts = (has_sign ? 1 : 2) << decade;
    double spacing = 0.9 / parts;
    code.from[decade] = (float)((previous + scale * (0.1 + spacing / 2)) / 2);
    // Part j of the decade begins at scale (0.1 + j spacing).
    code.base[decade] = (float)(number - 0.1 / spacing);
    code.slope[decade] = (float)(1 / (scale * spacing));
    for (int32_t part = 0; part < parts; part++, number++) {
      previous = scale * (0.1 + (part + 0.5) * spacing);
      code.values[number] = (float)previous;
      if (has_sign) code.values[256 - number] = (float)-previous;
    }
    code.last[decade] = (float)(number - 1);
  }
  code.least = code.from[0];
  code.most = (float)((previous + 1) / 2);
  code.one = number;
  code.values[number] = 1;
  return code;
}

/// n <= PF_STATE_BLOCK elements.
PF_INLINE void pf_load_block(const pf_code *code, size_t n, const uint8_t *codes, float factor, float *x) {
  if (factor == 0.0f) {
    memset(x, 0, n * sizeof(float));
    return;
  }
  const float *values = code->values;
  for (size_t i = 0; i < n; i++) x[i] = factor * values[codes[i]];
}

PF_INLINE void pf_store_block(const pf_code *code, size_t n, const float *x, uint8_t *codes, float *factor) {
  float greatest = pf_greatest_magnitude(n, x);
  *factor = greatest;
  if (greatest == 0.0f) {
    memset(codes, 0, n);
    return;
  }
  int32_t one = code->one;
  bool has_sign = code->has_sign;
  float least = code->least, most = code->most;
  PF_VECTOR for (size_t i = 0; i < n; i++) {
    float a = fabsf(x[i]) / greatest;
    a = a <= 1.0f ? a : 1.0f;  // also NaN: any code, but one in range
    float base = code->base[0], slope = code->slope[0], last = code->last[0];
#pragma clang loop unroll(full)
    for (int32_t decade = 1; decade < pf_decades; decade++) {
      bool reached = a >= code->from[decade];
      base = reached ? code->base[decade] : base;
      slope = reached ? code->slope[decade] : slope;
      last = reached ? code->last[decade] : last;
    }
    float number = base + slope * a;
    number = number < last ? number : last;
    int32_t magnitude = a < least ? 0 : (int32_t)number;
    bool negative = has_sign && x[i] < 0.0f;
    magnitude = a >= most && !negative ? one : magnitude;
    codes[i] = (uint8_t)(negative ? -magnitude : magnitude);
  }
}
