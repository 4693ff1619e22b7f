import ArgumentParser
import Checkpoints
import Graph
import Tasks

/// The model to work on.
struct ModelOptions: ParsableArguments {
  @Argument(
    help:
      "A name of the catalogue ('permafrost models'), a directory with config.json, or a repository in the Hugging Face cache."
  )
  var model: String

  @OptionGroup var task: TaskOptions

  /// - Throws: what `ModelSource.resolve` does, and `ValidationError`.
  func resolve(needsWeights: Bool = false) throws -> Model {
    try ModelSource.resolve(model, problem: try task.problem(), needsWeights: needsWeights)
  }
}

/// What the head predicts.
struct TaskOptions: ParsableArguments {
  @Option(
    help: "The task, which decides the head: \(TaskDefinition.names.joined(separator: ", ")).",
    transform: { name in
      do { _ = try TaskDefinition.named(name) } catch { throw ValidationError("\(error)") }
      return name
    })
  var task: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Classes or labels of the head; by default those of the task or of config.json, else 2.", valueName: "n"),
    transform: Accepted.count(Accepted.labels))
  var labels: Int?

  func validate() throws { _ = try problem() }

  /// The head that the options ask for; nil leaves it to the model.
  ///
  /// - Throws: `ValidationError` where they contradict each other.
  func problem() throws -> Problem? {
    guard let task else { return labels.map { .classification(labels: $0) } }
    switch try TaskDefinition.named(task).target {
    case .number:
      if labels != nil {
        throw ValidationError("'--labels' does not go with '\(task)', which predicts a number")
      }
      return .regression
    case .fixedClasses(let values, _):
      if let labels, labels != values.count {
        throw ValidationError("'--labels \(labels)' contradicts '\(task)', which has \(values.count) classes")
      }
      return .classification(labels: values.count)
    case .collectedClasses: return labels.map { .classification(labels: $0) }
    case .collectedLabels:
      guard let labels else {
        throw ValidationError("'\(task)' needs '--labels', as its labels are the data's own")
      }
      return .multiLabel(labels: labels)
    case .answer:
      if labels != nil {
        throw ValidationError("'--labels' does not go with '\(task)', which predicts where an answer stands")
      }
      return .span
    }
  }
}
