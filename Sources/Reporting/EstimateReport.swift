import Checkpoints
import Devices
import Graph
import Planning
import Simulation
import Steps
import Units

/// What one step needs: bytes at its peak, operations, and what is left of a budget.
public struct EstimateReport: Report {
  public struct Layer: Encodable, Sendable {
    /// `layer.0` and so on; `outside` for the embeddings and the head.
    public let name: String
    /// nil outside the stack.
    public let layer: Int?
    public let bytes: Int
    public let categories: [String: Int]
    public let flops: Int
  }

  public let model: String
  public let train: String
  public let recipe: Recipe
  public let device: String?

  /// The arena and the mapped weights.
  public let peakBytes: Int
  public let peakKernel: String
  public let arenaBytes: Int
  public let mappedBytes: Int
  /// The most bytes alive at once, mapped weights included: what no placement can go below.
  public let livePeakBytes: Int
  /// By category at the peak; they add up to `livePeakBytes`.
  public let categories: [String: Int]
  public let layers: [Layer]
  public let runtimeBytes: Int
  public let runtimeSource: RuntimeShare.Source

  public let parameters: Int
  public let trainableParameters: Int
  public let flops: Int
  public let bytesMoved: Int

  public let budgetBytes: Int?
  public let mappedFree: Bool?
  public let headroomBytes: Int?
  public let fits: Bool?
  /// From the device's measured rates, or by the roofline model from its peak rates: then estimates from below.
  public let estimatedStepSeconds: Double?
  /// Which of the two.
  public let estimateBasis: KernelTimes.Basis?
  public let estimatedMemoryBoundSeconds: Double?
  public let estimatedStepJoules: Double?

  /// Whether evaluation between steps, not training, decides the arena's size.
  let isEvaluationLargest: Bool
  let runtime: RuntimeShare
  /// What the profile says of rates that were measured, such as that they are too rough.
  let ratesNote: String?

  private enum CodingKeys: String, CodingKey {
    case model, train, recipe, device
    case peakBytes, peakKernel, arenaBytes, mappedBytes, livePeakBytes, categories, layers
    case runtimeBytes, runtimeSource, parameters, trainableParameters, flops, bytesMoved
    case budgetBytes, mappedFree, headroomBytes, fits
    case estimatedStepSeconds, estimateBasis, estimatedMemoryBoundSeconds, estimatedStepJoules
  }

  /// Lowers the step and simulates it.
  ///
  /// - Parameters:
  ///   - train: what trains, as it is to be called.
  ///   - budget: what there is, where that is known.
  public init(
    _ model: Model, _ recipe: Recipe, _ selection: Selection, train: String, runtime: RuntimeShare,
    device: DeviceProfile?, budget: Budget?
  ) {
    let program = StepProgram(model.graph, recipe, selection)
    let simulation = Simulation(program.training)
    self.model = model.displayName
    self.train = train
    self.recipe = recipe
    self.device = device?.identifier
    self.runtime = runtime
    peakBytes = program.peakBytes
    peakKernel = simulation.peakKernelName
    arenaBytes = program.arenaBytes
    mappedBytes = program.mappedBytes
    livePeakBytes = simulation.livePeakBytes
    categories = Self.named(simulation.categories)
    layers = simulation.layers.map {
      Layer(
        name: $0.layer.map { "layer.\($0)" } ?? "outside", layer: $0.layer, bytes: $0.bytes,
        categories: Self.named($0.categories), flops: $0.operations)
    }
    runtimeBytes = runtime.bytes
    runtimeSource = runtime.source
    parameters = model.graph.parameterCount
    trainableParameters = selection.trainedCount(of: model.graph)
    flops = simulation.operations
    bytesMoved = simulation.bytesMoved
    isEvaluationLargest = program.evaluation.arenaBytes == program.arenaBytes

    budgetBytes = budget?.bytes
    mappedFree = budget?.mappedFree
    headroomBytes = budget.map {
      $0.bytes - runtime.bytes - ($0.mappedFree ? program.arenaBytes : program.peakBytes)
    }
    fits = headroomBytes.map { $0 >= 0 }
    let roofline = device.map { RooflineEstimate(program.training, on: $0) }
    estimatedStepSeconds = roofline?.seconds
    estimateBasis = roofline?.basis
    ratesNote = roofline?.basis.note(of: device)
    estimatedMemoryBoundSeconds = roofline?.memoryBoundSeconds
    estimatedStepJoules = roofline?.joules
  }

  static func named(_ categories: [BufferCategory: Int]) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: BufferCategory.allCases.map { ($0.rawValue, categories[$0] ?? 0) })
  }
}

/// Bytes that a process may use, and whether clean mapped pages count towards them.
public struct Budget: Sendable, Hashable {
  public let bytes: Int
  public let mappedFree: Bool

  public init(bytes: Int, mappedFree: Bool) {
    self.bytes = bytes
    self.mappedFree = mappedFree
  }

  /// What a device gives to a process.
  ///
  /// - Parameter mappedFree: whether clean mapped pages are free there even if the profile counts them.
  public init(on device: DeviceProfile, mappedFree: Bool) {
    self.init(bytes: device.budgetBytes, mappedFree: mappedFree || !device.cleanMappedPagesCount)
  }
}
