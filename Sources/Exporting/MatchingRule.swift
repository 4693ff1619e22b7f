/// How a trainer reads what was written for it: from patterns to the tensors that train.
///
/// One case for each way of matching that the trainers have; a trainer's own case repeats what its code does, not what
/// its documentation says. Freezing by zeroed gradients or a zero learning rate is not freezing here.
public enum MatchingRule: Equatable, Sendable {
  /// No choice: everything trains.
  case everything
  /// Names in full, the prefix, if a name has it, left out.
  case exactly([String], prefix: String = "")
  /// Axolotl 0.21.0, `LayerNamePattern` in `axolotl/utils/freeze.py`: Python's `re.match`, so anchored at the start only,
  /// after every dot that no `+` follows was made literal. A pattern that ends in a range trains the whole tensor: the
  /// other rows' gradients are zeroed, which saves nothing.
  case matchedFromStart([String])
  /// ms-swift 4.6.0, `activate_parameters` in `swift/utils/transformers_utils.py`: `re.search`.
  case searched(String)
  /// llm-foundry 0.22.0 (`disable_grad`, `llmfoundry/utils/builders.py`) and Ludwig 0.17.10 (`freeze_layers_regex`,
  /// `ludwig/utils/trainer_utils.py`): what `re.search` finds is frozen.
  case frozenWhereSearched([String])
  /// LLaMA-Factory 0.9.5, `_setup_freeze_tuning` in `llamafactory/model/adapter.py`: a pattern is part of the name. The
  /// patterns are `.N.module` for the last `layers` layers, the first where it is negative, and the extra modules.
  case blockSubstrings(layers: Int, modules: [String], extras: [String])
  /// PEFT 0.21.2, `_set_trainable` in `peft/utils/other.py` and `_mark_only_adapters_as_trainable` in
  /// `peft/tuners/tuners_utils.py`: tensors of modules whose full name ends with one of these, and with `biases` every
  /// tensor whose name ends in `.bias`.
  case modulesEnding([String], biases: Bool)
  /// Keras 3.15.1: `trainable` of a layer holds for all its variables; a name's part before `/` is its layer.
  case layers([String])
  /// mlx-lm 0.32.2, `train_model` in `mlx_lm/lora.py`: `model.layers[-n:]`, so that 0 means all; nothing else trains.
  case lastBlocks(Int)
  /// Whole parts of a pipeline, by the part of the name before the first dot: spaCy's components, Flair's embeddings.
  case frozenParts([String])

  /// Which of the names train.
  ///
  /// - Parameter names: all names of the model.
  /// - Throws: what the regular expression's parser says of a pattern that is none.
  public func trained(among names: [String]) throws -> Set<String> {
    switch self {
    case .everything: return Set(names)
    case .exactly(let chosen, let prefix):
      let chosen = Set(chosen)
      let plain = names.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
      // What is chosen and does not exist is an answer too: the wrong one.
      return Set(zip(names, plain).filter { chosen.contains($0.1) }.map(\.0)).union(chosen.subtracting(plain))
    case .matchedFromStart(let patterns):
      let regexes = try patterns.map { try Regex(Self.axolotl($0)) }
      return Set(names.filter { name in regexes.contains { name.prefixMatch(of: $0) != nil } })
    case .searched(let pattern):
      let regex = try Regex(pattern)
      return Set(names.filter { $0.firstMatch(of: regex) != nil })
    case .frozenWhereSearched(let patterns):
      let regexes = try patterns.map { try Regex($0) }
      return Set(names.filter { name in !regexes.contains { name.firstMatch(of: $0) != nil } })
    case .blockSubstrings(let layers, let modules, let extras):
      let blocks = Set(names.compactMap(Self.block)).sorted()
      let chosen = layers > 0 ? blocks.suffix(layers) : blocks.prefix(-layers)
      let patterns = chosen.flatMap { block in modules.map { ".\(block)." + ($0 == "all" ? "" : $0) } } + extras
      return Set(names.filter { name in patterns.contains { name.contains($0) } })
    case .modulesEnding(let modules, let biases):
      return Set(
        names.filter { name in
          let module = name.split(separator: ".").dropLast().joined(separator: ".")
          return Self.owners(of: module).contains { owner in modules.contains { owner.hasSuffix($0) } }
            || (biases && (name == "bias" || name.hasSuffix(".bias")))
        })
    case .layers(let layers):
      return Set(names.filter { name in layers.contains(String(name.prefix { $0 != "/" })) })
    case .lastBlocks(let count):
      let blocks = Set(names.compactMap(Self.block)).sorted()
      let last = count > 0 ? Set(blocks.suffix(count)) : Set(blocks)
      return Set(names.filter { Self.block(of: $0).map(last.contains) ?? false })
    case .frozenParts(let parts):
      return Set(names.filter { name in !parts.contains(String(name.prefix { $0 != "." })) })
    }
  }

  /// The module that owns a tensor and all modules that own that one, by their full names.
  private static func owners(of module: String) -> [String] {
    let components = module.split(separator: ".")
    return components.indices.map { components[...$0].joined(separator: ".") }
  }

  /// The number in a name such as `encoder.layer.3.output.dense.weight`.
  private static func block(of name: String) -> Int? {
    name.split(separator: ".").lazy.compactMap { Int($0) }.first
  }

  /// What Axolotl compiles of a pattern.
  private static func axolotl(_ pattern: String) -> String {
    pattern.replacing(/\[[0-9]*(:[0-9]*)?\]$/, with: "").replacing(/\.(?!\+)/, with: "\\.")
  }
}
