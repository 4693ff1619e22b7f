import Optimization
import Testing

@Suite("Incumbents")
struct IncumbentTests {
  let model = hardModel(columns: 40, rows: 5, seed: 11)
  /// Columns in order as long as they fit.
  var greedy: [Bool] {
    get throws {
      var values = [Bool](repeating: false, count: model.columns.count)
      for index in values.indices {
        values[index] = true
        if try !model.violations(of: values).isEmpty { values[index] = false }
      }
      return values
    }
  }

  @Test("a search stopped before it finds anything returns the incumbent")
  func floor() throws {
    let greedy = try greedy
    let result = try GLPKSolver().solve(
      model, options: SolveOptions(timeLimit: .microseconds(1), incumbent: greedy))
    #expect(result.termination == .timeLimit)
    #expect(result.solution?.values == greedy)
    #expect(result.bound >= result.solution?.objective ?? .infinity)
  }

  @Test("the optimum handed in is returned as it is, proven")
  func optimum() throws {
    let model = hardModel(columns: 14, rows: 4, seed: 2)
    let optimum = try #require(try BruteForceSolver().solve(model).solution)
    let result = try GLPKSolver().solve(model, options: SolveOptions(incumbent: optimum.values))
    #expect(result.termination == .optimal)
    #expect(result.solution == optimum)
  }

  @Test("a good incumbent saves subproblems, so GLPK must have been given it")
  func pruning() throws {
    let model = hardModel(columns: 25, rows: 3, seed: 4)
    let proven = try GLPKSolver().solve(model)
    let again = try GLPKSolver().solve(model, options: SolveOptions(incumbent: proven.solution?.values))
    #expect(again.termination == .optimal)
    #expect(again.solution == proven.solution)
    #expect(again.nodes < proven.nodes)
  }

  @Test("an incumbent already within the gap ends the search at the root relaxation")
  func withinGap() throws {
    let result = try GLPKSolver().solve(model, options: SolveOptions(relativeGap: 0.9, incumbent: try greedy))
    #expect(result.termination == .gapReached)
    #expect(result.nodes == 0)
  }

  @Test("an incumbent that breaks the model is refused with what it breaks")
  func infeasible() throws {
    let everything = [Bool](repeating: true, count: 40)
    let first = try #require(try model.violations(of: everything).first)
    for solver in [GLPKSolver(), BruteForceSolver()] as [any MILPSolver] {
      #expect(throws: SolverError.infeasibleIncumbent(first)) {
        try solver.solve(model, options: SolveOptions(incumbent: everything))
      }
      #expect(throws: ModelError.assignmentCount(found: 3, expected: 40)) {
        try solver.solve(model, options: SolveOptions(incumbent: [true, true, true]))
      }
    }
  }

  @Test("an empty model accepts the empty incumbent")
  func empty() throws {
    let result = try GLPKSolver().solve(LinearModel(constant: 1), options: SolveOptions(incumbent: []))
    #expect(result.solution?.objective == 1)
    #expect(result.bound == 1)
  }
}
