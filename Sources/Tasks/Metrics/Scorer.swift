import Foundation

/// Turns logits into predictions, example by example in the order of a prepared file, and scores them by a task.
///
/// ```swift
/// var scorer = try Scorer(data, task: .squad, keepsPredictions: false)
/// for index in 0..<data.count { try scorer.add(data[index], logits: logits(of: index)) }
/// let scores = try scorer.scores()
/// ```
public struct Scorer {
  private let data: PreparedData
  private let task: TaskDefinition
  private let keepsPredictions: Bool
  private var classes: (predicted: [Int], actual: [Int]) = ([], [])
  private var numbers: (predicted: [Double], actual: [Double]) = ([], [])
  private var labels = MultiLabelTally(labelCount: 0)
  private var answers = AnswerTally(mayBeMissing: false)
  private var questions: QuestionReader?
  /// The question of the window that was added last.
  private var open: (question: QuestionRecord, decoder: AnswerDecoder, windows: Int)?
  private var lines: [String] = []

  /// - Throws: `PreparedDataError` where the file of questions beside that of their windows cannot be read.
  public init(_ data: PreparedData, task: TaskDefinition, keepsPredictions: Bool) throws {
    self.data = data
    self.task = task
    self.keepsPredictions = keepsPredictions
    switch data.objective {
    case .classification, .regression: break
    case .multiLabel(let count): labels = MultiLabelTally(labelCount: count)
    case .span:
      let reader = try QuestionReader(besides: data.path)
      answers = AnswerTally(mayBeMissing: reader.mayBeMissing)
      questions = reader
    }
  }

  /// Adds the next example.
  ///
  /// - Parameter logits: as many as the head has outputs; for a span, two a token.
  /// - Throws: `PreparedDataError` where the file of questions does not go with that of their windows.
  public mutating func add(_ example: PreparedData.Example, logits: some RandomAccessCollection<Float>) throws {
    switch data.label(of: example) {
    case .category(let label):
      classes.predicted.append(logits.enumerated().max { $0.element < $1.element }?.offset ?? 0)
      classes.actual.append(label)
      keep("\(label)", logits)
    case .score(let score):
      numbers.predicted.append(Double(logits.first ?? 0))
      numbers.actual.append(Double(score))
      keep("\(score)", logits)
    case .categories(let actual):
      // More likely than not: a sigmoid above one half.
      labels.add(predicted: logits.enumerated().filter { $0.element > 0 }.map(\.offset), actual: actual)
      keep(actual.map(String.init).joined(separator: ","), logits)
    case .span: try addWindow(logits)
    case nil: break  // A file is checked when it is opened.
    }
  }

  /// The task's metrics on all examples, the headline first.
  ///
  /// - Throws: `PreparedDataError` where questions are left without their windows.
  public mutating func scores() throws -> [Score] {
    if let open { try close(open) }
    if let rest = try questions?.next() { throw mismatch("no window of question '\(rest.id)' is prepared") }
    return task.scores { metric in
      switch data.objective {
      case .classification: metric.value(predicted: classes.predicted, actual: classes.actual)
      case .regression: metric.value(predicted: numbers.predicted, actual: numbers.actual)
      case .multiLabel: metric.value(labels)
      case .span: metric.value(answers)
      }
    }
  }

  /// What was predicted, if it is kept, once `scores` was called.
  ///
  /// For questions the official predictions JSON, from ids to answers. For the rest a line an example: the label (a
  /// class, a score, or the labels that apply with commas between them), then the logits, separated by tabs.
  public var predictions: String {
    data.objective == .span
      ? "{\n" + lines.joined(separator: ",\n") + "\n}\n" : lines.joined(separator: "\n") + "\n"
  }

  private mutating func keep(_ label: String, _ logits: some Collection<Float>) {
    guard keepsPredictions else { return }
    lines.append(([label] + logits.map { "\($0)" }).joined(separator: "\t"))
  }

  // MARK: Questions

  private mutating func addWindow(_ logits: some RandomAccessCollection<Float>) throws {
    if let open, open.windows == open.question.windowCount { try close(open) }
    if open == nil {
      guard let question = try questions?.next() else { throw mismatch("windows of no question are prepared") }
      open = (question, AnswerDecoder(question, mayBeMissing: answers.mayBeMissing), 0)
    }
    guard let question = open?.question, let window = open?.windows,
      question.positions(inWindow: window).upperBound <= logits.count / 2
    else { throw mismatch("the questions are of other windows") }
    open?.decoder.add(window: window, logits: logits)
    open?.windows += 1
  }

  private mutating func close(_ done: (question: QuestionRecord, decoder: AnswerDecoder, windows: Int)) throws {
    guard done.windows == done.question.windowCount else {
      throw mismatch("windows of question '\(done.question.id)' are missing")
    }
    let prediction = done.decoder.prediction
    answers.add(prediction, gold: done.question.answers)
    open = nil
    guard keepsPredictions else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let (id, text) = (try encoder.encode(done.question.id), try encoder.encode(prediction.text))
    lines.append("  \(String(decoding: id, as: UTF8.self)): \(String(decoding: text, as: UTF8.self))")
  }

  private func mismatch(_ reason: String) -> PreparedDataError {
    questions?.malformed(reason) ?? .malformed(path: data.path, reason: reason)
  }
}
