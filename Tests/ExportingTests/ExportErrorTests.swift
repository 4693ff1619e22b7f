import Files
import Foundation
import Graph
import Planning
import TestSupport
import Testing
import Units

@testable import Exporting

@Suite("Exporting refuses")
struct ExportErrorTests {
  private let exporter = PyTorchExporter(producer: "permafrost test")
  private let graph = smallEncoder(.bert)

  @Test("an unknown target, and lists the known ones")
  func target() throws {
    #expect(throws: ExportError.unknownTarget("onnx")) { try ExportTargets.named("onnx") }
    let error = ExportError.unknownTarget("o\nnnx")
    #expect(error.exitStatus == .usage)
    #expect(
      error.description.hasPrefix("cannot export to 'o nnx'; use one of: pytorch, hf-trainer, "))
    for target in ExportTargets.all { #expect(try ExportTargets.named(target.name).name == target.name) }
    #expect(Set(ExportTargets.names).count == ExportTargets.all.count)
  }

  @Test("a plan whose tensors do not add up to what it states")
  func count() throws {
    var plan = Plan.given(.full(graph), request(graph))
    plan.trainableParameters += 1
    #expect(throws: ExportError.otherCount(stated: graph.parameterCount + 1, found: graph.parameterCount)) {
      try exporter.export(plan)
    }
  }

  @Test("a plan with a configuration that no model can have")
  func configuration() throws {
    var plan = Plan.given(.full(graph), request(graph))
    plan.model.configuration.headCount = 5
    #expect { try exporter.export(plan) } throws: { error in
      (error as? ExportError)?.exitStatus == .malformedInput && "\(error)".contains("multiple of 5 heads")
    }
  }

  @Test("a plan with unknown tensors or nodes, in the plan's own words")
  func plan() throws {
    let sound = Plan.given(.full(graph), request(graph))
    var plan = sound
    plan.trainable.append("nothing.weight")
    #expect(throws: PlanError.unknownTensor("nothing.weight")) { try exporter.export(plan) }
    plan = sound
    plan.retainedNodes = [40, 40]
    #expect(throws: PlanError.wrongLayers(expected: 3, found: 2)) { try exporter.export(plan) }
    plan = sound
    plan.retainedNodes[1] = 3
    plan.learnerNodes[1] = [1, 1, 2]
    #expect(throws: PlanError.badLearners(layer: 1, expected: 3)) { try exporter.export(plan) }
  }

  @Test("a place that takes no file, which is named, and leaves nothing behind")
  func file() throws {
    try withTemporaryDirectory { directory in
      let files = ["one", "two"].map { ExportedFile(name: "\($0).py", text: $0) }
      func path(_ name: String) -> String { directory.appending(path: name).path }
      try Data().write(to: directory.appending(path: "file"))
      for (place, named, reason) in [
        ("missing/out", "missing/out", ENOENT), ("file", "file", ENOTDIR),
        ("file/out", "file/out", ENOTDIR),
      ] {
        #expect(throws: FileError(.create, path: path(named), code: reason)) {
          try ExportFile.write(files, to: path(place))
        }
      }
      #expect(FileError(.create, path: "out", code: ENOTDIR).exitStatus == .unavailable)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
    }
  }
}
