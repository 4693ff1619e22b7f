// Each (sequence, head) pair belongs to one thread. Its queries are taken in tiles: scores, softmax and the products
// with the values need scratch for one tile of rows only.

#include "mask.h"
#include "vector_math.h"

static size_t tile_floats(size_t max_length) {
  size_t rows = pf_smaller(PF_ATTENTION_TILE_ROWS, max_length);
  return (rows * max_length + 15) / 16 * 16;  // whole cache lines, so that threads share none
}

size_t pf_attention_forward_scratch_bytes(size_t threads, size_t max_length) {
  return threads * tile_floats(max_length) * sizeof(float);
}

size_t pf_attention_backward_scratch_bytes(size_t threads, size_t max_length) {
  return 2 * pf_attention_forward_scratch_bytes(threads, max_length);
}

typedef struct {
  const pf_attention *shape;
  const float *q, *k, *v, *dcontext;
  float *context, *dq, *dk, *dv;
  float *scratch;
  size_t threads;
} attention;

/// One head of one sequence: `at` is the offset of its first element in a tokens x width tensor.
typedef struct {
  size_t first, length, head, at, width;
} pair;

/// Makes each row of x, of `length` scores, its softmax. The maximum is taken on the bits as integers of the same
/// order, which vectorizes whatever the compiler must assume about NaN; a NaN score makes its row NaN.
PF_CLONES static void softmax_rows(size_t rows, size_t length, float *x) {
  PF_REASSOCIATE
  for (size_t row = 0; row < rows; row++, x += length) {
    int32_t order = INT32_MIN;
    PF_VECTOR for (size_t i = 0; i < length; i++) {
      int32_t bits = (int32_t)pf_bits(x[i]);
      bits ^= (bits >> 31) & INT32_MAX;
      order = bits > order ? bits : order;
    }
    float maximum = pf_float((uint32_t)(order ^ ((order >> 31) & INT32_MAX)));
    float sum = 0;
    PF_VECTOR for (size_t i = 0; i < length; i++) {
      float e = pf_exp(x[i] - maximum);
      x[i] = e;
      sum += e;
    }
    float reciprocal = 1.0f / sum;
    PF_VECTOR for (size_t i = 0; i < length; i++) x[i] *= reciprocal;
  }
}

/// dp becomes the gradient of the scores: p (dp - sum over the row of dp p).
PF_CLONES static void softmax_backward_rows(size_t rows, size_t length, const float *p, float *dp) {
  PF_REASSOCIATE
  for (size_t row = 0; row < rows; row++, p += length, dp += length) {
    float dot = 0;
    PF_VECTOR for (size_t i = 0; i < length; i++) dot += dp[i] * p[i];
    PF_VECTOR for (size_t i = 0; i < length; i++) dp[i] = p[i] * (dp[i] - dot);
  }
}

/// out = dropout(x) for the rows of queries `query` and on, counted within the sequence.
PF_CLONES static void mask_rows(const pf_attention *shape, pair pair, size_t query, size_t rows, const float *x,
                                float *out) {
  for (size_t row = 0; row < rows; row++, x += pair.length, out += pair.length) {
    uint64_t token = pair.first + query + row;
    pf_mask_run(shape->dropout, (token * shape->heads + pair.head) * shape->max_length, pair.length, x, NULL, out);
  }
}

/// p = softmax(scale q k^T) for `rows` queries from `query` on.
static void probabilities(const attention *job, pair pair, size_t query, size_t rows, float *p) {
  pf_serial_gemm(false, true, rows, pair.length, job->shape->head_size, job->shape->scale,
                 job->q + pair.at + query * pair.width, pair.width, job->k + pair.at, pair.width, 0.0f, p,
                 pair.length);
  softmax_rows(rows, pair.length, p);
}

static void forward_pair(const attention *job, pair pair, float *p) {
  const pf_attention *shape = job->shape;
  for (size_t query = 0; query < pair.length; query += PF_ATTENTION_TILE_ROWS) {
    size_t rows = pf_smaller(PF_ATTENTION_TILE_ROWS, pair.length - query);
    probabilities(job, pair, query, rows, p);
    if (shape->dropout.probability > 0.0f) mask_rows(shape, pair, query, rows, p, p);
    pf_serial_gemm(false, false, rows, shape->head_size, pair.length, 1.0f, p, pair.length, job->v + pair.at,
                   pair.width, 0.0f, job->context + pair.at + query * pair.width, pair.width);
  }
}

