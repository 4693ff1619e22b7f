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
  @Test(
    "live bytes are within 3 %, never under by more than 1 %; resident ones within 10 %; the medians 1 % and 5 %"
  )
  func errors() throws {
    let settings = try MeasuredSetting.all()
    #expect(settings.count >= 60)
    func error(_ predicted: Int, _ measured: Int) -> Double { Double(predicted - measured) / Double(measured) }
    let errors = settings.map { setting in
      let predicted = setting.predicted()
      return (
        live: error(predicted.liveBytes, setting.measured.liveBytes),
        resident: error(predicted.residentBytes, setting.measured.residentBytes)
      )
    }
    for (setting, error) in zip(settings, errors) {
      #expect((-0.01...0.03).contains(error.live), "\(setting): \(error.live)")
      #expect(abs(error.resident) <= 0.1, "\(setting): \(error.resident)")
    }
    func median(_ errors: [Double]) -> Double { errors.map(abs).sorted()[errors.count / 2] }
    #expect(median(errors.map(\.live)) <= 0.01)
    #expect(median(errors.map(\.resident)) <= 0.05)
  }
}
