import Foundation
import Testing

@testable import Optimization

@Suite("The guard around GLPK")
struct GuardTests {
  /// Arrays that only C would catch: each of them reaches GLPK's fatal-error routine.
  static let misuses: [(change: @Sendable (inout GLPKModel) -> Void, message: String)] = [
    ({ $0.addEntry(row: 1, column: 1) }, "duplicate indices not allowed"),
    ({ $0.addEntry(row: 99, column: 1) }, "row index out of range"),
    ({ $0.addEntry(row: 1, column: 0) }, "column index out of range"),
  ]

  @Test(
    "misuse that ends in GLPK's abort is survived with its message, and the next solve works", arguments: 0..<3)
  func fatalErrors(misuse: Int) throws {
    let model = hardModel(columns: 12, rows: 2, seed: 1)
    let expected = try GLPKSolver().solve(model)
    for _ in 0..<3 {
      var flat = GLPKModel(model)
      Self.misuses[misuse].change(&flat)
      let report = flat.solve(SolveOptions(), incumbent: nil)
      #expect(report.outcome == .aborted)
      #expect(report.raw.text.contains(Self.misuses[misuse].message), "\(report.raw.text)")
      #expect(!report.raw.text.contains("\n"))
      #expect(report.values == nil)
      #expect(try GLPKSolver().solve(model).reproduciblePart == expected.reproduciblePart)
    }
  }

  @Test("after a fatal error the incumbent and a valid bound are still returned")
  func fatalErrorWithIncumbent() throws {
    let model = hardModel(columns: 12, rows: 2, seed: 1)
    let optimum = try #require(try BruteForceSolver().solve(model).solution)
    let nothing = Solution(values: model.columns.map { _ in false }, objective: 0)
    var flat = GLPKModel(model)
    flat.addEntry(row: 1, column: 1)
    let report = flat.solve(SolveOptions(), incumbent: nothing)
    let result = try SolveResult(of: model, report, incumbent: nothing, since: .now)
    #expect(result.termination == .numericalTrouble(.solverAborted))
    #expect(result.solution == nothing)
    #expect(result.bound >= optimum.objective)
  }

  @Test("32 threads solve at once, some of them into fatal errors, and each gets the answer it gets alone")
  func concurrency() throws {
    let models = (0..<8).map { hardModel(columns: 25, rows: 3, seed: $0) }
    let options = SolveOptions(nodeLimit: 300, timeLimit: nil)
    let alone = try models.map { try GLPKSolver().solve($0, options: options).reproduciblePart }

    let answers = Answers()
    let group = DispatchGroup()
    for index in 0..<32 {
      group.enter()
      let thread = Thread {
        defer { group.leave() }
        if index % 4 == 0 {
          var flat = GLPKModel(models[index % 8])
          flat.addEntry(row: 1, column: 1)
          answers.add("\(flat.solve(options, incumbent: nil).outcome)", at: index, part: 0)
        }
        let result = try? GLPKSolver().solve(models[index % 8], options: options)
        answers.add(result?.reproduciblePart ?? "threw", at: index, part: 1)
      }
      thread.start()
    }
    group.wait()

    for index in 0..<32 {
      #expect(answers[index, 0] == (index % 4 == 0 ? "aborted" : nil), "thread \(index)")
      #expect(answers[index, 1] == alone[index % 8], "thread \(index)")
    }
  }

  #if compiler(>=6.2) && (os(Linux) || os(macOS))
    @Test("nothing is printed, whatever happens inside")
    func silence() async throws {
      let child = await #expect(
        processExitsWith: .success, observing: [\.standardOutputContent, \.standardErrorContent]
      ) {
        for model in [hardModel(columns: 12, rows: 2, seed: 1), randomModel(seed: 1), LinearModel()] {
          _ = try GLPKSolver().solve(model)
          let nothing = SolveOptions(nodeLimit: 5, incumbent: model.columns.map { _ in false })
          _ = try? GLPKSolver().solve(model, options: nothing)
          for misuse in GuardTests.misuses {
            var flat = GLPKModel(model)
            misuse.change(&flat)
            _ = flat.solve(SolveOptions(), incumbent: nil)
          }
        }
      }
      let result = try #require(child)
      #expect(String(decoding: result.standardOutputContent, as: UTF8.self) == "")
      #expect(String(decoding: result.standardErrorContent, as: UTF8.self) == "")
    }
  #endif
}

extension GLPKModel {
  fileprivate mutating func addEntry(row: Int32, column: Int32) {
    entryRow.append(row)
    entryColumn.append(column)
    entryValue.append(1)
  }
}

/// Strings from many threads.
private final class Answers: @unchecked Sendable {
  private let lock = NSLock()
  private var strings: [[Int]: String] = [:]

  func add(_ string: String, at index: Int, part: Int) {
    lock.withLock { strings[[index, part]] = string }
  }

  subscript(index: Int, part: Int) -> String? {
    lock.withLock { strings[[index, part]] }
  }
}
