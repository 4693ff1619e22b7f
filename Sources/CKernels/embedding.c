#include "rule.h"

typedef struct {
  size_t width;
  const float *word, *position, *type;
  const int32_t *ids, *positions, *types;
  float *out;
} lookup;

PF_INLINE void add_row(size_t width, const float *x, float *y) {
  PF_VECTOR for (size_t i = 0; i < width; i++) y[i] += x[i];
}

PF_CLONES static void look_up(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const lookup *job = context;
  size_t width = job->width;
  for (size_t t = begin; t < end; t++) {
    float *out = job->out + t * width;
    memcpy(out, job->word + (size_t)job->ids[t] * width, width * sizeof(float));
    if (job->position) add_row(width, job->position + (size_t)job->positions[t] * width, out);
    if (job->type) add_row(width, job->type + (size_t)job->types[t] * width, out);
  }
}

void pf_embedding_forward(pf_pool *pool, size_t tokens, size_t width, const float *word, const int32_t *ids,
                          const float *position, const int32_t *positions, const float *type,
                          const int32_t *types, float *out) {
  lookup job = {.width = width, .word = word, .position = position, .type = type, .ids = ids,
                .positions = positions, .types = types, .out = out};
  pf_parallel(pool, tokens, pf_row_unit(width), look_up, &job);
}

void pf_embedding_index(size_t tokens, size_t rows, const int32_t *ids, int32_t *heads, int32_t *order) {
  memset(heads, 0, (rows + 1) * sizeof(int32_t));
  for (size_t t = 0; t < tokens; t++) heads[ids[t]]++;
  // Ends of the groups; placing tokens from the last one back then turns them into starts.
  for (size_t r = 0, end = 0; r < rows; r++) heads[r] = (int32_t)(end += (size_t)heads[r]);
  heads[rows] = (int32_t)tokens;
  for (size_t t = tokens; t-- > 0;) order[--heads[ids[t]]] = (int32_t)t;
}

typedef struct {
  const pf_optimizer *optimizer;
  size_t width;
  const float *dx;
  const int32_t *heads, *order;
  float scale;
  float *table, *state1, *state2, *scratch;
} grouped;

PF_INLINE void add_tokens(const grouped *job, size_t row, float *gradient) {
  for (int32_t i = job->heads[row]; i < job->heads[row + 1]; i++) {
    add_row(job->width, job->dx + (size_t)job->order[i] * job->width, gradient);
  }
}

PF_CLONES static void gradient_rows(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const grouped *job = context;
  for (size_t row = begin; row < end; row++) {
    float *out = job->table + row * job->width;
    PF_VECTOR for (size_t i = 0; i < job->width; i++) out[i] = job->scale == 0.0f ? 0.0f : job->scale * out[i];
    add_tokens(job, row, out);
  }
}

void pf_embedding_backward(pf_pool *pool, size_t rows, size_t width, const float *dx, const int32_t *heads,
                           const int32_t *order, float scale, float *dtable) {
  grouped job = {.width = width, .dx = dx, .heads = heads, .order = order, .scale = scale, .table = dtable};
  pf_parallel(pool, rows, 1, gradient_rows, &job);
}

size_t pf_update_embedding_scratch_bytes(size_t threads, size_t width) { return threads * width * sizeof(float); }

PF_CLONES static void update_rows(void *context, size_t thread, size_t begin, size_t end) {
  const grouped *job = context;
  size_t width = job->width;
  float *gradient = job->scratch + thread * width;
  bool dirty = true;  // most rows have no token: the zeros are written once for a run of them
  for (size_t row = begin; row < end; row++) {
    if (dirty) memset(gradient, 0, width * sizeof(float));
    dirty = job->heads[row] != job->heads[row + 1];
    add_tokens(job, row, gradient);
    size_t at = row * width;
    pf_apply_rule(job->optimizer, width, job->table + at, gradient, job->state1 ? job->state1 + at : NULL,
                  job->state2 ? job->state2 + at : NULL);
  }
}

void pf_update_embedding(pf_pool *pool, const pf_optimizer *optimizer, size_t rows, size_t width, const float *dx,
                         const int32_t *heads, const int32_t *order, float *table, float *state1, float *state2,
                         void *scratch) {
  grouped job = {.optimizer = optimizer, .width = width, .dx = dx, .heads = heads, .order = order,
                 .table = table, .state1 = state1, .state2 = state2, .scratch = scratch};
  pf_parallel(pool, rows, 1, update_rows, &job);
}
