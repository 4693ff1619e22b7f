import Graph
import Steps

/// Ludwig: one expression for what is frozen of its text encoder; its decoder, the task head, is its own and trains.
struct Ludwig: ExportTarget {
  let name = "ludwig"
  let trainer = "Ludwig 0.17.10"
  /// transformers' `enable_input_require_grads`.
  let checkpointingReachesEmbeddings = true
  let matching = "one regular expression searched in every name (re.search): what it finds is frozen"

  /// Where the encoder's tensors are when the input feature is called `text` (`FEATURE_NAME_SUFFIX` in
  /// `features/feature_utils.py`, `FreezeModule` in `utils/torch_utils.py`).
  static let prefix = "input_features.module_dict.text__ludwig.encoder_obj.transformer.module."

  func tensorName(_ parameter: Parameter, _ graph: EncoderGraph) -> String? {
    parameter.isHead ? nil : Self.prefix + parameter.name
  }

  func expressible(_ graph: EncoderGraph) -> Expressible {
    .tensors(
      graph,
      fixed: Dictionary(uniqueKeysWithValues: graph.parameters.filter(\.isHead).map { ($0.id, true) }))
  }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "Ludwig"),
      "Ludwig loads the encoder alone and puts its own decoder on it, which trains; the counts are the encoder's.",
      "The names hold while the input feature is called text. An expression that finds nothing is only logged: run "
        + "\(CheckScript.fileName).",
      "encoder.trainable must be true: Ludwig freezes encoders by default.",
    ] + Notes.checkpointing(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let inner = NamePatterns(
      matching: Set(job.trainedNames.map { String($0.dropFirst(Self.prefix.count)) }),
      among: job.names.map { String($0.dropFirst(Self.prefix.count)) })
    let kept = inner.expression().map { "(?!\($0)$)" } ?? ""
    let frozen = "^" + Self.prefix.replacing(".", with: "\\.") + kept
    var text = try Text.header(job, self)
    text += "model_type: ecd\ninput_features:\n  - name: text\n    type: text\n    encoder:\n"
    text += TrainerSettings.yaml(
      [
        ("type", .text(Self.encoder(job.graph.configuration.family))),
        ("pretrained_model_name_or_path", .text(job.plan.model.name)),
        ("use_pretrained", .flag(true)), ("trainable", .flag(true)),
      ], indent: 6)
    text +=
      "output_features:\n  - name: label\n    type: \(Self.output(job.graph.configuration.problem))\ntrainer:\n"
    text += TrainerSettings.yaml(
      [
        ("layers_to_freeze_regex", .text(frozen)), ("batch_size", .number(job.recipe.microBatch)),
        ("gradient_accumulation_steps", .number(job.recipe.accumulation)),
        ("enable_gradient_checkpointing", .flag(job.recomputes)),
      ], indent: 2)
    text += "  optimizer:\n" + Self.optimizer(job.recipe.optimizer)
    if let norm = job.recipe.maximumGradientNorm {
      text += "  gradient_clipping:\n    clipglobalnorm: \(norm)\n"
    }
    return [ExportedFile(name: "ludwig.yaml", text: text)]
  }

  /// Names of `ludwig/encoders/text_encoders.py`.
  private static func encoder(_ family: ModelFamily) -> String {
    family == .xlmRoberta ? "xlmroberta" : family.rawValue
  }

  private static func output(_ problem: Problem) -> String {
    switch problem {
    case .classification: "category"
    case .regression: "number"
    case .multiLabel: "set"
    case .span: "category"
    }
  }

  /// Names of `ludwig/schema/optimizers.py`.
  private static func optimizer(_ optimizer: Optimizer) -> String {
    switch optimizer {
    case .adamw8bit: "    type: 'adamw_8bit'\n"
    case .sgdMomentum: "    type: 'sgd'\n    momentum: 0.9\n"
    case .adamw, .adafactor, .lion, .sgd: "    type: '\(optimizer.rawValue)'\n"
    }
  }

  func refusal(_ graph: EncoderGraph) -> String? {
    graph.configuration.problem == .span
      ? "Ludwig has no output feature that marks a span; use one of the targets on transformers" : nil
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    .frozenWhereSearched([try YAML.mapping(files[0]).value("trainer", "layers_to_freeze_regex")])
  }
}
