import ArgumentParser
import Checkpoints
import Devices
import Foundation
import Planning
import Reporting

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Says, without training, whether plans are still valid for a model and for devices.",
    discussion: "Exits with 1 where a check failed; a plan of another schema is one.")

  @Argument(help: ArgumentHelp("Plans by 'permafrost plan'.", valueName: "plan"))
  var plans: [String]

  @Option(help: "The model to use them for; by default the shape that each plan records.")
  var model: String?

  @OptionGroup var places: PlacesOptions
  @OptionGroup var trainer: TrainerOptions
  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var files: CheckFileOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if files.annotate != nil, output.json {
      throw ValidationError("'--annotate' and '--json' both want standard output; give one")
    }
  }

  func run() throws {
    let read = plans.map { CommandInput.file("the plan", $0) } + places.device.map(CommandInput.device)
    try CommandFiles(reads: read + [.model(model)], writes: files.outputs).check()
    let places = try places.places()
    let report = CheckReport(try plans.map { try check($0, places) })
    try Interruption.held { try files.write(report) }
    switch files.annotate {
    case .github: try output.print(GitHubCheckReport(report))
    case nil: try output.print(report)
    }
  }

  private func check(_ path: String, _ places: [CheckPlace]) throws -> PlanCheck {
    let plan: Plan
    do {
      plan = try PlanFile.readPlan(path)
    } catch PlanError.wrongSchema(_, _, let schema) {
      return PlanCheck(path: path, text: text(path), otherSchema: schema)
    }
    let model = try model.map { try ModelSource.resolve($0, problem: plan.model.configuration.problem) }
    let used = trainer.choice(for: plan).trainer
    // Measured once for all devices whose profiles give no figure of their own.
    var shares: [Int?: RuntimeShare] = [:]
    return try PlanCheck(
      plan, path: path, text: text(path), model: model, places: places, minimum: self.places.minimum,
      trainer: trainer.trainer.map { ($0, trainer.options) }
    ) { place, graph, recipe in
      if used != .permafrost, used == plan.trainer, runtime.runtime == nil {
        // What was known of the process when the plan was made.
        return RuntimeShare(bytes: plan.runtimeBytes, source: .recorded)
      }
      let share =
        try shares[place.device?.runtimeBytes]
        ?? runtime.share(of: used, on: place.device, graph, recipe, isPlanned: false)
      shares[place.device?.runtimeBytes] = share
      return share
    }
  }

  private func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}

/// Where plans are to be used, and what has to be left there.
struct PlacesOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A device's name ('permafrost devices'), or a path to a profile of your own; can be given several times.",
      valueName: "name|file"))
  var device: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Bytes that the process may use, instead of a device: 350MiB.", valueName: "bytes"),
    transform: Accepted.budget)
  var budget: Int?

  @Flag(help: "Clean pages of mapped weights cost nothing: the system can drop them and read them again.")
  var mappedFree = false

  @Option(
    name: .customLong("min-headroom"), parsing: .unconditional,
    help: ArgumentHelp("What has to be left of each budget: 5%, or 20MiB.", valueName: "share|bytes"),
    transform: Accepted.headroom)
  var minimum: MinimumHeadroom?

  func validate() throws {
    if !device.isEmpty, budget != nil {
      throw ValidationError("'--device' and '--budget' exclude each other; give one")
    }
  }

  /// - Throws: `DeviceError`.
  func places() throws -> [CheckPlace] {
    if let budget {
      return [CheckPlace(device: nil, budget: Budget(bytes: budget, mappedFree: mappedFree))]
    }
    if device.isEmpty { return [.recorded] }
    return try device.map { name in
      let profile = try DeviceCatalogue.load(nameOrPath: name)
      return CheckPlace(device: profile, budget: Budget(on: profile, mappedFree: mappedFree))
    }
  }
}
