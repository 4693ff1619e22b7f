import Checkpoints
import Exporting
import Graph
import Planning
import Steps
import Units

/// What a plan says, against its model and the step as it is simulated now.
extension PlanCheck {
  mutating func checkModel(_ plan: Plan, _ graph: EncoderGraph, _ model: Model?) -> Bool {
    let recorded = plan.model.identity
    guard graph.identity == recorded else {
      note(
        .model, false,
        "the plan's configuration is not of the model with the identity it records; make the plan again")
      return false
    }
    guard let model else {
      note(.model, true, "\(plan.model.name), as the plan records it")
      return true
    }
    guard model.identity == recorded else {
      note(
        .model, false,
        "made for \(plan.model.name) (\(recorded.prefix(12))), but \(model.displayName) "
          + "(\(model.identity.prefix(12))) \(Self.difference(graph, model.graph)); make a plan for it")
      return false
    }
    note(.model, true, "\(model.displayName) has the shape that the plan was made for")
    checkWeights(plan, model)
    return true
  }

  /// Scores were measured on certain weights; on others they say little.
  private mutating func checkWeights(_ plan: Plan, _ model: Model) {
    guard let recorded = plan.model.weightsIdentity, let weights = model.weights else { return }
    let found = try? weights.weightsIdentity()
    note(
      .weights, found == recorded,
      found == recorded
        ? "the weights are those that were primed"
        : "the weights (\(found?.prefix(12) ?? "unreadable")) are not those that were primed "
          + "(\(recorded.prefix(12))); prime and plan again")
  }

  /// The first thing in which a model differs from the plan's, as the end of a sentence.
  private static func difference(_ planned: EncoderGraph, _ found: EncoderGraph) -> String {
    func words(_ parameter: Parameter) -> String {
      "\(parameter.name) of \(parameter.shape.map(String.init).joined(separator: "×"))"
    }
    let shapes = Dictionary(uniqueKeysWithValues: found.parameters.map { ($0.name, $0) })
    for parameter in planned.parameters {
      guard let other = shapes[parameter.name] else { return "has no \(parameter.name)" }
      if other.shape != parameter.shape { return "has \(words(other)), not \(words(parameter))" }
    }
    let names = Set(planned.parameters.map(\.name))
    if let more = found.parameters.first(where: { !names.contains($0.name) }) {
      return "has \(more.name) too"
    }
    return "differs in family, heads, activation, dropout or task"
  }

  mutating func checkShape(_ plan: Plan, _ graph: EncoderGraph) -> Bool {
    let rule = plan.brokenRule(for: graph)
    let trainer = plan.trainer == .permafrost ? "" : "with \(plan.trainer.rawValue), "
    note(.shape, rule == nil, rule ?? trainer + plan.recipe.words)
    return rule == nil
  }

  mutating func checkSelection(_ plan: Plan, _ graph: EncoderGraph) -> Selection? {
    do {
      let selection = try plan.selection(of: graph)
      let names = Plan.names(of: selection, graph) { $0.name }
      guard plan.trainable.count == Set(plan.trainable).count,
        Set(names) == Set(plan.trainable.map { graph.canonicalName($0) })
      else {
        note(.selection, false, "trainable and retained_nodes contradict each other; make the plan again")
        return nil
      }
      note(
        .selection, true,
        "\(Quantity.count(names.count, of: "tensor")) train whole, "
          + "\(Quantity.count(plan.learnerNodes.joined().count, of: "node")) in part")
      return selection
    } catch {
      note(.selection, false, "\(error)")
      return nil
    }
  }

  /// What other trainers can carry out changes with their versions, and files can be changed by hand.
  mutating func checkTarget(_ plan: Plan, _ graph: EncoderGraph, _ selection: Selection) {
    guard let name = plan.target else { return }
    do {
      let target = try ExportTargets.named(name)
      let rule = try target.planTarget(for: graph).brokenRule(selection, plan.recipe, of: graph)
      note(
        .target, rule == nil,
        rule.map { "\(name) cannot carry the plan out: \($0); plan again with '--for \(name)'" }
          ?? "\(name) can carry the plan out (\(target.trainer))")
    } catch {
      note(.target, false, "\(error)")
    }
  }

  mutating func checkFigures(
    _ plan: Plan, _ graph: EncoderGraph, _ selection: Selection, _ program: StepProgram
  ) {
    func compare(_ rule: CheckRule, _ recorded: Int, _ fresh: Int, _ print: (Int) -> String) {
      note(
        rule, recorded == fresh,
        recorded == fresh
          ? print(fresh)
          : "the plan says \(print(recorded)), the simulation says \(print(fresh)); make the plan again")
    }
    compare(
      .trainableParameters, plan.trainableParameters, selection.trainedCount(of: graph), Quantity.count)
    compare(.arenaBytes, plan.arenaBytes, program.arenaBytes, ByteCount.formatExactly)
    compare(.mappedBytes, plan.mappedBytes, program.mappedBytes, ByteCount.formatExactly)
    compare(
      .predictedPeakBytes, plan.predictedPeakBytes, plan.trainer.peakBytes(of: program.training),
      ByteCount.formatExactly)
  }

  /// What the plan says of itself has to add up.
  mutating func checkCertificate(_ plan: Plan) {
    let charged = plan.mappedFree ? plan.arenaBytes : plan.predictedPeakBytes
    let (needed, overflow) = charged.addingReportingOverflow(plan.runtimeBytes)
    let (headroom, below) = plan.budgetBytes.subtractingReportingOverflow(needed)
    let isSound = !overflow && !below && headroom == plan.headroomBytes && headroom >= 0 && plan.feasible
    note(
      .headroomBytes, isSound,
      isSound
        ? ByteCount.formatExactly(headroom)
        : "budget, runtime, peak and headroom do not add up to a feasible plan; make the plan again")
    let rule = plan.brokenCertificate
    note(.certificate, rule == nil, rule.map { "\($0); make the plan again" } ?? plan.status.words)
  }

  /// Measured scores are in a file of their own; the prior can be worked out.
  mutating func checkObjective(_ plan: Plan, _ graph: EncoderGraph, _ selection: Selection) {
    guard plan.scores == .prior else { return }
    let fresh = Scores.prior(graph, modelIdentity: plan.model.identity)
      .share(capturedBy: selection, of: graph, learners: plan.learnerNodes)
    let isEqual = (fresh - plan.objective).magnitude <= 1e-6
    note(
      .objective, isEqual,
      isEqual
        ? "\(Quantity.percent(fresh)) of the prior"
        : "the plan says \(Quantity.percent(plan.objective)) of the prior, its decisions capture \(Quantity.percent(fresh)); make the plan again"
    )
  }
}
