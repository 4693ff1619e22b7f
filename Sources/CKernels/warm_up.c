// A pool that packs products itself touches its packing memory, and never calls OpenBLAS.
//
// OpenBLAS takes a buffer from a table of its own for each product under way, and touches of it what the product's
// shape needs: a part that grows with the rows of C up to PF_GEMM_PANEL_ROWS (our panels), and a part that is full
// once columns and depth exceed its blocking. Products of that size on all threads at once touch all there is.

#define _DEFAULT_SOURCE  // MAP_ANONYMOUS in glibc

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "internal.h"

// More than the blocking of any kernel of OpenBLAS 0.3 (`param.h`: SGEMM P and Q of at most 1024).
#define EXTENT ((size_t)1280)
#define ROWS PF_GEMM_PANEL_ROWS

// Of each thread's stack, more than the deepest kernel uses: small products pack 16 KiB on it, OpenBLAS 0.3.21 less.
#define STACK_BYTES ((size_t)48 << 10)

typedef struct {
  atomic_size_t arrived;
  size_t threads;
  const float *zeros;  // EXTENT x EXTENT, never written: its pages are the system's one page of zeros
  float *results;      // threads x ROWS x EXTENT
} warm_up;

__attribute__((noinline)) static void touch_stack(void) {
  char bytes[STACK_BYTES];
  memset(bytes, 0, sizeof bytes);
  __asm__ volatile("" : : "r"(bytes) : "memory");  // the array is read, as far as the compiler can tell
}

static void multiply_together(void *context, size_t thread, size_t begin, size_t end) {
  (void)begin, (void)end;
  warm_up *job = context;
  touch_stack();
  if (pf_packing()) {
    memset(pf_packing(), 0, pf_packing_floats() * sizeof(float));
    return;
  }
  // All four storage orders: each packs with code, and so with pages, of its own.
  for (size_t order = 0; order < 4; order++) {
    atomic_fetch_add(&job->arrived, 1);
    while (atomic_load(&job->arrived) < (order + 1) * job->threads) sched_yield();
    pf_serial_gemm(order & 1, order & 2, ROWS, EXTENT, EXTENT, 1.0f, job->zeros, EXTENT, job->zeros, EXTENT, 0.0f,
                   job->results + thread * ROWS * EXTENT, EXTENT);
  }
}

static void *map(size_t bytes) {
  return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int pf_warm_up(pf_pool *pool) {
  warm_up job = {.threads = pf_pool_threads(pool)};
  size_t operand_bytes = EXTENT * EXTENT * sizeof(float);
  size_t result_bytes = job.threads * ROWS * EXTENT * sizeof(float);
  void *operands = map(operand_bytes);
  if (operands == MAP_FAILED) return errno;
  void *results = map(result_bytes);
  int error = results == MAP_FAILED ? errno : 0;
  if (error == 0) {
    job.zeros = operands;
    job.results = results;
    pf_parallel(pool, job.threads, 1, multiply_together, &job);
    munmap(results, result_bytes);
  }
  munmap(operands, operand_bytes);
  return error;
}
