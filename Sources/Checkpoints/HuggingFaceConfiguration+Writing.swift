import Files
import Graph

extension HuggingFaceConfiguration {
  /// The configuration of a model that was not read from a file, with the members transformers needs.
  public init(_ encoder: EncoderConfiguration) {
    let c = encoder
    var json: JSONObject =
      switch c.family {
      case .bert, .roberta, .xlmRoberta, .electra:
        JSONObject([
          "model_type": .string(c.family.rawValue), "vocab_size": .integer(c.vocabularySize),
          "max_position_embeddings": .integer(c.maximumPositions),
          "type_vocab_size": .integer(c.typeVocabularySize), "hidden_size": .integer(c.hiddenSize),
          "intermediate_size": .integer(c.feedForwardSize), "num_hidden_layers": .integer(c.layerCount),
          "num_attention_heads": .integer(c.headCount), "hidden_act": .string(c.activation.rawValue),
          "layer_norm_eps": .decimal(c.layerNormEpsilon), "hidden_dropout_prob": .decimal(c.hiddenDropout),
          "attention_probs_dropout_prob": .decimal(c.attentionDropout),
          "classifier_dropout": .decimal(c.classifierDropout),
        ])
      case .distilbert:
        JSONObject([
          "model_type": .string(c.family.rawValue), "vocab_size": .integer(c.vocabularySize),
          "max_position_embeddings": .integer(c.maximumPositions), "dim": .integer(c.hiddenSize),
          "hidden_dim": .integer(c.feedForwardSize), "n_layers": .integer(c.layerCount),
          "n_heads": .integer(c.headCount), "activation": .string(c.activation.rawValue),
          "dropout": .decimal(c.hiddenDropout), "attention_dropout": .decimal(c.attentionDropout),
          (c.problem == .span ? "qa_dropout" : "seq_classif_dropout"): .decimal(c.classifierDropout),
        ])
      }
    switch c.family {
    case .electra: json["embedding_size"] = .integer(c.embeddingSize)
    case .roberta, .xlmRoberta:
      json["bos_token_id"] = .integer(0)
      json["pad_token_id"] = .integer(1)
      json["eos_token_id"] = .integer(2)
    case .bert, .distilbert: break
    }
    self.init(encoder: encoder, json: json)
  }

  /// The text of a `config.json` for the encoder with its head, for `…ForSequenceClassification` or
  /// `…ForQuestionAnswering`; members that mean nothing here stay as they were read.
  ///
  /// - Parameter labels: the classes' names; nil keeps those read where their number fits, else `LABEL_0` and so on.
  ///   Spans have none, whatever is given.
  func contents(labels: [String]? = nil) -> String {
    var json = json
    json["architectures"] = .array([.string(encoder.transformersClass)])
    if encoder.problem == .span {
      // `…ForQuestionAnswering` has as many outputs as there are labels; without any there are the two it needs.
      for field in ["id2label", "label2id", "num_labels", "problem_type"] { json[field] = nil }
    } else {
      writeLabels(labels, to: &json)
    }
    // The weights are written as F32, and transformers loads them as what stands here.
    for field in ["torch_dtype", "dtype"] where json[field] != nil { json[field] = .string("float32") }
    return JSONValue.object(json).indented() + "\n"
  }

  private func writeLabels(_ labels: [String]?, to json: inout JSONObject) {
    let outputs = encoder.problem.outputs
    precondition(labels.map { $0.count == outputs } ?? true, "\(labels ?? []) do not name \(outputs) outputs")
    let names = labels ?? readLabels ?? (0..<outputs).map { "LABEL_\($0)" }
    var labelOfIndex = JSONObject()
    var indexOfLabel = JSONObject()
    for (index, name) in names.enumerated() {
      labelOfIndex["\(index)"] = .string(name)
      indexOfLabel[name] = .integer(index)
    }
    json["id2label"] = .object(labelOfIndex)
    json["label2id"] = .object(indexOfLabel)
    json["num_labels"] = .integer(outputs)
    json["problem_type"] =
      switch encoder.problem {
      case .classification: .string("single_label_classification")
      case .regression: .string("regression")
      case .multiLabel: .string("multi_label_classification")
      case .span: nil
      }
  }

  /// The names under `id2label`, where they are as many as the head's outputs and numbered from 0.
  private var readLabels: [String]? {
    guard case .object(let names) = json["id2label"], names.members.count == encoder.problem.outputs else {
      return nil
    }
    var labels: [String] = []
    for index in names.members.indices {
      guard case .string(let name) = names["\(index)"] else { return nil }
      labels.append(name)
    }
    return labels
  }
}

extension EncoderConfiguration {
  /// The class that loads the encoder with the head of `EncoderGraph` in transformers.
  var transformersClass: String {
    let family =
      switch family {
      case .bert: "Bert"
      case .distilbert: "DistilBert"
      case .roberta: "Roberta"
      case .xlmRoberta: "XLMRoberta"
      case .electra: "Electra"
      }
    return family + (problem == .span ? "ForQuestionAnswering" : "ForSequenceClassification")
  }
}

extension JSONValue {
  fileprivate static func integer(_ value: Int) -> JSONValue { .number("\(value)") }

  /// A finite number in the shortest text that reads back the same.
  fileprivate static func decimal(_ value: Double) -> JSONValue { .number("\(value)") }
}
