#include "rule.h"

typedef struct {
  const pf_optimizer *optimizer;
  const float *gradients;
  float scale;
  float *parameters, *state1, *state2;
} update;

PF_CLONES static void update_range(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const update *job = context;
  pf_apply_rule(job->optimizer, end - begin, job->parameters + begin, job->gradients + begin, job->scale,
                job->state1 ? job->state1 + begin : NULL, job->state2 ? job->state2 + begin : NULL);
}

void pf_update(pf_pool *pool, const pf_optimizer *optimizer, size_t n, float *parameters, const float *gradients,
               float gradient_scale, float *state1, float *state2) {
  update job = {.optimizer = optimizer, .gradients = gradients, .scale = gradient_scale, .parameters = parameters,
                .state1 = state1, .state2 = state2};
  pf_parallel(pool, n, PF_UNIT, update_range, &job);
}
