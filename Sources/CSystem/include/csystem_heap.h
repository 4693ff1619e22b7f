#pragma once

#include <stddef.h>  // defines __GLIBC__ on glibc

/// Gives free heap pages back to the system where the C library can (glibc's malloc_trim, which Swift does not import).
void csystem_release_free_heap(void);
