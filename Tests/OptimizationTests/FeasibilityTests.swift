import Testing

@testable import Optimization

@Suite("Feasibility checker")
struct FeasibilityTests {
  @Test("each broken row is listed with its distance from the nearest allowed value")
  func amounts() throws {
    var model = LinearModel()
    let x = model.addColumn("x")
    let y = model.addColumn("y")
    let low = model.addRow("low", terms: [(x, 1), (y, 1)], lower: 3)
    model.addRow("free", terms: [(x, 100)])
    model.addRow("kept", terms: [(x, 2)], lower: 1, upper: 2)
    let high = model.addRow("high", terms: [(x, 2), (y, 5)], upper: 6.5)
    #expect(
      try model.violations(of: [true, true]) == [
        Violation(place: .row(low), name: "low", amount: 1),
        Violation(place: .row(high), name: "high", amount: 0.5),
      ])
  }

  @Test("a fixed column with the other value is a violation")
  func fixedColumn() throws {
    var model = LinearModel()
    let x = model.addColumn("x")
    model.fix(x, to: true)
    #expect(try model.violations(of: [true]).isEmpty)
    #expect(try model.violations(of: [false]) == [Violation(place: .fixedColumn(x), name: "x", amount: 1)])
  }

  @Test(
    "the tolerance is absolute below a bound of 1 and relative above", arguments: [0.0, 0.5, 1, 1000, -1000])
  func tolerance(bound: Double) throws {
    for (excess, isKept) in [(0.9, true), (1.1, false)] {
      let amount = excess * 1e-3 * max(1, abs(bound))
      var model = LinearModel()
      let x = model.addColumn("x")
      model.addRow("upper", terms: [(x, bound + amount)], upper: bound)
      model.addRow("lower", terms: [(x, bound - amount)], lower: bound)
      #expect(try model.violations(of: [true], tolerance: 1e-3).isEmpty == isKept, "\(excess)")
    }
  }

  @Test("the objective includes the constant, feasible or not")
  func objective() throws {
    var model = LinearModel(constant: 0.5)
    let x = model.addColumn("x", objective: 2)
    _ = model.addColumn("y", objective: -3)
    model.addRow("never", terms: [(x, 1)], lower: 5)
    #expect(try model.objective(of: [true, false]) == 2.5)
    #expect(try model.objective(of: [true, true]) == -0.5)
  }

  @Test("an assignment of the wrong length is refused")
  func wrongLength() {
    var model = LinearModel()
    _ = model.addColumn("x")
    let error = ModelError.assignmentCount(found: 2, expected: 1)
    #expect(throws: error) { try model.violations(of: [true, true]) }
    #expect(throws: error) { try model.objective(of: [true, true]) }
  }
}
