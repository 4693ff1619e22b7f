import Foundation
import TestSupport
import Testing

@testable import Exporting

@Suite("Python source")
struct PythonTests {
  @Test("writes runs of three and more as ranges")
  func runs() {
    func list(_ numbers: [Int]) -> String { Python.list(rising: numbers, indentation: "") }
    #expect(list([]) == "[]")
    #expect(list([4]) == "[4]")
    #expect(list([4, 5]) == "[4, 5]")
    #expect(list([4, 5, 6]) == "[*range(4, 7)]")
    #expect(list([0, 2, 3, 4, 9]) == "[0, *range(2, 5), 9]")
  }

  @Test("keeps long lists within the line")
  func wrapping() {
    let list = Python.list(rising: Array(stride(from: 0, to: 3000, by: 2)), indentation: "        ")
    let lines = list.split(separator: "\n")
    #expect(lines.count > 10)
    #expect(lines.allSatisfy { $0.count <= 112 })
  }

  @Test("lists hold exactly their numbers", .enabled(if: PythonInterpreter.plain != nil))
  func values() throws {
    let python = try #require(PythonInterpreter.plain)
    var generator = SeededGenerator(seed: 3)
    var lists = (0..<512).map { bits in (0..<9).filter { bits >> $0 & 1 == 1 } }
    lists += (0..<20).map { _ in (0..<300).filter { _ in Int.random(in: 0..<5, using: &generator) > 0 } }
    let source = lists.map { Python.list(rising: $0, indentation: "    ") }.joined(separator: ",\n")
    let answer = try withTemporaryDirectory { directory in
      let file = directory.appendingPathComponent("lists.py")
      try Data("print([\(source)])".utf8).write(to: file)
      return try python.run([file.path])
    }
    #expect(answer.output.trimmingCharacters(in: .newlines) == "\(lists)")
  }

  @Test("a single number is still a tuple")
  func tuples() {
    #expect(Python.tuple([7]) == "(7,)")
    #expect(Python.tuple([7, 8]) == "(7, 8)")
  }
}
