import Graph
import Steps

extension DecisionSpace {
  /// Whether frozen weights take no more bytes in one format than in another, whatever is chosen.
  ///
  /// So it is for matrices of any size that models have; INT8's scales make it untrue of slices a few numbers wide.
  func isLean(_ format: WeightFormat, beside other: WeightFormat) -> Bool {
    let nodes = graph.configuration.feedForwardSize
    let retained = Set(choices.flatMap(\.options).map(\.retained)).union([0]).filter { $0 < nodes }
    return graph.parameters.filter { $0.role.decays && $0.shape.count == 2 }.allSatisfy { parameter in
      let slices = parameter.nodeAxis.map { axis in
        retained.map { retained in
          var shape = parameter.shape
          shape[axis] = nodes - retained
          return shape
        }
      }
      return (slices ?? [parameter.shape]).allSatisfy {
        Self.bytes(format, of: $0) <= Self.bytes(other, of: $0)
      }
    }
  }

  /// Bytes of a frozen matrix; what would not shrink stays in F32.
  private static func bytes(_ format: WeightFormat, of shape: [Int]) -> Int {
    let formats = [ElementFormat.weights(format), .float32]
    return formats.map { Bytes.aligned($0.bytes(rows: shape[0], columns: shape[1])) }.min() ?? 0
  }
}

extension PlanRequest {
  /// Whether whatever fits under a recipe fits under another as well, its buffers placed without waste.
  ///
  /// It does where they differ only in how frozen weights are held, and the other holds them in no more bytes. A limit of time is another matter,
  /// and so are mapped weights that cost nothing.
  func isCovered(_ recipe: Recipe, by other: Recipe, in space: DecisionSpace) -> Bool {
    var alike = other
    alike.frozenWeights = recipe.frozenWeights
    return alike == recipe && !mappedFree && maximumStepSeconds == nil
      && space.isLean(other.frozenWeights, beside: recipe.frozenWeights)
  }
}
