// Loads OpenBLAS when a pool first needs it.

#include "blas.h"

#include <stdbool.h>

__typeof__(cblas_sgemm) *pf_sgemm;

#if defined(__linux__)

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static void load(void) {
  // Told so before it is loaded, it starts no threads of its own; told afterwards, they would be there and idle.
  static const char *name = "OPENBLAS_NUM_THREADS";
  bool isSet = getenv(name) != NULL;
  if (!isSet) setenv(name, "1", 0);
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!isSet) unsetenv(name);
  if (!library) return;
  void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
  void *product = dlsym(library, "cblas_sgemm");
  if (!set_threads || !product) return;
  set_threads(1);
  pf_sgemm = (__typeof__(cblas_sgemm) *)product;
}

int pf_blas_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return pf_sgemm ? 0 : ENOENT;
}

#else

#if !defined(ACCELERATE_NEW_LAPACK)
void openblas_set_num_threads(int threads);  // some packages' cblas.h leaves it out
#endif

int pf_blas_load(void) {
#if !defined(ACCELERATE_NEW_LAPACK)
  openblas_set_num_threads(1);
#endif
  pf_sgemm = cblas_sgemm;
  return 0;
}

#endif
