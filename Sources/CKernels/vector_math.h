// Elementary functions in single precision, free of branches and calls so that loops over them vectorize.
// The tests hold each of them to the C library's in double precision.
#pragma once

#include <math.h>

#include "internal.h"

PF_INLINE uint32_t pf_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

PF_INLINE float pf_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/// exp(x), clamped to arguments in [-87.3, 88] (normal results); NaN stays NaN.
///
/// Reduction and polynomial of Cephes 2.8 `single/expf.c` (S. L. Moshier, netlib.org/cephes). x = n ln 2 + r; adding
/// 1.5 2^23 rounds to the integer n and leaves it in the low bits, which then move to the exponent's place.
PF_INLINE float pf_exp(float x) {
  x = x > 88.0f ? 88.0f : x;
  x = x < -87.3f ? -87.3f : x;
  float shifted = x * 1.44269504088896341f + 12582912.0f;
  float n = shifted - 12582912.0f;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return pf_float(pf_bits(p) + (pf_bits(shifted) << 23));
}

/// tanh(x): Cephes 2.8 `single/tanhf.c`, a polynomial below 0.625 and 1 - 2 / (exp(2x) + 1) above.
PF_INLINE float pf_tanh(float x) {
  float a = fabsf(x);
  float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  float near = p * z * x + x;
  float far = copysignf(1.0f - 2.0f / (pf_exp(2.0f * a) + 1.0f), x);
  return a < 0.625f ? near : far;
}

typedef struct {
  float cumulative;  // Phi(x) = (1 + erf(x / sqrt 2)) / 2
  float density;     // phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
} pf_normal;

/// The standard normal distribution at x, its lower tail with full relative accuracy.
///
/// Phi(-a) = exp(-a^2/2) t P(t) with t = 1 / (1 + 0.33 a), the form of Abramowitz & Stegun 7.1.26 with three more
/// terms: P is the least-maximum fit in relative error (5.5e-8) for a in [0, 14], after which Phi(-a) is below the
/// smallest float. The fit's program is in docs/decisions/0003-kernels-in-c-over-one-pool.md.
PF_INLINE pf_normal pf_standard_normal(float x) {
  float a = fabsf(x);
  float t = 1.0f / (1.0f + 0.33f * a);
  float e = pf_exp(-0.5f * a * a);
  float p = -0.020807473f;
  p = p * t + 0.123079427f;
  p = p * t - 0.26718533f;
  p = p * t + 0.224629864f;
  p = p * t - 0.0565264076f;
  p = p * t + 0.121819131f;
  p = p * t + 0.111065872f;
  p = p * t + 0.132302776f;
  p = p * t + 0.131622165f;
  float tail = e * t * p;
  return (pf_normal){.cumulative = x < 0.0f ? tail : 1.0f - tail, .density = e * 0.3989422804014327f};
}
