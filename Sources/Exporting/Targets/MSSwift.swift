import Graph

/// ms-swift: everything frozen by ratio, and one expression for what trains.
struct MSSwift: ExportTarget {
  let name = "ms-swift"
  let trainer = "ms-swift 4.6.0"
  /// transformers' `enable_input_require_grads`.
  let checkpointingReachesEmbeddings = true
  let matching = "one regular expression searched in every name (re.search), after freezing everything"

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "ms-swift"),
      "An expression that is none makes ms-swift warn and go on: with freeze_parameters_ratio 1.0 nothing trains then, "
        + "without it everything does. Keep both keys.",
      "trainable_parameters, which is not used here, takes prefixes: 'encoder.layer.1' would also mean 10 and 11.",
      "The keys are of 4.x; 3.x calls tuner_type train_type, 2.x sft_type. Only tuner_type full obeys them.",
      "Gradient checkpointing is on by default, so it is set here either way.",
      "Add dataset, learning_rate and what else your run needs.",
    ] + Notes.checkpointing(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    var entries: [(key: String, value: TrainerSettings.Value)] = [
      ("model", .text(job.plan.model.name)), ("tuner_type", .text("full")),
      ("freeze_parameters_ratio", .real(1)),
    ]
    if let expression = job.patterns.expression() {
      entries.append(("trainable_parameters_regex", .text("^\(expression)$")))
    }
    if job.graph.configuration.problem != .span {
      entries += [
        ("task_type", .text("seq_cls")), ("num_labels", .number(job.graph.configuration.problem.outputs)),
      ]
    }
    entries += TrainerSettings.arguments(job.recipe)
    entries += [
      ("max_length", .number(job.recipe.sequence)), ("gradient_checkpointing", .flag(job.recomputes)),
    ]
    return [ExportedFile(name: "swift.yaml", text: try Text.header(job, self) + TrainerSettings.yaml(entries))]
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    let mapping = try YAML.mapping(files[0])
    guard try mapping.value("freeze_parameters_ratio", as: Double.self) == 1 else { return .everything }
    guard mapping["trainable_parameters_regex"] != nil else { return .exactly([]) }
    return .searched(try mapping.value("trainable_parameters_regex"))
  }
}
