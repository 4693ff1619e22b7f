import Foundation
import Testing

@testable import Tasks

@Suite("Data sets that cannot be read say where and why")
struct DatasetErrorTests {
  /// What preparing a directory with this training file ends in; its path replaced by its name.
  private func failure(_ name: String, _ content: [UInt8], _ task: TaskDefinition) throws -> DatasetError? {
    let good = "text\tlabel\na\tx\nb\ty\n"
    return try withDirectory(bytes: [name: Data(content), "dev.tsv": Data(good.utf8)]) { directory in
      #expect(throws: DatasetError.self) {
        try Dataset(directory: directory, task: task).forEachExample(in: .train) { _ in }
      }
    }
  }

  @Test(
    "each kind of damage has its error, with file, line and column",
    arguments: [
      ("train.tsv", "text\tlabel\n", ": no examples; at least one is needed"),
      ("train.csv", "", ": no examples; at least one is needed"),
      ("train.jsonl", " \n", ": no examples; at least one is needed"),
      (
        "train.tsv", "words\tlabel\na\t1\n",
        ":1: no column text or sentence among words, label; name the right one"
      ),
      ("train.csv", "text,class\na,1\n", ":1: no column label among text, class; name the right one"),
      ("train.tsv", "text\tlabel\na\t1\nb\n", ":3: no value for column label; complete the line or remove it"),
      ("train.jsonl", "{\"text\": \"a\"}", ":1: no value for column label; complete the line or remove it"),
      (
        "train.jsonl", "{\"text\": [1], \"label\": 1}",
        ":1: no value for column text or sentence; complete the line or remove it"
      ),
      (
        "train.tsv", "text\tlabel\na\t1\nb\t1,5\n",
        ":3: column label holds \"1,5\", which is not a finite number"
      ),
      (
        "train.csv", "text,label\n\"a\nb\",1\nc,inf\n",
        ":4: column label holds \"inf\", which is not a finite number"
      ),
      (
        "train.jsonl", "{\"text\": \"a\", \"label\": true}\n",
        ":1: column label holds \"true\", which is not a finite number"
      ),
      (
        "train.jsonl", "{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\",}\n",
        ":2:14: not a JSON object: a character that JSON does not allow there; write one object a line"
      ),
      ("train.jsonl", "[1]\n", ":1:1: not a JSON object: another kind of value; write one object a line"),
      (
        "train.csv", "text,label\na,1\n\"b,1\nc,2\n",
        ":3: malformed CSV: a quote is never closed; quote the field and double the quotes inside it"
      ),
      (
        "train.csv", "text,label\n\"a\"b,1\n",
        ":2: malformed CSV: Can't have non-quote here: b; quote the field and double the quotes inside it"
      ),
      (
        "train.csv", "text,label\na\rb,1\n",
        ":2: malformed CSV: a line break outside quotes; quote the field and double the quotes inside it"
      ),
    ])
  func regressionFiles(name: String, content: String, message: String) throws {
    let error = try failure(name, Array(content.utf8), .regression())
    #expect(error?.description.hasSuffix("/" + name + message) == true, "\(String(describing: error))")
    #expect(error?.exitStatus == .malformedInput)
  }

  @Test(
    "lists of labels and TREC's lines say what is wrong with them",
    arguments: [
      (
        "train.tsv", "text\tlabel\na\t\nb\t ,\n", "multilabel",
        ": no example has a label; fill the label column"
      ),
      (
        "train.jsonl", "{\"text\": \"a\", \"label\": [[1]]}\n", "multilabel",
        ":1: no value for column label; complete the line or remove it"
      ),
      (
        "train.jsonl", "{\"text\": \"a\"}\n", "multilabel",
        ":1: no value for column label; complete the line or remove it"
      ),
      (
        "train.txt", "NUM:dist far\nhow far: is it\n", "trec",
        ":2: no value for column COARSE:fine, a space and the text; complete the line or remove it"
      ),
      (
        "train.txt", "NUM:dist far\nODD:dist near\n", "trec",
        ":2: unknown label \"ODD\"; known are ABBR, ENTY, DESC, HUM, LOC, NUM"
      ),
    ])
  func otherFiles(name: String, content: String, task: String, message: String) throws {
    let files = [name: Data(content.utf8), "dev.tsv": Data("text\tlabel\n".utf8), "dev.txt": Data()]
    let error = try withDirectory(bytes: files) { directory in
      try #require(throws: DatasetError.self) {
        try Dataset(directory: directory, task: .named(task)).forEachExample(in: .train) { _ in }
      }
    }
    #expect(error.description.hasSuffix("/" + name + message), "\(error)")
  }

  @Test(
    "a file of questions is refused with the place or the question's id",
    arguments: [
      ("{", "line 1: not JSON: the text ends inside a value; download the file again"),
      (
        "{\n\"data\": [\n}",
        "line 3: not JSON: a character that JSON does not allow there; download the file again"
      ),
      ("{}", "the file: no array 'data'; SQuAD's own format is needed"),
      (#"{"data": [{"paragraphs": 1}]}"#, "article 0: no array 'paragraphs'; SQuAD's own format is needed"),
      (
        #"{"data": [{"paragraphs": [{}]}]}"#,
        "article 0, paragraph 0: no array 'qas'; SQuAD's own format is needed"
      ),
      (#"{"data": [{"paragraphs": [{"qas": []}]}]}"#, "article 0, paragraph 0: no text 'context'"),
      (#"{"data": []}"#, "no examples; at least one is needed"),
      (questions(#"{"question": "a"}"#), "article 0, paragraph 0, question 0: no 'id'"),
      (questions(#"{"id": "q7"}"#), "question 'q7': no text 'question'"),
      (
        questions(#"{"id": "q7", "question": "a"}"#),
        "question 'q7': no array 'answers'; SQuAD's own format is needed"
      ),
      (
        questions(#"{"id": "q7", "question": "a", "answers": []}"#),
        "question 'q7': no answer; choose the task squad2 for questions that may have none"
      ),
      (
        questions(#"{"id": "q7", "question": "a", "answers": [{"text": "off", "answer_start": 1}]}"#),
        "question 'q7': the paragraph does not reach from 'answer_start' to the answer's end; correct it"
      ),
      (
        questions(#"{"id": "q7", "question": "a", "answers": [{"text": "", "answer_start": 0}]}"#),
        "question 'q7': the paragraph does not reach from 'answer_start' to the answer's end; correct it"
      ),
      (
        questions(
          #"{"id": "q7", "question": "on off on off on", "answers": [{"text": "off", "answer_start": 0}]}"#),
        "question 'q7': its 5 tokens leave no room for the paragraph among 8; raise --seq"
      ),
    ])
  func questionFiles(content: String, message: String) throws {
    let tokenizer = try ModelTokenizer.load(from: fixture("uncased"))
    try withDirectory(["train.json": content, "dev.json": content]) { directory in
      let data = try Dataset(directory: directory, task: .squad)
      let target = directory.appendingPathComponent("x.tokens")
      let error = #expect(throws: DatasetError.self) {
        try data.prepare(.development, tokenizer: tokenizer, maximumLength: 8, to: target)
      }
      #expect(error?.description.hasSuffix("/dev.json: " + message) == true, "\(String(describing: error))")
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(left.sorted() == ["dev.json", "train.json"])
    }
  }

  /// A file of one paragraph, "off", with this question.
  private static func questions(_ question: String) -> String {
    #"{"data": [{"paragraphs": [{"context": "off", "qas": [\#(question)]}]}]}"#
  }

  @Test("bytes that are not UTF-8 are found in every format", arguments: ["tsv", "csv", "jsonl"])
  func encoding(format: String) throws {
    let separator = format == "tsv" ? "\t" : ","
    let header = format == "jsonl" ? "" : "text\(separator)label\n"
    let start = format == "jsonl" ? "{\"text\": \"é" : "é"
    let content = Array((header + start).utf8) + [0xE9] + Array("\(separator)1\n".utf8)
    let error = try failure("train.\(format)", content, .regression())
    guard case .invalidEncoding(_, let line, let column) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(line == (format == "jsonl" ? 1 : 2))
    #expect(column == start.utf8.count + 1)
  }

  @Test("a label that training never showed is an error in the development file")
  func unknownLabel() throws {
    try withDirectory([
      "train.tsv": "text\tlabel\na\ton\nb\toff\n", "dev.tsv": "text\tlabel\na\ton\nb\tOFF\n",
    ]) { directory in
      let data = try Dataset(directory: directory, task: .classification())
      let error = #expect(throws: DatasetError.self) { try data.forEachExample(in: .development) { _ in } }
      #expect(error?.description.hasSuffix("/dev.tsv:3: unknown label \"OFF\"; known are off, on") == true)
    }
    let glue = try failure("train.tsv", Array("sentence\tlabel\na\t2\n".utf8), .sst2)
    #expect(glue?.description.hasSuffix("/train.tsv:2: unknown label \"2\"; known are 0, 1") == true)
  }

  @Test("a training file with one label only is refused")
  func singleLabel() throws {
    let error = try failure("train.tsv", Array("text\tlabel\na\ton\nb\ton\n".utf8), .classification())
    #expect(error?.description.contains("every example has the label \"on\"") == true)
  }

  @Test("a missing file is missing input, with the names that were looked for")
  func missing() throws {
    try withDirectory(["train.tsv": "text\tlabel\na\t1\n"]) { directory in
      let error = #expect(throws: DatasetError.self) { try Dataset(directory: directory, task: .regression()) }
      #expect(error?.exitStatus == .missingInput)
      #expect(error?.description.hasPrefix("no dev data in ") == true)
      #expect(error?.description.contains("dev.tsv, dev.csv, dev.jsonl, validation.tsv") == true)
    }
  }

  @Test("a missing folder, and a file in its place, are told from a folder without data")
  func missingFolder() throws {
    try withDirectory(["train.tsv": "text\tlabel\na\t1\n"]) { directory in
      let paths = ["nowhere", "train.tsv"].map { directory.appendingPathComponent($0) }
      for (url, error) in zip(paths, [DatasetError.missingFolder(paths[0].path), .notAFolder(paths[1].path)]) {
        #expect(throws: error) { try Dataset(directory: url, task: .regression()) }
        #expect(error.exitStatus == .missingInput)
      }
    }
  }

  @Test("a directory in the place of a file is said to be one")
  func directoryAsFile() throws {
    try withDirectory(["dev.tsv": "text\tlabel\na\t1\n"]) { directory in
      try FileManager.default.createDirectory(
        at: directory.appendingPathComponent("train.tsv"), withIntermediateDirectories: false)
      let data = try Dataset(directory: directory, task: .regression())
      let error = #expect(throws: DatasetError.self) { try data.forEachExample(in: .train) { _ in } }
      #expect(error?.exitStatus == .missingInput)
      #expect(error?.description.hasSuffix("/train.tsv: cannot open: it is a directory; give a file") == true)
    }
  }
}
