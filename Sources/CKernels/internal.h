// What the kernels' sources share: how loops are compiled, and the serial matrix product.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

// Hot functions exist once for each of these levels of the x86-64 psABI (AVX-512; AVX2 and FMA; SSE2), chosen when
// the program is loaded by what the processor can do. Names of processors, such as "arch=haswell", would choose by
// its maker and model instead, and leave every other one, AMD's among them, with the slowest. Not under the thread
// sanitizer: it would be called by what chooses, before it has started.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define PF_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PF_CLONES
#endif

// Helpers of a cloned function must be inlined into each clone, or they run as compiled for the oldest processor.
#define PF_INLINE static inline __attribute__((always_inline))

// Before a loop whose iterations touch only their own elements, so that buffers may coincide without the compiler's
// overlap checks, which would send in-place calls to a scalar loop. It warns where it cannot vectorize.
#define PF_VECTOR _Pragma("clang loop vectorize(assume_safety)")

// At the start of a block whose sums may be taken in the order that vectors give (the same on every call).
#define PF_REASSOCIATE _Pragma("clang fp reassociate(on)")

// Elements of a range below which sharing a loop costs more than it gains (16 KiB, about a microsecond of work).
#define PF_UNIT ((size_t)4096)

// Multiply-adds (some 20 microseconds of them) up to which our own kernel is as fast as OpenBLAS, which might allocate
// memory there, and one thread is as fast as two.
#define PF_SMALL_WORK ((size_t)1 << 20)

PF_INLINE size_t pf_smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Rows of `width` elements that make up PF_UNIT.
PF_INLINE size_t pf_row_unit(size_t width) { return width < PF_UNIT ? PF_UNIT / (width + !width) : 1; }

/// C = alpha op(A) op(B) + beta C on the calling thread. k must be positive, here and below.
void pf_serial_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
                    size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/// The same product for small sizes.
void pf_small_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
                   size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/// Whether a product is worth packing: not a small one, nor one too narrow to use each packed element of A much, and on
/// a processor that can.
bool pf_packs(size_t m, size_t n, size_t k);

/// The same product for large sizes, with a bias added to each row unless NULL. `packing` is pf_packing(). B begins at
/// (b_row, b_column) of `b` as stored; of PF_INT8, b_column must be a multiple of 16.
void pf_packed_gemm(float *packing, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                    const float *a, size_t lda, const pf_weights *b, size_t b_row, size_t b_column, float beta,
                    float *c, size_t ldc, const float *bias);

/// Floats that are only read, rows `ld` apart.
PF_INLINE pf_weights pf_floats(const float *x, size_t ld) {
  return (pf_weights){.format = PF_FLOAT32, .columns = ld, .values = (void *)(uintptr_t)x};
}

/// What `pf_packed_gemm` needs of packing memory; 0 where the processor cannot run it.
size_t pf_packing_floats(void);

/// The packing memory of the pool's thread that calls; NULL outside a pool's loop and in a pool without any.
float *pf_packing(void);
