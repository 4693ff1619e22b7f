// A pool of threads that share loops by static partition, so that results do not depend on scheduling.
#pragma once

#include <stddef.h>

/// Stack of each worker thread, in bytes. OpenBLAS keeps its buffers elsewhere; the kernels use a few KiB.
#define PF_STACK_BYTES ((size_t)256 << 10)

typedef struct pf_pool pf_pool;

/// The part [begin, end) of a loop, run by pool thread `thread` (0 is the caller).
typedef void (*pf_body)(void *context, size_t thread, size_t begin, size_t end);

/// Starts `threads - 1` workers; the calling thread is the remaining one. On processors with AVX-512, maps the packing
/// memory of our own large products, unless PERMAFROST_GEMM=openblas in the environment leaves them to the BLAS as
/// elsewhere. Returns NULL, with `errno` set, when `threads` is 0 or the system refuses a thread or the memory; ENOENT
/// where products are left to OpenBLAS and it cannot be loaded.
pf_pool *pf_pool_create(size_t threads);

/// Stops and joins the workers. NULL is allowed.
void pf_pool_destroy(pf_pool *pool);

size_t pf_pool_threads(const pf_pool *pool);

/// Runs `body` over [0, count), cut at multiples of `unit` into at most one range a thread. Calls from several
/// threads take turns; `body` must not call it again.
void pf_parallel(pf_pool *pool, size_t count, size_t unit, pf_body body, void *context);

/// Touches every buffer that `pf_gemm` and attention will ever use, on all threads at once, so that resident memory
/// measured afterwards does not grow with later products: the pool's packing memory or, without any, the BLAS's.
/// Returns 0, or the `errno` of a mapping that failed.
int pf_warm_up(pf_pool *pool);
