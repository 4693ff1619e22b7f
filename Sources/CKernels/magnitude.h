// What block-wise formats divide by.
#pragma once

#include "internal.h"

/// The greatest |x[i]|, 0 of nothing, and NaN if there is one. Bits without the sign are in the order of magnitudes
/// (IEEE 754, 5.10), NaN last; integers vectorize whatever the compiler must assume about NaN.
PF_INLINE float pf_greatest_magnitude(size_t n, const float *x) {
  uint32_t greatest = 0;
  PF_VECTOR for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    bits &= 0x7fffffffu;
    greatest = bits > greatest ? bits : greatest;
  }
  float magnitude;
  memcpy(&magnitude, &greatest, sizeof magnitude);
  return magnitude;
}
