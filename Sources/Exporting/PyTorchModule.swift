import Graph
import Steps

/// A trainer that runs PyTorch modules which Python code has prepared: it gets `freeze_plan.py`, the module of the
/// `pytorch` target, and with it everything that this can express.
protocol PreparedInPython: ExportTarget {}

extension PreparedInPython {
  public var splitting: NodeSplitting? { .modules }

  public var recipe: ExpressibleRecipe { ExpressibleRecipe(recomputation: .anyLayers) }

  public var matching: String { "names in full, looked up in the module's table" }

  /// What the module's own code makes of its tables: names without the family's prefix, split where `LEARNERS` says so.
  public func rule(_ files: [ExportedFile]) throws -> MatchingRule {
    guard let file = files.first(where: { $0.text.contains("\nLEARNERS = ") }) else {
      throw ExportError.unproven(target: name, reason: "the table is missing")
    }
    return try PyTorchModule(reading: file).rule
  }
}

/// The tables of an exported module, read back from its text.
struct PyTorchModule {
  static let fileName = "freeze_plan.py"

  let rule: MatchingRule

  init(reading file: ExportedFile) throws {
    func unproven(_ reason: String) -> ExportError { .unproven(target: file.name, reason: reason) }
    guard let base = file.text.firstMatch(of: /\nBASE = "([^"\\]+)"\n/)?.1 else { throw unproven("no BASE") }
    let paths = Python.strings(assignedTo: "PAIR", in: file.text)
    let layers = Set(
      Python.body(assignedTo: "LEARNERS", in: file.text).matches(of: /(?m)^    (\d+): \[/).map { String($0.1) })
    guard paths.count == 3 else { throw unproven("PAIR has \(paths.count) paths") }
    var trained: [String] = []
    for entry in Python.body(assignedTo: "TENSORS", in: file.text)
      .matches(of: /(?m)^    "([^"\\]+)": \(\([0-9, ]+\), ([A-Z]+)\),$/)
    {
      let (name, extent) = (String(entry.1), entry.2)
      let pair = layers.lazy.compactMap { layer in
        [0, 2].first { name.hasPrefix(paths[$0].replacing("{}", with: layer) + ".") }
      }.first
      switch (pair, extent) {
      case (_, "FROZEN"): break
      case (nil, "WHOLE"): trained.append(name)
      case (0, "WHOLE"):  // the first bias
        trained += ["learner", "frozen"].map { NodeSplitting.modules.name(name, $0) }
      case (_, "WHOLE"), (.some, "NODES"): trained.append(NodeSplitting.modules.name(name, "learner"))
      default: throw unproven("\(name) trains by nodes, but its layer lists none")
      }
    }
    rule = .exactly(trained, prefix: base + ".")
  }
}

extension ExportJob {
  /// The module, as every target that is prepared in Python ships it.
  var module: ExportedFile {
    get throws { ExportedFile(name: PyTorchModule.fileName, text: try PyTorchExporter.module(self)) }
  }
}
