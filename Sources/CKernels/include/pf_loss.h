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

/// Mean over the labels of the binary cross entropy with logits, summed over examples and divided by `denominator`
/// examples, and its gradient. logits, targets (0 or 1), dlogits: examples x labels. dlogits may be NULL or logits.
double pf_binary_cross_entropy(size_t examples, size_t labels, const float *logits, const float *targets,
                               double denominator, float *dlogits);

/// The mean of the cross entropies of a span's first and last token, each over the tokens of its own sequence, summed
/// over sequences and divided by `denominator`, and its gradient. logits, dlogits: tokens x 2; offsets: sequences + 1;
/// labels: sequences x 2, positions within their sequence. dlogits may be NULL or logits.
double pf_span_loss(size_t sequences, const int32_t *offsets, const float *logits, const int32_t *labels,
                    double denominator, float *dlogits);
