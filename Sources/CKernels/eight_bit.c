// A thread takes whole blocks: loads their states onto its stack, updates, and stores them.

#include "eight_bit.h"
#include "gradient.h"
#include "rule.h"

PF_INLINE size_t factors_offset(size_t n) { return (n + 63) / 64 * 64; }

PF_INLINE size_t block_count(size_t n) { return (n + PF_STATE_BLOCK - 1) / PF_STATE_BLOCK; }

size_t pf_eight_bit_bytes(size_t n) { return factors_offset(n) + block_count(n) * sizeof(float); }

void pf_eight_bit_values(bool has_sign, float values[256]) {
  pf_code code = pf_make_code(has_sign);
  memcpy(values, code.values, sizeof code.values);
}

/// A state of n elements; nothing where the rule has no such state.
typedef struct {
  pf_code code;
  uint8_t *codes;
  float *factors;
} quantized;

static quantized make_state(bool has_sign, size_t n, void *state) {
  if (!state) return (quantized){.codes = NULL};
  return (quantized){.code = pf_make_code(has_sign), .codes = state,
                     .factors = (float *)((uint8_t *)state + factors_offset(n))};
}

PF_INLINE void load(const quantized *state, size_t block, size_t n, float *x) {
  if (state->codes) pf_load_block(&state->code, n, state->codes + block * PF_STATE_BLOCK, state->factors[block], x);
}

PF_INLINE void store(const quantized *state, size_t block, size_t n, const float *x) {
  if (state->codes) {
    pf_store_block(&state->code, n, x, state->codes + block * PF_STATE_BLOCK, &state->factors[block]);
  }
}

PF_CLONES void pf_eight_bit_store(bool has_sign, size_t n, const float *x, void *state) {
  quantized to = make_state(has_sign, n, state);
  for (size_t at = 0; at < n; at += PF_STATE_BLOCK) {
    store(&to, at / PF_STATE_BLOCK, pf_smaller(PF_STATE_BLOCK, n - at), x + at);
  }
}

PF_CLONES void pf_eight_bit_load(bool has_sign, size_t n, const void *state, float *x) {
  quantized from = make_state(has_sign, n, (void *)state);
  for (size_t at = 0; at < n; at += PF_STATE_BLOCK) {
    load(&from, at / PF_STATE_BLOCK, pf_smaller(PF_STATE_BLOCK, n - at), x + at);
  }
}

typedef struct {
  const pf_optimizer *optimizer;
  pf_gradient gradient;
  float scale;
  size_t count;
  float *parameters;
  quantized state1, state2;
} update;

/// The gradient of n elements from `at` on, which may begin and end within rows of a table.
PF_INLINE const float *block_gradient(const pf_gradient *from, size_t at, size_t n, float *buffer) {
  if (!from->heads) return from->dx + at;
  memset(buffer, 0, n * sizeof(float));
  for (size_t done = 0; done < n;) {
    size_t row = (at + done) / from->width, column = (at + done) % from->width;
    size_t part = pf_smaller(from->width - column, n - done);
    pf_add_tokens(from, row, column, part, buffer + done);
    done += part;
  }
  return buffer;
}

PF_CLONES static void update_blocks(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const update *job = context;
  float gathered[PF_STATE_BLOCK], state1[PF_STATE_BLOCK], state2[PF_STATE_BLOCK];
  for (size_t block = begin; block < end; block++) {
    size_t at = block * PF_STATE_BLOCK, n = pf_smaller(PF_STATE_BLOCK, job->count - at);
    load(&job->state1, block, n, state1);
    load(&job->state2, block, n, state2);
    const float *gradient = block_gradient(&job->gradient, at, n, gathered);
    pf_apply_rule(job->optimizer, n, job->parameters + at, gradient, job->scale, state1, state2);
    store(&job->state1, block, n, state1);
    store(&job->state2, block, n, state2);
  }
}

static void run(pf_pool *pool, const update *job) {
  pf_parallel(pool, block_count(job->count), PF_UNIT / PF_STATE_BLOCK, update_blocks, (void *)job);
}

void pf_update_eight_bit(pf_pool *pool, const pf_optimizer *optimizer, size_t n, float *parameters,
                         const float *gradients, float gradient_scale, void *state1, void *state2) {
  update job = {.optimizer = optimizer, .gradient.dx = gradients, .scale = gradient_scale, .count = n,
                .parameters = parameters, .state1 = make_state(true, n, state1),
                .state2 = make_state(false, n, state2)};
  run(pool, &job);
}

void pf_update_embedding_eight_bit(pf_pool *pool, const pf_optimizer *optimizer, size_t rows, size_t width,
                                   const float *dx, const int32_t *heads, const int32_t *order,
                                   float gradient_scale, float *table, void *state1, void *state2) {
  size_t n = rows * width;
  update job = {.optimizer = optimizer, .gradient = {.width = width, .dx = dx, .heads = heads, .order = order},
                .scale = gradient_scale, .count = n, .parameters = table, .state1 = make_state(true, n, state1),
                .state2 = make_state(false, n, state2)};
  run(pool, &job);
}
