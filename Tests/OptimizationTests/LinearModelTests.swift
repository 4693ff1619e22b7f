import Testing

@testable import Optimization

@Suite("Linear model")
struct LinearModelTests {
  @Test("columns and rows keep the order and names they were added with")
  func order() {
    var model = LinearModel()
    let x = model.addColumn("train.layer0.query", objective: 3)
    let y = model.addColumn("train.layer0.key")
    let row = model.addRow("peak@12", terms: [(y, 2), (x, 1.5)], upper: 100)
    #expect([x.index, y.index, row.index] == [0, 1, 0])
    #expect(model.columns.map(\.name) == ["train.layer0.query", "train.layer0.key"])
    #expect(model.columns.map(\.objective) == [3, 0])
    #expect(model.rows[0].terms.map(\.column) == [x, y])
    #expect(model.rows[0].upper == 100 && model.rows[0].lower == nil)
  }

  @Test("terms of one column in one row are added up")
  func merging() {
    var model = LinearModel()
    let x = model.addColumn("x")
    let y = model.addColumn("y")
    model.addRow("row", terms: [(x, 1), (y, 4), (x, 2), (y, -4)], upper: 2)
    #expect(model.rows[0].terms.map(\.coefficient) == [3, 0])
  }

  @Test("an implication allows every pair but true and false")
  func implication() throws {
    var model = LinearModel()
    let a = model.addColumn("a")
    let b = model.addColumn("b")
    model.addImplication("a needs b", if: a, then: b)
    for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
      #expect(try model.violations(of: [a, b]).isEmpty == (!a || b), "\(a) \(b)")
    }
  }

  @Test("an exactly-one row allows exactly the assignments with one true")
  func exactlyOne() throws {
    var model = LinearModel()
    model.addExactlyOne("one", of: (0..<4).map { model.addColumn("x\($0)") })
    for bits in 0..<16 {
      let values = (0..<4).map { bits >> $0 & 1 == 1 }
      #expect(try model.violations(of: values).isEmpty == (bits.nonzeroBitCount == 1), "\(values)")
    }
  }

  @Test("the last fixing counts, and nil frees")
  func fixing() throws {
    var model = LinearModel()
    let x = model.addColumn("x", objective: -1)
    model.fix(x, to: false)
    model.fix(x, to: true)
    #expect(try BruteForceSolver().solve(model).solution?[x] == true)
    model.fix(x, to: nil)
    #expect(try BruteForceSolver().solve(model).solution?[x] == false)
  }

  @Test("a replaced objective coefficient counts")
  func replacedObjective() throws {
    var model = LinearModel()
    let x = model.addColumn("x", objective: -1)
    model.setObjective(2.5, of: x)
    #expect(try GLPKSolver().solve(model).solution?.objective == 2.5)
  }

  @Test(
    "unusable names are refused before any solver sees them",
    arguments: ["", String(repeating: "n", count: 256), "two\nlines", "nul\0", "del\u{7F}", "c1\u{85}"])
  func unusableNames(name: String) {
    var model = LinearModel()
    let x = model.addColumn(name)
    #expect(throws: ModelError.unusableName(kind: "column", index: 0)) { try GLPKSolver().solve(model) }
    model = LinearModel()
    _ = x
    model.addRow(name, terms: [])
    #expect(throws: ModelError.unusableName(kind: "row", index: 0)) { try GLPKSolver().solve(model) }
  }

  @Test("names of 255 bytes and names in any script are usable")
  func usableNames() throws {
    var model = LinearModel()
    let x = model.addColumn(String(repeating: "n", count: 255), objective: 1)
    model.addRow("Speicher größe 内存 ≤", terms: [(x, 1)], upper: 0)
    #expect(try GLPKSolver().solve(model).solution?.values == [false])
  }

  @Test(
    "numbers that are not finite or beyond 1e15 are refused, wherever they stand",
    arguments: [Double.nan, .infinity, -.infinity, 1.1e15, -1e300])
  func unusableNumbers(value: Double) {
    func expectRefused(_ build: (inout LinearModel, LinearModel.Column) -> Void) {
      var model = LinearModel()
      let x = model.addColumn("x")
      build(&model, x)
      #expect(throws: ModelError.self) { try model.validate() }
    }
    expectRefused { model, _ in model.constant = value }
    expectRefused { model, x in model.setObjective(value, of: x) }
    expectRefused { model, x in model.addRow("r", terms: [(x, value)]) }
    expectRefused { model, x in model.addRow("r", terms: [(x, 1)], lower: value) }
    expectRefused { model, x in model.addRow("r", terms: [(x, 1)], upper: value) }
  }

  @Test("a sum of equal columns' coefficients that overflows is refused")
  func overflow() {
    var model = LinearModel()
    let x = model.addColumn("x")
    model.addRow("r", terms: [(x, 1e15), (x, 1e15)], upper: 1)
    #expect(
      throws: ModelError.unusableNumber(place: "the entry of column 'x' in row 'r'", value: 2e15)
    ) { try model.validate() }
  }

  @Test("a row whose lower bound is above its upper bound is refused")
  func emptyRange() {
    var model = LinearModel()
    model.addRow("r", terms: [], lower: 2, upper: 1)
    #expect(throws: ModelError.emptyRange(row: "r", lower: 2, upper: 1)) { try model.validate() }
  }

  @Test("columns of another model are refused, not trapped on")
  func foreignColumns() {
    var other = LinearModel()
    _ = other.addColumn("a")
    let foreign = other.addColumn("b")
    var model = LinearModel()
    model.addRow("r", terms: [(foreign, 1)], upper: 1)
    #expect(throws: ModelError.unknownColumn(place: "row 'r'", index: 1, columnCount: 0)) {
      try model.violations(of: [])
    }
    model = LinearModel()
    model.fix(foreign, to: true)
    #expect(throws: ModelError.self) { try BruteForceSolver().solve(model) }
  }

  @Test("every error is one line that names the culprit")
  func descriptions() {
    let violation = Violation(place: .row(LinearModel.Row(index: 0)), name: "peak", amount: 0.5)
    let errors: [(any Error & CustomStringConvertible, String)] = [
      (ModelError.unusableName(kind: "column", index: 7), "column 7"),
      (ModelError.unusableNumber(place: "the entry of column 'x' in row 'r'", value: .nan), "'x' in row 'r'"),
      (ModelError.emptyRange(row: "peak", lower: 2, upper: 1), "peak"),
      (ModelError.unknownColumn(place: "row 'r'", index: 9, columnCount: 3), "column 9"),
      (ModelError.tooLarge(kind: "entries", count: 6, limit: 5), "entries"),
      (ModelError.assignmentCount(found: 2, expected: 3), "2 values for 3"),
      (SolverError.unusableOption(name: "nodeLimit", value: "0", allowed: "at least 1"), "nodeLimit"),
      (SolverError.infeasibleIncumbent(violation), "peak"),
      (SolverError.tooManyFreeColumns(found: 30, limit: 22), "30"),
    ]
    for (error, culprit) in errors {
      #expect(error.description.contains(culprit), "\(error)")
      #expect(!error.description.contains("\n"))
    }
  }
}
