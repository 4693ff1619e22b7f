import Foundation
import Graph
import Planning
import Steps
import TestSupport
import Testing
import Yams

@testable import Exporting

/// The text that is written, read back and matched as the trainer would: it trains the plan's tensors, or nothing was
/// written and the difference is right.
@Suite("What is written trains what the plan does")
struct ProofTests {
  private static let names = ExportTargets.names

  @Test("or is refused, for every trainer, family and many plans", arguments: names, ModelFamily.allCases)
  func everyTarget(name: String, family: ModelFamily) throws {
    let target = try ExportTargets.named(name)
    let graph = smallEncoder(family)
    let base = Plan.given(.full(graph), request(graph))
    let expressible = target.expressible(graph)
    var exact = 0
    var refused = 0
    for (label, selection) in candidates(graph, expressible) {
      let comment: Comment = "\(name), \(family), \(label)"
      let plan = base.listing(selection, graph)
      if target.refusal(graph) != nil {
        #expect(throws: ExportError.self, comment) { try Export.make(plan, for: target, producer: "test") }
        continue
      }
      if expressible.allows(selection, of: graph) {
        exact += 1
        try expectExact(plan, target, graph, comment)
        // All else that an export says takes longer than what is proved here.
        if exact == 1, case .inexpressible = try Export.make(plan, for: target, producer: "test") {
          Issue.record("\(comment): refused")
        }
        continue
      }
      for nearest in [expressible.subset(of: selection, graph), expressible.superset(of: selection, graph)] {
        guard let nearest else { continue }
        try expectExact(base.listing(nearest, graph), target, graph, comment)
      }
      refused += 1
      // Each refusal simulates two plans, so a few must do.
      if refused <= 2 { try expectRefused(plan, target, graph, comment) }
    }
    #expect(exact > 0 || target.refusal(graph) != nil, "\(name), \(family)")
  }

  private func expectExact(_ plan: Plan, _ target: any ExportTarget, _ graph: EncoderGraph, _ comment: Comment)
    throws
  {
    let job = try ExportJob(plan, for: target, producer: "test")
    #expect(target.expressible(job.graph).allows(job.selection, of: job.graph), comment)
    try check(try Export.provedFiles(job, target), job, target, comment)
  }

  private func expectRefused(
    _ plan: Plan, _ target: any ExportTarget, _ graph: EncoderGraph, _ comment: Comment
  ) throws {
    guard
      case .inexpressible(let differences, let nearest) = try Export.make(plan, for: target, producer: "test")
    else {
      Issue.record("\(comment): written")
      return
    }
    #expect(!differences.isEmpty && differences.allSatisfy { $0.plannedBytes != $0.trainedBytes }, comment)
    if let nearest { try check(nearest, to: plan, target, graph, comment) }
  }

  @Test("the nearest plan is one for that trainer, unless its recipe is none that the trainer can be told")
  func nearestTarget() throws {
    let graph = smallEncoder(.bert)
    for (saving, expected) in [(Saving.keep, "keras"), (.recompute, nil)] {
      var plan = Plan.given(TrainSpec.bitfit.selection(graph), request(graph, saving: saving))
      plan.target = "pytorch"
      guard case .inexpressible(_, let nearest) = try Export.make(plan, for: Keras(), producer: "test") else {
        Issue.record("Keras cannot train biases alone")
        return
      }
      #expect(nearest != nil && nearest?.plan.target == expected)
    }
  }

