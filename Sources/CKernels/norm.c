// A row is at most some thousand floats: the passes over it after the first find it in cache.

#include <math.h>

#include "mask.h"

typedef struct {
  size_t rows, width;
  const float *residual, *branch, *gamma, *beta;
  pf_dropout dropout;
  float eps;
  float *y, *xhat, *rstd;
} forward;

PF_INLINE void scale_and_shift(size_t width, const float *x, const float *gamma, const float *beta, float *y) {
  PF_VECTOR for (size_t i = 0; i < width; i++) y[i] = gamma[i] * x[i] + beta[i];
}

PF_INLINE float row_mean(size_t width, const float *x) {
  PF_REASSOCIATE
  float sum = 0;
  PF_VECTOR for (size_t i = 0; i < width; i++) sum += x[i];
  return sum / (float)width;
}

/// The mean of (x - mean)^2: a second pass, because the difference of two sums would cancel.
PF_INLINE float row_variance(size_t width, const float *x, float mean) {
  PF_REASSOCIATE
  float sum = 0;
  PF_VECTOR for (size_t i = 0; i < width; i++) sum += (x[i] - mean) * (x[i] - mean);
  return sum / (float)width;
}

PF_CLONES static void forward_rows(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const forward *job = context;
  size_t width = job->width;
  for (size_t row = begin; row < end; row++) {
    const float *branch = job->branch + row * width;
    const float *residual = job->residual ? job->residual + row * width : NULL;
    float *z = (job->xhat ? job->xhat : job->y) + row * width;
    if (job->dropout.probability > 0.0f) {
      pf_mask_run(job->dropout, (uint64_t)row * width, width, branch, residual, z);
    } else if (residual) {
      PF_VECTOR for (size_t i = 0; i < width; i++) z[i] = residual[i] + branch[i];
    } else if (z != branch) {
      memcpy(z, branch, width * sizeof(float));
    }
    float mean = row_mean(width, z);
    float rstd = 1.0f / sqrtf(row_variance(width, z, mean) + job->eps);
    PF_VECTOR for (size_t i = 0; i < width; i++) z[i] = (z[i] - mean) * rstd;
    if (job->rstd) job->rstd[row] = rstd;
    if (job->y) scale_and_shift(width, z, job->gamma, job->beta, job->y + row * width);
  }
}

void pf_add_norm_forward(pf_pool *pool, size_t rows, size_t width, const float *residual, const float *branch,
                         pf_dropout dropout, const float *gamma, const float *beta, float eps, float *y,
                         float *xhat, float *rstd) {
  forward job = {.rows = rows, .width = width, .residual = residual, .branch = branch, .gamma = gamma,
                 .beta = beta, .dropout = dropout, .eps = eps, .y = y, .xhat = xhat, .rstd = rstd};
  if (!y && !xhat) return;
  pf_parallel(pool, rows, pf_row_unit(width), forward_rows, &job);
}

PF_CLONES static void rebuild_rows(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const forward *job = context;
  for (size_t at = begin * job->width; at < end * job->width; at += job->width) {
    scale_and_shift(job->width, job->xhat + at, job->gamma, job->beta, job->y + at);
  }
}

void pf_norm_rebuild(pf_pool *pool, size_t rows, size_t width, const float *xhat, const float *gamma,
                     const float *beta, float *y) {
  forward job = {.width = width, .gamma = gamma, .beta = beta, .y = y, .xhat = (float *)xhat};
  pf_parallel(pool, rows, pf_row_unit(width), rebuild_rows, &job);
}

typedef struct {
  size_t rows, width;
  const float *dy, *xhat, *rstd, *gamma;
  float scale;
  float *dz, *dgamma, *dbeta;
} backward;

/// (mean(g), mean(g xhat)) with g = gamma dy.
typedef struct {
  float g, gx;
} means;

PF_INLINE means gradient_means(size_t width, const float *dy, const float *xhat, const float *gamma) {
  PF_REASSOCIATE
  float g = 0, gx = 0;
  PF_VECTOR for (size_t i = 0; i < width; i++) {
    g += gamma[i] * dy[i];
    gx += gamma[i] * dy[i] * xhat[i];
  }
  return (means){.g = g / (float)width, .gx = gx / (float)width};
}

PF_CLONES static void backward_rows(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const backward *job = context;
  const float *gamma = job->gamma;
  for (size_t row = begin; row < end; row++) {
    const float *dy = job->dy + row * job->width, *xhat = job->xhat + row * job->width;
    float *dz = job->dz + row * job->width, rstd = job->rstd[row];
    means mean = gradient_means(job->width, dy, xhat, gamma);
    PF_VECTOR for (size_t i = 0; i < job->width; i++) {
      dz[i] = rstd * (gamma[i] * dy[i] - mean.g - xhat[i] * mean.gx);
    }
  }
}

void pf_norm_backward(pf_pool *pool, size_t rows, size_t width, const float *dy, const float *xhat,
                      const float *rstd, const float *gamma, float *dz) {
  backward job = {.rows = rows, .width = width, .dy = dy, .xhat = xhat, .rstd = rstd, .gamma = gamma, .dz = dz};
  pf_parallel(pool, rows, pf_row_unit(width), backward_rows, &job);
}

enum { row_block = 64, column_block = 512, column_unit = 64 };

/// In blocks as pf_column_sum.
PF_CLONES static void parameter_columns(void *context, size_t thread, size_t begin, size_t end) {
  (void)thread;
  const backward *job = context;
  for (size_t column = begin; column < end; column += column_block) {
    size_t width = pf_smaller(column_block, end - column);
    float *dgamma = job->dgamma + column;
    PF_VECTOR for (size_t i = 0; i < width; i++) dgamma[i] = job->scale == 0.0f ? 0.0f : job->scale * dgamma[i];
    for (size_t row = 0; row < job->rows; row += row_block) {
      float partial[column_block] = {0};
      size_t last = pf_smaller(job->rows, row + row_block);
      for (size_t r = row; r < last; r++) {
        const float *dy = job->dy + r * job->width + column, *xhat = job->xhat + r * job->width + column;
        PF_VECTOR for (size_t i = 0; i < width; i++) partial[i] += dy[i] * xhat[i];
      }
      PF_VECTOR for (size_t i = 0; i < width; i++) dgamma[i] += partial[i];
    }
  }
}

void pf_norm_parameter_gradients(pf_pool *pool, size_t rows, size_t width, const float *dy, const float *xhat,
                                 float scale, float *dgamma, float *dbeta) {
  backward job = {.rows = rows, .width = width, .dy = dy, .xhat = xhat, .scale = scale, .dgamma = dgamma};
  if (dgamma) pf_parallel(pool, width, rows * width <= PF_UNIT ? width : column_unit, parameter_columns, &job);
  if (dbeta) pf_column_sum(pool, rows, width, dy, scale, dbeta);
}
