import Graph
import Steps
import TrainerModels

extension PlanRequest {
  /// The same question with one thing given up, by what would be said on the command line.
  ///
  /// Nothing that the question leaves open is among them, since the planner has tried that.
  var singleChanges: [(name: String, request: PlanRequest)] {
    var changes = shapeChanges + recipeChanges + pinChanges
    func consider(_ name: String, _ edit: (inout PlanRequest) -> Void) {
      changes.append((name, changed(edit)))
    }
    if trainer == .permafrost {
      if !mappedFree {
        consider("--mapped-free, where the system can drop clean mapped pages") { $0.mappedFree = true }
      }
    } else {
      for precision in PyTorchOptions.Precision.allCases where precision != trainerOptions.precision {
        consider("--precision \(precision.rawValue)") { $0.trainerOptions.precision = precision }
      }
      for loop in PyTorchOptions.UpdateLoop.allCases where loop != trainerOptions.updateLoop {
        consider("--update-loop \(loop.rawValue)") { $0.trainerOptions.updateLoop = loop }
      }
    }
    return changes
  }

  /// The same question about each of these models that is smaller, the largest first.
  func modelChanges(
    _ models: [(name: String, graph: EncoderGraph)]
  ) -> [(name: String, request: PlanRequest)] {
    models.filter { $0.graph.parameterCount < graph.parameterCount }
      .sorted { $0.graph.parameterCount > $1.graph.parameterCount }
      .map { model in ("the smaller model \(model.name)", changed { $0.graph = model.graph }) }
  }

  private func changed(_ edit: (inout PlanRequest) -> Void) -> PlanRequest {
    var changed = self
    edit(&changed)
    return changed
  }

  /// The same question with a value of the recipe decided otherwise than by any that it may have now.
  private func deciding<Value: Equatable>(
    _ field: WritableKeyPath<Recipe, Value>, _ open: WritableKeyPath<Alternatives, [Value]>,
    among values: [Value],
    _ words: (Value) -> String
  ) -> [(name: String, request: PlanRequest)] {
    let left = alternatives[keyPath: open]
    let tried = left.isEmpty ? [recipe[keyPath: field]] : left
    return values.filter { !tried.contains($0) }.map { value in
      (
        words(value),
        changed {
          $0.recipe[keyPath: field] = value
          $0.alternatives[keyPath: open] = []
        }
      )
    }
  }

  /// Fewer or shorter sequences, or fewer at once.
  private var shapeChanges: [(name: String, request: PlanRequest)] {
    let cuts = alternatives.accumulations
    let batches = [recipe.batch / 2, 1].filter { $0 >= recipe.accumulation && $0 < recipe.batch }
    let sequences = [recipe.sequence / 2].filter { $0 >= 8 }
    let parts = [2, recipe.batch].filter { $0 <= recipe.batch && $0 > (cuts.max() ?? recipe.accumulation) }
    return batches.map { batch in
      (
        "--batch \(batch)",
        changed {
          $0.recipe.batch = batch
          $0.alternatives.accumulations = cuts.filter { $0 <= batch }
        }
      )
    }
      + sequences.map { sequence in ("--seq \(sequence)", changed { $0.recipe.sequence = sequence }) }
      + deciding(\.accumulation, \.accumulations, among: parts) { "--accumulate \($0)" }
  }

  /// Another optimizer, format of frozen weights or saving policy, and gradients that need not wait for their norm.
  private var recipeChanges: [(name: String, request: PlanRequest)] {
    deciding(\.optimizer, \.optimizers, among: Optimizer.allCases) { "--optimizer \($0.rawValue)" }
      + deciding(\.frozenWeights, \.frozenWeights, among: WeightFormat.allCases) {
        "--frozen-weights \($0.rawValue)"
      }
      + deciding(\.saving, \.savings, among: Alternatives.uniformSavings(of: trainer)) { "--saving \($0)" }
      + (recipe.maximumGradientNorm == nil
        ? [] : [("without --clip-norm", changed { $0.recipe.maximumGradientNorm = nil })])
  }

  /// Without one of the things that were decided beforehand.
  private var pinChanges: [(name: String, request: PlanRequest)] {
    pins.train.indices.map { index in
      ("without --train '\(pins.train[index])'", changed { $0.pins.train.remove(at: index) })
    }
      + (pins.minimumRetention == 0
        ? [] : [("without --min-retention", changed { $0.pins.minimumRetention = 0 })])
      + (target.map { target in [("without --for \(target.name)", changed { $0.target = nil })] } ?? [])
  }
}
