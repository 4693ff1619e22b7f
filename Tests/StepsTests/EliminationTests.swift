import Graph
import TestSupport
import Testing

@testable import Steps

/// Dead-code elimination as a textbook has it, on one selection: take away what nothing uses until nothing can be taken.
///
/// Deliberately simple, and the other way round from `StepTemplate.needs`, which adds what is needed for all selections at once.
private struct NaiveElimination {
  private struct Kernel {
    var operands: [KernelTemplate.Operand]
    let isRoot: Bool
    let origin: Int
  }

  private let template: StepTemplate
  private var kernels: [Kernel] = []

  init(_ template: StepTemplate, _ selection: Selection, _ extent: TrainingStep.Extent) {
    self.template = template
    let nodes = template.graph.configuration.feedForwardSize
    func size(_ dimension: Dimension) -> Int {
      switch dimension {
      case .fixed(let count): count
      case .tokens: template.recipe.tokens
      case .sequences: template.recipe.microBatch
      case .batchTokens: template.recipe.batchTokens
      case .nodes(let layer, .learners): selection.retained[layer]
      case .nodes(let layer, .frozen): nodes - selection.retained[layer]
      }
    }
    for (origin, kernel) in template.kernels.enumerated() {
      if let layer = kernel.layer, kernel.sides.contains(where: { size(.nodes(layer: layer, $0)) == 0 }) {
        continue
      }
      let isRoot =
        switch kernel.root {
        case .always: true
        case .parameter(let id): extent == .training && selection.trainable.contains(id)
        case .learners(let layer): extent == .training && selection.retained[layer] > 0
        case nil: false
        }
      let operands = kernel.operands.filter {
        size(template.buffers[$0.buffer].rows) * size(template.buffers[$0.buffer].columns) > 0
      }
      kernels.append(Kernel(operands: operands, isRoot: isRoot, origin: origin))
    }
    while eliminate() {}
  }

  /// What is left, one line a kernel.
  var lines: [String] {
    kernels.map { kernel in
      let operands = kernel.operands.map { "\($0.role) \(template.buffers[$0.buffer].name)" }
      return "\(kernel.origin): \(operands.joined(separator: ", "))"
    }
  }

  /// One pass from the last kernel to the first; whether anything was taken away.
  private mutating func eliminate() -> Bool {
    var isChanged = false
    for index in kernels.indices.reversed() {
      let kernel = kernels[index]
      let dropped = kernel.operands.filter {
        $0.access.writes && $0.role != .workspace && !isUsed($0, from: index)
      }
      if dropped.isEmpty { continue }
      isChanged = true
      let roles = Set(dropped.map(\.role))
      kernels[index].operands.removeAll { operand in
        roles.contains(operand.role) || !operand.feeds.isEmpty && roles.isSuperset(of: operand.feeds)
      }
      let isIdle = !kernels[index].operands.contains { $0.access.writes && $0.role != .workspace }
      if isIdle { kernels[index].operands = [] }
    }
    kernels.removeAll(where: \.operands.isEmpty)
    return isChanged
  }

  private func isUsed(_ operand: KernelTemplate.Operand, from index: Int) -> Bool {
    if template.buffers[operand.buffer].isStatic { return kernels[index].isRoot }
    for later in kernels[(index + 1)...] {
      for other in later.operands where other.buffer == operand.buffer { return other.access != .write }
    }
    return false
  }
}

@Suite("The conditions of a template's kernels")
struct EliminationTests {
  private func check(_ template: StepTemplate, _ selection: Selection) {
    for extent in [TrainingStep.Extent.training, .evaluation] {
      let step = TrainingStep(template, selection, extent: extent)
      let lines = step.kernels.map { kernel in
        let operands = kernel.operands.map { "\($0.role) \(step.buffers[$0.buffer].name)" }
        return "\(kernel.origin): \(operands.joined(separator: ", "))"
      }
      let expected = NaiveElimination(template, selection, extent).lines
      let difference = zip(lines, expected).first { $0 != $1 }.map { "\($0) / \($1)" }
      #expect(difference == nil && lines.count == expected.count, "\(extent), \(selection)")
    }
  }

  /// Every subset of these tensors with every kind of retention, on one layer.
  @Test(
    "leave what dead-code elimination leaves, for every subset of a layer's tensors",
    arguments: [ModelFamily.bert, .distilbert], Saving.uniforms)
  func exhaustive(family: ModelFamily, saving: Saving) {
    let graph = smallEncoder(family, layers: 1)
    let template = StepTemplate(graph, Recipe(batch: 2, sequence: 4, saving: saving))
    let kinds: [GroupKind] = [.wordEmbeddings, .query, .value, .attentionOutput, .attentionNorm, .outputNorm]
    var tensors = kinds.compactMap { kind in graph.groups.first { $0.kind == kind }?.parameters.first }
    tensors += graph.parameters.filter { $0.nodeAxis != nil && $0.role == .bias }.map(\.id)
    for subset in 0..<(1 << tensors.count) {
      for retained in [0, 13, 40] {
        var selection = Selection.frozen(graph)
        selection.trainable = Set(tensors.indices.filter { subset >> $0 & 1 == 1 }.map { tensors[$0] })
        selection.retained = [retained]
        check(template, selection)
      }
    }
  }

  @Test(
    "leave what dead-code elimination leaves, for random sets of tensors and nodes of three layers",
    arguments: ModelFamily.allCases, recipes)
  func random(family: ModelFamily, recipe: Recipe) {
    let graph = smallEncoder(family)
    let template = StepTemplate(graph, recipe)
    var generator = SeededGenerator(seed: 17)
    for _ in 0..<10 { check(template, randomSelection(graph, using: &generator)) }
  }
}
