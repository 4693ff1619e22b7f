// The dropout mask as a function of (key, index).
#pragma once

#include "internal.h"

// The finalizer `lowbias32` of C. Wellons' hash-prospector (github.com/skeeto/hash-prospector, public domain): a
// bijection of 32 bits whose output bits each flip with probability close to 1/2 for any flipped input bit.
PF_INLINE uint32_t pf_mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

/// out[i] = mask(key, base + i) x[i] (+ add[i] unless NULL) for i < n, with probability above 0. x, add and out may
/// coincide. Two rounds of pf_mix, each keyed by one half of the key; the index's high half joins the second.
PF_INLINE void pf_mask_run(pf_dropout dropout, uint64_t base, size_t n, const float *x, const float *add, float *out) {
  const int32_t threshold = (int32_t)((double)dropout.probability * 2147483648.0);
  const float scale = (float)(1.0 / (1.0 - (double)dropout.probability));
  const uint32_t low_key = (uint32_t)dropout.key;
  while (n > 0) {
    // Within a run, the index's high half does not change.
    uint32_t first = (uint32_t)base;
    uint32_t high_key = (uint32_t)(dropout.key >> 32) ^ pf_mix((uint32_t)(base >> 32));
    size_t run = pf_smaller(n, ((uint64_t)1 << 32) - first);
    PF_VECTOR for (size_t i = 0; i < run; i++) {
      uint32_t hash = pf_mix(pf_mix((first + (uint32_t)i) ^ low_key) ^ high_key);
      // 31 bits, because signed comparisons are what vector units have.
      float kept = (int32_t)(hash >> 1) >= threshold ? x[i] * scale : 0.0f;
      out[i] = add ? kept + add[i] : kept;
    }
    base += run, n -= run, x += run, out += run;
    if (add) add += run;
  }
}
