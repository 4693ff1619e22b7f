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
    let isFrozen = job.trainedNames.isEmpty
    return [
      Notes.peak(job, "spaCy"),
      "A component trains whole or not at all. The head (textcat here) is spaCy's own and trains; the counts are the "
        + "encoder's.",
      "These sections stand in place of your configuration's own of the same names.",
    ]
      + (isFrozen
        ? [
          "spaCy initializes nothing that is frozen (training/initialize.py), so a frozen transformer comes from a saved "
            + "pipeline: python -m spacy assemble \(Self.encoderFile) \(Self.encoderFolder), with your language as --nlp.lang.",
          "A frozen transformer must annotate, or the components that listen to it get nothing.",
        ] : [])
      + [
        "grad_factor 0 in a listener would freeze nothing: the encoder's gradients would still be computed.",
        "window and stride are spaCy's quickstart's, in its own tokens; the plan's sequence is in word pieces.",
      ] + Notes.keepsAll(job) + Notes.batch(job)
  }

  private static let encoderFile = "spacy_encoder.cfg"
  /// Where the saved pipeline of a frozen encoder is, from where spaCy runs.
  private static let encoderFolder = "encoder"

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let isFrozen = job.trainedNames.isEmpty
    let frozen = isFrozen ? "[\"transformer\"]" : "[]"
    let header = try Text.header(job, self)
    let component = Self.component(job.plan.model.name)
    let training = """
      [training]
      frozen_components = \(frozen)
      annotating_components = \(frozen)
      accumulate_gradient = \(job.recipe.accumulation)

      [components]

      [components.transformer]

      """
    guard isFrozen else { return [ExportedFile(name: "spacy.cfg", text: header + training + component)] }
    let pipeline = """
      [nlp]
      lang = "en"
      pipeline = ["transformer"]

      [components]

      [components.transformer]

      """
    return [
      ExportedFile(name: "spacy.cfg", text: header + training + "source = \"\(Self.encoderFolder)\"\n"),
      ExportedFile(name: Self.encoderFile, text: header + pipeline + component),
    ]
  }

  /// The rest of the component's sections, made new from a model (spacy-transformers 1.4.0, `architectures.py`).
  private static func component(_ model: String) -> String {
    """
    factory = "transformer"

    [components.transformer.model]
    @architectures = "spacy-transformers.TransformerModel.v3"
    name = \(Python.literal(model))
    tokenizer_config = {"use_fast": true}

    [components.transformer.model.get_spans]
    @span_getters = "spacy-transformers.strided_spans.v1"
    window = 128
    stride = 96

    """
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    guard let line = files[0].text.firstMatch(of: /\nfrozen_components = (\[[^\n]*\])\n/)?.1 else {
      throw ExportError.unproven(target: name, reason: "frozen_components is missing")
    }
    let frozen = line.matches(of: /"([^"]*)"/).map { String($0.1) }
    guard frozen.isEmpty || files[0].text.contains("\nsource = ") else {
      throw ExportError.unproven(
        target: name, reason: "what is frozen has no source, so spaCy would not initialize it")
    }
    return .frozenParts(frozen)
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
