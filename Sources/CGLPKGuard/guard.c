#include "glpk_guard.h"

#include <float.h>
#include <glpk.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

// Everything the hooks and the callback need. It lives in the frame above the one that calls setjmp, so its contents
// are well defined after the jump.
typedef struct {
  jmp_buf escape;

  int columns, rows, entries;
  const double *objective, *row_lower, *row_upper, *entry_value, *incumbent;
  const signed char *fixed;
  const int *entry_row, *entry_column;
  const glpk_guard_options *options;

  glpk_guard_outcome stop;  // why the callback asked to stop
  int incumbent_offered;
  double started;           // seconds on the monotonic clock

  glpk_guard_result *result;
  double *values;
  char *message;
  size_t message_capacity, message_length;
} search;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int remaining_ms(const search *s) {
  if (s->options->time_limit_ms == INT_MAX) return INT_MAX;
  double left = s->options->time_limit_ms - 1000 * (now() - s->started);
  return left < 1 ? 1 : (int)left;
}

// Terminal hook: returning non-zero keeps GLPK from printing. Only the words of a fatal error are kept.
static int swallow(void *info, const char *text) {
  search *s = info;
  if (glp_at_error() && s->message_length + 1 < s->message_capacity) {
    size_t room = s->message_capacity - s->message_length - 1;
    size_t length = strlen(text) < room ? strlen(text) : room;
    memcpy(s->message + s->message_length, text, length);
    s->message_length += length;
    s->message[s->message_length] = '\0';
  }
  return 1;
}

static void escape(void *info) { longjmp(((search *)info)->escape, 1); }

static void stop(glp_tree *tree, search *s, glpk_guard_outcome reason) {
  s->stop = reason;
  glp_ios_terminate(tree);
}

// Keeps the least bound seen, slack included.
static void note_bound(search *s, double bound) {
  bound += GLPK_GUARD_BOUND_SLACK * (fabs(bound) + s->columns * s->options->objective_scale);
  s->result->bound = fmin(s->result->bound, bound);
  if (s->result->nodes <= 1) s->result->root_bound = s->result->bound;
}

// The active list holds every subproblem not yet closed, the current one included, so the largest of their bounds holds
// for the whole model.
static void note_tree_bound(glp_tree *tree, search *s) {
  int node = glp_ios_best_node(tree);
  if (node == 0) return;
  double bound = glp_ios_node_bound(tree, node);
  if (fabs(bound) < DBL_MAX) note_bound(s, bound);  // DBL_MAX: no relaxation solved yet
}

static int within_gap(glp_tree *tree, const search *s) {
  glp_prob *problem = glp_ios_get_prob(tree);
  double best = s->options->floor;
  if (glp_mip_status(problem) == GLP_FEAS) best = fmax(best, glp_mip_obj_val(problem));
  if (!isfinite(best) || !isfinite(s->result->bound)) return 0;
  return s->result->bound - best <= s->options->relative_gap * fmax(fabs(best), s->options->objective_scale);
}

// GLPK's callback. GLP_ISELECT comes exactly once before each subproblem is taken up, so counting it counts nodes.
static void observe(glp_tree *tree, void *info) {
  search *s = info;
  int reason = glp_ios_reason(tree);
  if (reason == GLP_IHEUR && s->incumbent != NULL && !s->incumbent_offered) {
    s->incumbent_offered = 1;
    glp_ios_heur_sol(tree, s->incumbent);
  }
  note_tree_bound(tree, s);
  if (s->options->cancelled != NULL && *s->options->cancelled) {
    stop(tree, s, GLPK_GUARD_CANCELLED);
  } else if (s->options->relative_gap > 0 && within_gap(tree, s)) {
    stop(tree, s, GLPK_GUARD_GAP);
  } else if (reason == GLP_ISELECT && s->result->nodes >= s->options->node_limit) {
    stop(tree, s, GLPK_GUARD_NODE_LIMIT);
  } else if (reason == GLP_ISELECT) {
    s->result->nodes += 1;
  }
}

static int bound_type(double lower, double upper) {
  if (isinf(lower)) return isinf(upper) ? GLP_FR : GLP_UP;
  if (isinf(upper)) return GLP_LO;
  return lower == upper ? GLP_FX : GLP_DB;
}

static glp_prob *load(const search *s) {
  glp_prob *problem = glp_create_prob();
  glp_set_obj_dir(problem, GLP_MAX);
  if (s->rows > 0) glp_add_rows(problem, s->rows);  // adding zero rows is a fatal error
  for (int i = 0; i < s->rows; i++)
    glp_set_row_bnds(problem, i + 1, bound_type(s->row_lower[i], s->row_upper[i]), s->row_lower[i], s->row_upper[i]);
  if (s->columns > 0) glp_add_cols(problem, s->columns);
  for (int j = 0; j < s->columns; j++) {
    double lower = s->fixed[j] == 1 ? 1 : 0, upper = s->fixed[j] == 0 ? 0 : 1;
    glp_set_col_kind(problem, j + 1, GLP_IV);  // GLP_BV would reset the bounds of fixed columns
    glp_set_col_bnds(problem, j + 1, bound_type(lower, upper), lower, upper);
    glp_set_obj_coef(problem, j + 1, s->objective[j]);
  }
  glp_load_matrix(problem, s->entries, s->entry_row, s->entry_column, s->entry_value);
  return problem;
}

