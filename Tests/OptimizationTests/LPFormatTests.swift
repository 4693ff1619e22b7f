import Foundation
import Optimization
import TestSupport
import Testing

@Suite("CPLEX LP format")
struct LPFormatTests {
  @Test("a small model is written exactly like this")
  func golden() throws {
    var model = LinearModel(constant: -0.5)
    let a = model.addColumn("train.layer0.query", objective: 3)
    let b = model.addColumn("save [0]")
    let c = model.addColumn("end", objective: -1e-7)
    model.fix(c, to: true)
    model.addRow("peak@12", terms: [(a, 1.5), (b, -2)], upper: 100)
    model.addRow("range", terms: [(a, 1), (c, 1)], lower: -1, upper: 1)
    model.addRow("free", terms: [(a, 1)])
    model.addRow("empty", terms: [], lower: 0)
    model.addExactlyOne("one", of: [a, b])
    #expect(
      try model.lpFormat() == """
        \\ 3 binary columns, 5 rows
        Maximize
         objective: + 3.0 train.layer0.query + 0.0 save__0_ - 1e-07 _end - 0.5 constant
        Subject To
         peak@12: + 1.5 train.layer0.query - 2.0 save__0_ <= 100.0
         range: + 1.0 train.layer0.query + 1.0 _end >= -1.0
         range_2: + 1.0 train.layer0.query + 1.0 _end <= 1.0
         _empty: + 0.0 constant >= 0.0
         one: + 1.0 train.layer0.query + 1.0 save__0_ = 1.0
        Bounds
         constant = 1
         _end = 1
        Binary
         train.layer0.query
         save__0_
        End

        """)
  }

  @Test("an invalid model is refused")
  func invalid() {
    #expect(throws: ModelError.self) { try LinearModel(constant: .nan).lpFormat() }
  }

  /// Every fourth random model has an objective of tiny coefficients, which glpsol, unlike ``GLPKSolver``, does not
  /// scale and therefore takes for zero.
  @Test(
    "glpsol finds the same optimum in the file", .enabled(if: Glpsol.path != nil),
    arguments: (0..<60).filter { $0 % 4 != 2 })
  func roundTrip(seed: Int) throws {
    let model = randomModel(seed: seed)
    let expected = try GLPKSolver().solve(model)
    let answer = try Glpsol.solve(model)
    guard let solution = expected.solution else {
      #expect(answer.values == nil, "seed \(seed)")
      return
    }
    let values = try #require(answer.values, "seed \(seed)")
    #expect(values.count == model.columns.count + 1, "seed \(seed): the columns and the constant")
    let assignment = values.dropLast().map { $0 > 0.5 }
    #expect(try model.violations(of: assignment).isEmpty, "seed \(seed)")
    #expect(try model.objective(of: assignment) == solution.objective, "seed \(seed)")
  }

  @Test("glpsol reads names of every kind and keeps columns apart", .enabled(if: Glpsol.path != nil))
  func names() throws {
    let long = String(repeating: "n", count: 254)
    var model = LinearModel()
    let names = [
      "_", "9", ".5", "e9", "E", "st", "Free", "INF", "x y", "x-y", "x+y", "a:b", "größe", "内存", "🙂",
      "constant",
      "constant_2", "x_y", "-", "\\", "[", "max", "s.t.", "End", "binary", "objective", long + "a", long + "b",
      long + "+", "9" + long, "e" + long,
    ]
    // Every third column is held at 0 by a row of its own, the others gain.
    var terms: [(LinearModel.Column, Double)] = []
    for (index, name) in names.enumerated() {
      let column = model.addColumn(name, objective: Double(index + 1))
      model.addRow(name, terms: [(column, 1)], upper: index.isMultiple(of: 3) ? 0 : 1)
      terms.append((column, 1))
    }
    model.addRow("all", terms: terms, upper: 100)
    let answer = try Glpsol.solve(model)
    let values = try #require(answer.values)
    #expect(values.count == model.columns.count + 1)
    #expect(values.dropLast().map { $0 > 0.5 } == names.indices.map { !$0.isMultiple(of: 3) })
    let lines = try model.lpFormat().split(separator: "\n")
    #expect(lines.allSatisfy { $0.utf8.count <= 100 + 255 })
  }
}

/// The command-line solver of glpk-utils.
private enum Glpsol {
  static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { "\($0)/glpsol" }.first(where: FileManager.default.isExecutableFile)

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Writes the model to a file and returns glpsol's values, or nil if it finds none to exist.
  static func solve(_ model: LinearModel) throws -> (values: [Double]?, log: String) {
    try withTemporaryDirectory { folder in
      let (lp, answer) = (folder.appending(path: "model.lp"), folder.appending(path: "answer.txt"))
      try model.writeLP(to: lp)
      let process = Process()
      let output = Pipe()
      process.executableURL = path.map { URL(filePath: $0) }
      process.arguments = ["--lp", lp.path(), "--write", answer.path()]
      process.standardOutput = output
      try process.run()
      let log = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      // GLPK's reference manual, section "Write MIP solution": `s mip ROWS COLUMNS STATUS OBJECTIVE`, `j COLUMN VALUE`.
      guard let text = try? String(contentsOf: answer, encoding: .utf8) else { throw Failure(description: log) }
      let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
      guard let status = lines.first(where: { $0.first == "s" }), status.count > 4 else {
        throw Failure(description: log)
      }
      guard status[4] == "o" else { return (nil, log) }
      return (lines.filter { $0.first == "j" }.compactMap { $0.count > 2 ? Double($0[2]) : nil }, log)
    }
  }
}
