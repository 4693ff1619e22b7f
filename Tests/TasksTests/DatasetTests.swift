import Foundation
import Testing

@testable import Tasks

@Suite("Reading data sets")
struct DatasetTests {
  private func examples(
    _ files: [String: String], _ task: TaskDefinition, _ split: Split = .train
  ) throws -> [Example] {
    try withDirectory(files) { directory in
      var examples: [Example] = []
      try Dataset(directory: directory, task: task).forEachExample(in: split) { examples.append($0) }
      return examples
    }
  }

  @Test("the same examples come from TSV, CSV and JSON lines")
  func formats() throws {
    let expected = [
      Example(text: "turn it off", pair: nil, label: .category(1)),
      Example(text: "is it on", pair: nil, label: .category(0)),
    ]
    for (name, content) in [
      ("tsv", "id\ttext\tlabel\n1\tturn it off\tswitch\n2\tis it on\tquery\n"),
      ("tsv", "\u{FEFF}text\tlabel\r\nturn it off\tswitch\r\n\r\nis it on\tquery"),
      ("csv", "label,sentence\nswitch,turn it off\nquery,is it on\n"),
      ("csv", "\u{FEFF}\"text\",\"label\"\r\n\"turn it off\",switch\r\n\nis it on,\"query\""),
      (
        "jsonl",
        "{\"text\": \"turn it off\", \"label\": \"switch\"}\n\n{\"label\":\"query\",\"text\":\"is it on\"}"
      ),
    ] {
      let files = ["train.\(name)": content, "dev.\(name)": content]
      #expect(try examples(files, .classification()) == expected, "\(content)")
      #expect(try examples(files, .classification(), .development) == expected, "\(content)")
    }
  }

  @Test("CSV fields may hold commas, quotes and line breaks; TSV takes quotes as they are")
  func quotes() throws {
    let csv = "text,label\n\"say \"\"on\"\", please\nnow\",1\n,2\n"
    let fromCSV = try examples(["train.csv": csv, "dev.csv": csv], .regression())
    #expect(fromCSV.map(\.text) == ["say \"on\", please\nnow", ""])
    #expect(fromCSV.map(\.label) == [.score(1), .score(2)])
    let tsv = "text\tlabel\n\"say\t1\nit\"\"\t2\n"
    #expect(
      try examples(["train.tsv": tsv, "dev.tsv": tsv], .regression()).map(\.text) == ["\"say", "it\"\""])
  }

  @Test("GLUE's own layouts are read: CoLA without a header, pairs for MRPC and STS-B")
  func glue() throws {
    let cola = "gj04\t1\t\tThe boat sank.\ngj04\t0\t*\tThe boat sank the.\n"
    let expected = [
      Example(text: "The boat sank.", pair: nil, label: .category(1)),
      Example(text: "The boat sank the.", pair: nil, label: .category(0)),
    ]
    #expect(try examples(["train.tsv": cola, "dev.tsv": cola], .cola) == expected)

    let mrpc = "\u{FEFF}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t2\t3\t\" A\tB \"\n"
    #expect(
      try examples(["train.tsv": mrpc, "dev.tsv": mrpc], .mrpc)
        == [Example(text: "\" A", pair: "B \"", label: .category(1))])

    let copy = "{\"sentence1\": \"A\", \"sentence2\": \"B\", \"label\": 0, \"idx\": 7}\n"
    #expect(
      try examples(["train.jsonl": copy, "validation.jsonl": copy], .mrpc, .development)
        == [Example(text: "A", pair: "B", label: .category(0))])

    let stsb = "index\tsentence1\tsentence2\tscore\n0\tA\tB\t3.800\n"
    #expect(
      try examples(["train.tsv": stsb, "test.tsv": stsb], .stsb, .development)
        == [Example(text: "A", pair: "B", label: .score(3.8))])
  }

  @Test("columns can be named, and a pair asked for")
  func columns() throws {
    let task = try TaskDefinition.named(
      "classification", columns: .init(text: ["question"], pair: ["answer"], label: ["right"]))
    let csv = "right,question,answer\nno,a,b\nyes,c,d\n"
    #expect(
      try examples(["train.csv": csv, "dev.csv": csv], task)
        == [
          Example(text: "a", pair: "b", label: .category(0)),
          Example(text: "c", pair: "d", label: .category(1)),
        ])
  }

  @Test("an example has any number of labels, however the file lists them")
  func severalLabels() throws {
    let expected = [[0, 2], [], [1], [0, 1]]
    for (name, content, separator) in [
      ("tsv", "text\tlabel\na\tx,z\nb\t\nc\ty\nd\tx, y,x\n", Character(",")),
      ("csv", "text,label\na,\"x,z\"\nb,\nc,y\nd,\"[\"\"y\"\", \"\"x\"\"]\"\n", ","),
      ("csv", "label,text\nx|z,a\n,b\n y ,c\nx||y,d\n", "|"),
      (
        "jsonl",
        """
        {"text": "a", "label": ["z", "x"]}
        {"text": "b", "label": null}
        {"text": "c", "label": "y"}
        {"text": "d", "label": "x,y"}
        """, ","
      ),
    ] {
      let found = try examples(
        ["train.\(name)": content, "dev.\(name)": content], .multiLabel(separator: separator))
      #expect(found.map(\.label) == expected.map { .categories($0) }, "\(content)")
    }
  }

  @Test("TREC's lines are Latin-1, and their coarse classes are numbered as in the Hugging Face copy")
  func trec() throws {
    let lines = Data("NUM:dist How far is it ?\nENTY:food What is cr".utf8) + [0xE8] + Data("me ?\r\n".utf8)
    try withDirectory(bytes: ["train.txt": lines, "dev.txt": Data("HUM:desc Who ?".utf8)]) { directory in
      let data = try Dataset(directory: directory, task: .trec)
      var found: [Example] = []
      try data.forEachExample(in: .train) { found.append($0) }
      #expect(
        found == [
          Example(text: "How far is it ?", pair: nil, label: .category(5)),
          Example(text: "What is crème ?", pair: nil, label: .category(1)),
        ])
      #expect(data.labels?.names.count == 6)
    }
  }

  @Test("collected labels are sorted, as numbers if all of them are")
  func labelOrder() {
    #expect(LabelSet(collected: ["10", "9", "-1"]).values == ["-1", "9", "10"])
    #expect(LabelSet(collected: ["10", "9", "b"]).values == ["10", "9", "b"])
    #expect(LabelSet(collected: ["b", "a"]).index(of: "b") == 1)
  }

  @Test("the first file by split name and then by extension is read")
  func precedence() throws {
    let files = [
      "train.tsv": "text\tlabel\nx\t1\n", "train.csv": "text,label\ny,1\n", "test.tsv": "text\tlabel\nt\t1\n",
      "validation.jsonl": #"{"text": "v", "label": 2}"#,
    ]
    #expect(try examples(files, .regression()).map(\.text) == ["x"])
    #expect(try examples(files, .regression(), .development).map(\.text) == ["v"])
  }

  @Test("an unknown task is refused with the known ones")
  func unknownTask() {
    for name in TaskDefinition.names { #expect((try? TaskDefinition.named(name))?.name == name) }
    let error = #expect(throws: DatasetError.self) { try TaskDefinition.named("snli") }
    #expect(
      error?.description
        == "unknown task \"snli\"; choose one of " + TaskDefinition.names.joined(separator: ", "))
  }
}
