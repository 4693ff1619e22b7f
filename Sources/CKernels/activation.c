// One loop a function and direction, so that each vectorizes without a choice inside.

#include "internal.h"
#include "vector_math.h"

PF_INLINE float gelu(float x) { return x * pf_standard_normal(x).cumulative; }

PF_INLINE float gelu_slope(float x) {
  pf_normal normal = pf_standard_normal(x);
  return normal.cumulative + x * normal.density;
}

// (1 + tanh u) / 2 = 1 / (1 + exp(-2u)): one exponential for value and slope.
#define TWICE_ROOT_2_OVER_PI 1.5957691216057308f
#define CUBIC 0.044715f

PF_INLINE float gelu_gate(float x) {
  return 1.0f / (1.0f + pf_exp(-TWICE_ROOT_2_OVER_PI * x * (1.0f + CUBIC * x * x)));
}

PF_INLINE float gelu_tanh(float x) { return x * gelu_gate(x); }

PF_INLINE float gelu_tanh_slope(float x) {
  float gate = gelu_gate(x);
  return gate + x * gate * (1.0f - gate) * TWICE_ROOT_2_OVER_PI * (1.0f + 3.0f * CUBIC * x * x);
}

// Negated comparison: NaN passes through.
PF_INLINE float relu(float x) { return x < 0.0f ? 0.0f : x; }
PF_INLINE float relu_slope(float x) { return x > 0.0f ? 1.0f : 0.0f; }
PF_INLINE float tanh_slope(float y) { return 1.0f - y * y; }

typedef struct {
  const float *x, *dy;
  float *out;
} elements;

#define FORWARD(name, function)                                                            \
  PF_CLONES static void name(void *context, size_t thread, size_t begin, size_t end) {     \
    (void)thread;                                                                          \
    const elements *e = context;                                                           \
    const float *x = e->x;                                                                 \
    float *y = e->out;                                                                     \
    PF_VECTOR for (size_t i = begin; i < end; i++) y[i] = function(x[i]);                  \
  }

#define BACKWARD(name, slope)                                                              \
  PF_CLONES static void name(void *context, size_t thread, size_t begin, size_t end) {     \
    (void)thread;                                                                          \
    const elements *e = context;                                                           \
    const float *x = e->x, *dy = e->dy;                                                    \
    float *dx = e->out;                                                                    \
    PF_VECTOR for (size_t i = begin; i < end; i++) dx[i] = dy[i] * slope(x[i]);            \
  }

FORWARD(forward_gelu, gelu)
FORWARD(forward_gelu_tanh, gelu_tanh)
FORWARD(forward_relu, relu)
FORWARD(forward_tanh, pf_tanh)
BACKWARD(backward_gelu, gelu_slope)
BACKWARD(backward_gelu_tanh, gelu_tanh_slope)
BACKWARD(backward_relu, relu_slope)
BACKWARD(backward_tanh, tanh_slope)

void pf_activation_forward(pf_pool *pool, pf_activation kind, size_t n, const float *x, float *y) {
  elements e = {.x = x, .out = y};
  switch (kind) {
    case PF_GELU: pf_parallel(pool, n, PF_UNIT, forward_gelu, &e); break;
    case PF_GELU_TANH: pf_parallel(pool, n, PF_UNIT, forward_gelu_tanh, &e); break;
    case PF_RELU: pf_parallel(pool, n, PF_UNIT, forward_relu, &e); break;
    case PF_TANH: pf_parallel(pool, n, PF_UNIT, forward_tanh, &e); break;
  }
}

void pf_activation_backward(pf_pool *pool, pf_activation kind, size_t n, const float *saved, const float *dy,
                            float *dx) {
  elements e = {.x = saved, .dy = dy, .out = dx};
  switch (kind) {
    case PF_GELU: pf_parallel(pool, n, PF_UNIT, backward_gelu, &e); break;
    case PF_GELU_TANH: pf_parallel(pool, n, PF_UNIT, backward_gelu_tanh, &e); break;
    case PF_RELU: pf_parallel(pool, n, PF_UNIT, backward_relu, &e); break;
    case PF_TANH: pf_parallel(pool, n, PF_UNIT, backward_tanh, &e); break;
  }
}
