#include "csystem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

// One slot a running child. A slot is free (0), reserved (-1), or holds the child's process group.
static struct {
  _Atomic pid_t group;
  atomic_int first_signal;
} slots[csystem_max_children];

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { signal_count = sizeof signals / sizeof signals[0] };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction former[signal_count];
static int used;

static void forward(int signal) {
  int error = errno;
  for (int i = 0; i < csystem_max_children; i++) {
    pid_t group = slots[i].group;
    if (group == 0) continue;
    int none = 0;
    bool first = atomic_compare_exchange_strong(&slots[i].first_signal, &none, signal);
    if (group > 0) (void)kill(-group, first ? signal : SIGKILL);
  }
  errno = error;
}

int csystem_forwarding_begin(int *slot) {
  (void)pthread_mutex_lock(&lock);
  int free = 0;
  while (free < csystem_max_children && slots[free].group != 0) free++;
  if (free < csystem_max_children) {
    slots[free].first_signal = 0;
    slots[free].group = -1;
    *slot = free;
    if (used++ == 0) {
      struct sigaction action = {.sa_handler = forward};
      sigemptyset(&action.sa_mask);
      for (int i = 0; i < signal_count; i++) {
        (void)sigaction(signals[i], NULL, &former[i]);
        if (former[i].sa_handler != SIG_IGN) (void)sigaction(signals[i], &action, NULL);
      }
    }
  }
  (void)pthread_mutex_unlock(&lock);
  return free < csystem_max_children ? 0 : EAGAIN;
}

void csystem_forwarding_attach(int slot, pid_t child) {
  slots[slot].group = child;
  int signal = slots[slot].first_signal;
  if (signal != 0) (void)kill(-child, signal);  // it came before the child was known
}

int csystem_forwarding_end(int slot) {
  (void)pthread_mutex_lock(&lock);
  int signal = slots[slot].first_signal;
  slots[slot].group = 0;
  if (--used == 0) {
    for (int i = 0; i < signal_count; i++) (void)sigaction(signals[i], &former[i], NULL);
  }
  (void)pthread_mutex_unlock(&lock);
  return signal;
}
