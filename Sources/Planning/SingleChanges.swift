import Graph
import Steps
import TrainerModels

/// A question with one thing given up, by what would be said on the command line.
typealias SingleChange = (name: String, request: PlanRequest)

extension PlanRequest {
  /// Nothing that the question leaves open is among them, since the planner has tried that.
  var singleChanges: [SingleChange] { shapeChanges + recipeChanges + pinChanges + trainerChanges }

  /// The same question about each of these models that is smaller, the largest first.
  func modelChanges(_ models: [(name: String, graph: EncoderGraph)]) -> [SingleChange] {
    models.filter { $0.graph.parameterCount < graph.parameterCount }
      .sorted { $0.graph.parameterCount > $1.graph.parameterCount }
      .map { model in
        change("the smaller model \(model.name)") {
          // Other layers have other policies to choose from; those of a list given by hand are this model's alone.
          if $0.alternatives.savings == Alternatives.savings(for: graph, trainer: trainer) {
            $0.alternatives.savings = Alternatives.savings(for: model.graph, trainer: trainer)
          }
          $0.graph = model.graph
        }
      }
  }

  private func change(_ name: String, _ edit: (inout PlanRequest) -> Void) -> SingleChange {
    var changed = self
    edit(&changed)
    return (name, changed)
  }

  /// A value of the recipe, decided otherwise than by any that it may have now.
  private func deciding<Value: Equatable>(
    _ field: WritableKeyPath<Recipe, Value>, _ open: WritableKeyPath<Alternatives, [Value]>,
    among values: [Value], _ words: (Value) -> String
  ) -> [SingleChange] {
    let left = alternatives[keyPath: open]
    let tried = left.isEmpty ? [recipe[keyPath: field]] : left
    return values.filter { !tried.contains($0) }.map { value in
      change(words(value)) {
        $0.recipe[keyPath: field] = value
        $0.alternatives[keyPath: open] = []
      }
    }
  }

  /// Fewer or shorter sequences, or fewer at once.
  private var shapeChanges: [SingleChange] {
    let cuts = alternatives.accumulations
    // Each once, and in an order that is the same in every process.
    let batches = Set([recipe.batch / 2, 1]).sorted(by: >).filter {
      $0 >= recipe.accumulation && $0 < recipe.batch
    }
    let sequences = [recipe.sequence / 2].filter { $0 >= 8 }
    let parts = Set([2, recipe.batch]).sorted().filter {
      $0 <= recipe.batch && $0 > (cuts.max() ?? recipe.accumulation)
    }
    return batches.map { batch in
      change("--batch \(batch)") {
        $0.recipe.batch = batch
        $0.alternatives.accumulations = cuts.filter { $0 <= batch }
      }
    }
      + sequences.map { sequence in change("--seq \(sequence)") { $0.recipe.sequence = sequence } }
      + deciding(\.accumulation, \.accumulations, among: parts) { "--accumulate \($0)" }
  }

  /// Another optimizer, format of frozen weights or saving policy, and gradients that need not wait for their norm.
  private var recipeChanges: [SingleChange] {
    deciding(\.optimizer, \.optimizers, among: Optimizer.allCases) { "--optimizer \($0.rawValue)" }
      + deciding(\.frozenWeights, \.frozenWeights, among: WeightFormat.allCases) {
        "--frozen-weights \($0.rawValue)"
      }
      + deciding(\.saving, \.savings, among: trainer.savingPolicies.map { Saving($0) }) { "--saving \($0)" }
      + (recipe.maximumGradientNorm == nil
        ? [] : [change("without --clip-norm") { $0.recipe.maximumGradientNorm = nil }])
  }

  /// Without one of the things that were decided beforehand.
  private var pinChanges: [SingleChange] {
    pins.train.indices.map { index in
      change("without --train '\(pins.train[index])'") { $0.pins.train.remove(at: index) }
    }
      + (pins.minimumRetention == 0
        ? [] : [change("without --min-retention") { $0.pins.minimumRetention = 0 }])
      + (maximumStepSeconds == nil
        ? [] : [change("without a limit of time or energy") { $0.maximumStepSeconds = nil }])
      + (target.map { target in [change("without --for \(target.name)") { $0.target = nil }] } ?? [])
  }

  /// What decides the trainer's memory beside the recipe.
  private var trainerChanges: [SingleChange] {
    guard trainer != .permafrost else {
      return mappedFree
        ? [] : [change("--mapped-free, where the system can drop clean mapped pages") { $0.mappedFree = true }]
    }
    return PyTorchOptions.Precision.allCases.filter { $0 != trainerOptions.precision }.map { precision in
      change("--precision \(precision.rawValue)") { $0.trainerOptions.precision = precision }
    }
      + PyTorchOptions.UpdateLoop.allCases.filter { $0 != trainerOptions.updateLoop }.map { loop in
        change("--update-loop \(loop.rawValue)") { $0.trainerOptions.updateLoop = loop }
      }
  }
}
