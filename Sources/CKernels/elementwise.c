#include "internal.h"

typedef struct {
  float alpha, beta;
  const float *x;
  float *y;
} elements;

PF_CLONES static void fill(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const elements *e = context;
  float value = e->alpha, *y = e->y;
  PF_VECTOR for (size_t i = begin; i < end; i++) y[i] = value;
}

void pf_fill(pf_pool *pool, size_t n, float value, float *x) {
  elements e = {.alpha = value, .y = x};
  pf_parallel(pool, n, PF_UNIT, fill, &e);
}

static void copy(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const elements *e = context;
  memcpy(e->y + begin, e->x + begin, (end - begin) * sizeof(float));
}

void pf_copy(pf_pool *pool, size_t n, const float *x, float *y) {
  elements e = {.x = x, .y = y};
  pf_parallel(pool, n, PF_UNIT, copy, &e);
}

PF_CLONES static void add(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const elements *e = context;
  const float *x = e->x;
  float alpha = e->alpha, beta = e->beta, *y = e->y;
  if (beta == 0.0f) {
    PF_VECTOR for (size_t i = begin; i < end; i++) y[i] = alpha * x[i];
  } else {
    PF_VECTOR for (size_t i = begin; i < end; i++) y[i] = alpha * x[i] + beta * y[i];
  }
}

void pf_add(pf_pool *pool, size_t n, float alpha, const float *x, float beta, float *y) {
  elements e = {.alpha = alpha, .beta = beta, .x = x, .y = y};
  pf_parallel(pool, n, PF_UNIT, add, &e);
}

PF_CLONES bool pf_all_finite(size_t n, const float *x) {
  // Infinities and NaN are the floats whose exponent bits are all set (IEEE 754, 3.4).
  uint32_t found = 0;
  PF_VECTOR for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    found |= (bits & 0x7f800000u) == 0x7f800000u;
  }
  return found == 0;
}
