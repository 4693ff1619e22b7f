// The BLAS, and the one setting that is not part of its standard.
#pragma once

#if defined(__APPLE__) && defined(ACCELERATE_NEW_LAPACK)
#include <Accelerate/Accelerate.h>
static inline void pf_blas_stay_serial(void) {}
#else
#include <cblas.h>
void openblas_set_num_threads(int threads);  // some packages' cblas.h leaves it out
/// Keeps each product on the thread that asks for it: the pool calls from several threads at once.
static inline void pf_blas_stay_serial(void) { openblas_set_num_threads(1); }
#endif
