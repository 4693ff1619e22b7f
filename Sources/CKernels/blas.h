// The BLAS, and what has to be done before it is called.
#pragma once

#if defined(__APPLE__) && defined(ACCELERATE_NEW_LAPACK)
#include <Accelerate/Accelerate.h>
#else
#include <cblas.h>
#endif

/// Makes `pf_sgemm` callable, each product on the thread that asks for it: the pool calls from several threads at once.
/// On Linux the library is loaded here, because it starts threads and takes 3 MiB as it is, and most processes never
/// multiply by it. Returns 0, or ENOENT where there is none. From several threads, too, and more than once.
int pf_blas_load(void);

/// `cblas_sgemm`; NULL before `pf_blas_load`.
extern __typeof__(cblas_sgemm) *pf_sgemm;
