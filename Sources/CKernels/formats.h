// One element of each weight format, as integer arithmetic that vectorizes for every processor.
#pragma once

#include "vector_math.h"

PF_INLINE float pf_from_bfloat16(uint16_t x) { return pf_float((uint32_t)x << 16); }

PF_INLINE uint16_t pf_to_bfloat16(float x) {
  uint32_t bits = pf_bits(x);
  uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return (uint16_t)(is_nan ? bits >> 16 | 0x40u : rounded);
}

/// Ten more bits of fraction and an exponent that is 112 too small, which the product corrects, subnormals included.
PF_INLINE float pf_from_float16(uint16_t x) {
  uint32_t magnitude = (uint32_t)(x & 0x7fffu) << 13;
  float value = pf_float(magnitude) * 0x1p112f;
  uint32_t bits = pf_bits(value);
  bits = magnitude >= 0x0f800000u ? magnitude | 0x7f800000u : bits;  // infinities and NaN
  return pf_float(bits | (uint32_t)(x & 0x8000u) << 16);
}

PF_INLINE uint16_t pf_to_float16(float x) {
  uint32_t bits = pf_bits(x), magnitude = bits & 0x7fffffffu;
  // Below 2^-14, adding 1/2 leaves the multiple of 2^-24, rounded to even, in the low bits.
  uint32_t subnormal = pf_bits(pf_float(magnitude) + 0.5f) - 0x3f000000u;
  uint32_t normal = (magnitude + 0xfffu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
  uint32_t special = magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u;
  uint32_t result = magnitude < 0x38800000u ? subnormal : normal;
  result = magnitude >= 0x477ff000u ? special : result;  // 65520, halfway to what would be the next number
  return (uint16_t)(result | (bits >> 16 & 0x8000u));
}

/// x / scale to the nearest integer of -127 ... 127, ties to even: 1.5 2^23 leaves it in the low bits.
PF_INLINE int8_t pf_to_int8(float x, float scale) {
  float code = x / scale;
  code = code < 127.0f ? code : 127.0f;
  code = code > -127.0f ? code : -127.0f;
  return (int8_t)(uint8_t)pf_bits(code + 12582912.0f);
}

/// `count` elements of a row from `column` on: out = the elements, or their sum with what is there.
PF_INLINE void pf_expand_part(const pf_weights *from, size_t row, size_t column, size_t count, bool adds, float *out) {
  size_t at = row * from->columns + column;
  switch (from->format) {
    case PF_FLOAT32: {
      const float *x = (const float *)from->values + at;
      PF_VECTOR for (size_t i = 0; i < count; i++) out[i] = adds ? out[i] + x[i] : x[i];
      break;
    }
    case PF_BFLOAT16: {
      const uint16_t *x = (const uint16_t *)from->values + at;
      PF_VECTOR for (size_t i = 0; i < count; i++) out[i] = adds ? out[i] + pf_from_bfloat16(x[i]) : pf_from_bfloat16(x[i]);
      break;
    }
    case PF_FLOAT16: {
      const uint16_t *x = (const uint16_t *)from->values + at;
      PF_VECTOR for (size_t i = 0; i < count; i++) out[i] = adds ? out[i] + pf_from_float16(x[i]) : pf_from_float16(x[i]);
      break;
    }
    case PF_INT8: {
      const int8_t *x = (const int8_t *)from->values + at;
      const float *scales = from->scales + row * ((from->columns + PF_WEIGHT_BLOCK - 1) / PF_WEIGHT_BLOCK);
      for (size_t i = 0; i < count;) {
        size_t block = (column + i) / PF_WEIGHT_BLOCK;
        size_t end = pf_smaller(count, (block + 1) * PF_WEIGHT_BLOCK - column);
        float scale = scales[block];
        PF_VECTOR for (size_t j = i; j < end; j++) out[j] = adds ? out[j] + scale * (float)x[j] : scale * (float)x[j];
        i = end;
      }
      break;
    }
  }
}
