import Testing

@testable import Exporting

/// What the trainers' own code gave on these names, or what its source says; each with where to read it.
@Suite("Matching as the trainers do")
struct MatchingRuleTests {
  private let llama =
    (0..<12).flatMap { layer in
      [
        "self_attn.q_proj.weight", "mlp.up_proj.weight", "input_layernorm.weight",
        "post_attention_layernorm.weight",
      ].map { "model.layers.\(layer).\($0)" }
    } + ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"]

  // https://github.com/axolotl-ai-cloud/axolotl, src/axolotl/utils/freeze.py and tests/test_freeze.py
  @Test("Axolotl anchors at the start only, and makes dots literal itself")
  func axolotl() throws {
    func trained(_ patterns: String...) throws -> [String] {
      try MatchingRule.matchedFromStart(patterns).trained(among: llama).sorted()
    }
    #expect(try trained("^lm_head.weight$") == ["lm_head.weight"])
    // Escaped dots are escaped once more and match nothing.
    #expect(try trained("^lm_head\\.weight$") == [])
    // `.*` becomes "dots"; `.+` is left alone.
    #expect(try trained("lm_head.*") == ["lm_head.weight"])
    #expect(try trained("lm.*") == ["lm_head.weight"])
    #expect(try trained("^lm.*weight$") == [])
    #expect(try trained("^lm_.+$") == ["lm_head.weight"])
    // Not found inside a name, whatever its documentation says.
    #expect(try trained("layers.11.mlp.up_proj.weight") == [])
    #expect(try trained("model.layers.1.mlp") == ["model.layers.1.mlp.up_proj.weight"])
    // A class at the end is read as a range of rows.
    #expect(try trained("model.layers.1[1]").contains("model.layers.10.mlp.up_proj.weight"))
    // A range of rows keeps the whole tensor's gradient and state: it counts as trained.
    #expect(try trained("^model.embed_tokens.weight$[:32000]") == ["model.embed_tokens.weight"])
    #expect(
      try trained("^model.layers.(?:10|11).mlp.up_proj.weight$")
        == ["model.layers.10.mlp.up_proj.weight", "model.layers.11.mlp.up_proj.weight"])
  }

  // https://github.com/modelscope/ms-swift, swift/utils/transformers_utils.py, activate_parameters
  @Test("ms-swift searches, so expressions need their own anchors")
  func swift() throws {
    let loose = try MatchingRule.searched("layers\\.1").trained(among: llama)
    #expect(loose.count == 12)  // 1, 10 and 11
    let exact = MatchingRule.searched("^(model\\.layers\\.1\\.mlp\\.up_proj\\.weight|lm_head\\.weight)$")
    #expect(try exact.trained(among: llama).count == 2)
    #expect(throws: (any Error).self) { try MatchingRule.searched("(").trained(among: llama) }
  }

  // https://github.com/mosaicml/llm-foundry, llmfoundry/utils/builders.py; https://github.com/ludwig-ai/ludwig,
  // ludwig/utils/trainer_utils.py, freeze_layers_regex
  @Test("llm-foundry and Ludwig freeze what is found")
  func frozen() throws {
    #expect(
      try MatchingRule.frozenWhereSearched(["^(?!lm_head\\.weight$)"]).trained(among: llama) == [
        "lm_head.weight"
      ])
    #expect(try MatchingRule.frozenWhereSearched(["layers", "norm"]).trained(among: llama).count == 2)
    #expect(try MatchingRule.frozenWhereSearched([]).trained(among: llama).count == llama.count)
  }

  // https://github.com/hiyouga/LLaMA-Factory, src/llamafactory/model/adapter.py, _setup_freeze_tuning
  @Test("LLaMA-Factory takes the first or last layers, and extra modules wherever their name occurs")
  func substrings() throws {
    func trained(_ layers: Int, _ modules: [String], _ extras: [String] = []) throws -> Set<String> {
      try MatchingRule.blockSubstrings(layers: layers, modules: modules, extras: extras).trained(among: llama)
    }
    #expect(try trained(2, ["all"]).count == 8)
    #expect(
      try trained(2, ["mlp"]) == ["model.layers.10.mlp.up_proj.weight", "model.layers.11.mlp.up_proj.weight"])
    #expect(try trained(-1, ["mlp"]) == ["model.layers.0.mlp.up_proj.weight"])
    #expect(try trained(0, ["all"]).isEmpty)
    #expect(try trained(0, ["all"], ["lm_head"]) == ["lm_head.weight"])
    // 'norm' unfreezes the LayerNorms of every layer.
    #expect(try trained(0, ["all"], ["norm"]).count == 25)
    // Layer 1 is not 11: the pattern begins with a dot.
    #expect(try trained(-2, ["mlp"]).count == 2)
  }

  // https://github.com/huggingface/peft, src/peft/utils/other.py, _set_trainable; tuners/tuners_utils.py
  @Test("PEFT takes modules whose name ends with a listed one")
  func suffixes() throws {
    let names = [
      "pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias", "a.norm.bias",
    ]
    func trained(_ modules: [String], _ biases: Bool = false) throws -> Set<String> {
      try MatchingRule.modulesEnding(modules, biases: biases).trained(among: names)
    }
    // Observed with PEFT 0.21.2 on DistilBERT: four tensors.
    #expect(try trained(["classifier"]).count == 4)
    #expect(try trained(["pre_classifier"]).count == 2)
    #expect(try trained([], true) == ["pre_classifier.bias", "classifier.bias", "a.norm.bias"])
    #expect(try trained(["model.classifier"]).isEmpty)
    // A module holds all that is below it.
    #expect(try trained(["a"]) == ["a.norm.bias"])
  }

  // https://github.com/ml-explore/mlx-lm, mlx_lm/lora.py, train_model
  @Test("mlx-lm's last zero blocks are all blocks")
  func blocks() throws {
    #expect(try MatchingRule.lastBlocks(2).trained(among: llama).count == 8)
    #expect(try MatchingRule.lastBlocks(0).trained(among: llama).count == 48)
    #expect(try MatchingRule.lastBlocks(-1).trained(among: llama).count == 48)
  }

  @Test("names in full, parts, layers and everything")
  func others() throws {
    let names = ["bert.a.weight", "bert.b.weight", "classifier.weight"]
    #expect(try MatchingRule.exactly(["a.weight"], prefix: "bert.").trained(among: names) == ["bert.a.weight"])
    // A name that the model lacks is part of the answer, so that it differs from every plan's.
    #expect(try MatchingRule.exactly(["c.weight"]).trained(among: names) == ["c.weight"])
    #expect(try MatchingRule.frozenParts(["bert"]).trained(among: names) == ["classifier.weight"])
    #expect(try MatchingRule.everything.trained(among: names).count == 3)
    #expect(try MatchingRule.layers(["one"]).trained(among: ["one/a.b", "oneone/a.b"]) == ["one/a.b"])
  }
}
