// One guarded call to GLPK: a whole binary linear model goes in, an answer comes out, nothing stays behind.
//
// GLPK answers misuse and failed internal checks by printing and calling abort(). Here its error hook jumps back into
// this function instead. The jump must not cross a Swift frame, so creating, loading, solving, copying out and deleting
// all happen below this one C function, and no GLPK type appears in this header.
#ifndef GLPK_GUARD_H
#define GLPK_GUARD_H

#include <signal.h>
#include <stddef.h>

// Every bound that GLPK reports is raised by this times (|bound| + columns * objective_scale). Its simplex accepts
// reduced costs of the wrong sign up to 1e-7 (tol_dj) times the objective's scale, and each binary column can be worth
// that much more than the relaxation says; the first term is for row values (tol_bnd) and rounding.
#define GLPK_GUARD_BOUND_SLACK 1e-7

typedef enum {
  GLPK_GUARD_OPTIMAL = 0,     // the search ended and GLPK calls its solution optimal
  GLPK_GUARD_GAP = 1,         // stopped: bound and best solution are within relative_gap
  GLPK_GUARD_NODE_LIMIT = 2,  // stopped: node_limit subproblems have been taken up
  GLPK_GUARD_TIME_LIMIT = 3,  // stopped: time_limit_ms have passed
  GLPK_GUARD_INFEASIBLE = 4,  // GLPK proved that no assignment satisfies all rows
  GLPK_GUARD_FAILED = 5,      // GLPK returned a code that is none of the above
  GLPK_GUARD_ABORTED = 6,     // GLPK called its fatal-error routine
  GLPK_GUARD_CANCELLED = 7,   // stopped: *cancelled became nonzero
} glpk_guard_outcome;

typedef struct {
  double relative_gap;     // stop when bound - best <= relative_gap * max(|best|, objective_scale); 0: never
  double objective_scale;  // largest |objective coefficient|
  double floor;            // objective of the best assignment the caller holds, or -INFINITY
  int node_limit;          // at least 1; INT_MAX: none
  int time_limit_ms;       // wall clock; at least 1; INT_MAX: none
  const volatile sig_atomic_t *cancelled;  // looked at between subproblems; NULL: never
} glpk_guard_options;

typedef struct {
  glpk_guard_outcome outcome;
  int code;           // what glp_intopt (or glp_simplex before it) returned; GLP_EFAIL after an abort
  int status;         // glp_mip_status
  int has_values;     // 1: `values` holds an assignment
  int nodes;          // subproblems taken up
  double bound;       // least upper bound seen, slack included; +INFINITY if no relaxation was solved
  double root_bound;  // the same before the second subproblem
} glpk_guard_result;

// Maximises sum objective[j] x[j] over binary x subject to row_lower <= A x <= row_upper. GLPK's tolerances suit rows and
// objectives whose largest magnitudes are near 1000.
//
// objective, fixed, values: `columns` elements. fixed[j] is 0 or 1, or -1 for a free column.
// row_lower, row_upper: `rows` elements, -INFINITY and +INFINITY where there is no bound.
// entry_row, entry_column, entry_value: `entries` + 1 elements; as everywhere in GLPK, element 0 is not read and
//   indices count from 1. No (row, column) pair may occur twice.
// incumbent: NULL, or `columns` + 1 elements (element 0 is not read) of an assignment that satisfies every row.
// message: receives "CODE, STATUS" or, after an abort, GLPK's own words; always terminated.
//
// Prints nothing. Synchronous, and free of shared state: GLPK's environment is thread-local, and this thread's is freed
// before returning, together with any other GLPK object of this thread.
void glpk_guard_solve(
    int columns, const double *objective, const signed char *fixed,
    int rows, const double *row_lower, const double *row_upper,
    int entries, const int *entry_row, const int *entry_column, const double *entry_value,
    const double *incumbent, const glpk_guard_options *options,
    glpk_guard_result *result, double *values, char *message, size_t message_capacity);

#endif
