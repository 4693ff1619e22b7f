import Graph
import Steps

/// spaCy: `frozen_components` of a pipeline, in which the whole encoder is one component and the task head another.
struct SpaCy: ExportTarget {
  let name = "spacy"
  let trainer = "spaCy 3.8.18 and spacy-transformers"
  let matching = "pipeline components by name, all that they hold"
  let check = CheckScript.parts
  /// Its `Adam.v1` decays weights as AdamW does and cuts the norm by itself (`thinc/optimizers.py`); the file leaves both alone.
  let recipe = ExpressibleRecipe(optimizers: [.adamw], recomputation: .none, clips: false)

  func tensorName(_ parameter: Parameter, _ graph: EncoderGraph) -> String? {
    parameter.isHead ? nil : "transformer.\(parameter.name)"
  }

  func expressible(_ graph: EncoderGraph) -> Expressible { .wholeEncoder(graph) }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "spaCy"),
      "A component trains whole or not at all. The head (textcat here) is spaCy's own and trains; the counts are the "
        + "encoder's.",
      "A frozen transformer must annotate, or the components that listen to it get nothing.",
      "grad_factor 0 in a listener would freeze nothing: the encoder's gradients would still be computed.",
    ] + Notes.keepsAll(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let frozen = job.trainedNames.isEmpty ? "[\"transformer\"]" : "[]"
    let text =
      try Text.header(job, self) + """
        [training]
        frozen_components = \(frozen)
        annotating_components = \(frozen)
        accumulate_gradient = \(job.recipe.accumulation)

        [components]

        [components.transformer]
        factory = "transformer"

        [components.transformer.model]
        @architectures = "spacy-transformers.TransformerModel.v3"
        name = \(Python.literal(job.plan.model.name))

        """
    return [ExportedFile(name: "spacy.cfg", text: text)]
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    guard let line = files[0].text.firstMatch(of: /\nfrozen_components = (\[[^\n]*\])\n/)?.1 else {
      throw ExportError.unproven(target: name, reason: "frozen_components is missing")
    }
    return .frozenParts(line.matches(of: /"([^"]*)"/).map { String($0.1) })
  }
}

extension Expressible {
  /// The encoder trains whole or not at all, and the head is the trainer's own and trains.
  static func wholeEncoder(_ graph: EncoderGraph) -> Expressible {
    Expressible(shapes: [
      Shape(
        graph, together: [graph.parameters.filter { !$0.isHead }.map(\.id)],
        fixed: Dictionary(uniqueKeysWithValues: graph.parameters.filter(\.isHead).map { ($0.id, true) }))
    ])
  }
}
