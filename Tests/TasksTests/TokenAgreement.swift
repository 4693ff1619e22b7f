import Foundation
import Testing

@testable import Tasks

private let environment = ProcessInfo.processInfo.environment

/// Not a test: Scripts/check-tokens runs it to see what the program makes of whole data sets.
@Suite("Tokens for Scripts/check-tokens", .enabled(if: environment["PERMAFROST_TOKENS_OUT"] != nil))
struct TokenAgreement {
  private func setting(_ name: String) throws -> String {
    try #require(environment["PERMAFROST_TOKENS_\(name)"])
  }

  @Test("writes prepared examples, and where the tokens of every first text stand")
  func write() throws {
    func folder(_ name: String) throws -> URL { URL(fileURLWithPath: try setting(name), isDirectory: true) }
    let (data, output) = (try folder("DATA"), try folder("OUT"))
    let tokenizer = try ModelTokenizer.load(from: folder("MODEL"))
    let length = try #require(Int(setting("LENGTH")))
    for (task, name) in [("cola", "CoLA"), ("sst2", "SST-2"), ("mrpc", "MRPC"), ("stsb", "STS-B")] {
      let dataset = try Dataset(
        directory: data.appendingPathComponent(name), task: TaskDefinition.named(task))
      for split in Split.allCases {
        let file = output.appendingPathComponent("\(task)-\(split.rawValue)")
        try dataset.prepare(
          split, tokenizer: tokenizer, maximumLength: length, to: file.appendingPathExtension("tokens"))
        var lines = ""
        try dataset.forEachExample(in: split) { example in
          let ends = tokenizer.tokenize(example.text).flatMap { [$0.range.lowerBound, $0.range.upperBound] }
          lines += ends.map(String.init).joined(separator: " ") + "\n"
        }
        try Data(lines.utf8).write(to: file.appendingPathExtension("offsets"))
      }
    }
  }
}
