import Foundation
import Graph
import Steps
import Testing

@testable import TrainerModels

/// One setting of `Benchmarks/pytorch-memory.py` with what PyTorch used for it.
struct MeasuredSetting: Decodable, CustomStringConvertible {
  struct Setting: Decodable {
    let model: String
    let batch: Int
    let seq: Int
    let mask: String
    let attention: PyTorchOptions.Attention
    let update: PyTorchOptions.UpdateLoop
    let optimizer: Optimizer
    let accumulate: Int
    let precision: PyTorchOptions.Precision
    let dropout: Double
  }

  struct Measured: Decodable {
    let liveBytes: Int
    let residentBytes: Int
  }

  let setting: Setting
  let configuration: EncoderConfiguration
  /// Tensors that train whole, by number: `0-4,7`.
  let trained: String
  let retained: [Int]
  let measured: Measured

  var description: String {
    "\(setting.model) B\(setting.batch) S\(setting.seq) \(setting.mask) \(setting.attention) \(setting.update) "
      + "\(setting.optimizer) \(setting.precision) dropout \(setting.dropout)"
  }

  static func all() throws -> [MeasuredSetting] {
    let url = try #require(
      Bundle.module.url(forResource: "pytorch-memory", withExtension: "json", subdirectory: "Fixtures"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode([MeasuredSetting].self, from: Data(contentsOf: url))
  }

  /// What is predicted for it.
  func predicted() -> TrainerMemory {
    let graph = EncoderGraph(configuration)
    var selection = Selection(trainable: [], retained: retained)
    for range in trained.split(separator: ",") {
      let bounds = range.split(separator: "-").compactMap { Int($0) }
      guard let first = bounds.first, let last = bounds.last else { continue }
      selection.trainable.formUnion((first...last).filter { !graph.parameters[$0].isSplitByNode })
    }
    let recipe = Recipe(
      batch: setting.batch, sequence: setting.seq, accumulation: setting.accumulate,
      optimizer: setting.optimizer, saving: setting.mask.hasSuffix("+recompute") ? .recompute : .keep)
    let options = PyTorchOptions(
      attention: setting.attention, updateLoop: setting.update, precision: setting.precision)
    return TrainerModel.pytorch.memory(
      of: TrainingStep(TrainerModel.pytorch.template(graph, recipe, options), selection))
  }
}

@Suite("PyTorch's memory as it was measured")
struct MeasuredTests {
  private func errors(
    _ predicted: (TrainerMemory) -> Int, _ measured: (MeasuredSetting.Measured) -> Int
  ) throws -> [(setting: MeasuredSetting, error: Double)] {
    try MeasuredSetting.all().map { setting in
      let truth = Double(measured(setting.measured))
      return (setting, (Double(predicted(setting.predicted())) - truth) / truth)
    }
  }

  private func median(_ errors: [(setting: MeasuredSetting, error: Double)]) -> Double {
    errors.map { abs($0.error) }.sorted()[errors.count / 2]
  }

  @Test("live bytes are within 3 %, never under by more than 1 %, and within 1 % in the median")
  func live() throws {
    let errors = try errors(\.liveBytes, \.liveBytes)
    #expect(errors.count >= 60)
    for (setting, error) in errors { #expect((-0.01...0.03).contains(error), "\(setting): \(error)") }
    #expect(median(errors) <= 0.01)
  }

  @Test("resident bytes are within 10 %, and within 5 % in the median")
  func resident() throws {
    let errors = try errors(\.residentBytes, \.residentBytes)
    for (setting, error) in errors { #expect(abs(error) <= 0.1, "\(setting): \(error)") }
    #expect(median(errors) <= 0.05)
  }
}