// Solves the root relaxation, which glp_intopt expects when its presolver is off.
static int solve_root(glp_prob *problem, search *s) {
  glp_smcp parameters;
  glp_init_smcp(&parameters);
  parameters.msg_lev = GLP_MSG_OFF;
  parameters.tm_lim = remaining_ms(s);
  glp_scale_prob(problem, GLP_SF_AUTO);
  glp_adv_basis(problem, 0);
  int code = glp_simplex(problem, &parameters);
  if (code != 0) return code;
  switch (glp_get_status(problem)) {
  case GLP_OPT: note_bound(s, glp_get_obj_val(problem)); return 0;
  case GLP_NOFEAS: return GLP_ENOPFS;
  default: return GLP_EFAIL;
  }
}

static int solve(glp_prob *problem, search *s) {
  int code = solve_root(problem, s);
  if (code != 0) return code;
  glp_iocp parameters;
  glp_init_iocp(&parameters);
  parameters.msg_lev = GLP_MSG_OFF;
  parameters.presolve = GLP_OFF;  // it calls some infeasible models optimal, and would hide the columns from `observe`
  parameters.br_tech = GLP_BR_DTH;
  parameters.bt_tech = GLP_BT_BLB;
  parameters.sr_heur = GLP_ON;    // GLPK's one primal heuristic that pays; cuts stay off, as they are by default
  parameters.tol_int = 1e-7;      // default 1e-5: rounding that much in a row of large entries breaks the row
  parameters.tol_obj = 1e-9;      // default 1e-7: subproblems that promise less than this more are dropped
  parameters.tm_lim = remaining_ms(s);
  parameters.cb_func = observe;
  parameters.cb_info = s;
  return glp_intopt(problem, &parameters);
}

static glpk_guard_outcome outcome(const search *s, int code, int status) {
  switch (code) {
  case 0:
    if (status == GLP_OPT) return GLPK_GUARD_OPTIMAL;
    return status == GLP_NOFEAS ? GLPK_GUARD_INFEASIBLE : GLPK_GUARD_FAILED;
  case GLP_ENOPFS: return GLPK_GUARD_INFEASIBLE;
  case GLP_ETMLIM: return GLPK_GUARD_TIME_LIMIT;
  case GLP_ESTOP: return s->stop;
  default: return GLPK_GUARD_FAILED;
  }
}

#define NAME(constant) case constant: return #constant

static const char *code_name(int code) {
  switch (code) {
    NAME(GLP_EBADB); NAME(GLP_ESING); NAME(GLP_ECOND); NAME(GLP_EBOUND); NAME(GLP_EFAIL); NAME(GLP_EOBJLL);
    NAME(GLP_EOBJUL); NAME(GLP_EITLIM); NAME(GLP_ETMLIM); NAME(GLP_ENOPFS); NAME(GLP_ENODFS); NAME(GLP_EROOT);
    NAME(GLP_ESTOP); NAME(GLP_EMIPGAP); NAME(GLP_ENOFEAS); NAME(GLP_ENOCVG); NAME(GLP_EINSTAB);
  case 0: return "0";
  default: return "unknown code";
  }
}

static const char *status_name(int status) {
  switch (status) {
    NAME(GLP_UNDEF); NAME(GLP_FEAS); NAME(GLP_NOFEAS); NAME(GLP_OPT);
  default: return "unknown status";
  }
}

static void run(search *s) {
  glp_prob *problem = load(s);
  glpk_guard_result *result = s->result;
  result->code = solve(problem, s);
  result->status = glp_mip_status(problem);
  result->outcome = outcome(s, result->code, result->status);
  // The status decides: without a solution GLPK reports zeros for the objective and every column.
  result->has_values = result->status == GLP_OPT || result->status == GLP_FEAS;
  for (int j = 0; j < s->columns && result->has_values; j++) s->values[j] = glp_mip_col_val(problem, j + 1);
  snprintf(s->message, s->message_capacity, "%s, %s", code_name(result->code), status_name(result->status));
  glp_delete_prob(problem);
}

static void run_guarded(search *s) {
  if (setjmp(s->escape) == 0) {
    glp_term_hook(swallow, s);
    glp_error_hook(escape, s);
    run(s);
  } else {
    s->result->outcome = GLPK_GUARD_ABORTED;
    s->result->code = GLP_EFAIL;
    s->result->status = GLP_UNDEF;
    s->result->has_values = 0;
  }
  glp_free_env();  // required after the jump; after an ordinary end it removes the hooks, which point into this call
}

void glpk_guard_solve(
    int columns, const double *objective, const signed char *fixed,
    int rows, const double *row_lower, const double *row_upper,
    int entries, const int *entry_row, const int *entry_column, const double *entry_value,
    const double *incumbent, const glpk_guard_options *options,
    glpk_guard_result *result, double *values, char *message, size_t message_capacity) {
  search s = {
    .columns = columns, .objective = objective, .fixed = fixed,
    .rows = rows, .row_lower = row_lower, .row_upper = row_upper,
    .entries = entries, .entry_row = entry_row, .entry_column = entry_column, .entry_value = entry_value,
    .incumbent = incumbent, .options = options, .stop = GLPK_GUARD_FAILED, .started = now(),
    .result = result, .values = values, .message = message, .message_capacity = message_capacity,
  };
  *result = (glpk_guard_result){.outcome = GLPK_GUARD_FAILED, .bound = INFINITY, .root_bound = INFINITY};
  if (message_capacity > 0) message[0] = '\0';
  run_guarded(&s);
}
