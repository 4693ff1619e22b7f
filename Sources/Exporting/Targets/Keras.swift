import Graph
import Steps
import TrainerModels

/// Keras: `trainable` of whole layers of KerasHub's models, of which an encoder's block is one.
struct Keras: ExportTarget {
  let name = "keras"
  let trainer = "Keras 3.15.1 and KerasHub 0.32.0"
  let matching = "layers by name, all variables of each"
  let check = CheckScript.parts
  let memoryModel: TrainerModel? = nil
  /// Names of `keras.optimizers`; it has no blockwise 8-bit state.
  let recipe = ExpressibleRecipe(
    optimizers: Optimizer.allCases.filter { $0 != .adamw8bit }, recomputation: .none)

  /// The layer that owns the tensor, then the tensor's name in the checkpoint.
  func tensorName(_ parameter: Parameter, _ graph: EncoderGraph) -> String? {
    layer(of: parameter, graph).map { "\($0)/\(parameter.name)" }
  }

  /// Layers of `keras_hub/src/models/*/*_backbone.py` and `*_text_classifier.py`; nil where KerasHub has none such.
  private func layer(of parameter: Parameter, _ graph: EncoderGraph) -> String? {
    let group = graph.groups[parameter.group]
    if let layer = group.layer { return "transformer_layer_\(layer)" }
    let family = graph.configuration.family
    switch (group.kind, family) {
    case (.wordEmbeddings, .distilbert), (.positionEmbeddings, .distilbert):
      return "token_and_position_embedding"
    case (.wordEmbeddings, .roberta), (.positionEmbeddings, .roberta), (.wordEmbeddings, .xlmRoberta),
      (.positionEmbeddings, .xlmRoberta):
      return "embeddings"
    // One row, which KerasHub does not have.
    case (.typeEmbeddings, .roberta), (.typeEmbeddings, .xlmRoberta): return nil
    case (.wordEmbeddings, _): return "token_embedding"
    case (.positionEmbeddings, _): return "position_embedding"
    case (.typeEmbeddings, _): return "segment_embedding"
    case (.embeddingNorm, _): return "embeddings_layer_norm"
    case (.embeddingProjection, _): return "embeddings_projection"
    case (.pooler, _): return "pooled_dense"
    case (.head, _): return headLayer(of: parameter, graph)
    default: return nil
    }
  }

  /// KerasHub's classifiers; there is none for ELECTRA and none for spans.
  private func headLayer(of parameter: Parameter, _ graph: EncoderGraph) -> String? {
    guard graph.configuration.family != .electra, graph.configuration.problem != .span else { return nil }
    let isDense = parameter.name.hasPrefix("pre_classifier.") || parameter.name.hasPrefix("classifier.dense.")
    return isDense ? "pooled_dense" : "logits"
  }

  func expressible(_ graph: EncoderGraph) -> Expressible {
    let layers = Dictionary(grouping: graph.parameters) { layer(of: $0, graph) ?? "" }
    return Expressible(shapes: [
      Expressible.Shape(
        graph, together: layers.filter { $0.key != "" }.map { $0.value.map(\.id) },
        // A head that KerasHub does not have is the user's own, and trains.
        fixed: Dictionary(uniqueKeysWithValues: (layers[""] ?? []).filter(\.isHead).map { ($0.id, true) }))
    ])
  }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "Keras"),
      "Only whole layers are expressible: the flag of a single variable is lost when a model is saved and loaded.",
      "Compile after apply_plan: a compiled model keeps the variables it was compiled with.",
      "Counts are of the checkpoint's tensors; KerasHub's RoBERTa has no rows for padding positions and types.",
      "keras.RematScope is the counterpart of recomputing; it is not set here.",
    ] + Notes.keepsAll(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    func layers(_ isWanted: (TrainerTensor) -> Bool) -> [String] {
      var seen = Set<String>()
      return job.tensors.filter(isWanted).map { String($0.name.prefix { $0 != "/" }) }.filter {
        seen.insert($0).inserted
      }
    }
    let text = Text.filled(
      PackageResources.keras_py,
      [
        "HEADER": try Text.header(job, self), "TRAINABLE": Python.list(layers { $0.wanted == $0.count }),
        "FROZEN": Python.list(layers { $0.wanted == 0 }), "BATCH": String(job.recipe.microBatch),
        "ACCUMULATION": job.recipe.accumulation > 1 ? String(job.recipe.accumulation) : "None",
        "NORM": job.recipe.maximumGradientNorm.map { "\($0)" } ?? "None",
      ])
    return [ExportedFile(name: "keras_plan.py", text: text)]
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    .layers(Python.strings(assignedTo: "TRAINABLE_LAYERS", in: files[0].text))
  }
}
