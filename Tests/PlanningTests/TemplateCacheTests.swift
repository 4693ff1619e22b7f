import Graph
import Steps
import Testing
import TrainerModels

@testable import Planning

@Suite("Steps that were lowered before")
struct TemplateCacheTests {
  private let recipe = Recipe(batch: 4, sequence: 8)

  private func changed(_ change: (inout Recipe) -> Void) -> Recipe {
    var recipe = recipe
    change(&recipe)
    return recipe
  }

  /// All that a template decides, with part of the pairs training.
  private func description(_ template: StepTemplate) -> [String] {
    var selection = Selection.full(template.graph)
    selection.trainable.remove(0)
    selection.retained[0] = 0
    selection.retained[1] = 13
    let step = StepProgram(template, selection).training
    return step.kernels.map(\.name)
      + step.buffers.map { "\($0.name): \($0.rows) x \($0.columns) \($0.format), \($0.storage)" }
  }

  /// Asks for all of them twice in turn, so that each comes back after the others.
  private func check(
    _ questions: [(graph: EncoderGraph, recipe: Recipe, trainer: TrainerModel, options: PyTorchOptions)],
    in cache: TemplateCache
  ) {
    let lowered = questions.map { description($0.trainer.template($0.graph, $0.recipe, $0.options)) }
    for _ in 0..<2 {
      for (question, expected) in zip(questions, lowered) {
        let found = cache.template(question.graph, question.recipe, of: question.trainer, question.options)
        #expect(found.recipe == question.recipe)
        #expect(description(found) == expected, "\(question.trainer), \(question.recipe)")
      }
    }
  }

  @Test("are those that would be lowered now, whichever part of the question changes")
  func everyPart() {
    var wide = smallGraph.configuration
    wide.feedForwardSize = 56
    let recipes = [
      recipe, changed { $0.sequence = 6 }, changed { $0.batch = 2 }, changed { $0.threads = 3 },
      changed { $0.accumulation = 2 }, changed { $0.optimizer = .adafactor },
      changed { $0.saving = .recompute },
      changed { $0.maximumGradientNorm = 1 }, changed { $0.frozenWeights = .bfloat16 },
      changed { $0.frozenWeights = .int8 },
    ]
    var eager = PyTorchOptions()
    eager.attention = .eager
    let cache = TemplateCache()
    check(
      recipes.map { (smallGraph, $0, .permafrost, PyTorchOptions()) } + [
        (EncoderGraph(wide), recipe, .permafrost, PyTorchOptions()),
        (smallGraph, recipe, .pytorch, PyTorchOptions()), (smallGraph, recipe, .pytorch, eager),
        (smallGraph, recipe, .pytorchCUDA, PyTorchOptions()),
      ], in: cache)
    // All are kept, and the formats of frozen weights share one.
    #expect(cache.count == recipes.count + 4 - 2)
  }

  @Test("have no more kernels than may be kept, and those forgotten come back the same")
  func moreThanAreKept() {
    let recipes = (1...5).map { batch in changed { $0.batch = batch } }
    let kernels = StepTemplate(smallGraph, recipe).kernels.count
    let cache = TemplateCache(mostKernels: 3 * kernels)
    check(recipes.map { (smallGraph, $0, .permafrost, PyTorchOptions()) }, in: cache)
    #expect((1...3).contains(cache.count))
  }
}
