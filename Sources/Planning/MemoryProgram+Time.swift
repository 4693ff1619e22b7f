import Graph
import Optimization
import Simulation
import Steps

/// The step's time as a linear function of the columns.
extension MemoryProgram {
  /// Requires that a step takes at most so long.
  mutating func addTimeRow(_ clock: StepClock, limit seconds: Double) {
    let row = time(clock).row(capacity: StepClock.nanoseconds(seconds))
    model.addRow("time.\(model.rows.count)", terms: row.terms, upper: row.upper)
  }

  /// Nanoseconds, never more than the simulation of the same selection says, but for rounding.
  private mutating func time(_ clock: StepClock) -> IntegerExpression {
    var expression = IntegerExpression()
    // By retention, each group's options in turn and then none; a step of its own for each, with everything else training.
    var byNodes: [Int: TrainingStep] = [:]
    func everything(retaining nodes: Int) -> TrainingStep {
      if let step = byNodes[nodes] { return step }
      var selection = Selection.full(space.graph)
      selection.retained = selection.retained.map { _ in nodes }
      let step = TrainingStep(unplaced: template, selection)
      byNodes[nodes] = step
      return step
    }
    let full = everything(retaining: space.graph.configuration.feedForwardSize)
    let adding = adding(in: full)
    // A kernel may be quicker where its weights are frozen, and held in fewer bytes: all of them in forward, and in backward where only the
    // lowest table trains.
    var lowest = Selection.frozen(space.graph)
    lowest.trainable = [0]
    let others = [lowest, .frozen(space.graph)].map { selection in
      let step = TrainingStep(unplaced: template, selection)
      return (step, kernels: Dictionary(uniqueKeysWithValues: step.kernels.map { ($0.origin, $0) }))
    }
    for kernel in full.kernels where template.kernels[kernel.origin].sides.isEmpty {
      let adding = adding[kernel.origin, default: []]
      let whole = parts(of: kernel, in: full, adding: adding, clock)
      var (least, weights) = (whole, Set<ParameterPart>())
      for (step, kernels) in others {
        guard let other = kernels[kernel.origin] else { continue }
        let shrunk = Self.weights(of: kernel, in: full).subtracting(Self.weights(of: other, in: step))
        let parts = parts(of: other, in: step, adding: adding, clock)
        guard !shrunk.isEmpty, Self.sum(parts) < Self.sum(least) else { continue }
        (least, weights) = (parts, Set(shrunk.map(\.part)))
      }
      for part in least { add(part.amount, when: part.need, to: &expression) }
      // A kernel that runs whenever its only weight trains takes the rest then.
      if let weight = weights.first, weights.count == 1, whole.count == 1 {
        let trains = template.atoms.set(weight.root)
        if whole[0].need.isSuperset(of: trains) {
          add(Self.sum(whole) - Self.sum(least), when: trains, to: &expression)
        }
      }
    }
    for (group, choice) in space.choices.enumerated() where choice.group.kind == .feedForward {
      var byKernel: [Int: [Int]] = [:]
      for (index, retained) in (choice.options.map(\.retained) + [0]).enumerated() {
        let step = everything(retaining: retained)
        let adding = self.adding(in: step)
        for kernel in step.kernels
        where kernel.layer == choice.group.layer && !template.kernels[kernel.origin].sides.isEmpty {
          byKernel[kernel.origin, default: Array(repeating: 0, count: choice.options.count + 1)][index] =
            StepClock.nanoseconds(
              clock.seconds(of: kernel.lightest(adding: adding[kernel.origin, default: []]), in: step))
        }
      }
      for origin in byKernel.keys.sorted() {
        let need = template.need(ofKernel: origin)
        let cases = (byKernel[origin] ?? []).map { (amount: $0, need: need) }
        if let first = cases.first, cases.allSatisfy({ $0.amount == first.amount }) {
          add(first.amount, when: need, to: &expression)
        } else {
          add(cases, group: group, to: &expression)
        }
      }
    }
    return expression
  }

