import Graph
import Kernels
import Steps
import Testing

@testable import Training

@Suite("The step that is run before the baseline is read")
struct MiniatureTests {
  @Test("runs for every family and head, with and without a projection of the embeddings")
  func runs() throws {
    let context = try KernelContext(threads: 2)
    for family in ModelFamily.allCases {
      for problem in [Problem.classification(labels: 3), .regression, .multiLabel(labels: 2), .span] {
        for embedding in family == .electra ? [12, 24] : [24] {
          let configuration = EncoderConfiguration(
            family: family, vocabularySize: 50, embeddingSize: embedding, hiddenSize: 24, feedForwardSize: 40,
            layerCount: 3, headCount: 3, problem: problem)
          for saving in Saving.uniforms {
            let recipe = Recipe(
              batch: 4, sequence: 16, accumulation: 2, optimizer: .adamw8bit, threads: 2, saving: saving,
              frozenWeights: .int8)
            #expect(throws: Never.self, "\(configuration), \(recipe)") {
              try Miniature.run(recipe, context, like: configuration)
            }
          }
        }
      }
    }
  }
}
