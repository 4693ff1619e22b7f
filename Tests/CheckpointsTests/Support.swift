import Foundation
import Graph

@testable import Checkpoints

/// A file of a header and `dataBytes` bytes of data.
func safetensors(_ header: String, dataBytes: Int = 0) -> [UInt8] {
  let json = Array(header.utf8)
  return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
    + (0..<dataBytes).map { UInt8($0 & 0xFF) }
}

/// Small graphs of BERT and DistilBERT.
let tinyBERT = EncoderConfiguration(
  family: .bert, vocabularySize: 11, maximumPositions: 7, hiddenSize: 4, feedForwardSize: 6, layerCount: 2,
  headCount: 2, problem: .classification(labels: 3))
let tinyDistilBERT = EncoderConfiguration(
  family: .distilbert, vocabularySize: 11, maximumPositions: 7, hiddenSize: 4, feedForwardSize: 6,
  layerCount: 2,
  headCount: 2, problem: .regression)

/// A small graph of any family; ELECTRA's with embeddings of their own width.
func tiny(_ family: ModelFamily, _ problem: Problem) -> EncoderConfiguration {
  EncoderConfiguration(
    family: family, vocabularySize: 11, maximumPositions: 7, embeddingSize: family == .electra ? 2 : nil,
    hiddenSize: 4, feedForwardSize: 6, layerCount: 2, headCount: 2, problem: problem)
}

/// Every family with every head.
let tinyModels = ModelFamily.allCases.flatMap { family in
  [.classification(labels: 3), .regression, .multiLabel(labels: 5), .span].map { tiny(family, $0) }
}

/// Writes tensors whose elements count up from `seed`.
func writeTensors(_ tensors: [SafetensorsWriter.Tensor], to url: URL) throws {
  try FileManager.default.createDirectory(
    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try SafetensorsWriter.write(tensors, to: url) { tensor, sink in
    try elements(of: tensor.name, count: tensor.count).withUnsafeBufferPointer { try sink.write($0) }
  }
}

/// Values that tell every tensor and every place in it apart.
func elements(of name: String, count: Int) -> [Float] {
  let start = Float(fnv1a(name) % 1000)
  return (0..<count).map { start + Float($0) / 1024 }
}

/// Every parameter as a tensor, under the name that `name` gives it; nil leaves it out.
func tensors(
  of graph: EncoderGraph, named name: (Parameter) -> String?
) -> [SafetensorsWriter.Tensor] {
  graph.parameters.compactMap { parameter in
    name(parameter).map { SafetensorsWriter.Tensor(name: $0, shape: parameter.shape) }
  }
}

extension ParameterSource {
  func values(of parameter: Parameter, _ range: Range<Int>? = nil) throws -> [Float] {
    let range = range ?? 0..<parameter.count
    var values = [Float](repeating: .nan, count: range.count)
    try values.withUnsafeMutableBufferPointer { buffer in
      if let start = buffer.baseAddress { try read(parameter, elements: range, into: start) }
    }
    return values
  }
}
