import Foundation
import Graph
import Planning
import Steps
import TestSupport
import Testing

@testable import Exporting

@Suite("The PyTorch module")
struct PyTorchExporterTests {
  private let exporter = PyTorchExporter(producer: "permafrost test")

  @Test("lists every tensor with its shape and exactly what trains of it", arguments: ModelFamily.allCases)
  func tensors(family: ModelFamily) throws {
    let graph = smallEncoder(family)
    for (label, plan) in try plans(graph) + (0..<20).map({ ("seed \($0)", randomPlan(graph, seed: $0)) }) {
      let lines = try exporter.export(plan).split(separator: "\n").map(String.init)
      let table = lines.filter {
        $0.hasSuffix("FROZEN),") || $0.hasSuffix("WHOLE),") || $0.hasSuffix("NODES),")
      }
      #expect(table.count == graph.parameters.count, "\(label)")
      let whole = Set(plan.trainable.map(graph.canonicalName))
      for (parameter, line) in zip(graph.parameters, table) {
        let retained = graph.groups[parameter.group].layer.map { plan.retainedNodes[$0] } ?? 0
        let extent =
          whole.contains(parameter.name)
          ? "WHOLE" : parameter.nodeAxis != nil && retained > 0 ? "NODES" : "FROZEN"
        let sizes = parameter.shape.map { "\($0)," }.joined(separator: " ")
        let shape = parameter.shape.count == 1 ? sizes : String(sizes.dropLast())
        #expect(line == "    \"\(parameter.name)\": ((\(shape)), \(extent)),", "\(label)")
      }
    }
  }

  @Test("lists the learners of the layers that train in part, and of no other")
  func learners() throws {
    var plan = Plan.given(.full(smallEncoder(.bert)), request(smallEncoder(.bert)))
    #expect(try exporter.export(plan).contains("\nLEARNERS = {}\n"))
    plan.retainedNodes = [0, 5, 40]
    plan.learnerNodes = [[], [2, 3, 4, 39, 0], []]
    plan.trainable.removeAll { $0.contains("layer.0.") || $0.contains("layer.1.") }
    plan.trainableParameters = try plan.selection(of: smallEncoder(.bert)).trainedCount(of: smallEncoder(.bert))
    #expect(try exporter.export(plan).contains("\nLEARNERS = {\n    1: [0, *range(2, 5), 39],\n}\n"))
  }

  @Test("leaves no placeholder, whatever the plan", arguments: ModelFamily.allCases)
  func placeholders(family: ModelFamily) throws {
    for saving in Saving.uniforms {
      for optimizer in Optimizer.allCases {
        let graph = smallEncoder(family)
        var request = request(graph, saving: saving)
        request.recipe.optimizer = optimizer
        let text = try exporter.export(.given(.full(graph), request))
        #expect(!text.contains("PERMAFROST_"))
        #expect(text.contains("\"saving\": \"\(saving)\""))
        #expect(text.contains("\"optimizer\": \"\(optimizer.rawValue)\""))
      }
    }
  }

  @Test("keeps any text inside its literal", arguments: hostileTexts)
  func hostile(text: String) throws {
    let graph = smallEncoder(.distilbert)
    var plan = Plan.given(.full(graph), request(graph))
    let lines = try exporter.export(plan).split(separator: "\n", omittingEmptySubsequences: false).count
    plan.model.name = text
    plan.model.identity = text
    plan.task = text
    plan.device = text
    let module = try PyTorchExporter(producer: text).export(plan)
    #expect(module.split(separator: "\n", omittingEmptySubsequences: false).count == lines)
    #expect(module.utf8.allSatisfy { $0 == 10 || (32...126).contains($0) })
  }

  @Test(
    "is Python, and gives back any text as it was", .enabled(if: PythonInterpreter.plain != nil),
    arguments: ModelFamily.allCases)
  func compiles(family: ModelFamily) throws {
    let python = try #require(PythonInterpreter.plain)
    let graph = smallEncoder(family)
    try withTemporaryDirectory { directory in
      for (index, text) in hostileTexts.enumerated() {
        var plan = randomPlan(graph, seed: UInt64(index))
        plan.model.name = text
        let file = directory.appendingPathComponent("plan\(index).py").path
        try Data(exporter.export(plan).utf8).write(to: URL(fileURLWithPath: file))
        let compiled = try python.run(["-m", "py_compile", file])
        #expect(compiled.code == 0, "\(compiled.output)")
        // The literals alone, without importing torch.
        let reader = """
          import ast, json, sys
          facts = next(node.value for node in ast.parse(open(sys.argv[1]).read()).body
                       if isinstance(node, ast.Assign) and node.targets[0].id == "PLAN")
          print(json.dumps(ast.literal_eval(facts)))
          """
        let answer = try python.run(["-c", reader, file])
        let facts = try #require(
          JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any], "\(answer.output)")
        #expect(facts["model"] as? String == text)
        #expect(facts["trainable_parameters"] as? Int == plan.trainableParameters)
        #expect(facts["device"] is NSNull)
      }
    }
  }

  @Test("is the same for the same plan, also after the plan was written and read")
  func deterministic() throws {
    for family in ModelFamily.allCases {
      for seed in 0..<10 {
        let plan = randomPlan(smallEncoder(family), seed: UInt64(seed))
        let text = try exporter.export(plan)
        #expect(try exporter.export(plan) == text)
        let reread = try withTemporaryDirectory { directory in
          let path = directory.appendingPathComponent("plan.json").path
          try PlanFile.write(plan, to: path)
          return try PlanFile.readPlan(path)
        }
        #expect(try exporter.export(reread) == text, "seed \(seed)")
      }
    }
  }

  @Test("finds each feed-forward pair where the checkpoint has it", arguments: ModelFamily.allCases)
  func pairs(family: ModelFamily) {
    let graph = smallEncoder(family)
    for group in graph.groups where group.kind == .feedForward {
      let names = Set(group.parameters.map { graph.parameters[$0].name })
      let paths = family.feedForwardPaths.map {
        $0.replacing("{}", with: "\(group.layer ?? -1)")
      }
      #expect(names == Set([0, 2].flatMap { [paths[$0] + ".weight", paths[$0] + ".bias"] }))
    }
  }
}

/// What a file could say in place of a name.
private let hostileTexts = [
  "", "bert-base-uncased", "a\"b", "\"\"\"", "'''", "\\", "\\\"", "line\nline", "\r\n", "tab\there",
  "PERMAFROST_TENSORS", "{}", "{0}", "%s", "naïve", "模型", "🧊", "e\u{301}", "\u{0}", "\u{2028}", "\u{FEFF}x",
  "\\N{DASH}",
  "\\u0041", "\"; import os #",
]
