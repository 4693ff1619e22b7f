// Adafactor: a second moment kept as the means of its rows and columns.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pf_pool.h"

/// Shazeer & Stern, arXiv:1804.04235, algorithm 4 without momentum or relative step sizes:
/// R = d R + (1 - d) mean over columns of (g^2 + e), C = d C + (1 - d) mean over rows of the same,
/// u = g / sqrt(R C / mean(R)), p -= lr wd p, p -= lr u / max(1, RMS(u) / threshold).
/// The tensor's rows and columns are those of a matrix; a vector keeps its whole second moment instead.
typedef struct {
  double learning_rate;
  double weight_decay;
  double decay;  // d of this step: 1 - step^-0.8, step counted from 1
  double epsilon;
  double clip_threshold;
} pf_adafactor;

/// One row of floats, shared.
size_t pf_adafactor_scratch_bytes(size_t columns);

/// The same and a row of gradient a thread: (1 + threads) x width x 4.
size_t pf_adafactor_table_scratch_bytes(size_t threads, size_t width);

/// Updates parameters[rows, columns]; row_state: rows, column_state: columns, both zero before the first step.
/// Gradients are multiplied by `gradient_scale` wherever they are read.
void pf_adafactor_matrix(pf_pool *pool, const pf_adafactor *rule, size_t rows, size_t columns, float *parameters,
                         const float *gradients, float gradient_scale, float *row_state, float *column_state,
                         void *scratch);

/// The same bits for a table and the dense gradient of pf_embedding_backward, which is never formed.
void pf_adafactor_table(pf_pool *pool, const pf_adafactor *rule, size_t rows, size_t width, const float *dx,
                        const int32_t *heads, const int32_t *order, float gradient_scale, float *table,
                        float *row_state, float *column_state, void *scratch);

/// Updates n parameters; state: n, zero before the first step.
void pf_adafactor_vector(pf_pool *pool, const pf_adafactor *rule, size_t n, float *parameters,
                         const float *gradients, float gradient_scale, float *state);
