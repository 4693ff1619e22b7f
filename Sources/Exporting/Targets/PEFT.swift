import Foundation
import Graph
import Steps
import Units

/// PEFT: an adapter without adapter weights, `modules_to_save` naming whole modules that train, and `bias` for all biases.
struct PEFT: ExportTarget {
  let name = "peft"
  let trainer = "PEFT 0.21.2"
  /// transformers' `enable_input_require_grads`.
  let checkpointingReachesEmbeddings = true
  let matching = "modules whose full name ends with a listed one (endswith), and optionally every .bias"

  /// `DUMMY_TARGET_MODULES` of `peft/utils/constants.py`: an adapter that targets nothing.
  private static let noTargets = "dummy-target-modules"

  func expressible(_ graph: EncoderGraph) -> Expressible {
    // A module's name may end with another's: DistilBERT's pre_classifier trains where its classifier does.
    let modules = Expressible.modulesOf(graph)
    func path(_ ids: [ParameterID]) -> String {
      ids.first.map { moduleName(graph.parameters[$0], graph) } ?? ""
    }
    let needs = modules.flatMap { one in
      modules.filter { $0 != one && path($0).hasSuffix(path(one)) }.flatMap { other in
        one.flatMap { id in other.map { (id, $0) } }
      }
    }
    let biases = graph.parameters.filter { $0.tensorName == "bias" }.map(\.id)
    let weights = Set(graph.parameters.map(\.id)).subtracting(biases)
    return Expressible(shapes: [
      Expressible.Shape(graph, together: modules, needs: needs),
      Expressible.Shape(
        graph, together: [], fixed: Dictionary(uniqueKeysWithValues: biases.map { ($0, true) }),
        needs: needs.filter { weights.contains($0.0) && weights.contains($0.1) }),
    ])
  }

  private func moduleName(_ parameter: Parameter, _ graph: EncoderGraph) -> String {
    String(graph.qualifiedName(parameter).dropLast(parameter.tensorName.count + 1))
  }

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "PEFT"),
      "modules_to_save keeps the frozen original beside the trained copy, so both are in memory: "
        + "\(ByteCount.format(copied(job, bytesPerScalar: 4), rounding: .up)) of F32 weights more than the plan counts.",
      "The plan has no low-rank adapters, so none are added: target_modules is PEFT's own value for that.",
      "task_type is left out: SEQ_CLS would add modules named classifier and score to modules_to_save.",
      "Load it with get_peft_model(model, PeftConfig.from_pretrained(folder)); names get base_model.model. in front.",
    ] + Notes.batch(job)
  }

  /// Bytes of the modules that exist twice.
  private func copied(_ job: ExportJob, bytesPerScalar: Int) -> Int {
    let modules = Set(savedModules(job))
    return bytesPerScalar
      * job.graph.parameters.filter { modules.contains(moduleName($0, job.graph)) }.reduce(0) { $0 + $1.count }
  }

  func additions(_ job: ExportJob, bytesPerScalar: Int) -> [MemoryAddition] {
    [
      MemoryAddition(
        what: "the frozen originals of modules_to_save", bytes: copied(job, bytesPerScalar: bytesPerScalar))
    ]
  }

  /// With all biases trained by `bias`, the modules whose weights train; else all modules that train.
  private func savedModules(_ job: ExportJob) -> [String] {
    let trainsAllBiases = trainsAllBiases(job)
    return Expressible.modulesOf(job.graph).compactMap { ids in
      let trained = ids.filter { job.selection.extent($0, job.graph) == .whole }
      let isSaved =
        trainsAllBiases
        ? trained.contains { job.graph.parameters[$0].tensorName != "bias" } : trained == ids
      return isSaved ? ids.first.map { moduleName(job.graph.parameters[$0], job.graph) } : nil
    }
  }

  /// Whether every bias trains, so that one word says it, and some of them without their weights.
  private func trainsAllBiases(_ job: ExportJob) -> Bool {
    let biases = job.graph.parameters.filter { $0.tensorName == "bias" }
    let areModules = Expressible.modulesOf(job.graph).allSatisfy { ids in
      Set(ids.map { job.selection.extent($0, job.graph) }).count == 1
    }
    return !areModules && biases.allSatisfy { job.selection.extent($0.id, job.graph) == .whole }
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] {
    let saved = savedModules(job).map { "    \(Python.literal($0))" }.joined(separator: ",\n")
    let text = """
      {
        "peft_type": "LORA",
        "peft_version": "0.21.2",
        "base_model_name_or_path": \(try Self.string(job.plan.model.name)),
        "inference_mode": false,
        "target_modules": "\(Self.noTargets)",
        "bias": "\(trainsAllBiases(job) ? "all" : "none")",
        "modules_to_save": [\(saved.isEmpty ? "" : "\n\(saved)\n  ")]
      }

      """
    return [ExportedFile(name: "adapter_config.json", text: text)]
  }

  private static func string(_ text: String) throws -> String {
    String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
  }

  func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    let object = try JSON.object(files[0].text, in: files[0].name)
    let bias: String = try object.value("bias")
    return .modulesEnding(try object.value("modules_to_save"), biases: bias == "all")
  }
}
