import ArgumentParser
import Checkpoints
import Devices
import Files
import Foundation
import Optimization
import Planning
import Reporting
import Steps

struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Plans for many budgets: what each MiB buys, on every model and device.",
    discussion: """
      Budgets rise in equal ratios from the least under which a model trains to what training everything needs, or to a \
      device's budget where that is less. Exits with 1 where nothing fits anywhere.

      Ctrl-C ends it with the points that are done, as a sweep of their budgets alone; the second time, or in a shard, with 130 and nothing.
      """)

  @Argument(help: "Models, named as for 'permafrost plan'.")
  var models: [String]

  @OptionGroup var task: TaskOptions

  @Option(
    help: ArgumentHelp(
      "A device's name, or a path to a profile of your own; may be given again.", valueName: "name|file"))
  var device: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The smallest budget, instead of a device's range: 200MiB.", valueName: "bytes"),
    transform: Accepted.budget)
  var from: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The largest budget, instead of a device's range: 2GiB.", valueName: "bytes"),
    transform: Accepted.budget)
  var to: Int?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Budgets for each model and device (20).", valueName: "n"),
    transform: Accepted.count(1...10_000))
  var points = 20

  @Flag(help: "Clean pages of mapped weights cost nothing: the system can drop them and read them again.")
  var mappedFree = false

  @OptionGroup var planning: PlanningOptions

  @Option(
    help: ArgumentHelp(
      "Only every n-th point from the i-th on; 'permafrost merge' puts them together.", valueName: "i/n"),
    transform: { text in
      guard let shard = Shard(text) else {
        throw ValidationError("accepted is a part of all, such as 2/8")
      }
      return shard
    })
  var shard: Shard = .whole

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Points to plan at once, at most; by default as many as cores.", valueName: "n"),
    transform: Accepted.count(Accepted.threads))
  var jobs: Int?

  @Option(help: ArgumentHelp("A folder to write every point's plan to.", valueName: "dir"))
  var plans: String?

  @OptionGroup var files: SweepOutputOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if !device.isEmpty, from != nil || to != nil {
      throw ValidationError("'--device' and '--from' or '--to' exclude each other; a device has its own range")
    }
    if let from, let to, from > to { throw ValidationError("'--from' is more than '--to'") }
    guard !shard.isWhole else { return }
    if files.csv != nil || files.svg != nil {
      throw ValidationError("'--csv' and '--svg' need all shards; give them to 'permafrost merge'")
    }
  }

  func run() throws {
    let read = models.map(CommandInput.model) + device.map(CommandInput.device) + [planning.input]
    try CommandFiles(reads: read, writes: [CommandOutput("--plans", plans, .folder)] + files.outputs).check()
    let cancellation = Cancellation()
    let sweep = try SweepRun(questions(cancellation), shard: shard)
    let progress = output.progress(total: sweep.pointCount, label: "planning")
    let jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
    let result = try Interruption.cancelling(cancellation) {
      try sweep(jobs: jobs) { progress.advance(to: $0, detail: "") }
    }
    progress.finish()
    let planned = result.sweep.points.count
    if planned < sweep.pointCount {
      output.note(
        "interrupted: \(planned) of \(sweep.pointCount) points are planned, and the sweep is of these alone")
    }
    try write(result.plans, of: result.sweep)
    try files.write(result.sweep)
    try output.print(SweepReport(result.sweep))
  }

  /// One for each model and device.
  private func questions(_ cancellation: Cancellation) throws -> [SweepQuestion] {
    let profiles = try device.map { (name: $0, profile: try DeviceCatalogue.load(nameOrPath: $0)) }
    return try models.flatMap { name in
      let model = try ModelSource.resolve(name, problem: task.problem())
      guard !profiles.isEmpty else { return [try question(model, nil, nil, cancellation)] }
      return try profiles.map { try question(model, $0.name, $0.profile, cancellation) }
    }
  }

  private func question(
    _ model: Model, _ name: String?, _ profile: DeviceProfile?, _ cancellation: Cancellation
  ) throws -> SweepQuestion {
    var options = DeviceOptions()
    options.device = name
    // Every point has a budget of its own.
    options.budget = name == nil ? Accepted.leastBudget : nil
    options.mappedFree = mappedFree
    var (request, share) = try planning.request(for: model, task: task.task, on: options)
    if !shard.isWhole, share.source == .measured {
      throw ValidationError(
        "'--shard' needs '--runtime', such as --runtime 30MiB: measured, it could differ from shard to shard")
    }
    request.options.cancellation = cancellation
    let budgets = BudgetSpread(from: from, to: to, limit: profile?.budgetBytes, count: points)
    return SweepQuestion(request, budgets: budgets)
  }

  private func write(_ plans: [Plan], of sweep: Sweep) throws {
    guard let folder = self.plans else { return }
    try Interruption.held {
      try makeDirectory(folder)
      for (point, plan) in zip(sweep.points.filter { $0.plan != nil }, plans) {
        try PlanFile.write(plan, to: "\(folder)/\(sweep.planFileName(of: point))")
      }
    }
  }
}
