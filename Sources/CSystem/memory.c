#include "csystem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

int csystem_set_limit(enum csystem_resource resource, uint64_t bytes, uint64_t *held) {
  int which = resource == csystem_resource_data ? RLIMIT_DATA : RLIMIT_AS;
  struct rlimit limit;
  if (getrlimit(which, &limit) != 0) return errno;
  if (limit.rlim_max == RLIM_INFINITY || bytes < limit.rlim_max) limit.rlim_max = (rlim_t)bytes;
  limit.rlim_cur = limit.rlim_max;
  *held = limit.rlim_max;
  return setrlimit(which, &limit) == 0 ? 0 : errno;
}

void *csystem_map_anonymous(size_t length, int *error) {
  void *base = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) {
    *error = errno;
    return NULL;
  }
#ifdef MADV_NOHUGEPAGE
  // Fails with EINVAL on kernels built without huge pages, where it has nothing to forbid.
  (void)madvise(base, length, MADV_NOHUGEPAGE);
#endif
  *error = 0;
  return base;
}

int csystem_drop_cached_pages(int descriptor) {
#ifdef POSIX_FADV_DONTNEED
  return posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
#else
  (void)descriptor;
  return ENOTSUP;
#endif
}

int64_t csystem_peak_resident(bool children) {
  struct rusage usage;
  if (getrusage(children ? RUSAGE_CHILDREN : RUSAGE_SELF, &usage) != 0) return -1;
#ifdef __APPLE__
  return usage.ru_maxrss;  // bytes there
#else
  return (int64_t)usage.ru_maxrss * 1024;
#endif
}

void csystem_populate(void *base, size_t length) {
#ifdef __linux__
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
  if (base && length) (void)madvise(base, length, MADV_POPULATE_WRITE);
#else
  (void)base, (void)length;
#endif
}
