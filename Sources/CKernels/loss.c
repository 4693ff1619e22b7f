// A head's outputs are few: plain loops in double precision.

#include "pf_loss.h"

#include <math.h>

double pf_cross_entropy(size_t examples, size_t classes, const float *logits, const int32_t *labels,
                        double denominator, float *dlogits) {
  double loss = 0;
  for (size_t b = 0; b < examples; b++, logits += classes) {
    double maximum = logits[0], sum = 0;
    for (size_t c = 1; c < classes; c++) maximum = logits[c] > maximum ? logits[c] : maximum;
    for (size_t c = 0; c < classes; c++) sum += exp(logits[c] - maximum);
    double log_sum = maximum + log(sum);
    loss += log_sum - logits[labels[b]];
    if (!dlogits) continue;
    for (size_t c = 0; c < classes; c++) {
      double target = c == (size_t)labels[b] ? 1.0 : 0.0;
      dlogits[c] = (float)((exp(logits[c] - log_sum) - target) / denominator);
    }
    dlogits += classes;
  }
  return examples ? loss / denominator : 0;
}

double pf_squared_error(size_t examples, const float *predictions, const float *targets, double denominator,
                        float *dpredictions) {
  double loss = 0;
  for (size_t b = 0; b < examples; b++) {
    double difference = (double)predictions[b] - (double)targets[b];
    loss += difference * difference;
    if (dpredictions) dpredictions[b] = (float)(2 * difference / denominator);
  }
  return examples ? loss / denominator : 0;
}

double pf_binary_cross_entropy(size_t examples, size_t labels, const float *logits, const float *targets,
                               double denominator, float *dlogits) {
  double loss = 0, share = denominator * (double)labels;
  for (size_t i = 0; i < examples * labels; i++) {
    // log(1 + e^x) - t x, with the exponent never positive.
    double x = logits[i], target = targets[i], tail = exp(-fabs(x));
    loss += (x > 0 ? x : 0) + log1p(tail) - target * x;
    double probability = (x >= 0 ? 1 : tail) / (1 + tail);
    if (dlogits) dlogits[i] = (float)((probability - target) / share);
  }
  return examples ? loss / share : 0;
}

double pf_span_loss(size_t sequences, const int32_t *offsets, const float *logits, const int32_t *labels,
                    double denominator, float *dlogits) {
  double loss = 0;
  for (size_t b = 0; b < sequences; b++) {
    size_t length = (size_t)(offsets[b + 1] - offsets[b]);
    const float *x = logits + 2 * (size_t)offsets[b];
    float *dx = dlogits ? dlogits + 2 * (size_t)offsets[b] : NULL;
    for (size_t end = 0; end < 2; end++) {
      size_t label = (size_t)labels[2 * b + end];
      double maximum = x[end], sum = 0;
      for (size_t t = 1; t < length; t++) maximum = x[2 * t + end] > maximum ? x[2 * t + end] : maximum;
      for (size_t t = 0; t < length; t++) sum += exp(x[2 * t + end] - maximum);
      double log_sum = maximum + log(sum);
      loss += (log_sum - x[2 * label + end]) / 2;
      if (!dx) continue;
      for (size_t t = 0; t < length; t++) {
        double target = t == label ? 1.0 : 0.0;
        dx[2 * t + end] = (float)((exp(x[2 * t + end] - log_sum) - target) / (2 * denominator));
      }
    }
  }
  return sequences ? loss / denominator : 0;
}