  /// What trains by the trainer's rule is exactly what the plan lists, tensor by tensor and in numbers.
  private func check(
    _ files: [ExportedFile], _ job: ExportJob, _ target: any ExportTarget, _ comment: Comment
  ) throws {
    let trained = try target.rule(files).trained(among: job.names)
    let (graph, selection) = (job.graph, try job.plan.selection(of: job.graph))
    // Counted from the selection, by parameter, without the tensors that the proof itself compares.
    for parameter in graph.parameters where target.tensorName(parameter, graph) != nil {
      let found = job.tensors.filter { $0.parameter == parameter.id && trained.contains($0.name) }
      #expect(
        found.reduce(0) { $0 + $1.count } == selection.trainedCount(parameter, of: graph),
        "\(comment): \(parameter.name)")
    }
    #expect(Set(job.trainedNames) == trained, comment)
    #expect(job.tensors.map(\.name).count == Set(job.names).count, comment)
  }

  /// The nearest plan is expressible, fits, and is a subset or superset as it says.
  private func check(
    _ nearest: Export.Nearest, to plan: Plan, _ target: any ExportTarget, _ graph: EncoderGraph,
    _ comment: Comment
  ) throws {
    let (asked, found) = (try plan.selection(of: graph), try nearest.plan.selection(of: graph))
    let (small, large) = nearest.direction == .subset ? (found, asked) : (asked, found)
    for parameter in graph.parameters {
      #expect(
        small.trainedCount(parameter, of: graph) <= large.trainedCount(parameter, of: graph),
        "\(comment): \(parameter.name)")
    }
    #expect(nearest.differing == abs(asked.trainedCount(of: graph) - found.trainedCount(of: graph)), comment)
    #expect(nearest.plan.feasible && nearest.plan.predictedPeakBytes > 0, comment)
    try expectExact(nearest.plan, target, graph, comment)
  }

  /// Selections by hand, at random, and of each shape that the trainer has.
  private func candidates(_ graph: EncoderGraph, _ expressible: Expressible) -> [(String, Selection)] {
    let specs: [TrainSpec] = [.far(percent: 10), .bitfit, .full, .head, .last(1), .frozenEmbeddings]
    var candidates = specs.map { ($0.description, $0.selection(graph)) }
    candidates += (0..<3).map { ("seed \($0)", randomSelection(graph, seed: UInt64($0))) }
    for (index, shape) in expressible.shapes.enumerated() {
      for seed in 0..<2 {
        var generator = SeededGenerator(seed: seed)
        let wanted = shape.units.map { _ in Bool.random(using: &generator) }
        guard let selection = selection(of: shape, wanted, graph) else { continue }
        candidates.append(("shape \(index), seed \(seed)", selection))
      }
    }
    return candidates
  }

  /// The units that are wished for, those that are fixed, and what they need.
  private func selection(of shape: Expressible.Shape, _ wanted: [Bool], _ graph: EncoderGraph) -> Selection? {
    var selection = Selection.frozen(graph)
    for (unit, isWanted) in zip(shape.units, wanted) where unit.fixed ?? isWanted {
      for id in unit.parameters {
        let parameter = graph.parameters[id]
        if parameter.isSplitByNode, let layer = graph.groups[parameter.group].layer {
          selection.retained[layer] = graph.configuration.feedForwardSize
        } else {
          selection.trainable.insert(id)
        }
      }
    }
    return Expressible(shapes: [shape]).superset(of: selection, graph)
  }

  @Test("plans with nodes split within a matrix are for trainers that can split it, and no other")
  func nodes() throws {
    let graph = smallEncoder(.bert)
    let plan = Plan.given(TrainSpec.far(percent: 10).selection(graph), request(graph))
    for target in ExportTargets.all where target.refusal(graph) == nil {
      switch try Export.make(plan, for: target, producer: "test") {
      case .exact: #expect(target.splitting != nil, "\(target.name)")
      case .inexpressible(let differences, _):
        #expect(target.splitting == nil, "\(target.name)")
        let matrix = try #require(
          differences.first { $0.name.contains("intermediate.dense.weight") }, "\(target.name)")
        #expect(matrix.plannedBytes == 4 * 4 * 16 && matrix.bytes == 4 * 40 * 16, "\(target.name)")
      }
    }
  }

  @Test(
    "text that was tampered with is noticed",
    arguments: ["axolotl", "ms-swift", "llm-foundry", "ludwig", "optax"])
  func tampered(name: String) throws {
    let graph = smallEncoder(.bert)
    let target = try ExportTargets.named(name)
    let plan = Plan.given(TrainSpec.bitfit.selection(graph), request(graph))
    let job = try ExportJob(plan, for: target, producer: "test")
    let files = try target.files(job).map {
      ExportedFile(name: $0.name, text: $0.text.replacing("attention", with: "attentions"))
    }
    let trained = try target.rule(files).trained(among: job.names)
    #expect(!job.differences(from: trained, by: target).isEmpty)
  }

  @Test("YAML is YAML, whatever the model is called", arguments: names)
  func yaml(name: String) throws {
    let target = try ExportTargets.named(name)
    let graph = smallEncoder(.distilbert, layers: 1)
    for text in ["a: b # c", "it's", "\"", "- x", "line\nline", "模型", "🧊", "\\n", "{}", "null"] {
      var plan = Plan.given(.full(graph), request(graph))
      plan.model.name = text
      guard target.refusal(graph) == nil,
        case .exact(let export) = try Export.make(plan, for: target, producer: text)
      else { continue }
      for file in export.files where file.name.hasSuffix(".yaml") {
        let mapping = try #require(try Yams.load(yaml: file.text) as? [String: Any], "\(file.text)")
        let model = ["base_model", "model", "model_name_or_path"].compactMap { mapping[$0] as? String }.first
        #expect(model == nil || model == text, "\(name)")
      }
      for file in export.files where file.name.hasSuffix(".json") {
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(file.text.utf8)) }
      }
      #expect(!export.files.contains { $0.text.contains("PERMAFROST_") }, "\(name)")
    }
  }
}

extension Plan {
  /// The plan with another trainable set listed, and all else as it was: not simulated, which takes its time.
  fileprivate func listing(_ selection: Selection, _ graph: EncoderGraph) -> Plan {
    var plan = self
    plan.trainable = Plan.names(of: selection, graph) { graph.qualifiedName($0) }
    plan.retainedNodes = selection.retained
    plan.learnerNodes = selection.retained.map { (1..<40).contains($0) ? Array((40 - $0)..<40) : [] }
    plan.trainableParameters = selection.trainedCount(of: graph)
    return plan
  }
}
