import Graph
import Planning
import Steps
import Units

/// A plan written for a trainer, proved: what the trainer's own matching makes of the text is what the plan trains.
public struct Export: Sendable {
  /// What was written down: the plan given, or the nearest one.
  public let plan: Plan
  public let target: any ExportTarget
  /// The trainer's files, the main one first, then the manifest and the check.
  public let files: [ExportedFile]
  public let notes: [String]
  /// What the step needs in the trainer's own memory model.
  public let prediction: TrainerPrediction
  /// Of the trainer's own names.
  public let trainedNames: [String]

  /// What a plan is for a trainer.
  public enum Outcome: Sendable {
    case exact(Export)
    /// The trainer cannot carry the plan out; where the nearest plan that it can would differ.
    case inexpressible([Difference], nearest: Nearest?)
  }

  /// The plan that a trainer can carry out and that differs in the fewest parameters.
  public struct Nearest: Sendable {
    public enum Direction: String, Sendable, Codable { case subset, superset }

    public let plan: Plan
    /// Whether it trains less than the plan asked for, or more.
    public let direction: Direction
    /// How many parameters differ.
    public let differing: Int
    /// What its step needs in the trainer's own memory model.
    public let prediction: TrainerPrediction

    /// Whether it keeps the plan's budget in the trainer's own memory model; nil where there is none.
    public var fitsTrainer: Bool? { prediction.peak.map { $0.budgetBytes <= plan.budgetBytes } }
  }

  /// Writes a plan down for a trainer, or says where it cannot be.
  ///
  /// - Throws: `PlanError` or ``ExportError`` when the plan contradicts itself, or the trainer trains no such model.
  public static func make(_ plan: Plan, for target: any ExportTarget, producer: String) throws -> Outcome {
    let job = try ExportJob(plan, for: target, producer: producer)
    if let reason = target.refusal(job.graph) {
      throw ExportError.untrainable(target: target.name, reason: reason)
    }
    let expressible = target.expressible(job.graph)
    guard !expressible.allows(job.selection, of: job.graph) else { return .exact(try Export(job, target)) }
    let nearest = try Nearest.candidates(job, expressible, target)
    // The trainer's own memory comes first; where nothing keeps to the budget there, the plan's own prediction decides.
    let fitting =
      nearest.first { $0.plan.feasible && $0.fitsTrainer == true } ?? nearest.first { $0.plan.feasible }
    return .inexpressible(
      try (fitting ?? nearest.first).map { try job.differences(from: $0.plan, for: target) }
        ?? job.contradictions(expressible, by: target),
      nearest: fitting)
  }

  private init(_ job: ExportJob, _ target: any ExportTarget) throws {
    let files = try Self.provedFiles(job, target)
    plan = job.plan
    self.target = target
    prediction = job.prediction(by: target)
    notes = target.notes(job)
    trainedNames = job.trainedNames
    self.files = files + [try Manifest(job, target, files, prediction).file, target.check.file]
  }

  /// The trainer's own files, of which its matching makes what the plan trains.
  ///
  /// - Throws: ``ExportError/unproven(target:reason:)`` where it does not, and what writing them does.
  static func provedFiles(_ job: ExportJob, _ target: any ExportTarget) throws -> [ExportedFile] {
    let files = try target.files(job)
    let trained = try target.rule(files).trained(among: job.names)
    let differences = job.differences(from: trained, by: target)
    if let first = differences.first {
      throw ExportError.unproven(
        target: target.name, reason: "\(differences.count) tensors differ, the first is \(first.name.quoted)")
    }
    return files
  }

  /// The files, the plan that they carry out among them.
  public func filesWithPlan() throws -> [ExportedFile] {
    files + [
      ExportedFile(name: Self.planFileName, text: String(decoding: try PlanFile.encode(plan), as: UTF8.self))
    ]
  }

  static let planFileName = "plan.json"
}
