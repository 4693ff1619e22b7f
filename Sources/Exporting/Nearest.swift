import Graph
import Planning
import Steps

extension Export.Nearest {
  /// The largest expressible plan within the one asked for and the smallest around it, the nearer first.
  static func candidates(
    _ job: ExportJob, _ expressible: Expressible, _ target: any ExportTarget
  ) throws -> [Export.Nearest] {
    let asked = job.selection.trainedCount(of: job.graph)
    let found: [(Selection?, Direction)] = [
      (expressible.subset(of: job.selection, job.graph), .subset),
      (expressible.superset(of: job.selection, job.graph), .superset),
    ]
    return try found.compactMap { selection, direction in
      try selection.map {
        var plan = job.plan.with($0, of: job.graph)
        plan.target = target.recipe.allows(plan.recipe) ? target.name : nil
        return Export.Nearest(
          plan: plan, direction: direction, differing: abs($0.trainedCount(of: job.graph) - asked),
          prediction: try ExportJob(plan, for: target, producer: job.producer).prediction(by: target))
      }
    }.sorted { $0.differing < $1.differing }
  }
}

extension Plan {
  /// The plan with another trainable set: simulated again, under the same recipe and budget.
  func with(_ selection: Selection, of graph: EncoderGraph) -> Plan {
    let hasPrefix = trainable.contains { $0.hasPrefix(graph.configuration.family.namePrefix) }
    var request = PlanRequest(
      graph: graph, modelName: model.name, modelIdentity: model.identity, recipe: recipe,
      // The scores that the plan was made with are not in it.
      scores: .prior(graph, modelIdentity: model.identity), budgetBytes: budgetBytes, mappedFree: mappedFree,
      runtimeBytes: runtimeBytes, device: device, task: task,
      naming: { hasPrefix ? graph.qualifiedName($0) : $0.name })
    request.trainer = trainer
    if let trainerOptions { request.trainerOptions = trainerOptions }
    return Plan.given(selection, request, keeping: learnerNodes)
  }
}

extension ExportJob {
  /// Where a plan that the trainer can carry out differs from this one.
  func differences(from other: Plan, for target: any ExportTarget) throws -> [Difference] {
    let selection = try other.selection(of: graph)
    return graph.parameters.compactMap { parameter in
      let planned = self.selection.trainedCount(parameter, of: graph)
      let trained = selection.trainedCount(parameter, of: graph)
      guard planned != trained else { return nil }
      return Difference(
        name: target.tensorName(parameter, graph) ?? parameter.name, count: parameter.count, planned: planned,
        trained: trained)
    }
  }

  /// Where no plan is near: what contradicts the trainer's choices whatever they are, for the choice that contradicts least.
  func contradictions(_ expressible: Expressible, by target: any ExportTarget) -> [Difference] {
    let all = expressible.shapes.map { shape in
      shape.units.flatMap { unit in
        unit.fixed.map { trains in
          unit.parameters.compactMap { contradiction(graph.parameters[$0], trains: trains, by: target) }
        } ?? []
      }
    }
    func bytes(_ differences: [Difference]) -> Int {
      differences.reduce(0) { $0 + abs($1.plannedBytes - $1.trainedBytes) }
    }
    return all.min { bytes($0) < bytes($1) } ?? []
  }

  private func contradiction(_ parameter: Parameter, trains: Bool, by target: any ExportTarget) -> Difference? {
    let planned = selection.trainedCount(parameter, of: graph)
    let trained = trains ? parameter.count : 0
    guard planned != trained else { return nil }
    return Difference(
      name: target.tensorName(parameter, graph) ?? parameter.name, count: parameter.count, planned: planned,
      trained: trained)
  }
}
