import Files
import Foundation
import Graph
import TestSupport
import Testing

@testable import Checkpoints

/// The published config.json of all-MiniLM-L6-v2.
let miniLM = """
  {
    "_name_or_path": "nreimers/MiniLM-L6-H384-uncased",
    "architectures": [
      "BertModel"
    ],
    "attention_probs_dropout_prob": 0.1,
    "gradient_checkpointing": false,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 384,
    "initializer_range": 0.02,
    "intermediate_size": 1536,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "model_type": "bert",
    "num_attention_heads": 12,
    "num_hidden_layers": 6,
    "pad_token_id": 0,
    "position_embedding_type": "absolute",
    "transformers_version": "4.8.2",
    "type_vocab_size": 2,
    "use_cache": true,
    "vocab_size": 30522
  }
  """

private let distilBERT = """
  {"model_type": "distilbert", "vocab_size": 100, "max_position_embeddings": 64, "dim": 16, "hidden_dim": 40,
   "n_layers": 3, "n_heads": 4, "activation": "relu", "dropout": 0.2, "attention_dropout": 0.0,
   "seq_classif_dropout": 0.3, "num_labels": 1}
  """

/// The published config.json of roberta-base.
private let roBERTa = """
  {"architectures": ["RobertaForMaskedLM"], "attention_probs_dropout_prob": 0.1, "bos_token_id": 0, "eos_token_id": 2,
   "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 768, "initializer_range": 0.02,
   "intermediate_size": 3072, "layer_norm_eps": 1e-05, "max_position_embeddings": 514, "model_type": "roberta",
   "num_attention_heads": 12, "num_hidden_layers": 12, "pad_token_id": 1, "type_vocab_size": 1, "vocab_size": 50265}
  """

/// The published config.json of electra-small-discriminator.
private let electra = """
  {"architectures": ["ElectraForPreTraining"], "attention_probs_dropout_prob": 0.1, "embedding_size": 128,
   "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 256, "initializer_range": 0.02,
   "intermediate_size": 1024, "layer_norm_eps": 1e-12, "max_position_embeddings": 512, "model_type": "electra",
   "num_attention_heads": 4, "num_hidden_layers": 12, "pad_token_id": 0, "summary_activation": "gelu",
   "summary_last_dropout": 0.1, "summary_type": "first", "summary_use_proj": true, "type_vocab_size": 2,
   "vocab_size": 30522}
  """

@Suite("config.json")
struct HuggingFaceConfigurationTests {
  private func parse(_ text: String, _ problem: Problem? = nil) throws -> EncoderConfiguration {
    try HuggingFaceConfiguration(parsing: Array(text.utf8), problem: problem).encoder
  }

