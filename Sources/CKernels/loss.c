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
