// Dense matrix products and the sums that go with them.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "pf_pool.h"

/// The most rows of C given to one call of the BLAS. It bounds the BLAS's packing buffers, which grow with this
/// extent, and so makes `pf_warm_up` final whatever the shapes.
#define PF_GEMM_PANEL_ROWS ((size_t)512)

/// C = alpha op(A) op(B) + beta C (+ bias added to each row). op(A) is m x k, op(B) is k x n, C is m x n.
/// Leading dimensions are the row strides of the matrices as stored: A is k x m when `transpose_a`, B is n x k when
/// `transpose_b`. `bias` has n elements, or is NULL. With beta 0, C is not read. Sizes must fit in an `int`.
void pf_gemm(pf_pool *pool, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
             const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc,
             const float *bias);

/// out[c] = beta out[c] + sum over r of x[r, c]; x is rows x columns. The gradient of a bias. With beta 0, out is
/// not read.
void pf_column_sum(pf_pool *pool, size_t rows, size_t columns, const float *x, float beta, float *out);
