import Foundation
import TestSupport
import Testing

@testable import Tasks

@Suite("Prepared data")
struct PreparedDataTests {
  typealias Row = (ids: [Int32], first: Int, label: Label)

  private func write(
    _ rows: [Row], to url: URL, objective: Objective = .classification(classCount: 3),
    vocabularySize: Int = 100, maximumLength: Int = 8
  ) throws {
    var writer = try PreparedDataWriter(
      destination: url, objective: objective, vocabularySize: vocabularySize, paddingID: 7,
      maximumLength: maximumLength)
    for row in rows { try writer.append(ids: row.ids, firstSegmentLength: row.first, label: row.label) }
    try writer.finish()
  }

  private let rows: [Row] = [
    ([1, 2, 3], 3, .category(0)), ([4], 1, .category(2)), ([99, 0, 5, 6, 7, 8, 9, 10], 4, .category(1)),
  ]

  @Test(
    "what is written is read, for narrow and wide ids, classes and scores",
    arguments: [
      100, 65_536, 65_537, Int(Int32.max),
    ])
  func roundTrip(vocabularySize: Int) throws {
    var generator = SeededGenerator(seed: UInt64(vocabularySize))
    let rows: [Row] = (0..<50).map { _ in
      let ids = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
        Int32.random(in: 0..<Int32(clamping: vocabularySize), using: &generator)
      }
      let first = Int.random(in: 1...ids.count, using: &generator)
      return (ids, first, .score(Float.random(in: -5...5, using: &generator)))
    }
    try withDirectory { directory in
      let url = directory.appendingPathComponent("x.tokens")
      try write(rows, to: url, objective: .regression, vocabularySize: vocabularySize, maximumLength: 12)
      let data = try PreparedData(opening: url)
      #expect(data.count == rows.count && data.objective == .regression && data.paddingID == 7)
      #expect(data.vocabularySize == vocabularySize && data.maximumLength == 12)
      #expect(data.tokenCount == rows.reduce(0) { $0 + $1.ids.count })
      for (index, row) in rows.enumerated() {
        #expect(Array(data[index].ids) == row.ids, "example \(index), seed \(vocabularySize)")
        #expect(data[index].firstSegmentLength == row.first)
        #expect(data.label(of: data[index]) == row.label)
      }
    }
  }

  @Test("labels of several numbers are read as they were written, and others refused")
  func severalNumbers() throws {
    let labels: [Label] = [.categories([]), .categories([0, 4]), .categories([1, 2, 3])]
    let spans: [Label] = [.span(first: 0, last: 0), .span(first: 1, last: 2), .span(first: 2, last: 1)]
    for (objective, good, bad) in [
      (Objective.multiLabel(labelCount: 5), labels, [Label.categories([5]), .categories([-1]), .category(0)]),
      (.span, spans, [.span(first: 0, last: 3), .span(first: -1, last: 0), .score(0)]),
    ] {
      try withDirectory { directory in
        let url = directory.appendingPathComponent("x.tokens")
        try write(good.map { ([1, 2, 3], 2, $0) }, to: url, objective: objective)
        let data = try PreparedData(opening: url)
        #expect(data.objective == objective)
        #expect((0..<data.count).map { data.label(of: data[$0]) } == good)
        #expect(data[1].labels.count == objective.labelsPerExample)
        #expect(try Data(contentsOf: url).count == 64 + 32 + 3 * (12 + 4 * objective.labelsPerExample))
        for label in bad {
          #expect(throws: PreparedDataError.self) {
            try write([([1, 2, 3], 2, label)], to: url, objective: objective)
          }
        }
      }
    }
    let one = Int32(bitPattern: Float(1).bitPattern)
    #expect(Objective.multiLabel(labelCount: 3).label([one, 0, one], tokenCount: 9) == .categories([0, 2]))
    #expect(Objective.multiLabel(labelCount: 3).label([one, 1, one], tokenCount: 9) == nil)
    #expect(Objective.span.label([4, 5], tokenCount: 6) == .span(first: 4, last: 5))
    #expect(Objective.span.label([4, 5], tokenCount: 5) == nil)
  }

  @Test("the file appears only when it is finished, and nothing else is left behind")
  func atomicity() throws {
    try withDirectory(["x.tokens": "old"]) { directory in
      let url = directory.appendingPathComponent("x.tokens")
      #expect(throws: PreparedDataError.self) { try write([([1], 2, .category(0))], to: url) }
      #expect(try String(contentsOf: url, encoding: .utf8) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["x.tokens"])
      try write(rows, to: url)
      #expect(try PreparedData(opening: url).count == 3)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["x.tokens"])
      let nowhere = directory.appendingPathComponent("no/x.tokens")
      let error = #expect(throws: PreparedDataError.self) { try write(rows, to: nowhere) }
      #expect(error?.exitStatus == .unavailable)
    }
  }

  @Test(
    "the writer refuses what contradicts the header",
    arguments: [
      ([], 1, Label.category(0)), ([1], 0, .category(0)), ([1], 2, .category(0)),
      ([1, 1, 1, 1, 1, 1, 1, 1, 1], 1, .category(0)),
      ([100], 1, .category(0)), ([-1], 1, .category(0)), ([1], 1, .category(3)), ([1], 1, .category(-1)),
      ([1], 1, .score(0)),
    ])
  func refusedExamples(ids: [Int32], first: Int, label: Label) throws {
    try withDirectory { directory in
      let url = directory.appendingPathComponent("x.tokens")
      #expect(throws: PreparedDataError.self) { try write([(ids, first, label)], to: url) }
      #expect(throws: PreparedDataError.self) {
        try write([([1], 1, .score(.nan))], to: url, objective: .regression)
      }
    }
  }

  @Test("a file cut short anywhere, or with a byte more, is refused")
  func cutFiles() throws {
    try withDirectory { directory in
      let url = directory.appendingPathComponent("x.tokens")
      try write(rows, to: url)
      let whole = try Data(contentsOf: url)
      #expect(whole.count == 64 + 32 + 3 * 16)
      for count in 0..<whole.count {
        try whole.prefix(count).write(to: url)
        #expect(throws: PreparedDataError.self, "cut to \(count) bytes") { try PreparedData(opening: url) }
      }
      try (whole + [0]).write(to: url)
      #expect(throws: PreparedDataError.wrongSize(path: url.path, expectedBytes: 144, foundBytes: 145)) {
        try PreparedData(opening: url)
      }
      try FileManager.default.removeItem(at: url)
      let missing = #expect(throws: PreparedDataError.self) { try PreparedData(opening: url) }
      #expect(missing?.exitStatus == .missingInput)
    }
  }

  @Test("a file with any one byte changed is refused, or its examples still keep to its header")
  func damagedFiles() throws {
    try withDirectory { directory in
      let url = directory.appendingPathComponent("x.tokens")
      try write(rows, to: url)
      let whole = try Data(contentsOf: url)
      var refused = 0
      for position in 0..<whole.count {
        for change in [0x01, 0x80, 0xFF] as [UInt8] {
          var damaged = whole
          damaged[position] ^= change
          try damaged.write(to: url)
          guard let data = try? PreparedData(opening: url) else {
            refused += 1
            continue
          }
          for index in 0..<data.count {
            let example = data[index]
            #expect(example.ids.allSatisfy { (0..<data.vocabularySize).contains(Int($0)) }, "byte \(position)")
            #expect((1...example.ids.count).contains(example.firstSegmentLength), "byte \(position)")
          }
        }
      }
      #expect(refused > whole.count)
    }
  }

  @Test("no examples, another version and another kind of file have their own errors")
  func headers() throws {
    try withDirectory(["text": String(repeating: "text", count: 40)]) { directory in
      let url = directory.appendingPathComponent("x.tokens")
      try write([], to: url)
      #expect(throws: PreparedDataError.empty(path: url.path)) { try PreparedData(opening: url) }
      var newer = try Data(contentsOf: url)
      newer[8] = 3
      try newer.write(to: url)
      #expect(throws: PreparedDataError.otherVersion(path: url.path, version: 3)) {
        try PreparedData(opening: url)
      }
      let text = directory.appendingPathComponent("text")
      #expect(throws: PreparedDataError.notPrepared(path: text.path)) { try PreparedData(opening: text) }
    }
  }

  @Test("preparing a split tokenizes every example and counts what it cut")
  func preparing() throws {
    let files = [
      "train.tsv": "text\tlabel\noff off off\tb\noff\ta\n", "dev.tsv": "text\tlabel\nOff\tb\n",
      "vocab.txt": TokenizerLoadingTests.vocabulary,
    ]
    try withDirectory(files) { directory in
      let url = directory.appendingPathComponent("train.tokens")
      let data = try Dataset(directory: directory, task: .classification())
      let tokenizer = try ModelTokenizer.load(from: directory)
      let summary = try data.prepare(.train, tokenizer: tokenizer, maximumLength: 4, to: url)
      #expect(
        summary
          == PreparationSummary(exampleCount: 2, tokenCount: 7, truncatedCount: 1, longestLength: 4))
      let prepared = try PreparedData(opening: url)
      #expect(prepared.objective == .classification(classCount: 2))
      #expect(Array(prepared[0].ids) == [2, 5, 5, 3] && prepared.label(of: prepared[0]) == .category(1))
      #expect(Array(prepared[1].ids) == [2, 5, 3] && prepared.label(of: prepared[1]) == .category(0))
    }
  }
}
