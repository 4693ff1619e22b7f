#include "mask.h"

// One step of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014; constants of Vigna's prng.di.unimi.it/splitmix64.c).
static uint64_t split_mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

uint64_t pf_dropout_key(uint64_t seed, uint64_t step, uint64_t site) {
  return split_mix(split_mix(split_mix(seed) ^ step) ^ site);
}

typedef struct {
  pf_dropout dropout;
  const float *x;
  float *y;
} elements;

PF_CLONES static void apply(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const elements *e = context;
  pf_mask_run(e->dropout, begin, end - begin, e->x + begin, NULL, e->y + begin);
}

void pf_dropout_apply(pf_pool *pool, pf_dropout dropout, size_t n, const float *x, float *y) {
  elements e = {.dropout = dropout, .x = x, .y = y};
  if (dropout.probability > 0.0f) {
    pf_parallel(pool, n, PF_UNIT, apply, &e);
  } else if (x != y) {
    pf_copy(pool, n, x, y);
  }
}
