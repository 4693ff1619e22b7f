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

  @Test("the tolerance is relative to the bound or to the row's largest coefficient")
  func tolerance() throws {
    // The coefficient is the row's value; the larger of coefficient and bound is the scale.
    let cases: [(coefficient: Double, upper: Double, isKept: Bool)] = [
      (1000.9, 1000, true), (1001.1, 1000, false), (1e-9, 0.9995e-9, true), (1e-9, 0.998e-9, false),
      (-999.1, -1000, true), (-998.9, -1000, false), (1e-12, 0, false),
    ]
    for (coefficient, bound, isKept) in cases {
      var model = LinearModel()
      let x = model.addColumn("x")
      model.addRow("upper", terms: [(x, coefficient)], upper: bound)
      model.addRow("lower", terms: [(x, -coefficient)], lower: -bound)
      #expect(
        try model.violations(of: [true], tolerance: 1e-3).count == (isKept ? 0 : 2), "\(coefficient) \(bound)")
    }
  }

  @Test("a large coefficient widens a row's tolerance around zero, where sums cancel")
  func cancellation() throws {
    var model = LinearModel()
    let x = model.addColumn("x")
    let y = model.addColumn("y")
    model.addRow("row", terms: [(x, 1000), (y, -999.9)], upper: 0)
    #expect(try model.violations(of: [true, true], tolerance: 1e-3).isEmpty)
    #expect(try model.violations(of: [true, true], tolerance: 1e-5).count == 1)
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
