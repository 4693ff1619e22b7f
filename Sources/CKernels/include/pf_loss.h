// Losses of a task head. Small, and run on the calling thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// -sum over b of log softmax(logits[b, :])[labels[b]] / denominator, and its gradient. logits, dlogits: examples x
/// classes; labels within 0 ..< classes. `denominator` is the number of examples the mean is over: `examples`, or
/// those of all micro-batches under gradient accumulation. dlogits may be NULL (evaluation) or logits.
double pf_cross_entropy(size_t examples, size_t classes, const float *logits, const int32_t *labels,
                        double denominator, float *dlogits);

/// sum over b of (predictions[b] - targets[b])^2 / denominator, and its gradient. dpredictions may be NULL or
/// predictions.
double pf_squared_error(size_t examples, const float *predictions, const float *targets, double denominator,
                        float *dpredictions);