  @Test("BERT's fields are read")
  func bert() throws {
    #expect(
      try parse(miniLM)
        == EncoderConfiguration(
          family: .bert, vocabularySize: 30522, maximumPositions: 512, typeVocabularySize: 2, hiddenSize: 384,
          feedForwardSize: 1536, layerCount: 6, headCount: 12, activation: .gelu, layerNormEpsilon: 1e-12,
          hiddenDropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1, problem: .classification(labels: 2)
        ))
    let other = try parse(
      miniLM.replacingOccurrences(of: "\"use_cache\"", with: "\"classifier_dropout\": 0.25, \"use_cache\"")
        .replacingOccurrences(of: "\"gelu\"", with: "\"gelu_new\""))
    #expect(other.classifierDropout == 0.25)
    #expect(other.activation == .geluTanh)
  }

  @Test("DistilBERT's fields are read")
  func distilbert() throws {
    #expect(
      try parse(distilBERT)
        == EncoderConfiguration(
          family: .distilbert, vocabularySize: 100, maximumPositions: 64, hiddenSize: 16, feedForwardSize: 40,
          layerCount: 3, headCount: 4, activation: .relu, hiddenDropout: 0.2, attentionDropout: 0,
          classifierDropout: 0.3, problem: .regression))
  }

  @Test("RoBERTa's, XLM-R's and ELECTRA's published files give the catalogue's shapes")
  func others() throws {
    #expect(try parse(roBERTa) == ModelCatalogue.entry(named: "roberta-base")?.encoder)
    #expect(try parse(electra) == ModelCatalogue.entry(named: "electra-small-discriminator")?.encoder)
    let crossLingual = roBERTa.replacing("\"roberta\"", with: "\"xlm-roberta\"").replacing(
      "50265", with: "250002")
    #expect(try parse(crossLingual) == ModelCatalogue.entry(named: "xlm-roberta-base")?.encoder)
    #expect(throws: ConfigurationError.Reason.missing(field: "embedding_size")) {
      try parse(electra.replacing("\"embedding_size\": 128,", with: ""))
    }
  }

  @Test("RoBERTa's padding token must be 1, or unsaid, and some position must be left")
  func padding() throws {
    let plain = roBERTa.replacing("\"pad_token_id\": 1, ", with: "")
    #expect(try parse(plain) == parse(roBERTa))
    #expect(throws: ConfigurationError.Reason.unsupportedPadding(0, supported: 1)) {
      try parse(roBERTa.replacing("\"pad_token_id\": 1", with: "\"pad_token_id\": 0"))
    }
    #expect(
      throws: ConfigurationError.Reason.outOfRange(
        field: "max_position_embeddings", value: "2", allowed: "3 to 16777216")
    ) { try parse(roBERTa.replacing("514", with: "2")) }
    #expect(try parse(roBERTa.replacing("514", with: "3")).longestSequence == 1)
  }

  @Test("…ForQuestionAnswering predicts spans, unless something else is asked for")
  func spans() throws {
    let text = distilBERT.replacing(
      "\"num_labels\": 1", with: "\"architectures\": [\"DistilBertForQuestionAnswering\"]")
    #expect(try parse(text).problem == .span)
    #expect(try parse(text).classifierDropout == 0.1)
    #expect(try parse(text.replacing("seq_classif_dropout", with: "qa_dropout")).classifierDropout == 0.3)
    #expect(try parse(text, .classification(labels: 2)).problem == .classification(labels: 2))
    #expect(try parse(distilBERT, .span).problem == .span)
    #expect(
      throws: ConfigurationError.Reason.wrongType(field: "architectures", expected: "an array", got: "a string")
    ) { try parse(roBERTa.replacing("[\"RobertaForMaskedLM\"]", with: "\"RobertaForQuestionAnswering\"")) }
  }

  @Test("a head for spans is written without labels, so that transformers gives it its two outputs")
  func writingSpans() throws {
    let text =
      roBERTa.dropLast() + """
        , "id2label": {"0": "a", "1": "b", "2": "c"}, "label2id": {"a": 0, "b": 1, "c": 2}, "num_labels": 3,
        "problem_type": "single_label_classification"}
        """
    let read = try HuggingFaceConfiguration(parsing: Array(text.utf8), problem: .span)
    for labels in [nil, ["x", "y", "z"]] {
      let written = read.contents(labels: labels)
      for field in ["id2label", "label2id", "num_labels", "problem_type"] { #expect(!written.contains(field)) }
      #expect(written.contains("RobertaForQuestionAnswering"))
      #expect(try parse(written) == read.encoder)
    }
  }

  @Test("ELECTRA's fields that mean nothing here stay as they were read")
  func summary() throws {
    let read = try HuggingFaceConfiguration(parsing: Array(electra.utf8), problem: .multiLabel(labels: 4))
    let written = try HuggingFaceConfiguration(parsing: Array(read.contents().utf8))
    #expect(written.encoder == read.encoder)
    for field in [
      "summary_activation", "summary_last_dropout", "summary_type", "summary_use_proj", "pad_token_id",
    ] {
      #expect(read.json[field] != nil && written.json[field] == read.json[field], "\(field)")
    }
  }

  @Test(
    "the problem comes from the labels, unless it is given",
    arguments: [
      ("", .classification(labels: 2)), ("\"num_labels\": 5", .classification(labels: 5)),
      ("\"num_labels\": 1", .regression), ("\"num_labels\": null", .classification(labels: 2)),
      ("\"id2label\": {\"0\": \"a\", \"1\": \"b\", \"2\": \"c\"}", .classification(labels: 3)),
      ("\"id2label\": {\"0\": \"a\"}, \"problem_type\": \"regression\"", .regression),
      ("\"num_labels\": 3, \"problem_type\": \"single_label_classification\"", .classification(labels: 3)),
      ("\"num_labels\": 3, \"problem_type\": \"multi_label_classification\"", .multiLabel(labels: 3)),
      ("\"num_labels\": 1, \"problem_type\": \"multi_label_classification\"", .multiLabel(labels: 1)),
    ] as [(String, Problem)])
  func problems(members: String, problem: Problem) throws {
    let text = miniLM.dropLast() + (members.isEmpty ? "}" : ", " + members + "}")
    #expect(try parse(String(text)).problem == problem)
    #expect(try parse(String(text), .classification(labels: 7)).problem == .classification(labels: 7))
  }

  /// What replaces which member's value; nil removes the member.
  struct Edit: Sendable, CustomTestStringConvertible {
    let field: String
    let value: String?
    let reason: ConfigurationError.Reason
    var testDescription: String { "\(field): \(value ?? "absent")" }

    init(_ field: String, _ value: String?, _ reason: ConfigurationError.Reason) {
      (self.field, self.value, self.reason) = (field, value, reason)
    }
  }

  @Test(
    "a missing, mistyped or absurd value is an error that names file and field",
    arguments: [
      Edit("model_type", "\"llama\"", .unknownModelType("llama")),
      Edit("model_type", nil, .missing(field: "model_type")),
      Edit("model_type", "7", .wrongType(field: "model_type", expected: "a string", got: "a number")),
      Edit("hidden_size", nil, .missing(field: "hidden_size")),
      Edit("vocab_size", "null", .missing(field: "vocab_size")),
      Edit(
        "hidden_size", "\"384\"", .wrongType(field: "hidden_size", expected: "a whole number", got: "a string")),
      Edit("hidden_size", "384.0", .wrongType(field: "hidden_size", expected: "a whole number", got: "384.0")),
      Edit("hidden_size", "0", .outOfRange(field: "hidden_size", value: "0", allowed: "1 to 1048576")),
      Edit(
        "num_hidden_layers", "-6", .outOfRange(field: "num_hidden_layers", value: "-6", allowed: "1 to 1024")),
      Edit(
        "num_hidden_layers", "1000000000",
        .outOfRange(field: "num_hidden_layers", value: "1000000000", allowed: "1 to 1024")),
      Edit(
        "vocab_size", "99999999999999999999",
        .wrongType(field: "vocab_size", expected: "a whole number", got: "99999999999999999999")),
      Edit("num_attention_heads", "7", .hiddenSizeNotMultipleOfHeads(hiddenSize: 384, heads: 7)),
      Edit(
        "hidden_dropout_prob", "1",
        .outOfRange(field: "hidden_dropout_prob", value: "1", allowed: "0 up to, not including, 1")),
      Edit(
        "hidden_dropout_prob", "-0.1",
        .outOfRange(field: "hidden_dropout_prob", value: "-0.1", allowed: "0 up to, not including, 1")),
      Edit("layer_norm_eps", "0", .outOfRange(field: "layer_norm_eps", value: "0", allowed: "between 0 and 1")),
      Edit(
        "layer_norm_eps", "true", .wrongType(field: "layer_norm_eps", expected: "a number", got: "a Boolean")),
      Edit(
        "hidden_act", "\"silu\"",
        .unsupported(field: "hidden_act", value: "silu", supported: "gelu, gelu_new, relu")),
      Edit(
        "position_embedding_type", "\"relative_key\"",
        .unsupported(field: "position_embedding_type", value: "relative_key", supported: "absolute")),
      Edit("is_decoder", "true", .unsupported(field: "is_decoder", value: "true", supported: "false")),
      Edit("num_labels", "0", .outOfRange(field: "num_labels", value: "0", allowed: "1 to 16777216")),
      Edit("id2label", "[]", .wrongType(field: "id2label", expected: "an object", got: "an array")),
      Edit(
        "problem_type", "\"ranking\"",
        .unsupported(
          field: "problem_type", value: "ranking",
          supported: "single_label_classification, multi_label_classification, regression")),
      Edit("problem_type", "\"regression\"", .outOfRange(field: "num_labels", value: "2", allowed: "1")),
    ])
  func unsound(edit: Edit) throws {
    var json = try HuggingFaceConfiguration(parsing: Array(miniLM.utf8)).json
    json[edit.field] = try edit.value.map { try JSONValue(parsing: Array($0.utf8)) }
    let directory = try TemporaryDirectory()
    let file = try directory.write(JSONValue.object(json).compact, to: "config.json")
    let error = #expect(throws: ConfigurationError.self) { try HuggingFaceConfiguration(file: file) }
    #expect(error == ConfigurationError(file: file.path, reason: edit.reason))
    #expect(error?.description.hasPrefix(file.path) == true)
  }

  @Test("num_labels and id2label must agree")
  func disagreement() {
    let text = miniLM.dropLast() + ", \"num_labels\": 3, \"id2label\": {\"0\": \"a\"}}"
    #expect(throws: ConfigurationError.Reason.labelCountMismatch(count: 3, labels: 1)) {
      try parse(String(text))
    }
  }

  @Test("what is no JSON object is an error that names the file")
  func notJSON() throws {
    let directory = try TemporaryDirectory()
    for (text, reason) in [("[]", .notAnObject), ("{", .invalidJSON(JSONError(.unexpectedEnd, at: 1)))]
      as [(String, ConfigurationError.Reason)]
    {
      let file = try directory.write(text, to: "config.json")
      #expect(throws: ConfigurationError(file: file.path, reason: reason)) {
        try HuggingFaceConfiguration(file: file)
      }
    }
  }

  @Test("writing changes what describes the head and nothing else")
  func writing() throws {
    let read = try HuggingFaceConfiguration(parsing: Array(miniLM.utf8), problem: .classification(labels: 3))
    let head = """
      ,
        "id2label": {
          "0": "no",
          "1": "yes",
          "2": "maybe"
        },
        "label2id": {
          "no": 0,
          "yes": 1,
          "maybe": 2
        },
        "num_labels": 3,
        "problem_type": "single_label_classification"
      }

      """
    let expected =
      miniLM.replacingOccurrences(of: "BertModel", with: "BertForSequenceClassification").dropLast(2) + head
    let written = read.contents(labels: ["no", "yes", "maybe"])
    #expect(written == String(expected))
    let again = try HuggingFaceConfiguration(parsing: Array(written.utf8))
    #expect(again.encoder == read.encoder)
    #expect(again.contents() == written)
    #expect(read.contents().contains("\"LABEL_2\": 2"))
  }

  @Test("a half-precision checkpoint is written as what it is now")
  func dataType() throws {
    let text = miniLM.dropLast() + ", \"torch_dtype\": \"float16\"}"
    let written = try HuggingFaceConfiguration(parsing: Array(text.utf8)).contents()
    #expect(written.contains("\"torch_dtype\": \"float32\""))
  }

  @Test("a configuration made from a shape reads back as that shape")
  func made() throws {
    for encoder in ModelCatalogue.entries.map(\.encoder) + tinyModels {
      let written = HuggingFaceConfiguration(encoder).contents()
      #expect(try parse(written) == encoder)
    }
  }
}
