#include "csystem.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static int refusal_code;

// Runs on the thread that aborts, so this is its errno, and what mmap left there a moment before. Returning lets abort go on.
static void judge(int signal) {
  (void)signal;
  if (errno == ENOMEM) _exit(refusal_code);
}

void csystem_exit_on_refused_allocation(int code) {
  refusal_code = code;
  struct sigaction action = {.sa_handler = judge};
  sigemptyset(&action.sa_mask);
  (void)sigaction(SIGABRT, &action, NULL);
  errno = 0;
}
