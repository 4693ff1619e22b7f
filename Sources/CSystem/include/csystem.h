#ifndef PERMAFROST_CSYSTEM_H
#define PERMAFROST_CSYSTEM_H

// System calls that Swift cannot express, or whose C types differ between libc headers.
// Nothing here decides anything: policy lives in Swift. Unless said otherwise a function returns 0 or an errno value.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Resource limits. `__rlimit_resource_t` is an enum in glibc and an int elsewhere.

enum csystem_resource { csystem_resource_data, csystem_resource_address_space };

/// Lowers the soft and the hard limit of this process to `bytes`, or to the hard limit already held where that is
/// lower. `*held` is the limit in force afterwards.
int csystem_set_limit(enum csystem_resource resource, uint64_t bytes, uint64_t *held);

// Memory.

/// Maps `length` bytes, private, anonymous, zeroed, accounted (no MAP_NORESERVE), in base pages only
/// (MADV_NOHUGEPAGE). NULL on failure, with the reason in `*error`.
void *csystem_map_anonymous(size_t length, int *error);

/// Makes the pages of private memory resident and writable at once (MADV_POPULATE_WRITE, Linux 5.14), or does nothing.
void csystem_populate(void *base, size_t length);

/// Asks the kernel to forget the clean cached pages of an open file. ENOTSUP where it cannot be asked (macOS).
int csystem_drop_cached_pages(int descriptor);

/// Gives free heap pages back to the system where the C library can: glibc's malloc_trim, which Swift does not import.
void csystem_release_free_heap(void);

/// From here on an abort right after an allocation was refused (errno is ENOMEM), as the Swift and C++ runtimes end a process then, is an
/// exit with `code`; any other abort stays one. Forgets refusals before the call.
void csystem_exit_on_refused_allocation(int code);

/// Peak resident bytes by getrusage, of this process or of the largest of its reaped children; -1 on failure.
int64_t csystem_peak_resident(bool children);

// Child processes.

/// The environment of this process; `environ` itself is a mutable global, which Swift 6 does not let through.
char **csystem_environment(void);

/// A pipe with both ends closed on exec, so that children started meanwhile by other threads do not hold it open.
int csystem_pipe(int ends[2]);

struct csystem_launch {
  const char *path;
  char *const *arguments;    // NULL-terminated, with the name first
  char *const *environment;  // NULL-terminated
  int standard_output;
  const char *group_procs;   // the cgroup.procs file to enter before exec, or NULL
};

enum csystem_stage { csystem_stage_fork, csystem_stage_group, csystem_stage_streams, csystem_stage_exec };

/// Starts a child in a process group of its own, with standard input at /dev/null, inside the control group if one is
/// named, killed by the kernel when this thread ends (Linux). On failure `*stage` says what failed, and no child is left.
int csystem_spawn(const struct csystem_launch *launch, pid_t *child, enum csystem_stage *stage);

struct csystem_exit {
  int code;    // exit code, or -1
  int signal;  // terminating signal, or 0
  int64_t peak_resident_bytes;
  int64_t major_faults;
};

/// Whether the child has ended; it stays a zombie, so its identifier stays valid. Blocks until it has if `block`.
bool csystem_has_ended(pid_t child, bool block);

/// Reaps an ended child.
int csystem_reap(pid_t child, struct csystem_exit *result);

// Forwarding of SIGINT, SIGTERM and SIGHUP to running children.

enum { csystem_max_children = 64 };

/// Reserves a slot and, for the first one, installs the handlers. EAGAIN if all slots are taken. Signals that this
/// process ignores stay ignored.
int csystem_forwarding_begin(int *slot);

/// From here on signals are passed to the child's process group; the second one arrives as SIGKILL.
void csystem_forwarding_attach(int slot, pid_t child);

/// Frees the slot and, for the last one, puts the former handlers back. Returns the first signal received, or 0.
int csystem_forwarding_end(int slot);

#endif
