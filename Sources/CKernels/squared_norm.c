// The squared norm of gradients, for clipping by the global norm.

#include "gradient.h"
#include "partial_sums.h"

typedef struct {
  pf_gradient gradient;
  float *scratch;
  pf_partial_sums sums;
} squares;

PF_INLINE double sum_of_squares(size_t n, const float *x) {
  PF_REASSOCIATE
  double sum = 0;
  PF_VECTOR for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
  return sum;
}

PF_CLONES static void square_elements(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  squares *job = context;
  for (size_t part = begin; part < end; part++) {
    size_t first = pf_part_begin(&job->sums, part);
    job->sums.of[part] = sum_of_squares(pf_part_end(&job->sums, part) - first, job->gradient.dx + first);
  }
}

double pf_squared_norm(pf_pool *pool, size_t n, const float *x) {
  squares job = {.gradient.dx = x, .sums = pf_parts(n, PF_UNIT)};
  pf_parallel(pool, pf_part_count(&job.sums), 1, square_elements, &job);
  return pf_total(&job.sums);
}

PF_CLONES static void square_rows(void *context, size_t thread, size_t begin, size_t end) {
  squares *job = context;
  size_t width = job->gradient.width;
  for (size_t part = begin; part < end; part++) {
    double sum = 0;
    for (size_t row = pf_part_begin(&job->sums, part); row < pf_part_end(&job->sums, part); row++) {
      if (pf_is_absent(&job->gradient, row)) continue;
      sum += sum_of_squares(width, pf_gradient_part(&job->gradient, row, 0, width, job->scratch + thread * width));
    }
    job->sums.of[part] = sum;
  }
}

double pf_squared_norm_of_table(pf_pool *pool, size_t rows, size_t width, const float *dx, const int32_t *heads,
                                const int32_t *order, void *scratch) {
  squares job = {.gradient = {.width = width, .dx = dx, .heads = heads, .order = order}, .scratch = scratch,
                 .sums = pf_parts(rows, 1)};
  pf_parallel(pool, pf_part_count(&job.sums), 1, square_rows, &job);
  return pf_total(&job.sums);
}
