import Graph
import TestSupport
import Testing

@testable import Steps

/// A small encoder of each family, sizes chosen so that no two dimensions coincide.
func smallEncoder(_ family: ModelFamily, layers: Int = 3) -> EncoderGraph {
  EncoderGraph(
    EncoderConfiguration(
      family: family, vocabularySize: 97, maximumPositions: 24,
      embeddingSize: family == .electra ? 12 : nil, hiddenSize: 16, feedForwardSize: 40, layerCount: layers,
      headCount: 4))
}

/// Recipes that between them take every branch of the lowering, for encoders of three layers.
let recipes: [Recipe] =
  Saving.uniforms.map { Recipe(batch: 3, sequence: 8, threads: 2, saving: $0) } + [
    Recipe(batch: 3, sequence: 8, threads: 2, saving: Saving(layers: [.recompute, .cheap, .keep])),
    Recipe(
      batch: 3, sequence: 8, optimizer: .lion, threads: 2, saving: Saving(layers: [.cheap, .recompute, .cheap])),
    Recipe(batch: 3, sequence: 8, accumulation: 2, threads: 1, saving: .cheap),
    Recipe(batch: 3, sequence: 8, optimizer: .adafactor, maximumGradientNorm: 1, frozenWeights: .bfloat16),
    Recipe(
      batch: 4, sequence: 8, accumulation: 4, optimizer: .adamw8bit, maximumGradientNorm: 1, threads: 3,
      saving: .recompute, frozenWeights: .int8),
  ]

/// A selection drawn at random: any tensors, any numbers of nodes.
func randomSelection(_ graph: EncoderGraph, using generator: inout some RandomNumberGenerator) -> Selection {
  var selection = Selection.frozen(graph)
  let density = Int.random(in: 0...4, using: &generator)
  for parameter in graph.parameters where !parameter.isSplitByNode {
    if Int.random(in: 0..<5, using: &generator) < density { selection.trainable.insert(parameter.id) }
  }
  for layer in selection.retained.indices {
    selection.retained[layer] = [0, 0, 1, 13, 40].randomElement(using: &generator) ?? 0
  }
  return selection
}

@Suite("A training step")
struct StepTests {
  @Test(
    "every lowered step is sound: all placed, none overlap, within size, nothing read before it is written",
    arguments: ModelFamily.allCases, recipes)
  func sound(family: ModelFamily, recipe: Recipe) {
    let graph = smallEncoder(family)
    let template = StepTemplate(graph, recipe)
    var generator = SeededGenerator(seed: 7)
    var selections = [Selection.frozen(graph), .full(graph)]
    for _ in 0..<12 { selections.append(randomSelection(graph, using: &generator)) }
    for selection in selections {
      for extent in [TrainingStep.Extent.training, .evaluation] {
        let step = TrainingStep(template, selection, extent: extent)
        #expect(step.brokenInvariants() == [], "\(selection)")
        #expect((step.liveBytes().max() ?? 0) <= step.arenaBytes)
      }
    }
  }

  @Test(
    "full fine-tuning updates every tensor exactly once, whatever is saved", arguments: Saving.uniforms)
  func updatesAll(saving: Saving) {
    let graph = smallEncoder(.bert)
    let step = TrainingStep(
      StepTemplate(graph, Recipe(batch: 2, sequence: 8, saving: saving)), .full(graph))
    #expect(step.kernels.filter { $0.phase == .update }.count == graph.parameters.count)
  }

  @Test("with everything frozen there is no backward and nothing is saved")
  func frozen() {
    let graph = smallEncoder(.distilbert)
    let step = TrainingStep(StepTemplate(graph, Recipe(batch: 2, sequence: 8)), .frozen(graph))
    #expect(step.kernels.allSatisfy { $0.phase == .forward || $0.phase == .loss })
    #expect(step.buffers.allSatisfy { $0.category != .activations })
  }

