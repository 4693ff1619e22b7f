// Dynamic tree quantization (pf_eight_bit.h) without a search: within a decade the values are equally spaced, so that
// the nearest one is a multiplication away.
#pragma once

#include <math.h>

#include "magnitude.h"

enum { pf_decades = 7 };

/// Where a magnitude a goes: from `from` on, to value number min(base + slope a, last).
typedef struct {
  float from, base, slope, last;
} pf_decade;

/// Magnitudes are counted from the smallest: 0 is zero, and `one` is 1.
typedef struct {
  pf_decade decades[pf_decades];
  float most;  // from here on, the nearest value is 1
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
    code.decades[decade] = (pf_decade){
        .from = (float)((previous + scale * (0.1 + spacing / 2)) / 2),
        // Part j of the decade begins at scale (0.1 + j spacing).
        .base = (float)(number - 0.1 / spacing),
        .slope = (float)(1 / (scale * spacing)),
        .last = (float)(number + parts - 1)};
    for (int32_t part = 0; part < parts; part++, number++) {
      previous = scale * (0.1 + (part + 0.5) * spacing);
      code.values[number] = (float)previous;
      if (has_sign) code.values[256 - number] = (float)-previous;
    }
  }
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
  // Copied, or the compiler would choose among addresses and gather.
  pf_decade decades[pf_decades];
  memcpy(decades, code->decades, sizeof decades);
  float most = code->most;
  int32_t one = code->one;
  bool has_sign = code->has_sign;
  PF_VECTOR for (size_t i = 0; i < n; i++) {
    float a = fabsf(x[i]) / greatest;
    a = a <= 1.0f ? a : 1.0f;  // also NaN: any code, but one in range
    float base = decades[0].base, slope = decades[0].slope, last = decades[0].last;
#pragma clang loop unroll(full)
    for (int32_t decade = 1; decade < pf_decades; decade++) {
      bool reached = a >= decades[decade].from;
      base = reached ? decades[decade].base : base;
      slope = reached ? decades[decade].slope : slope;
      last = reached ? decades[decade].last : last;
    }
    float number = base + slope * a;
    number = number < last ? number : last;
    int32_t magnitude = a < decades[0].from ? 0 : (int32_t)number;
    bool negative = has_sign && x[i] < 0.0f;
    magnitude = a >= most && !negative ? one : magnitude;
    codes[i] = (uint8_t)(negative ? -magnitude : magnitude);
  }
}