  /// By kernel, what it adds to whenever it uses it, because something that writes it before runs whenever it does.
  ///
  /// Kernels for some of a pair's nodes come and go with the nodes, so only those of the same pair can rely on them.
  private func adding(in step: TrainingStep) -> [Int: Set<OperandRole>] {
    var result: [Int: Set<OperandRole>] = [:]
    var writers: [BufferID: [(need: AtomSet, pair: Int?)]] = [:]
    for kernel in step.kernels {
      let template = template.kernels[kernel.origin]
      let pair = template.sides.isEmpty ? nil : kernel.layer
      let needs = zip(template.operands, self.template.needs[kernel.origin])
      for operand in kernel.operands where operand.access.writes {
        guard let id = needs.first(where: { $0.0.role == operand.role })?.1 else { continue }
        let need = self.template.conditions[id]
        let isSecond = writers[operand.buffer, default: []].contains {
          ($0.pair == nil || $0.pair == pair) && $0.need.isSuperset(of: need)
        }
        if operand.access == .accumulate, isSecond { result[kernel.origin, default: []].insert(operand.role) }
        if operand.access == .write { writers[operand.buffer] = [] }
        writers[operand.buffer, default: []].append((need, pair))
      }
    }
    return result
  }

  private struct Weight: Hashable {
    let part: ParameterPart
    let format: ElementFormat
  }

  /// The weights that a kernel reads, and how they are held.
  private static func weights(of kernel: Kernel, in step: TrainingStep) -> Set<Weight> {
    Set(
      kernel.operands.map { step.buffers[$0.buffer] }.compactMap { buffer in
        guard case .parameter(let part) = buffer.content else { return nil }
        return Weight(part: part, format: buffer.format)
      })
  }

  private static func sum(_ parts: [(amount: Int, need: AtomSet)]) -> Int { parts.reduce(0) { $0 + $1.amount } }

  /// A kernel's time, divided among the needs of its outputs.
  ///
  /// An output's part is what the kernel would save without it; the kernel's own is the least that is left over all sets of outputs.
  private func parts(
    of kernel: Kernel, in step: TrainingStep, adding: Set<OperandRole>, _ clock: StepClock
  ) -> [(amount: Int, need: AtomSet)] {
    let total = template.need(ofKernel: kernel.origin)
    func seconds(_ kept: Set<OperandRole>, of outputs: [OperandRole]) -> Double {
      var left = Set(outputs).subtracting(kept)
      // With an output goes what is read for its sake alone.
      for operand in template.kernels[kernel.origin].operands
      where !operand.feeds.isEmpty && left.isSuperset(of: operand.feeds) {
        left.insert(operand.role)
      }
      return clock.seconds(of: kernel.lightest(without: left, adding: adding), in: step)
    }
    let needs = zip(
      template.kernels[kernel.origin].operands, template.needs[kernel.origin].map { template.conditions[$0] })
    let outputs = needs.filter { $0.access.writes && $0.role != .workspace && $1 != total }
    guard !outputs.isEmpty else { return [(StepClock.nanoseconds(seconds([], of: [])), total)] }
    let roles = outputs.map(\.0.role)
    let all = seconds(Set(roles), of: roles)
    let marginal = roles.map { max(0, all - seconds(Set(roles).subtracting([$0]), of: roles)) }
    let own = (0..<1 << roles.count).map { bits -> Double in
      let kept = roles.indices.filter { bits >> $0 & 1 == 1 }
      return seconds(Set(kept.map { roles[$0] }), of: roles) - kept.reduce(0) { $0 + marginal[$1] }
    }.min()
    return [(StepClock.nanoseconds(max(0, own ?? 0)), total)]
      + zip(marginal, outputs).map { (StepClock.nanoseconds($0), $1.1) }
  }
}
