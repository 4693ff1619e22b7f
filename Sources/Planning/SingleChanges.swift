import Graph
import Steps
import TrainerModels

extension PlanRequest {
  /// The same question with one thing given up, by what would be said on the command line.
  ///
  /// Nothing that the question leaves open is among them, since the planner has tried that.
  ///
  /// - Parameter smallerModels: other encoders to consider, by name.
  func singleChanges(
    smallerModels: [(name: String, graph: EncoderGraph)]
  ) -> [(name: String, request: PlanRequest)] {
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
    for (name, graph) in smallerModels where graph.parameterCount < self.graph.parameterCount {
      consider("the smaller model \(name)") { $0.graph = graph }
    }
    return changes
  }

  private func changed(_ edit: (inout PlanRequest) -> Void) -> PlanRequest {
    var changed = self
    edit(&changed)
    return changed
  }

  /// Fewer or shorter sequences, or fewer at once.
  private var shapeChanges: [(name: String, request: PlanRequest)] {
    let cuts = alternatives.accumulations
    let batches = [recipe.batch / 2, 1].filter { $0 >= recipe.accumulation && $0 < recipe.batch }
    let sequences = [recipe.sequence / 2].filter { $0 >= 8 }
    let parts = [2, recipe.batch].filter { cuts.isEmpty && $0 > recipe.accumulation && $0 <= recipe.batch }
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
      + parts.map { parts in ("--accumulate \(parts)", changed { $0.recipe.accumulation = parts }) }
  }

  /// Another optimizer, format of frozen weights or saving policy, and gradients that need not wait for their norm.
  private var recipeChanges: [(name: String, request: PlanRequest)] {
    let optimizers = Optimizer.allCases.filter {
      $0 != recipe.optimizer && !alternatives.optimizers.contains($0)
    }
    let formats = WeightFormat.allCases.filter {
      $0 != recipe.frozenWeights && !alternatives.frozenWeights.contains($0)
    }
    let savings = Alternatives.uniformSavings(of: trainer).filter {
      alternatives.savings.isEmpty && $0 != recipe.saving
    }
    return optimizers.map { optimizer in
      (
        "--optimizer \(optimizer.rawValue)",
        changed {
          $0.recipe.optimizer = optimizer
          $0.alternatives.optimizers = []
        }
      )
    }
      + formats.map { format in
        (
          "--frozen-weights \(format.rawValue)",
          changed {
            $0.recipe.frozenWeights = format
            $0.alternatives.frozenWeights = []
          }
        )
      }
      + savings.map { saving in ("--saving \(saving)", changed { $0.recipe.saving = saving }) }
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
