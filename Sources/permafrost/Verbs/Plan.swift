import ArgumentParser
import Checkpoints
import Files
import Graph
import Optimization
import Planning
import Reporting
import Steps
import Units

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Chooses what to freeze so that training fits, and writes the plan.",
    discussion: """
      Exits with 1 where nothing fits, and says the smallest budget that would do.

      Ctrl-C ends the search with the best plan so far: it fits, says 'interrupted' of itself, claims nothing, and is written as any other, with 0. \
      Before any plan is known, or the second time, Ctrl-C ends the command with 130.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var planning: PlanningOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Where to write the plan; without, it is only shown.", valueName: "file"))
  var out: String?

  @Option(
    help: ArgumentHelp(
      "Where to write the linear program that was solved, in CPLEX LP format, for any other solver.",
      valueName: "file"))
  var dumpModel: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if device.device == nil, device.budget == nil {
      throw ValidationError(
        "missing '--device' or '--budget'; accepted is --device raspberry-pi-zero-2w or --budget 350MiB")
    }
  }

  func run() throws {
    try CommandFiles(
      reads: [.model(model.model), .device(device.device), planning.input],
      writes: [
        CommandOutput("-o", out, printing: "'--json'"), CommandOutput("--dump-model", dumpModel),
      ]
    ).check()
    let model = try model.resolve()
    let question = try planning.request(for: model, task: self.model.task.task, on: device)
    var request = question.request
    let cancellation = Cancellation()
    request.options.cancellation = cancellation
    let planner = Planner(request)
    // Until the plan is written and explained, SIGINT asks for the best so far; a second one ends the process.
    var (outcome, explanation) = try Interruption.cancelling(cancellation) {
      let answer = try solve(planner)
      guard case .plan(let plan) = answer.outcome else {
        if dumpModel != nil { output.note("nothing fits, so there is no linear program to write") }
        return (answer.outcome, PlanExplanation?.none)
      }
      try write(answer.model)
      if let out { try Interruption.held { try PlanFile.write(plan, to: out) } }
      return (answer.outcome, try output.json ? nil : planner.explain(plan))
    }
    if case .infeasible(var reason) = outcome {
      // Its steps are lowered already.
      reason.explain(planner.request, smallerModels: smallerModels(than: request))
      outcome = .infeasible(reason)
    }
    try output.print(PlanReport(outcome, of: request, runtime: question.share, explanation: explanation))
  }

  /// Plans, with progress where it takes its time.
  private func solve(_ planner: Planner) throws -> Planner.Answer {
    var reporter: ProgressReporter?
    defer { reporter?.finish() }
    return try planner.solve { progress in
      if reporter == nil {
        reporter = output.progress(total: progress.total, label: "planning", delay: .milliseconds(500))
      }
      reporter?.advance(
        to: progress.done, detail: progress.objective.map { "\(Quantity.percent($0)) captured" } ?? "")
    }
  }

  private func write(_ model: LinearModel?) throws {
    guard let dumpModel else { return }
    guard let model else {
      return output.note(
        "all that may train fits, so nothing had to be solved, and there is no linear program to write")
    }
    try AtomicFile.write(try model.lpFormat(), to: dumpModel)
  }

  /// The catalogue's models that the batch fits, with the same head.
  private func smallerModels(than request: PlanRequest) -> [(name: String, graph: EncoderGraph)] {
    ModelCatalogue.entries.compactMap { entry in
      let encoder = entry.encoder(predicting: request.graph.configuration.problem)
      guard request.recipe.sequence <= encoder.longestSequence else { return nil }
      return (entry.shortName, EncoderGraph(encoder))
    }
  }
}
