import Checkpoints
import Graph
import Kernels
import Steps

@testable import Engine

/// Random weights that can be mapped; frozen matrices and tables perhaps as a format rounds them.
///
/// Nothing changes them once they are there.
final class HeldWeights: ParameterSource, @unchecked Sendable {
  private let values: [ParameterID: UnsafeMutableBufferPointer<Float>]

  init(_ graph: EncoderGraph, rounded: (format: Kernels.WeightFormat, selection: Selection)? = nil) {
    var values: [ParameterID: UnsafeMutableBufferPointer<Float>] = [:]
    for parameter in graph.parameters {
      let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: parameter.count)
      values[parameter.id] = floats
      guard let start = floats.baseAddress else { continue }
      RandomWeights(seed: 5).read(parameter, elements: 0..<parameter.count, into: start)
      guard let (format, selection) = rounded, parameter.shape.count == 2, !parameter.isHead,
        selection.trainedCount(parameter, of: graph) == 0
      else { continue }
      let (rows, columns) = (parameter.shape[0], parameter.shape[1])
      var held = [Float](repeating: 0, count: format.bytes(rows: rows, columns: columns) / 4 + 1)
      held.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        format.compress(rows: 0..<rows, of: rows, columns: columns, x: start, into: base)
        CompressedMatrix(format, rows: rows, columns: columns, bytes: base).expand(into: start)
      }
    }
    self.values = values
  }

  deinit { for floats in values.values { floats.deallocate() } }

  func mappedFloats(_ parameter: Parameter) -> UnsafeBufferPointer<Float>? {
    values[parameter.id].map { UnsafeBufferPointer($0) }
  }

  func read(_ parameter: Parameter, elements: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
    guard let start = values[parameter.id]?.baseAddress else { return }
    destination.update(from: start + elements.lowerBound, count: elements.count)
  }
}