  @Test("backward stops at the lowest trainable layer")
  func backwardStops() throws {
    let graph = smallEncoder(.bert)
    var selection = Selection.frozen(graph)
    selection.train(try #require(graph.group(.query, layer: 1)), of: graph)
    let step = TrainingStep(StepTemplate(graph, Recipe(batch: 2, sequence: 8)), selection)
    let backward = step.kernels.filter { $0.phase == .backward }
    #expect(backward.contains { $0.layer == 2 })
    #expect(!backward.contains { $0.layer == 0 })
    // In layer 1 the query's weight needs only the queries' gradient: no input gradient flows on.
    #expect(!backward.contains { $0.name == "layer.1.query.input-gradient" })
    let attention = try #require(backward.first { $0.name == "layer.1.attention.backward" })
    #expect(attention.operand(.queryGradient) != nil)
    #expect(attention.operand(.keyGradient) == nil)
    #expect(attention.operand(.valueGradient) == nil)
  }

  @Test("a frozen linear layer's input is not saved for its sake")
  func frozenInputs() throws {
    let graph = smallEncoder(.bert)
    let template = StepTemplate(graph, Recipe(batch: 2, sequence: 8))
    func saved(_ selection: Selection) -> Set<String> {
      Set(TrainingStep(template, selection).buffers.filter { $0.category == .activations }.map(\.name))
    }
    var biases = Selection.frozen(graph)
    for parameter in graph.parameters where parameter.role.isAdditive { biases.trainable.insert(parameter.id) }
    #expect(saved(.full(graph)).contains("layer.1.context"))
    #expect(!saved(biases).contains("layer.1.context"))
    #expect(saved(biases).contains("layer.1.feed-forward.frozen.before"))
  }

  @Test("a split layer keeps the activations of its learners only")
  func splitLayers() throws {
    let graph = smallEncoder(.distilbert)
    var selection = Selection.full(graph)
    selection.retained = [0, 13, 40]
    let step = TrainingStep(StepTemplate(graph, Recipe(batch: 2, sequence: 8)), selection)
    func buffer(_ name: String) -> Buffer? { step.buffers.first { $0.name == name } }
    let learners = try #require(buffer("layer.1.feed-forward.learners.after"))
    #expect(learners.category == .activations && learners.columns == 13)
    let frozen = try #require(buffer("layer.1.feed-forward.frozen.after"))
    #expect(frozen.category == .temporaries && frozen.columns == 27)
    #expect(buffer("layer.0.feed-forward.learners.after") == nil)
    #expect(buffer("layer.2.feed-forward.frozen.after") == nil)
    // Only the split layer's frozen nodes are copied; the wholly frozen layer is read in place.
    let up = try #require(graph.group(.feedForward, layer: 0)).parameters[0]
    #expect(buffer("\(graph.parameters[up].name).frozen")?.storage == .mapped)
  }

  @Test("saving less never takes more memory, and the layers' activations go")
  func policies() {
    let graph = smallEncoder(.bert, layers: 6)
    let peaks = [Saving.keep, .cheap, .recompute].map {
      TrainingStep(StepTemplate(graph, Recipe(batch: 4, sequence: 16, saving: $0)), .full(graph)).arenaBytes
    }
    #expect(peaks[0] > peaks[1] && peaks[1] > peaks[2])
  }

  @Test("static buffers lie in the same places in training and evaluation")
  func sharedStatics() {
    let graph = smallEncoder(.bert)
    let template = StepTemplate(graph, Recipe(batch: 2, sequence: 8))
    var selection = Selection.full(graph)
    selection.retained[1] = 5
    func statics(_ extent: TrainingStep.Extent) -> [String: Buffer.Storage] {
      let step = TrainingStep(template, selection, extent: extent)
      return Dictionary(
        uniqueKeysWithValues: step.buffers.filter { $0.lifetime == nil }.map { ($0.name, $0.storage) })
    }
    #expect(statics(.training) == statics(.evaluation))
  }
}
