import Planning

/// Everything a training process needs to know, in one file: it neither tokenizes nor plans.
public struct TrainingJob: Sendable, Codable {
  /// What to do with the trained weights.
  public enum Purpose: Sendable, Codable, Equatable {
    /// Measure the process's own share, before arena and weights, and stop.
    case measureRuntime
    /// Measure and evaluate; keep nothing.
    case measure
    /// Sum up what the steps did to every tensor and node, and write the sums there.
    case prime(sums: String)
    /// Write a checkpoint there.
    case save(directory: String, overwriting: Bool)
  }

  /// Where a run writes what it needs to go on later, and how often.
  public struct Checkpoints: Sendable, Codable, Equatable {
    public var directory: String
    /// Steps between them.
    public var every: Int
    /// Whether to go on from the newest one there, instead of beginning.
    public var resumes: Bool
    /// What the run is made from; a checkpoint made from anything else is refused.
    public var origin: RunOrigin

    public init(directory: String, every: Int, resumes: Bool, origin: RunOrigin) {
      self.directory = directory
      self.every = every
      self.resumes = resumes
      self.origin = origin
    }
  }

  public var purpose: Purpose
  public var plan: Plan
  /// A directory with `config.json` and F32 weights that can be mapped; nil where only the runtime is measured.
  public var modelDirectory: String?
  /// Prepared examples; nil runs on random tokens, which tells the memory and nothing else.
  public var trainingData: String?
  public var evaluationData: String?
  /// Where to write the logits of the evaluation examples, if anywhere.
  public var predictions: String?
  public var task: String?
  public var labels: [String]?
  public var settings: TrainingSettings
  /// Whether to begin with one step and one evaluation on the largest batch the plan allows, so that every planned byte is
  /// touched whatever lengths the data have.
  public var rehearses: Bool
  public var checkpoints: Checkpoints?

  public init(
    purpose: Purpose, plan: Plan, modelDirectory: String?, trainingData: String?, evaluationData: String?,
    task: String?, labels: [String]? = nil, settings: TrainingSettings, rehearses: Bool
  ) {
    self.purpose = purpose
    self.plan = plan
    self.modelDirectory = modelDirectory
    self.trainingData = trainingData
    self.evaluationData = evaluationData
    self.task = task
    self.labels = labels
    self.settings = settings
    self.rehearses = rehearses
  }
}
