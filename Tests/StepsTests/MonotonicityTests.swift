import Graph
import Simulation
import TestSupport
import Testing

@testable import Steps

@Suite("What a step needs")
struct MonotonicityTests {
  /// The most bytes alive at once, with mapped weights and without.
  private func live(_ template: StepTemplate, _ selection: Selection) -> (counted: Int, free: Int) {
    let step = TrainingStep(template, selection)
    let peak = step.liveBytes().max() ?? 0
    return (peak + step.mappedBytes, peak)
  }

  @Test(
    "never falls when one more tensor trains", arguments: ModelFamily.allCases, Saving.uniforms)
  func tensors(family: ModelFamily, saving: Saving) {
    let graph = smallEncoder(family)
    var generator = SeededGenerator(seed: 23)
    for optimizer in Optimizer.allCases {
      let template = StepTemplate(
        graph, Recipe(batch: 3, sequence: 8, optimizer: optimizer, threads: 2, saving: saving))
      for _ in 0..<6 {
        let selection = randomSelection(graph, using: &generator)
        let before = live(template, selection)
        for parameter in graph.parameters where !parameter.isSplitByNode {
          var more = selection
          more.trainable.insert(parameter.id)
          let after = live(template, more)
          #expect(
            after.counted >= before.counted && after.free >= before.free, "\(parameter.name) on \(selection)")
        }
      }
    }
  }

  @Test("never falls when more nodes train, but for the rounding of two parts to cache lines")
  func nodes() {
    let graph = smallEncoder(.bert)
    var generator = SeededGenerator(seed: 29)
    for saving in Saving.uniforms {
      let template = StepTemplate(graph, Recipe(batch: 3, sequence: 8, saving: saving))
      for _ in 0..<6 {
        var selection = randomSelection(graph, using: &generator)
        let layer = Int.random(in: 0..<3, using: &generator)
        var least = 0
        for count in [0, 1, 13, 39, 40] {
          selection.retained[layer] = count
          let needed = live(template, selection).counted
          // Every split tensor has two parts at most, each rounded up by less than a line: weights, states, activations.
          #expect(needed > least - 16 * Bytes.alignment, "\(count) nodes of layer \(layer), \(selection)")
          least = max(least, needed)
        }
      }
    }
  }

  @Test(
    "never falls with a larger batch, a longer sequence, or another thread", arguments: Saving.uniforms)
  func sizes(saving: Saving) {
    let graph = smallEncoder(.distilbert)
    var generator = SeededGenerator(seed: 31)
    let recipe = Recipe(batch: 2, sequence: 5, threads: 2, saving: saving)
    for _ in 0..<8 {
      let selection = randomSelection(graph, using: &generator)
      let before = live(StepTemplate(graph, recipe), selection)
      for edit: (inout Recipe) -> Void in [
        { $0.batch += 1 }, { $0.sequence += 1 }, { $0.sequence = 24 }, { $0.threads += 1 },
      ] {
        var larger = recipe
        edit(&larger)
        let after = live(StepTemplate(graph, larger), selection)
        #expect(after.counted >= before.counted && after.free >= before.free, "\(larger), \(selection)")
      }
    }
  }

  @Test("falls from keeping to saving what is cheap to recomputing, when everything trains")
  func policies() {
    for (layers, batch, sequence) in [(2, 2, 8), (3, 8, 24), (6, 16, 24)] {
      let graph = smallEncoder(.bert, layers: layers)
      let peaks = Saving.uniforms.map {
        live(StepTemplate(graph, Recipe(batch: batch, sequence: sequence, saving: $0)), .full(graph)).counted
      }
      #expect(peaks[0] > peaks[1] && peaks[1] > peaks[2], "\(layers) layers: \(peaks)")
    }
  }

  /// Why the planner tries every policy rather than the leanest.
  ///
  /// Training one matrix of the last layer, backward needs only that layer's input, so there is nothing to be saved by
  /// dropping anything, and bringing the input back takes room.
  @Test("does not always fall with a leaner policy")
  func policiesAreNotOrdered() throws {
    let graph = smallEncoder(.distilbert)
    var selection = Selection.frozen(graph)
    selection.trainable = [try #require(graph.group(.query, layer: 2)).parameters[0]]
    let peaks = Saving.uniforms.map {
      TrainingStep(StepTemplate(graph, Recipe(batch: 8, sequence: 24, saving: $0)), selection).liveBytes().max()
        ?? 0
    }
    #expect(peaks[1] > peaks[0] || peaks[2] > peaks[0], "\(peaks)")
  }

  @Test("for evaluation is never more than the arena that both share", arguments: Saving.uniforms)
  func evaluation(saving: Saving) {
    let graph = smallEncoder(.bert)
    var generator = SeededGenerator(seed: 37)
    let template = StepTemplate(graph, Recipe(batch: 3, sequence: 8, threads: 4, saving: saving))
    for selection in [.frozen(graph), .full(graph)]
      + (0..<30).map({ _ in randomSelection(graph, using: &generator) })
    {
      let program = StepProgram(template, selection)
      #expect(program.evaluation.arenaBytes <= program.arenaBytes)
      #expect(program.training.arenaBytes == program.arenaBytes)
      // Kernel by kernel, a forward pass that saves nothing never has more alive.
      let training = Dictionary(
        uniqueKeysWithValues: zip(program.training.kernels.map(\.origin), program.training.liveBytes()))
      for (kernel, bytes) in zip(program.evaluation.kernels, program.evaluation.liveBytes()) {
        #expect(bytes <= training[kernel.origin] ?? 0, "\(kernel.name), \(selection)")
      }
    }
  }
}
