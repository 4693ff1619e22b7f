/// How each family's `…ForSequenceClassification` reads the first token, and where it keeps the tensors for it.
struct HeadNames {
  let dense, output: String
  let activation: Activation
  /// Whether the dense layer is the pretrained pooler rather than part of the fresh head.
  var isPooled = false
  /// Whether dropout comes before the dense layer too.
  var dropsFirst = false

  init(family: ModelFamily) {
    switch family {
    case .bert:
      (dense, output, activation, isPooled) = ("pooler.dense", "classifier", .tanh, true)
    case .distilbert: (dense, output, activation) = ("pre_classifier", "classifier", .relu)
    case .roberta, .xlmRoberta:
      (dense, output, activation) = ("classifier.dense", "classifier.out_proj", .tanh)
      dropsFirst = true
    case .electra:
      (dense, output, activation) = ("classifier.dense", "classifier.out_proj", .gelu)
      dropsFirst = true
    }
  }
}

/// Where each family keeps a layer's tensors in its published checkpoints.
struct LayerNames {
  let query, key, value, attentionOutput, attentionNorm, up, down, outputNorm: String

  init(family: ModelFamily, layer: Int) {
    switch family {
    case .bert, .roberta, .xlmRoberta, .electra:
      let base = "encoder.layer.\(layer)."
      query = base + "attention.self.query"
      key = base + "attention.self.key"
      value = base + "attention.self.value"
      attentionOutput = base + "attention.output.dense"
      attentionNorm = base + "attention.output.LayerNorm"
      up = base + "intermediate.dense"
      down = base + "output.dense"
      outputNorm = base + "output.LayerNorm"
    case .distilbert:
      let base = "transformer.layer.\(layer)."
      query = base + "attention.q_lin"
      key = base + "attention.k_lin"
      value = base + "attention.v_lin"
      attentionOutput = base + "attention.out_lin"
      attentionNorm = base + "sa_layer_norm"
      up = base + "ffn.lin1"
      down = base + "ffn.lin2"
      outputNorm = base + "output_layer_norm"
    }
  }
}
