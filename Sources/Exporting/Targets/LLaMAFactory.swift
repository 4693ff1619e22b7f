import Graph
import Steps

/// LLaMA-Factory's freeze tuning: the first or last N layers, of each the same direct children, and modules outside the
/// layers by a part of their names.
struct LLaMAFactory: ExportTarget {
  let name = "llama-factory"
  let trainer = "LLaMA-Factory 0.9.5"
  let matching = "parts of names (substrings): '.N.child' of the first or last layers, and extra modules"

  func expressible(_ graph: EncoderGraph) -> Expressible {
    let layers = graph.configuration.layerCount
    let extras = ExtraModules(graph)
    // All layers, the last N, the first N; none.
    let ranges = (0...layers).map { layers - $0..<layers } + (1..<layers).map { 0..<$0 }
    return Expressible(shapes: ranges.map { shape(of: $0, graph, extras) })
  }

  private func shape(of layers: Range<Int>, _ graph: EncoderGraph, _ extras: ExtraModules) -> Expressible.Shape
  {
    var children: [String: [ParameterID]] = [:]
    var fixed: [ParameterID: Bool] = [:]
    for parameter in graph.parameters {
      if let layer = graph.groups[parameter.group].layer {
        if layers.contains(layer) {
          children[parameter.layerChild, default: []].append(parameter.id)
        } else {
          fixed[parameter.id] = false
        }
      } else if extras.covering(parameter).isEmpty {
        fixed[parameter.id] = false
      }
    }
    return Expressible.Shape(
      graph, together: Array(children.values) + extras.units, fixed: fixed, needs: extras.needs)
  }

  /// A layer is checkpointed only if something of it trains (`model/model_utils/checkpointing.py`).
  func carriedOut(_ job: ExportJob) -> Recipe {
    var recipe = recipe.carriedOut(job.recipe)
    guard job.recomputes else { return recipe }
    let trained = Set(
      job.graph.parameters.filter { job.selection.extent($0.id, job.graph) != .none }
        .compactMap { job.graph.groups[$0.group].layer })
    recipe.saving = Saving(
      layers: (0..<job.graph.configuration.layerCount).map { trained.contains($0) ? .recompute : .keep })
    return recipe
  }

