import Graph
import Steps
import TrainerModels

/// tiny-training: sparse updates of convolutional networks, which no encoder is.
struct TinyTraining: ExportTarget {
  let name = "tiny-training"
  let trainer = "tiny-training 7bf8e05"
  let memoryModel: TrainerModel? = nil
  let matching = "convolutions by their number: a suffix for biases, a list with channel ratios for weights"

  func expressible(_ graph: EncoderGraph) -> Expressible { Expressible(shapes: []) }

  func refusal(_ graph: EncoderGraph) -> String? {
    "its backward_config counts convolutions, of which \(graph.configuration.family.displayName) has none; "
      + "use one of the targets on transformers, such as pytorch"
  }

  func notes(_ job: ExportJob) -> [String] { [] }
  func files(_ job: ExportJob) throws -> [ExportedFile] { [] }
  func rule(_ files: [ExportedFile]) throws -> MatchingRule { .exactly([]) }
}
