import Checkpoints
import Foundation
import Graph
import Planning
import Tasks
import Units

/// What a training process needs on disk, made in a temporary folder that goes when this does.
public final class Preparation {
  private let temporary: TemporaryDirectory
  public let model: Model
  /// Where the training process finds config.json and F32 weights.
  public private(set) var modelDirectory: String
  public private(set) var trainingData: String?
  public private(set) var evaluationData: String?
  public private(set) var trainingSummary: PreparationSummary?
  public private(set) var labels: [String]?

  /// - Parameters:
  ///   - model: with weights, or without for random ones.
  ///   - copiesWeights: whether the folder gets all weights, fresh tensors included, for a trainer that would make others.
  public init(model: Model, seed: UInt64, copiesWeights: Bool = false) throws {
    self.model = model
    temporary = try TemporaryDirectory()
    modelDirectory = model.directory?.path ?? ""
    if copiesWeights || !isMappable { modelDirectory = try writeMappableWeights(seed: seed) }
  }

  public var directory: URL { temporary.url }

  /// Whether every tensor that the checkpoint has is F32 and aligned, so that frozen ones can be read in place.
  private var isMappable: Bool {
    guard let weights = model.weights else { return false }
    return model.graph.parameters.allSatisfy { !weights.contains($0) || weights.mappedFloats($0) != nil }
  }

  /// A copy of the weights in F32: of 16-bit checkpoints, and of models that have none.
  private func writeMappableWeights(seed: UInt64) throws -> String {
    let target = directory.appendingPathComponent("model")
    let source = model.initialWeights(seed: seed)
    let chunk = 1 << 20
    var buffer = [Float](repeating: 0, count: chunk)
    try CheckpointWriter.write(model, to: target) { parameter, sink in
      var start = 0
      while start < parameter.count {
        let end = min(start + chunk, parameter.count)
        try buffer.withUnsafeMutableBufferPointer { floats in
          guard let base = floats.baseAddress else { return }
          try source.read(parameter, elements: start..<end, into: base)
          try sink.write(UnsafeBufferPointer(start: base, count: end - start))
        }
        start = end
      }
    }
    return target.path
  }

  /// Tokenizes both splits of a data set.
  public func prepare(_ dataset: Dataset, maximumLength: Int) throws {
    guard let source = model.directory else { throw PreparationError.noTokenizer(model.displayName) }
    let tokenizer = try ModelTokenizer.load(from: source)
    guard tokenizer.vocabularySize <= model.graph.configuration.vocabularySize else {
      throw PreparationError.otherVocabulary(
        tokenizer: tokenizer.vocabularySize, model: model.graph.configuration.vocabularySize)
    }
    func write(_ split: Split) throws -> (String, PreparationSummary) {
      let file = directory.appendingPathComponent("\(split.rawValue).tokens")
      let summary = try dataset.prepare(split, tokenizer: tokenizer, maximumLength: maximumLength, to: file)
      return (file.path, summary)
    }
    let (training, summary) = try write(.train)
    (trainingData, trainingSummary) = (training, summary)
    evaluationData = try write(.development).0
    labels = dataset.labels?.names
  }
}

/// What stands between a model and its data.
public enum PreparationError: UserFacingError, Equatable {
  case noTokenizer(String)
  case noWeights(String)
  case otherVocabulary(tokenizer: Int, model: Int)
  /// The plan's head and the data's labels are of other kinds or numbers.
  case wrongHead(plan: Problem, data: Problem)

  public var exitStatus: ExitStatus {
    switch self {
    case .noTokenizer, .noWeights: .missingInput
    case .otherVocabulary, .wrongHead: .malformedInput
    }
  }

  public var description: String {
    switch self {
    case .noTokenizer(let name):
      "\(name) has no tokenizer here, so it cannot read text; give a model directory, or --weights random to measure only"
    case .noWeights(let name): "\(name) has no weights here; give a model directory with --model"
    case .otherVocabulary(let tokenizer, let model):
      "the tokenizer has \(tokenizer) tokens, the model's embedding \(model) rows; they do not belong together"
    case .wrongHead(let plan, let data):
      "the plan's head predicts \(plan.phrase), the data has \(data.phrase); plan again with the data's --task"
        + (data.labelOption.map { " and --labels \($0)" } ?? "")
    }
  }
}

extension Problem {
  /// What a head of this kind predicts.
  fileprivate var phrase: String {
    switch self {
    case .classification(let labels): "one of \(labels) classes"
    case .regression: "a number"
    case .multiLabel(let labels): "any of \(labels) labels"
    case .span: "the span of an answer"
    }
  }

  /// What '--labels' would have to say.
  fileprivate var labelOption: Int? {
    switch self {
    case .classification(let labels), .multiLabel(let labels): labels
    case .regression, .span: nil
    }
  }
}
