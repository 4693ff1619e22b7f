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
}
