import Graph
import Planning
import Steps
import TrainerModels

/// A trainer that plans can be written for.
///
/// What it can express, the text it reads, and how it matches that text with a model's tensors: one small file in
/// `Targets/` each; `ExportTargets` lists them.
public protocol ExportTarget: Sendable {
  /// What `--to` calls it.
  var name: String { get }
  /// The trainer and the version that the text is written for: `Axolotl 0.21.0`.
  var trainer: String { get }
  /// How the trainer matches, in a few words.
  var matching: String { get }

  /// Which selections of a model it can carry out.
  func expressible(_ graph: EncoderGraph) -> Expressible

  /// Which recipes it can be told by the files, or by what it is known to do where they say nothing.
  var recipe: ExpressibleRecipe { get }

  /// The model of its memory; nil where none is known.
  var memoryModel: TrainerModel? { get }

  /// What of a plan's recipe the trainer carries out.
  func carriedOut(_ job: ExportJob) -> Recipe

  /// Whether its gradient checkpointing makes the embeddings' output require a gradient, so that backward runs through every layer.
  var checkpointingReachesEmbeddings: Bool { get }

  /// What it needs beside its memory model's bytes.
  func additions(_ job: ExportJob, bytesPerScalar: Int) -> [MemoryAddition]

  /// What the trainer calls a tensor; nil where its model has none such, because its head is its own.
  func tensorName(_ parameter: Parameter, _ graph: EncoderGraph) -> String?

  /// How it trains some nodes of a pair; nil where it cannot.
  var splitting: NodeSplitting? { get }

  /// Why it cannot train this model at all, as the end of a sentence; nil where it can.
  func refusal(_ graph: EncoderGraph) -> String?

  /// What the trainer does to memory, and what else a reader of the file should know; a sentence each.
  func notes(_ job: ExportJob) -> [String]

  /// The files, the main one first.
  ///
  /// - Parameter job: a selection that is expressible here.
  func files(_ job: ExportJob) throws -> [ExportedFile]

  /// What the trainer makes of the text of the files: read back from them, not from the plan.
  ///
  /// - Throws: ``ExportError/unproven(target:reason:)``.
  func rule(_ files: [ExportedFile]) throws -> MatchingRule

  /// The file beside the others that compares a live model with the manifest.
  var check: CheckScript { get }
}

extension ExportTarget {
  public var splitting: NodeSplitting? { nil }
  public func refusal(_ graph: EncoderGraph) -> String? { nil }
  public var check: CheckScript { .torch }
  public var recipe: ExpressibleRecipe { ExpressibleRecipe() }
  public var memoryModel: TrainerModel? { .pytorch }
  public var checkpointingReachesEmbeddings: Bool { false }
  public func carriedOut(_ job: ExportJob) -> Recipe { recipe.carriedOut(job.recipe) }
  public func additions(_ job: ExportJob, bytesPerScalar: Int) -> [MemoryAddition] { [] }

  /// As in transformers' task model.
  public func tensorName(_ parameter: Parameter, _ graph: EncoderGraph) -> String? {
    graph.qualifiedName(parameter)
  }

  public func expressible(_ graph: EncoderGraph) -> Expressible {
    .tensors(graph, splitsNodes: splitting != nil)
  }
}

extension ExportTarget {
  /// What a plan has to keep to, so that it can be written for this trainer.
  ///
  /// - Throws: ``ExportError/untrainable(target:reason:)`` where it trains no model like this one.
  public func planTarget(for graph: EncoderGraph) throws(ExportError) -> PlanTarget {
    if let reason = refusal(graph) { throw .untrainable(target: name, reason: reason) }
    return PlanTarget(name: name, recipe: recipe) { expressible($0) }
  }
}
