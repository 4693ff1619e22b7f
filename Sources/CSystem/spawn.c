#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "csystem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

extern char **environ;

char **csystem_environment(void) { return environ; }

int csystem_pipe(int ends[2]) {
#ifdef __linux__
  return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
#else
  if (pipe(ends) != 0) return errno;
  (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  return 0;
#endif
}

struct failure {
  enum csystem_stage stage;
  int error;
};

static void fail(int report, enum csystem_stage stage) {
  struct failure failure = {stage, errno};
  (void)!write(report, &failure, sizeof failure);
  _exit(127);
}

// Runs between fork and exec in a copy of a process with threads: async-signal-safe calls only.
static void become(const struct csystem_launch *launch, int report, pid_t parent) {
#ifdef __linux__
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it ended before the request above
#else
  (void)parent;
#endif
  (void)setpgid(0, 0);
  for (int signal = 1; signal < NSIG; signal++) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL) {
      action.sa_handler = SIG_DFL;  // a handler of the parent must not run here, even for an instant
      action.sa_flags = 0;
      (void)sigaction(signal, &action, NULL);
    }
  }
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);

  if (launch->group_procs) {
    int procs = open(launch->group_procs, O_WRONLY | O_CLOEXEC);
    if (procs < 0 || write(procs, "0", 1) != 1) fail(report, csystem_stage_group);  // 0 is "the writer"
    (void)close(procs);
  }
  int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0) fail(report, csystem_stage_streams);
  if (null != STDIN_FILENO) (void)close(null);
  if (dup2(launch->standard_output, STDOUT_FILENO) < 0) fail(report, csystem_stage_streams);
  execve(launch->path, launch->arguments, launch->environment);
  fail(report, csystem_stage_exec);
}

int csystem_spawn(const struct csystem_launch *launch, pid_t *child, enum csystem_stage *stage) {
  int report[2];
  *stage = csystem_stage_fork;
  int error = csystem_pipe(report);
  if (error != 0) return error;

  // No signal may find the child with the parent's handlers still in place.
  sigset_t all, former;
  sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &former);
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) become(launch, report[1], parent);
  error = errno;
  (void)pthread_sigmask(SIG_SETMASK, &former, NULL);
  (void)close(report[1]);
  if (pid < 0) {
    (void)close(report[0]);
    return error;
  }
  (void)setpgid(pid, pid);  // as the child does: whichever comes first

  // exec closes the other end, so this returns at the exec or with the reason why there was none.
  struct failure failure;
  ssize_t count;
  do count = read(report[0], &failure, sizeof failure);
  while (count < 0 && errno == EINTR);
  (void)close(report[0]);
  if (count == 0) {
    *child = pid;
    return 0;
  }
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
  if (count != (ssize_t)sizeof failure) return EIO;
  *stage = failure.stage;
  return failure.error;
}

bool csystem_has_ended(pid_t child, bool block) {
  siginfo_t info;
  int result;
  do {
    info.si_pid = 0;
    result = waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | (block ? 0 : WNOHANG));
  } while (result != 0 && errno == EINTR);
  return result != 0 || info.si_pid == child;
}

int csystem_reap(pid_t child, struct csystem_exit *result) {
  int status;
  struct rusage usage;
  pid_t pid;
  do pid = wait4(child, &status, 0, &usage);
  while (pid < 0 && errno == EINTR);
  if (pid < 0) return errno;
  result->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
#ifdef __APPLE__
  result->peak_resident_bytes = usage.ru_maxrss;
#else
  result->peak_resident_bytes = (int64_t)usage.ru_maxrss * 1024;
#endif
  result->major_faults = usage.ru_majflt;
  return 0;
}
