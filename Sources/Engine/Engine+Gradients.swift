import Graph
import Kernels
import Steps

extension Engine {
  /// The mean of a tensor's squared gradients over the steps taken, in the checkpoint's layout and node order,
  /// handed over row by row; 0 for what is frozen, and for everything with an optimizer that keeps none.
  ///
  /// It is AdamW's second moment after bias correction (Kingma and Ba, arXiv 1412.6980, section 3):
  /// (1 − β₂) Σ β₂^(T−t) g² / (1 − β₂^T), β₂ = 0.999, over the steps t of T. So the first of 100 steps weighs 9 % less than the last.
  /// Each g is the gradient of one batch's mean loss, after clipping where the recipe clips.
  ///
  /// - Parameter steps: T, the steps taken since ``loadWeights()``.
  public func readMeanSquaredGradients(
    of parameter: Parameter, steps: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    let width = max(parameter.shape.last ?? 1, 1)
    let parts = residentParts { content in
      guard program.training.recipe.optimizer.keepsSquaredGradients, case .state(let part, index: 1) = content,
        part.parameter == parameter.id
      else { return nil }
      return part
    }
    let correction = Float(1 / UpdateRule.adamW(learningRate: 0, step: steps).secondMomentWeight)
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { row in
      guard let pointer = row.baseAddress else { return }
      for index in 0..<parameter.count / width {
        row.initialize(repeating: 0)
        for part in parts { part.gather(row: index, of: parameter, into: pointer) }
        for column in row.indices { row[column] *= correction }
        try body(UnsafeBufferPointer(row))
      }
    }
  }
}
