#include "formats.h"
#include "magnitude.h"

static size_t blocks_of(size_t columns) { return (columns + PF_WEIGHT_BLOCK - 1) / PF_WEIGHT_BLOCK; }

static size_t element_bytes(pf_weight_format format) {
  return format == PF_FLOAT32 ? sizeof(float) : format == PF_INT8 ? sizeof(int8_t) : sizeof(uint16_t);
}

static size_t codes_bytes(size_t rows, size_t columns) { return (rows * columns + 63) / 64 * 64; }

size_t pf_weights_bytes(pf_weight_format format, size_t rows, size_t columns) {
  if (format != PF_INT8) return rows * columns * element_bytes(format);
  return codes_bytes(rows, columns) + rows * blocks_of(columns) * sizeof(float);
}

pf_weights pf_weights_at(pf_weight_format format, size_t rows, size_t columns, void *bytes) {
  float *scales = format == PF_INT8 ? (float *)((uint8_t *)bytes + codes_bytes(rows, columns)) : NULL;
  return (pf_weights){.format = format, .columns = columns, .values = bytes, .scales = scales};
}

pf_weights pf_weights_from(pf_weights weights, size_t row) {
  weights.values = (uint8_t *)weights.values + row * weights.columns * element_bytes(weights.format);
  if (weights.scales) weights.scales += row * blocks_of(weights.columns);
  return weights;
}

PF_INLINE void compress_block(size_t n, const float *x, int8_t *codes, float *scale) {
  *scale = pf_greatest_magnitude(n, x) / 127.0f;
  if (*scale == 0.0f) {
    memset(codes, 0, n);
    return;
  }
  float divisor = *scale;
  PF_VECTOR for (size_t i = 0; i < n; i++) codes[i] = pf_to_int8(x[i], divisor);
}

PF_CLONES void pf_weights_compress(pf_weights weights, size_t rows, const float *x) {
  size_t columns = weights.columns, count = rows * columns;
  uint16_t *halves = weights.values;
  switch (weights.format) {
    case PF_FLOAT32: memcpy(weights.values, x, count * sizeof(float)); break;
    case PF_BFLOAT16: {
      PF_VECTOR for (size_t i = 0; i < count; i++) halves[i] = pf_to_bfloat16(x[i]);
      break;
    }
    case PF_FLOAT16: {
      PF_VECTOR for (size_t i = 0; i < count; i++) halves[i] = pf_to_float16(x[i]);
      break;
    }
    case PF_INT8:
      for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column += PF_WEIGHT_BLOCK) {
          size_t at = row * columns + column;
          compress_block(pf_smaller(PF_WEIGHT_BLOCK, columns - column), x + at, (int8_t *)weights.values + at,
                         &weights.scales[row * blocks_of(columns) + column / PF_WEIGHT_BLOCK]);
        }
      }
      break;
  }
}

PF_CLONES void pf_weights_expand(pf_weights weights, size_t rows, float *x) {
  for (size_t row = 0; row < rows; row++) {
    pf_expand_part(&weights, row, 0, weights.columns, false, x + row * weights.columns);
  }
}
