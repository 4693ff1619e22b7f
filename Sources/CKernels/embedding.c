#include "formats.h"
#include "gradient.h"
#include "rule.h"

typedef struct {
  const pf_weights *word, *position, *type;
  const int32_t *ids, *positions, *types;
  float *out;
} lookup;

PF_CLONES static void look_up(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const lookup *job = context;
  size_t width = job->word->columns;
  for (size_t t = begin; t < end; t++) {
    float *out = job->out + t * width;
    pf_expand_part(job->word, (size_t)job->ids[t], 0, width, false, out);
    if (job->position) pf_expand_part(job->position, (size_t)job->positions[t], 0, width, true, out);
    if (job->type) pf_expand_part(job->type, (size_t)job->types[t], 0, width, true, out);
  }
}

void pf_expanding_embedding_forward(pf_pool *pool, size_t tokens, const pf_weights *word, const int32_t *ids,
                                    const pf_weights *position, const int32_t *positions, const pf_weights *type,
                                    const int32_t *types, float *out) {
  lookup job = {.word = word, .position = position, .type = type, .ids = ids, .positions = positions,
                .types = types, .out = out};
  pf_parallel(pool, tokens, pf_row_unit(word->columns), look_up, &job);
}

void pf_embedding_forward(pf_pool *pool, size_t tokens, size_t width, const float *word, const int32_t *ids,
                          const float *position, const int32_t *positions, const float *type,
                          const int32_t *types, float *out) {
  pf_weights words = {.columns = width, .values = (float *)word};
  pf_weights places = {.columns = width, .values = (float *)position};
  pf_weights kinds = {.columns = width, .values = (float *)type};
  pf_expanding_embedding_forward(pool, tokens, &words, ids, position ? &places : NULL, positions,
                                 type ? &kinds : NULL, types, out);
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
  pf_gradient gradient;
  float scale;
  float *table, *state1, *state2, *scratch;
} grouped;

PF_CLONES static void gradient_rows(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const grouped *job = context;
  size_t width = job->gradient.width;
  for (size_t row = begin; row < end; row++) {
    float *out = job->table + row * width;
    PF_VECTOR for (size_t i = 0; i < width; i++) out[i] = job->scale == 0.0f ? 0.0f : job->scale * out[i];
    pf_add_tokens(&job->gradient, row, 0, width, out);
  }
}

void pf_embedding_backward(pf_pool *pool, size_t rows, size_t width, const float *dx, const int32_t *heads,
                           const int32_t *order, float scale, float *dtable) {
  grouped job = {.gradient = {.width = width, .dx = dx, .heads = heads, .order = order}, .scale = scale,
                 .table = dtable};
  pf_parallel(pool, rows, 1, gradient_rows, &job);
}

size_t pf_update_embedding_scratch_bytes(size_t threads, size_t width) { return threads * width * sizeof(float); }

PF_CLONES static void update_rows(void *context, size_t thread, size_t begin, size_t end) {
  const grouped *job = context;
  size_t width = job->gradient.width;
  float *gradient = job->scratch + thread * width;
  bool dirty = true;  // most rows have no token: the zeros are written once for a run of them
  for (size_t row = begin; row < end; row++) {
    if (dirty) memset(gradient, 0, width * sizeof(float));
    dirty = !pf_is_absent(&job->gradient, row);
    pf_add_tokens(&job->gradient, row, 0, width, gradient);
    size_t at = row * width;
    pf_apply_rule(job->optimizer, width, job->table + at, gradient, job->scale,
                  job->state1 ? job->state1 + at : NULL, job->state2 ? job->state2 + at : NULL);
  }
}

void pf_update_embedding(pf_pool *pool, const pf_optimizer *optimizer, size_t rows, size_t width, const float *dx,
                         const int32_t *heads, const int32_t *order, float gradient_scale, float *table,
                         float *state1, float *state2, void *scratch) {
  grouped job = {.optimizer = optimizer, .gradient = {.width = width, .dx = dx, .heads = heads, .order = order},
                 .scale = gradient_scale, .table = table, .state1 = state1, .state2 = state2, .scratch = scratch};
  pf_parallel(pool, rows, 1, update_rows, &job);
}