  /// Of a model in half precision, what trains is cast to F32, and its gradients and moments with it (`model/adapter.py`).
  func additions(_ job: ExportJob, bytesPerScalar: Int) -> [MemoryAddition] {
    guard bytesPerScalar < 4 else { return [] }
    let moments =
      switch job.recipe.optimizer {
      case .adamw: 2
      case .sgdMomentum: 1
      default: 0
      }
    return [
      MemoryAddition(
        what: "what trains, its gradients and moments in F32",
        bytes: (4 - bytesPerScalar) * (2 + moments) * job.plan.trainableParameters)
    ]
  }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "LLaMA-Factory"),
      "Trained tensors are cast to F32 unless pure_bf16, BAdam or ZeRO-3 is on: of a BF16 model, 4 bytes for the weight, 4 "
        + "for the gradient and 8 for AdamW's moments, where the frozen ones keep 2.",
      "A layer is checkpointed only if something of it trains. With the last layers that is as it should be; with the first "
        + "ones backward still runs through the frozen layers above, and keeps all of their activations.",
      "Names are matched by parts, so an extra module 'dense' or 'LayerNorm' would train such modules in every layer; they "
        + "are never written.",
      "LLaMA-Factory loads causal language models; the names are those of the encoder in transformers.",
      "Add dataset, template, learning_rate and what else your run needs.",
    ] + Notes.checkpointing(job) + Notes.batch(job)
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let graph = job.graph
    func trains(_ ids: [ParameterID]) -> Bool {
      ids.allSatisfy { job.selection.extent($0, graph) == .whole }
    }
    let trained = graph.parameters.filter { job.selection.extent($0.id, graph) != .none }
    let layers = Set(trained.compactMap { graph.groups[$0.group].layer })
    let count = graph.configuration.layerCount
    let number = layers.isEmpty ? 0 : layers.contains(count - 1) ? layers.count : -layers.count
    var seen = Set<String>()
    let children = graph.parameters.filter { graph.groups[$0.group].layer != nil }.map(\.layerChild)
      .filter { seen.insert($0).inserted }
    let chosen = Set(trained.filter { graph.groups[$0.group].layer != nil }.map(\.layerChild))
    let extras = ExtraModules(graph)
    let modules = extras.names.filter { trains(extras.members(of: $0)) }
    var entries: [(key: String, value: TrainerSettings.Value)] = [
      ("model_name_or_path", .text(job.plan.model.name)), ("stage", .text("sft")), ("do_train", .flag(true)),
      ("finetuning_type", .text("freeze")), ("freeze_trainable_layers", .number(number)),
      (
        "freeze_trainable_modules",
        .text(
          layers.isEmpty || chosen.count == children.count
            ? "all" : children.filter(chosen.contains).joined(separator: ","))
      ),
    ]
    if !modules.isEmpty { entries.append(("freeze_extra_modules", .text(modules.joined(separator: ",")))) }
    entries += TrainerSettings.arguments(job.recipe)
    entries += [
      ("cutoff_len", .number(job.recipe.sequence)), ("disable_gradient_checkpointing", .flag(!job.recomputes)),
    ]
    return [
      ExportedFile(name: "llama_factory.yaml", text: try Text.header(job, self) + TrainerSettings.yaml(entries))
    ]
  }

  /// The three keys; the number of layers, which LLaMA-Factory takes from the model, the names say.
  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    let mapping = try YAML.mapping(files[0])
    let modules: String = try mapping.value("freeze_trainable_modules")
    let extras = (mapping["freeze_extra_modules"] as? String)?.split(separator: ",").map(String.init) ?? []
    return .blockSubstrings(
      layers: try mapping.value("freeze_trainable_layers"),
      modules: modules.split(separator: ",").map(String.init), extras: extras)
  }
}

/// The modules outside the layers that can be named without naming a module of a layer too.
private struct ExtraModules {
  let names: [String]
  private let graph: EncoderGraph

  init(_ graph: EncoderGraph) {
    self.graph = graph
    var seen = Set<String>()
    names = graph.parameters.filter { graph.groups[$0.group].layer == nil }
      .compactMap { $0.moduleName.split(separator: ".").last.map(String.init) }
      .filter { seen.insert($0).inserted }
      .filter { name in
        !graph.parameters.contains { graph.groups[$0.group].layer != nil && $0.name.contains(name) }
      }
  }

  func members(of name: String) -> [ParameterID] {
    graph.parameters.filter { graph.qualifiedName($0).contains(name) }.map(\.id)
  }

  func covering(_ parameter: Parameter) -> [String] {
    names.filter { graph.qualifiedName(parameter).contains($0) }
  }

  /// Tensors that the same names cover.
  var units: [[ParameterID]] {
    Array(Dictionary(grouping: graph.parameters.filter { !covering($0).isEmpty }, by: covering).values).map {
      $0.map(\.id)
    }
  }

  /// What comes along: to train a tensor, the name that covers least is written, and all that it covers trains.
  var needs: [(ParameterID, ParameterID)] {
    graph.parameters.flatMap { parameter in
      let least = covering(parameter).min { members(of: $0).count < members(of: $1).count }
      return least.map { name in members(of: name).map { (parameter.id, $0) } } ?? []
    }
  }
}

extension Parameter {
  /// Of a layer's tensor, the layer's direct child that holds it: `attention` of `encoder.layer.3.attention.self.query.weight`.
  fileprivate var layerChild: String {
    let components = name.split(separator: ".")
    guard let number = components.firstIndex(where: { Int($0) != nil }), number + 1 < components.count else {
      return name
    }
    return String(components[number + 1])
  }
}
