import Graph

/// Index of a condition in its template.
public typealias ConditionID = Int

/// The training step with every decision open: all kernels that any selection could need, in order.
///
/// A concrete step is what remains of it: a kernel survives when something it produces is needed, and in the end only
/// updates and the loss are needed for their own sake. `needs` records, for every use of every buffer, the decisions
/// under which it happens, so the simulator (by filtering) and the planner (by linear constraints) read one source.
public struct StepTemplate: Sendable {
  public let graph: EncoderGraph
  public private(set) var recipe: Recipe
  public let residence: Residence
  public let atoms: AtomIndex
  public let buffers: [BufferTemplate]
  public let kernels: [KernelTemplate]
  /// The distinct sets of decisions under which operands are used.
  public let conditions: [AtomSet]
  /// Of every kernel's operands, in the operands' order, which of the conditions it is.
  public let needs: [[ConditionID]]

  /// Lowers a graph; the recipe fixes shapes, optimizer and saving policy.
  public init(_ graph: EncoderGraph, _ recipe: Recipe) {
    var lowering = Lowering(graph: graph, recipe: recipe)
    lowering.run()
    self.init(graph, recipe, residence: .arena, buffers: lowering.buffers, kernels: lowering.kernels)
  }

  /// Another trainer's step, lowered by its own rules.
  package init(
    _ graph: EncoderGraph, _ recipe: Recipe, residence: Residence, buffers: [BufferTemplate],
    kernels: [KernelTemplate]
  ) {
    self.graph = graph
    self.recipe = recipe
    self.residence = residence
    atoms = AtomIndex(graph)
    self.buffers = buffers
    self.kernels = kernels
    (conditions, needs) = Self.needs(of: kernels, buffers: buffers, atoms: atoms)
  }

  /// The same step with frozen weights held otherwise, which decides what selections make of it and nothing before.
  public func holdingFrozenWeights(as format: WeightFormat) -> StepTemplate {
    var template = self
    template.recipe.frozenWeights = format
    return template
  }

  /// The decisions under which a kernel runs: those under which any of its operands is used.
  public func need(ofKernel index: Int) -> AtomSet {
    needs[index].reduce(into: AtomSet()) { $0.formUnion(conditions[$1]) }
  }

  /// Walks the step backwards, as dead-code elimination does, but with sets of decisions in place of truth values.
  private static func needs(
    of kernels: [KernelTemplate], buffers: [BufferTemplate], atoms: AtomIndex
  ) -> (conditions: [AtomSet], needs: [[ConditionID]]) {
    var wanted = Array(repeating: AtomSet(), count: buffers.count)
    var conditions: [AtomSet] = []
    var numbers: [AtomSet: ConditionID] = [:]
    func number(_ condition: AtomSet) -> ConditionID {
      if let known = numbers[condition] { return known }
      numbers[condition] = conditions.count
      conditions.append(condition)
      return conditions.count - 1
    }
    var result = Array(repeating: [ConditionID](), count: kernels.count)
    for index in kernels.indices.reversed() {
      let kernel = kernels[index]
      let root = kernel.root.map { atoms.set($0) } ?? AtomSet()
      var outputs: [(role: OperandRole, need: AtomSet)] = []
      func need(_ role: OperandRole) -> AtomSet? { outputs.last { $0.role == role }?.need }
      var total = root
      for operand in kernel.operands where operand.access.writes && operand.role != .workspace {
        // What outlives the step (weights, states, the loss) is wanted because its kernel is a root.
        outputs.append((operand.role, buffers[operand.buffer].isStatic ? root : wanted[operand.buffer]))
        total.formUnion(outputs[outputs.count - 1].need)
      }
      let needs = kernel.operands.map { operand in
        if operand.access.writes { return need(operand.role) ?? total }
        if operand.feeds.isEmpty { return total }
        return operand.feeds.reduce(into: AtomSet()) { $0.formUnion(need($1) ?? AtomSet()) }
      }
      result[index] = needs.map(number)
      for (operand, need) in zip(kernel.operands, needs) {
        if operand.access == .write { wanted[operand.buffer] = AtomSet() }
        if operand.access.reads { wanted[operand.buffer].formUnion(need) }
      }
    }
    return (conditions, result)
  }
}
