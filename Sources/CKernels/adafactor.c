// Rows of a matrix and of an embedding table go through the same passes; see gradient.h for what differs.

#include <math.h>

#include "gradient.h"
#include "partial_sums.h"

size_t pf_adafactor_scratch_bytes(size_t columns) { return columns * sizeof(float); }

size_t pf_adafactor_table_scratch_bytes(size_t threads, size_t width) {
  return (1 + threads) * width * sizeof(float);
}

typedef struct {
  const pf_adafactor *rule;
  pf_gradient gradient;
  float scale;
  size_t rows;
  float *parameters, *row_state, *column_state;
  float *column_factor;  // 1 / sqrt(column state)
  float *gathered;       // a row a thread; NULL where dense
  double row_mean;       // of the row states
  float rate;
  pf_partial_sums sums;
} factored;

/// state = decay state + (1 - decay) (mean of squares + epsilon)
PF_INLINE float averaged(const pf_adafactor *rule, float state, float mean_of_squares) {
  return (float)rule->decay * state + (float)(1.0 - rule->decay) * (mean_of_squares + (float)rule->epsilon);
}

/// sqrt(mean of all row states / the row's). Times a column's factor, the reciprocal root of the second moment.
PF_INLINE float row_factor(const factored *job, size_t row) {
  return (float)sqrt(job->row_mean / (double)job->row_state[row]);
}

PF_INLINE const float *whole_row(const factored *job, size_t row, size_t thread) {
  size_t width = job->gradient.width;
  return pf_gradient_part(&job->gradient, row, 0, width, job->gathered ? job->gathered + thread * width : NULL);
}

PF_CLONES static void row_statistics(void *context, size_t thread, size_t begin, size_t end) {
  PF_REASSOCIATE
  const factored *job = context;
  size_t width = job->gradient.width;
  float scale = job->scale;
  for (size_t row = begin; row < end; row++) {
    float sum = 0;
    if (!pf_is_absent(&job->gradient, row)) {
      const float *g = whole_row(job, row, thread);
      PF_VECTOR for (size_t i = 0; i < width; i++) sum += (scale * g[i]) * (scale * g[i]);
    }
    job->row_state[row] = averaged(job->rule, job->row_state[row], sum / (float)width);
  }
}

enum { row_block = 64, column_block = 512, column_unit = 64 };

/// In blocks as pf_column_sum.
PF_CLONES static void column_statistics(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const factored *job = context;
  float scale = job->scale;
  for (size_t column = begin; column < end; column += column_block) {
    size_t width = pf_smaller(column_block, end - column);
    float sum[column_block] = {0}, gathered[column_block];
    for (size_t row = 0; row < job->rows; row += row_block) {
      float partial[column_block] = {0};
      size_t last = pf_smaller(job->rows, row + row_block);
      for (size_t r = row; r < last; r++) {
        if (pf_is_absent(&job->gradient, r)) continue;
        const float *g = pf_gradient_part(&job->gradient, r, column, width, gathered);
        PF_VECTOR for (size_t i = 0; i < width; i++) partial[i] += (scale * g[i]) * (scale * g[i]);
      }
      PF_VECTOR for (size_t i = 0; i < width; i++) sum[i] += partial[i];
    }
    float *state = job->column_state + column, *factor = job->column_factor + column;
    float rows = (float)job->rows;
    const pf_adafactor *rule = job->rule;
    PF_VECTOR for (size_t i = 0; i < width; i++) {
      float value = averaged(rule, state[i], sum[i] / rows);
      state[i] = value;
      factor[i] = 1.0f / sqrtf(value);
    }
  }
}

PF_CLONES static void square_updates(void *context, size_t thread, size_t begin, size_t end) {
  PF_REASSOCIATE
  factored *job = context;
  size_t width = job->gradient.width;
  const float *column_factor = job->column_factor;
  for (size_t part = begin; part < end; part++) {
    double total = 0;
    for (size_t row = pf_part_begin(&job->sums, part); row < pf_part_end(&job->sums, part); row++) {
      if (pf_is_absent(&job->gradient, row)) continue;
      const float *g = whole_row(job, row, thread);
      float factor = row_factor(job, row) * job->scale, sum = 0;
      PF_VECTOR for (size_t i = 0; i < width; i++) {
        float update = factor * g[i] * column_factor[i];
        sum += update * update;
      }
      total += (double)sum;
    }
    job->sums.of[part] = total;
  }
}

