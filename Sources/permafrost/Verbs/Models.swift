import ArgumentParser
import Checkpoints
import Reporting

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Lists the built-in catalogue, or shows a model's groups and sizes.")

  @Argument(
    help: "A name of the catalogue, a directory with config.json, or a repository in the Hugging Face cache.")
  var name: String?

  @OptionGroup var task: TaskOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if name == nil, task.task != nil || task.labels != nil {
      throw ValidationError("'--task' and '--labels' decide a model's head; name a model, too")
    }
  }

  func run() throws {
    if let name {
      try output.print(ModelReport(ModelSource.resolve(name, problem: task.problem())))
    } else {
      try output.print(ModelListReport(ModelCatalogue.entries))
    }
  }
}
