import Files
import Foundation
import Graph
import Planning
import TestSupport
import Testing

@testable import Exporting

@Suite("An export's files")
struct ExportFileTests {
  private func export(_ name: String) throws -> Export {
    let graph = smallEncoder(.bert)
    let outcome = try Export.make(
      .given(.full(graph), request(graph)), for: ExportTargets.named(name), producer: "permafrost test")
    guard case .exact(let export) = outcome else {
      throw ExportError.unproven(target: name, reason: "inexpressible")
    }
    return export
  }

  @Test("go into a folder under names that do not change")
  func folder() throws {
    try withTemporaryDirectory { directory in
      let folder = directory.appendingPathComponent("out").path
      for _ in 0..<2 { _ = try ExportFile.write(export("hf-trainer").files, to: folder) }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
          == ["check_plan.py", "freeze_plan.py", "hf_trainer_plan.py", "manifest.json"])
    }
  }

  @Test("or are the main file and what stands beside it")
  func oneFile() throws {
    try withTemporaryDirectory { directory in
      let files = try ExportFile.write(
        export("axolotl").filesWithPlan(), to: directory.appendingPathComponent("run.yaml").path)
      #expect(files.count == 4 && files[0].hasSuffix("run.yaml"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
          == ["run.check_plan.py", "run.manifest.json", "run.plan.json", "run.yaml"])
      let path = directory.appendingPathComponent("run.py").path
      let several = try export("hf-trainer").files
      #expect(throws: ExportError.needsFolder(path: path, files: 4)) { try ExportFile.write(several, to: path) }
    }
  }

  @Test("are all there or none")
  func unwritable() throws {
    try withTemporaryDirectory { directory in
      // A folder in the place of one of the files.
      try FileManager.default.createDirectory(
        at: directory.appendingPathComponent("out/manifest.json/x"), withIntermediateDirectories: true)
      let files = try export("axolotl").files
      #expect(throws: FileError.self) {
        try ExportFile.write(files, to: directory.appendingPathComponent("missing/out").path)
      }
      #expect(throws: FileError.self) {
        try ExportFile.write(files, to: directory.appendingPathComponent("out").path)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["out"])
      let left = try FileManager.default.contentsOfDirectory(
        atPath: directory.appendingPathComponent("out").path)
      #expect(left == ["manifest.json"])
    }
  }

  @Test("say their trainer's version, and the manifest counts what trains", arguments: ExportTargets.names)
  func manifest(name: String) throws {
    guard try ExportTargets.named(name).refusal(smallEncoder(.bert)) == nil, let export = try? export(name)
    else { return }
    let main = export.files[0]
    #expect(
      main.name.hasSuffix(".json") || main.text.contains("or \(export.target.trainer)") || name == "pytorch")
    let file = try #require(export.files.first { $0.name == "manifest.json" })
    let manifest = try JSON.object(file.text, in: file.name)
    #expect(try manifest.value("target") == name)
    #expect(try manifest.value("written_for") == export.target.trainer)
    let trainable: [String: Int] = try manifest.value("trainable")
    #expect(Set(trainable.keys) == Set(export.trainedNames))
    #expect(try manifest.value("trainable_parameters") == trainable.values.reduce(0, +))
    #expect(try !manifest.value("notes", as: [String].self).isEmpty)
    let check = try #require(export.files.first { $0.name == "check_plan.py" })
    #expect(check.text.contains("manifest.json"))
  }

  @Test(
    "say in one line, with a code of 1, where a trainer of another version names its tensors otherwise",
    .enabled(if: PythonInterpreter.plain != nil), arguments: ["axolotl", "optax", "spacy"])
  func otherVersion(name: String) throws {
    let python = try #require(PythonInterpreter.plain)
    try withTemporaryDirectory { directory in
      let export = try export(name)
      _ = try ExportFile.write(export.files, to: directory.path)
      let script = directory.appending(path: "other.py")
      try Data(
        """
        import json, sys, types
        from check_plan import check
        count = json.load(open(sys.path[0] + "/manifest.json"))["trainable"]
        names = {sys.argv[1] + name: n for name, n in count.items()}
        tensors = {n: types.SimpleNamespace(requires_grad=True, numel=lambda k=k: k) for n, k in names.items()}
        check({
            "axolotl": types.SimpleNamespace(named_parameters=lambda: tensors.items()), "optax": names,
            "spacy": {n.split(".")[0] for n in names},
        }[sys.argv[2]])
        """.utf8
      ).write(to: script)
      #expect(try python.run([script.path, "", name]).code == 0)
      let other = try python.run([script.path, "other_", name])
      #expect(other.code == 1 && other.output.split(separator: "\n").count == 1, "\(other.output)")
      #expect(other.output.contains("do not train as planned for \(export.target.trainer)"), "\(other.output)")
    }
  }

  @Test(
    "are Python where they say so", .enabled(if: PythonInterpreter.plain != nil), arguments: ExportTargets.names
  )
  func python(name: String) throws {
    let python = try #require(PythonInterpreter.plain)
    guard try ExportTargets.named(name).refusal(smallEncoder(.bert)) == nil, let export = try? export(name)
    else { return }
    try withTemporaryDirectory { directory in
      for file in export.files where file.name.hasSuffix(".py") {
        let path = directory.appending(path: file.name)
        try Data(file.text.utf8).write(to: path)
        let compiled = try python.run(["-m", "py_compile", path.path])
        #expect(compiled.code == 0, "\(compiled.output)")
      }
    }
  }
}