PF_CLONES static void move_rows(void *context, size_t thread, size_t begin, size_t end) {
  const factored *job = context;
  size_t width = job->gradient.width;
  const float *column_factor = job->column_factor;
  float keep = (float)(1.0 - job->rule->learning_rate * job->rule->weight_decay), rate = job->rate;
  for (size_t row = begin; row < end; row++) {
    float *p = job->parameters + row * width;
    if (pf_is_absent(&job->gradient, row)) {
      if (keep == 1.0f) continue;
      PF_VECTOR for (size_t i = 0; i < width; i++) p[i] = keep * p[i];
      continue;
    }
    const float *g = whole_row(job, row, thread);
    float factor = row_factor(job, row) * job->scale;
    PF_VECTOR for (size_t i = 0; i < width; i++) {
      float update = factor * g[i] * column_factor[i];
      p[i] = keep * p[i] - rate * update;
    }
  }
}

/// The learning rate after clipping: divided by max(1, RMS(update) / threshold).
static float clipped_rate(const pf_adafactor *rule, const pf_partial_sums *sums, double count) {
  double excess = sqrt(pf_total(sums) / count) / rule->clip_threshold;
  return (float)(excess < 1.0 ? rule->learning_rate : rule->learning_rate / excess);
}

static void update_factored(pf_pool *pool, factored *job) {
  size_t width = job->gradient.width, unit = pf_row_unit(width);
  if (job->rows == 0 || width == 0) return;
  pf_parallel(pool, job->rows, unit, row_statistics, job);
  pf_parallel(pool, width, job->rows * width <= PF_UNIT ? width : column_unit, column_statistics, job);
  for (size_t row = 0; row < job->rows; row++) job->row_mean += (double)job->row_state[row];
  job->row_mean /= (double)job->rows;
  job->sums = pf_parts(job->rows, unit);
  pf_parallel(pool, pf_part_count(&job->sums), 1, square_updates, job);
  job->rate = clipped_rate(job->rule, &job->sums, (double)job->rows * (double)width);
  pf_parallel(pool, job->rows, unit, move_rows, job);
}

void pf_adafactor_matrix(pf_pool *pool, const pf_adafactor *rule, size_t rows, size_t columns, float *parameters,
                         const float *gradients, float gradient_scale, float *row_state, float *column_state,
                         void *scratch) {
  factored job = {.rule = rule, .gradient = {.width = columns, .dx = gradients}, .scale = gradient_scale,
                  .rows = rows, .parameters = parameters, .row_state = row_state, .column_state = column_state,
                  .column_factor = scratch};
  update_factored(pool, &job);
}

void pf_adafactor_table(pf_pool *pool, const pf_adafactor *rule, size_t rows, size_t width, const float *dx,
                        const int32_t *heads, const int32_t *order, float gradient_scale, float *table,
                        float *row_state, float *column_state, void *scratch) {
  factored job = {.rule = rule, .gradient = {.width = width, .dx = dx, .heads = heads, .order = order},
                  .scale = gradient_scale, .rows = rows, .parameters = table, .row_state = row_state,
                  .column_state = column_state, .column_factor = scratch, .gathered = (float *)scratch + width};
  update_factored(pool, &job);
}

typedef struct {
  const pf_adafactor *rule;
  const float *gradients;
  float scale, rate;
  float *parameters, *state;
  pf_partial_sums sums;
} whole;

PF_CLONES static void vector_statistics(void *context, size_t thread, size_t begin, size_t end) {
  PF_REASSOCIATE
  (void)thread;
  whole *job = context;
  const pf_adafactor *rule = job->rule;
  const float *g = job->gradients;
  float *state = job->state, scale = job->scale;
  for (size_t part = begin; part < end; part++) {
    double sum = 0;
    size_t first = pf_part_begin(&job->sums, part), last = pf_part_end(&job->sums, part);
    PF_VECTOR for (size_t i = first; i < last; i++) {
      float gradient = scale * g[i];
      float value = averaged(rule, state[i], gradient * gradient);
      float update = gradient / sqrtf(value);
      state[i] = value;
      sum += (double)(update * update);
    }
    job->sums.of[part] = sum;
  }
}

PF_CLONES static void move_vector(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const whole *job = context;
  const float *g = job->gradients, *state = job->state;
  float keep = (float)(1.0 - job->rule->learning_rate * job->rule->weight_decay), rate = job->rate;
  float *p = job->parameters, scale = job->scale;
  PF_VECTOR for (size_t i = begin; i < end; i++) p[i] = keep * p[i] - rate * (scale * g[i] / sqrtf(state[i]));
}

void pf_adafactor_vector(pf_pool *pool, const pf_adafactor *rule, size_t n, float *parameters,
                         const float *gradients, float gradient_scale, float *state) {
  if (n == 0) return;
  whole job = {.rule = rule, .gradients = gradients, .scale = gradient_scale, .parameters = parameters,
               .state = state, .sums = pf_parts(n, PF_UNIT)};
  pf_parallel(pool, pf_part_count(&job.sums), 1, vector_statistics, &job);
  job.rate = clipped_rate(rule, &job.sums, (double)n);
  pf_parallel(pool, n, PF_UNIT, move_vector, &job);
}
