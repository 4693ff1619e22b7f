import Testing

@testable import Optimization

@Suite("Search limits")
struct SearchLimitTests {
  @Test("two runs with the same node limit are equal bit for bit", arguments: [1, 7, 60, 500])
  func determinism(limit: Int) throws {
    let model = hardModel(columns: 60, rows: 5, seed: 3)
    let options = SolveOptions(nodeLimit: limit, timeLimit: nil)
    let first = try GLPKSolver().solve(model, options: options)
    #expect(first.termination == .nodeLimit)
    #expect(first.nodes == limit)
    #expect(try GLPKSolver().solve(model, options: options).reproduciblePart == first.reproduciblePart)

    let resumed = SolveOptions(nodeLimit: limit, timeLimit: nil, incumbent: first.solution?.values)
    #expect(
      try GLPKSolver().solve(model, options: resumed).reproduciblePart
        == GLPKSolver().solve(model, options: resumed).reproduciblePart)
  }

  @Test("the time limit ends a search with a valid bound")
  func timeLimit() throws {
    let model = hardModel(columns: 14, rows: 4, seed: 1)
    let optimum = try BruteForceSolver().solve(model).bound
    // GLPK looks at the clock before its first subproblem and finds a limit of one millisecond used up.
    let result = try GLPKSolver().solve(model, options: SolveOptions(timeLimit: .microseconds(1)))
    #expect(result.termination == .timeLimit)
    #expect(result.raw.text.hasPrefix("GLP_ETMLIM"))
    #expect(result.bound >= optimum)
  }

  @Test("a search within the requested gap stops there and says so", arguments: [0.001, 0.01, 0.1])
  func gap(requested: Double) throws {
    for seed in 0..<10 {
      let model = hardModel(columns: 14, rows: 3, seed: seed)
      let optimum = try BruteForceSolver().solve(model).bound
      let result = try GLPKSolver().solve(model, options: SolveOptions(relativeGap: requested))
      let objective = try #require(result.solution?.objective)
      #expect(result.bound >= optimum, "seed \(seed)")
      #expect(objective >= optimum - requested * optimum, "seed \(seed)")
      switch result.termination {
      // GLPK's own objective value may be off by rounding.
      case .gapReached: #expect(try #require(result.gap) <= requested + 1e-9, "seed \(seed)")
      case .optimal: #expect(objective == optimum, "seed \(seed)")
      default: Issue.record("seed \(seed): \(result.termination)")
      }
    }
  }

  @Test("near an objective of zero, the gap is measured against the largest coefficient")
  func gapNearZero() throws {
    // On a cycle of 7, at most 3 of 7 are chosen (relaxation: 3.5). With a fixed column of -3 the optimum is 0 and the
    // root bound 0.5, rounded down to 0 by GLPK for integer coefficients; thirds keep it at 1/6 of the first's unit.
    var model = LinearModel()
    let columns = (0..<7).map { model.addColumn("v\($0)", objective: 1.0 / 3) }
    for index in 0..<7 {
      model.addRow("edge\(index)", terms: [(columns[index], 1), (columns[(index + 1) % 7], 1)], upper: 1)
    }
    let fixed = model.addColumn("fixed", objective: -1)
    model.fix(fixed, to: true)
    let result = try GLPKSolver().solve(model, options: SolveOptions(relativeGap: 0.2))
    let objective = try #require(result.solution?.objective)
    #expect(abs(objective) < 1e-12)
    #expect(result.termination == .gapReached)
    #expect(try #require(result.gap) == result.bound - objective)
    #expect(result.bound >= objective && result.bound < 1.0 / 6 + 1e-6)
  }

  @Test("neither a constant nor the objective's unit changes the search")
  func invariance() throws {
    let plain = hardModel(columns: 30, rows: 3, seed: 5).withObjective { $0 / 8 + 0.25 }
    let options = SolveOptions(relativeGap: 1e-3, nodeLimit: 40)
    let result = try GLPKSolver().solve(plain, options: options)
    let tiny = try GLPKSolver().solve(plain.withObjective { $0 * 0x1p-50 }, options: options)
    #expect(tiny.solution?.values == result.solution?.values)
    #expect(tiny.bound == result.bound * 0x1p-50)
    #expect(tiny.gap == result.gap)
    #expect(tiny.nodes == result.nodes)

    var shifted = plain
    shifted.constant = 4096
    let moved = try GLPKSolver().solve(shifted, options: options)
    #expect(moved.solution?.values == result.solution?.values)
    #expect(moved.nodes == result.nodes)
    #expect(abs(moved.bound - 4096 - result.bound) < 1e-9)
  }

  @Test("options out of range are refused")
  func unusableOptions() {
    let model = hardModel(columns: 4, rows: 1, seed: 0)
    for options in [
      SolveOptions(relativeGap: -0.1), SolveOptions(relativeGap: .nan), SolveOptions(relativeGap: .infinity),
      SolveOptions(nodeLimit: 0), SolveOptions(timeLimit: .zero), SolveOptions(timeLimit: .seconds(-1)),
    ] {
      #expect(throws: SolverError.self, "\(options)") { try GLPKSolver().solve(model, options: options) }
      #expect(throws: SolverError.self, "\(options)") { try BruteForceSolver().solve(model, options: options) }
    }
  }

  @Test("limits beyond 32 bits mean no limit")
  func hugeLimits() throws {
    let model = hardModel(columns: 10, rows: 2, seed: 0)
    let options = SolveOptions(nodeLimit: .max, timeLimit: .seconds(Int64.max / 2))
    #expect(try GLPKSolver().solve(model, options: options).termination == .optimal)
  }

  @Test("brute force refuses more than 22 free columns, fixed ones not counted")
  func bruteForceLimit() throws {
    var model = LinearModel()
    let columns = (0..<23).map { model.addColumn("x\($0)") }
    #expect(throws: SolverError.tooManyFreeColumns(found: 23, limit: 22)) {
      try BruteForceSolver().solve(model)
    }
    for column in columns.dropFirst(3) { model.fix(column, to: true) }
    #expect(try BruteForceSolver().solve(model).nodes == 8)
  }
}

extension LinearModel {
  fileprivate func withObjective(_ change: (Double) -> Double) -> LinearModel {
    var copy = self
    for (index, definition) in columns.enumerated() {
      copy.setObjective(change(definition.objective), of: Column(index: index))
    }
    return copy
  }
}
