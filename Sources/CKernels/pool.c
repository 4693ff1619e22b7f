// Workers wait for a generation number to change, run their part of the loop, and count themselves out.

#define _DEFAULT_SOURCE  // MAP_ANONYMOUS in glibc

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "blas.h"
#include "internal.h"

// Polls before a thread goes to sleep: some 20 microseconds, longer than the gap between two kernels of a step and
// shorter than waking a sleeper.
enum { spins = 1000 };

typedef struct {
  pf_pool *pool;
  size_t index;
  pthread_t thread;
} pf_worker;

struct pf_pool {
  size_t threads;
  float *packing;  // packing_floats for each thread, or NULL
  size_t packing_floats, packing_bytes;
  pthread_mutex_t turn;  // held by the caller whose loop is running
  pthread_mutex_t lock;  // with the conditions
  pthread_cond_t started;
  pthread_cond_t finished;
  atomic_uint_fast64_t generation;
  atomic_size_t pending;  // workers that have not finished the running loop
  bool stopping;
  // The running loop; written before `generation`.
  pf_body body;
  void *context;
  size_t count;
  size_t unit;
  pf_worker workers[];
};

static _Thread_local float *thread_packing;

float *pf_packing(void) { return thread_packing; }

static float *packing_of(const pf_pool *pool, size_t index) {
  return pool->packing ? pool->packing + index * pool->packing_floats : NULL;
}

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static size_t units_of(size_t count, size_t unit) { return count / unit + (count % unit != 0); }

static void run_part(const pf_pool *pool, size_t index) {
  size_t units = units_of(pool->count, pool->unit);
  size_t parts = units < pool->threads ? units : pool->threads;
  if (index >= parts) return;
  size_t begin = units * index / parts * pool->unit;
  size_t end = units * (index + 1) / parts * pool->unit;
  pool->body(pool->context, index, begin, end < pool->count ? end : pool->count);
}

static void *work(void *argument) {
  pf_worker *worker = argument;
  pf_pool *pool = worker->pool;
  thread_packing = packing_of(pool, worker->index);
  for (uint64_t seen = 0;; seen++) {
    for (int i = 0; i < spins && atomic_load(&pool->generation) == seen; i++) relax();
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->generation) == seen) pthread_cond_wait(&pool->started, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    if (pool->stopping) return NULL;
    run_part(pool, worker->index);
    if (atomic_fetch_sub(&pool->pending, 1) == 1) {
      pthread_mutex_lock(&pool->lock);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->lock);
    }
  }
}

static void advance(pf_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->pending, pool->threads - 1);
  atomic_fetch_add(&pool->generation, 1);
  pthread_cond_broadcast(&pool->started);
  pthread_mutex_unlock(&pool->lock);
}

static void share(pf_pool *pool, size_t count, size_t unit, pf_body body, void *context) {
  pool->body = body;
  pool->context = context;
  pool->count = count;
  pool->unit = unit;
  advance(pool);
  run_part(pool, 0);
  for (int i = 0; i < spins && atomic_load(&pool->pending) != 0; i++) relax();
  pthread_mutex_lock(&pool->lock);
  while (atomic_load(&pool->pending) != 0) pthread_cond_wait(&pool->finished, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

void pf_parallel(pf_pool *pool, size_t count, size_t unit, pf_body body, void *context) {
  if (count == 0) return;
  pthread_mutex_lock(&pool->turn);
  thread_packing = packing_of(pool, 0);
  if (pool->threads == 1 || count <= unit) {
    body(context, 0, 0, count);
  } else {
    share(pool, count, unit, body, context);
  }
  thread_packing = NULL;
  pthread_mutex_unlock(&pool->turn);
}

/// Maps the packing memory, or where products are left to the BLAS, loads that. Returns 0 or an `errno`.
static int prepare_products(pf_pool *pool, size_t threads) {
  const char *choice = getenv("PERMAFROST_GEMM");
  pool->packing_floats = choice && strcmp(choice, "openblas") == 0 ? 0 : pf_packing_floats();
  pool->packing_bytes = threads * pool->packing_floats * sizeof(float);
  if (pool->packing_bytes == 0) return pf_blas_load();
  void *packing = mmap(NULL, pool->packing_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (packing == MAP_FAILED) return errno;
  pool->packing = packing;
  return 0;
}

pf_pool *pf_pool_create(size_t threads) {
  // The bound keeps the size below from overflowing; the system refuses long before it.
  pf_pool *pool = threads == 0 || threads > UINT16_MAX
                      ? NULL
                      : calloc(1, sizeof(pf_pool) + (threads - 1) * sizeof(pf_worker));
  if (!pool) {
    errno = threads == 0 ? EINVAL : threads > UINT16_MAX ? EAGAIN : ENOMEM;
    return NULL;
  }
  pthread_mutex_init(&pool->turn, NULL);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->started, NULL);
  pthread_cond_init(&pool->finished, NULL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  int error = prepare_products(pool, threads);
  if (error == 0) error = pthread_attr_setstacksize(&attributes, PF_STACK_BYTES);
  for (pool->threads = 1; error == 0 && pool->threads < threads;) {
    pf_worker *worker = &pool->workers[pool->threads - 1];
    *worker = (pf_worker){.pool = pool, .index = pool->threads};
    error = pthread_create(&worker->thread, &attributes, work, worker);
    if (error == 0) pool->threads++;
  }
  pthread_attr_destroy(&attributes);
  if (error == 0) return pool;
  pf_pool_destroy(pool);
  errno = error;
  return NULL;
}

void pf_pool_destroy(pf_pool *pool) {
  if (!pool) return;
  pool->stopping = true;
  advance(pool);
  for (size_t i = 0; i + 1 < pool->threads; i++) pthread_join(pool->workers[i].thread, NULL);
  pthread_cond_destroy(&pool->finished);
  pthread_cond_destroy(&pool->started);
  pthread_mutex_destroy(&pool->lock);
  pthread_mutex_destroy(&pool->turn);
  if (pool->packing) munmap(pool->packing, pool->packing_bytes);
  free(pool);
}

size_t pf_pool_threads(const pf_pool *pool) { return pool->threads; }
