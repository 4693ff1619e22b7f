import Checkpoints
import Graph
import Simulation
import Steps
import TrainerModels
import Units

/// What one step needs in another trainer.
public struct TrainerEstimateReport: Report {
  public let model: String
  public let train: String
  public let trainer: TrainerModel
  public let recipe: Recipe
  public let options: PyTorchOptions

  /// The most bytes of tensors alive at once.
  public let livePeakBytes: Int
  public let peakKernel: String
  /// By category at the peak; they add up to `livePeakBytes`.
  public let categories: [String: Int]
  public let allocatorBytes: Int
  public let processBytes: Int
  /// All of it: what the process has resident at its peak.
  public let residentPeakBytes: Int
  public let parameters: Int
  public let trainableParameters: Int
  public let budgetBytes: Int?
  public let headroomBytes: Int?
  /// The least budget in which it fits, with what stays free of it because a prediction may err.
  public let neededBudgetBytes: Int
  public let fits: Bool?

  /// Lowers the trainer's step and simulates it.
  public init(
    _ model: Model, _ recipe: Recipe, _ selection: Selection, train: String, trainer: TrainerModel,
    options: PyTorchOptions, processBytes: Int?, budgetBytes: Int?
  ) {
    let step = TrainingStep(trainer.template(model.graph, recipe, options), selection)
    let simulation = Simulation(step)
    let memory = trainer.memory(of: step, processBytes: processBytes)
    self.model = model.displayName
    self.train = train
    self.trainer = trainer
    self.recipe = recipe
    self.options = options
    livePeakBytes = simulation.livePeakBytes
    peakKernel = simulation.peakKernelName
    categories = EstimateReport.named(simulation.categories)
    allocatorBytes = memory.allocatorBytes
    self.processBytes = memory.processBytes
    residentPeakBytes = memory.residentBytes
    parameters = model.graph.parameterCount
    trainableParameters = selection.trainedCount(of: model.graph)
    self.budgetBytes = budgetBytes
    headroomBytes = budgetBytes.map { $0 - memory.residentBytes }
    let needed = trainer.budget(for: memory.residentBytes)
    neededBudgetBytes = needed
    fits = budgetBytes.map { needed <= $0 }
  }

  public func text(_ style: TextStyle) -> String {
    var facts: [(String, String)] = [
      ("resident peak", bytes(residentPeakBytes)),
      ("tensors", "\(bytes(livePeakBytes)) alive, in \(peakKernel)"),
      ("allocator", "\(bytes(allocatorBytes)) beside them"),
      ("process", "\(bytes(processBytes)) before the first tensor"),
      (
        "parameters",
        "\(Quantity.count(parameters)), trainable \(Quantity.count(trainableParameters)) "
          + "(\(Quantity.percent(Double(trainableParameters) / Double(max(parameters, 1)))))"
      ),
    ]
    if let budgetBytes {
      let left = budgetBytes - neededBudgetBytes
      facts.append(
        (
          "budget",
          "\(ByteCount.format(budgetBytes, rounding: .down)); \(bytes(neededBudgetBytes)) are needed, as a prediction may err by so much"
        ))
      facts.append(
        left >= 0
          ? ("headroom", "\(ByteCount.format(left, rounding: .down)): it fits")
          : ("missing", "\(ByteCount.format(-left, rounding: .up)): it does not fit"))
    }
    let heading = "\(model), training \(train) with \(trainer.rawValue): \(recipe.words)"
    return style.paragraph(heading, tone: .heading) + "\n" + Table.pairs(facts).text(style) + "\n"
      + style.paragraph("Alive at the peak", tone: .heading)
      + EstimateReport.table(of: categories, total: livePeakBytes).text(style)
  }

  private func bytes(_ count: Int) -> String {
    "\(ByteCount.format(count, rounding: .up)) (\(ByteCount.formatExactly(count)))"
  }
}
