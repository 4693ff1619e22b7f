import Optimization
import Testing

/// Models whose optimum is derived in the comment, by hand.
@Suite("Known optima")
struct KnownOptimaTests {
  /// GLPK's result, after checking that brute force agrees where it can.
  private func solve(_ model: LinearModel) throws -> SolveResult {
    let result = try GLPKSolver().solve(model)
    if model.columns.count <= 16 {
      let oracle = try BruteForceSolver().solve(model)
      #expect(result.termination == oracle.termination)
      #expect(result.solution?.objective == oracle.solution?.objective)
    }
    return result
  }

  @Test("knapsack")
  func knapsack() throws {
    // max 3a + 4b + 5c + 6d, 2a + 3b + 4c + 5d <= 5. The best pair is a, b (weight 5, value 7); the best single is d (6).
    var model = LinearModel()
    let columns = [3.0, 4, 5, 6].map { model.addColumn("x\($0)", objective: $0) }
    model.addRow("weight", terms: Array(zip(columns, [2, 3, 4, 5])), upper: 5)
    let result = try solve(model)
    #expect(result.termination == .optimal)
    #expect(result.solution?.values == [true, true, false, false])
    #expect(result.solution?.objective == 7)
    #expect(result.bound == 7)
    #expect(result.gap == 0)
  }

  @Test("multiple-choice knapsack")
  func multipleChoice() throws {
    // Two groups of (gain, size): {(0,0) (4,3) (9,7)} and {(0,0) (5,4) (8,6)}, size <= 10.
    // 9+0 = 9 (7); 4+8 = 12 (9) is best; 9+5 needs 11.
    var model = LinearModel()
    let sizes = [0.0, 3, 7, 0, 4, 6]
    let columns = [0.0, 4, 9, 0, 5, 8].map { model.addColumn("gain \($0)", objective: $0) }
    model.addExactlyOne("first", of: Array(columns[0..<3]))
    model.addExactlyOne("second", of: Array(columns[3..<6]))
    model.addRow("size", terms: Array(zip(columns, sizes)), upper: 10)
    let result = try solve(model)
    #expect(result.solution?.values == [false, true, false, false, false, true])
    #expect(result.bound == 12)
  }

  @Test("a closure: gains that need costs")
  func closure() throws {
    // Project gains 10 (needs tools s, t), 4 (needs t), 3 (needs u); tools cost 5, 4, 6.
    // s, t with both projects: 10 + 4 - 5 - 4 = 5; u never pays (3 < 6).
    var model = LinearModel()
    let projects = [10.0, 4, 3].map { model.addColumn("project \($0)", objective: $0) }
    let tools = [5.0, 4, 6].map { model.addColumn("tool \($0)", objective: -$0) }
    for (project, tool) in [(0, 0), (0, 1), (1, 1), (2, 2)] {
      model.addImplication("\(project) needs \(tool)", if: projects[project], then: tools[tool])
    }
    let result = try solve(model)
    #expect(result.solution?.values == [true, true, false, true, true, false])
    #expect(result.solution?.objective == 5)
  }

  @Test("independent set on an odd cycle, where the relaxation is fractional")
  func oddCycle() throws {
    // No two neighbours on a cycle of 7: at most 3 of 7 (the relaxation sets all to 1/2: 3.5).
    var model = LinearModel()
    let columns = (0..<7).map { model.addColumn("v\($0)", objective: 1) }
    for index in 0..<7 {
      model.addRow("edge\(index)", terms: [(columns[index], 1), (columns[(index + 1) % 7], 1)], upper: 1)
    }
    #expect(try solve(model).solution?.objective == 3)
  }

  @Test("eight queens")
  func queens() throws {
    // A queen a row and column and at most one a diagonal: 8 is reached (and no more fit in 8 rows).
    var model = LinearModel()
    let cells = (0..<64).map { model.addColumn("cell\($0)", objective: 1) }
    let lines: [(String, (Int) -> Int)] = [
      ("row", { $0 / 8 }), ("column", { $0 % 8 }), ("down", { $0 / 8 - $0 % 8 + 7 }),
      ("up", { $0 / 8 + $0 % 8 }),
    ]
    for (name, line) in lines {
      for index in 0..<15 {
        let members = cells.filter { line($0.index) == index }.map { ($0, 1.0) }
        model.addRow("\(name)\(index)", terms: members, upper: 1)
      }
    }
    let result = try GLPKSolver().solve(model)
    #expect(result.termination == .optimal)
    #expect(result.solution?.objective == 8)
  }

  @Test("infeasible by parity, which only branching can show")
  func parity() throws {
    // 6a + 10b + 14c + 22d + 26e is even, so it is never 35; the relaxation has solutions.
    var model = LinearModel()
    let terms = [6.0, 10, 14, 22, 26].map { (model.addColumn("x\($0)", objective: 1), $0) }
    model.addRow("odd", terms: terms, lower: 35, upper: 35)
    let result = try solve(model)
    #expect(result.termination == .infeasible)
    #expect(result.solution == nil)
    #expect(result.gap == nil)
    #expect(result.bound == -.infinity)
  }

  @Test("an empty model has the constant as its optimum")
  func empty() throws {
    let result = try solve(LinearModel(constant: 2.5))
    #expect(result.termination == .optimal)
    #expect(result.solution?.values == [])
    #expect(result.bound == 2.5)
  }

  @Test("rows without terms hold or fail by their bounds alone")
  func emptyRows() throws {
    var model = LinearModel()
    _ = model.addColumn("x", objective: 1)
    model.addRow("holds", terms: [], lower: -1, upper: 0)
    #expect(try solve(model).solution?.objective == 1)
    model.addRow("fails", terms: [], lower: 1)
    #expect(try solve(model).termination == .infeasible)
    var bare = LinearModel()
    bare.addRow("fails", terms: [], upper: -1)
    #expect(try solve(bare).termination == .infeasible)
  }

  @Test("fixed columns stay fixed, however much the objective would gain")
  func fixedColumns() throws {
    // max 9a + b - 9c with a = 0 and c = 1 fixed: b alone is free, 1 - 9 = -8.
    var model = LinearModel()
    let (a, b, c) = (
      model.addColumn("a", objective: 9), model.addColumn("b", objective: 1),
      model.addColumn("c", objective: -9)
    )
    model.fix(a, to: false)
    model.fix(c, to: true)
    let result = try solve(model)
    #expect(result.solution.map { [$0[a], $0[b], $0[c]] } == [false, true, true])
    #expect(result.bound == -8)
  }

  @Test("rows without bounds do not bind, and an objective of zeros is solved")
  func freeRow() throws {
    var model = LinearModel()
    let x = model.addColumn("x")
    model.addRow("free", terms: [(x, 5)])
    let result = try solve(model)
    #expect(result.termination == .optimal)
    #expect(result.bound == 0)
    #expect(result.gap == 0)
  }
}