static void backward_pair(const attention *job, pair pair, float *p, float *dp) {
  const pf_attention *shape = job->shape;
  size_t length = pair.length, width = pair.width, d = shape->head_size;
  bool drops = shape->dropout.probability > 0.0f;
  for (size_t query = 0; query < length; query += PF_ATTENTION_TILE_ROWS) {
    size_t rows = pf_smaller(PF_ATTENTION_TILE_ROWS, length - query);
    size_t at = pair.at + query * width;
    float previous = query == 0 ? 0.0f : 1.0f;  // tiles add up into dk and dv
    const float *dcontext = job->dcontext + at;
    probabilities(job, pair, query, rows, p);
    if (job->dv) {
      if (drops) mask_rows(shape, pair, query, rows, p, dp);
      pf_serial_gemm(true, false, length, d, rows, 1.0f, drops ? dp : p, length, dcontext, width, previous,
                     job->dv + pair.at, width);
    }
    if (!job->dq && !job->dk) continue;
    pf_serial_gemm(false, true, rows, length, d, 1.0f, dcontext, width, job->v + pair.at, width, 0.0f, dp, length);
    if (drops) mask_rows(shape, pair, query, rows, dp, dp);
    softmax_backward_rows(rows, length, p, dp);
    if (job->dq) {
      pf_serial_gemm(false, false, rows, d, length, shape->scale, dp, length, job->k + pair.at, width, 0.0f,
                     job->dq + at, width);
    }
    if (job->dk) {
      pf_serial_gemm(true, false, length, d, rows, shape->scale, dp, length, job->q + at, width, previous,
                     job->dk + pair.at, width);
    }
  }
}

/// Runs the pairs of one thread: those whose middle lies in the thread's share of all work, a pair's work being its
/// length squared. Depends on nothing but lengths and the thread count.
static void run_pairs(void *context, size_t thread, size_t begin, size_t end) {
  (void)begin, (void)end;
  const attention *job = context;
  const pf_attention *shape = job->shape;
  size_t tile = tile_floats(shape->max_length);
  uint64_t total = 0, before = 0;
  for (size_t b = 0; b < shape->sequences; b++) {
    uint64_t length = (uint64_t)(shape->offsets[b + 1] - shape->offsets[b]);
    total += length * length * shape->heads;
  }
  for (size_t b = 0; b < shape->sequences; b++) {
    size_t first = (size_t)shape->offsets[b], length = (size_t)shape->offsets[b + 1] - first;
    uint64_t work = (uint64_t)length * length;
    for (size_t head = 0; work > 0 && head < shape->heads; head++, before += work) {
      if ((before + work / 2) * job->threads / total != thread) continue;
      size_t width = shape->heads * shape->head_size;
      pair pair = {.first = first, .length = length, .head = head, .width = width,
                   .at = first * width + head * shape->head_size};
      if (job->context) {
        forward_pair(job, pair, job->scratch + thread * tile);
      } else {
        float *p = job->scratch + thread * 2 * tile;
        backward_pair(job, pair, p, p + tile);
      }
    }
  }
}

void pf_attention_forward(pf_pool *pool, const pf_attention *shape, const float *q, const float *k, const float *v,
                          float *context, void *scratch) {
  attention job = {.shape = shape, .q = q, .k = k, .v = v, .context = context, .scratch = scratch,
                   .threads = pf_pool_threads(pool)};
  pf_parallel(pool, job.threads, 1, run_pairs, &job);
}

void pf_attention_backward(pf_pool *pool, const pf_attention *shape, const float *q, const float *k,
                           const float *v, const float *dcontext, float *dq, float *dk, float *dv,
                           void *scratch) {
  attention job = {.shape = shape, .q = q, .k = k, .v = v, .dcontext = dcontext, .dq = dq, .dk = dk, .dv = dv,
                   .scratch = scratch, .threads = pf_pool_threads(pool)};
  if (dq || dk || dv) pf_parallel(pool, job.threads, 1, run_pairs, &job);
}

void pf_first_token_forward(size_t sequences, const int32_t *offsets, size_t width, const float *x, float *out) {
  for (size_t b = 0; b < sequences; b++) {
    memcpy(out + b * width, x + (size_t)offsets[b] * width, width * sizeof(float));
  }
}

void pf_first_token_backward(pf_pool *pool, size_t sequences, const int32_t *offsets, size_t width,
                             const float *dout, float *dx) {
  pf_fill(pool, (size_t)offsets[sequences] * width, 0.0f, dx);
  for (size_t b = 0; b < sequences; b++) {
    memcpy(dx + (size_t)offsets[b] * width, dout + b * width, width * sizeof(float));
  }
}
