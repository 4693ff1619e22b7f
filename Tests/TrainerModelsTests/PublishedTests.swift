import Graph
import Steps
import Testing

@testable import TrainerModels

/// Bytes of a category, without the allocator's rounding.
private func bytes(_ step: TrainingStep, _ category: BufferCategory) -> Int {
  step.buffers.filter { $0.category == category }
    .reduce(0) { $0 + $1.format.bytes(rows: $1.rows, columns: $1.columns) }
}

/// A row of a table of `torch.cuda.memory_allocated()` after forward, weights included.
struct MeasuredForward: CustomStringConvertible {
  let isLarge: Bool
  let batch: Int
  let sequence: Int
  let mebibytes: Int

  var description: String { "BERT-\(isLarge ? "large" : "base"), B\(batch) S\(sequence)" }

  init(_ isLarge: Bool, _ batch: Int, _ sequence: Int, _ mebibytes: Int) {
    (self.isLarge, self.batch, self.sequence, self.mebibytes) = (isLarge, batch, sequence, mebibytes)
  }
}

@Suite("Published tables")
struct PublishedTests {
  /// What BERT in pytorch_transformers held after forward in evaluation mode, as a post of 2019 lists it in whole MiB.
  ///
  /// Two more of its rows, base at 512 tokens (B4 S128 and B1 S512), are 9 and 22 MiB above what their neighbours
  /// suggest, and are left out.
  static let forward = [
    MeasuredForward(false, 8, 128, 1582), MeasuredForward(false, 16, 128, 2747),
    MeasuredForward(false, 32, 128, 5075), MeasuredForward(false, 64, 128, 9731),
    MeasuredForward(false, 1, 256, 745), MeasuredForward(false, 4, 512, 3610),
    MeasuredForward(false, 8, 512, 6803), MeasuredForward(true, 4, 128, 2823),
    MeasuredForward(true, 8, 128, 4367), MeasuredForward(true, 16, 128, 7455),
    MeasuredForward(true, 4, 512, 9759),
  ]

  /// PyTorch and its models have since changed in three places.
  ///
  /// What they were: https://github.com/huggingface/transformers/blob/v1.0.0/pytorch_transformers/modeling_bert.py and
  /// https://github.com/pytorch/pytorch/blob/v1.1.0/tools/autograd/derivatives.yaml.
  ///
  /// - GELU was `x * 0.5 * (1.0 + erf(x / √2))`, which saves three tensors; now one kernel saves its input.
  /// - LayerNorm was written out, and saved three tensors and a deviation; now one kernel saves its input, a mean and a
  ///   deviation.
  /// - Softmax saved its input beside its result.
  @Test("BERT's weights and saved activations are those of 2019, to the MiB", arguments: forward)
  func bert(row: MeasuredForward) {
    let configuration = EncoderConfiguration(
      family: .bert, vocabularySize: 30_522, hiddenSize: row.isLarge ? 1024 : 768,
      feedForwardSize: row.isLarge ? 4096 : 3072, layerCount: row.isLarge ? 24 : 12,
      headCount: row.isLarge ? 16 : 12, hiddenDropout: 0, attentionDropout: 0)
    let graph = EncoderGraph(configuration)
    let step = TrainingStep(
      TrainerModel.pytorchCUDA.template(
        graph, Recipe(batch: row.batch, sequence: row.sequence), PyTorchOptions(attention: .eager)),
      .full(graph))
    let layers = configuration.layerCount
    let tokens = row.batch * row.sequence
    let gelu = layers * tokens * (3 - 1) * configuration.feedForwardSize
    let norms = (2 * layers + 1) * tokens * ((3 - 1) * configuration.hiddenSize + (1 - 2))
    let softmax = layers * configuration.headCount * row.batch * row.sequence * row.sequence
    let predicted =
      bytes(step, .weights) + bytes(step, .activations) + 4 * (gelu + norms + softmax)
    let missing = row.mebibytes << 20 - predicted
    // Rounding to a MiB, and the batch's ids, types, positions and mask in 64-bit numbers, the mask once more in F32.
    #expect((0...(1 << 20 + tokens * 64)).contains(missing), "\(missing) bytes")
  }

  /// LLaMA-7B's static memory in GiB (Lv et al., arXiv 2306.09782, table 1), by what our model says a parameter takes.
  ///
  /// Its parameters and gradients are in half precision; its optimizer states are those of F32 with F32's weights.
  @Test("LOMO's table of parameters, gradients and optimizer states comes out to the last digit")
  func lomo() {
    // https://github.com/meta-llama/llama: 32 layers of width 4096 and 11008 nodes, three matrices each, 32000 tokens, two tables.
    let (layers, width, nodes, tokens) = (32, 4096, 11_008, 32_000)
    let count = 2 * tokens * width + layers * (4 * width * width + 3 * width * nodes + 2 * width) + width
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: .bert, vocabularySize: tokens, hiddenSize: width, feedForwardSize: nodes, layerCount: 1,
        headCount: 32))
    func step(_ optimizer: Optimizer, _ precision: PyTorchOptions.Precision) -> TrainingStep {
      TrainingStep(
        TrainerModel.pytorchCUDA.template(
          graph, Recipe(batch: 1, sequence: 8, optimizer: optimizer), PyTorchOptions(precision: precision)),
        .full(graph))
    }
    func gibibytes(_ bytes: Int) -> Double {
      let scaled = Double(bytes) / Double(graph.parameterCount) * Double(count) / 1_073_741_824
      return (scaled * 100).rounded() / 100
    }
    let half = step(.adamw, .bfloat16)
    #expect(gibibytes(bytes(half, .weights)) == 12.55)
    #expect(gibibytes(bytes(half, .gradients)) == 12.55)
    for (optimizer, published) in [(Optimizer.adamw, 75.31), (.sgd, 25.10)] {
      let exact = step(optimizer, .float32)
      #expect(gibibytes(bytes(exact, .weights) + bytes(exact, .optimizer)) == published, "\(optimizer)")
    }
    // LOMO keeps one gradient at a time; the largest is a table's.
    let largest = half.buffers.filter { $0.category == .gradients }.map(\.bytes).max() ?? 0
    #expect((Double(largest) / 1_073_741_824 * 100).rounded() / 100 == 0.24)
  }
}
