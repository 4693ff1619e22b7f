import Foundation
import Limits
import Training
import Units

/// A user's Python, found and known to have what a run needs.
public struct PythonInterpreter: Sendable, Equatable {
  public let path: String

  /// What `Templates/run_plan.py` imports beside Python's own.
  static let packages = ["torch", "transformers"]
  /// The oldest that the exported module is written for.
  static let oldest = [3, 9]

  /// Finds an interpreter and asks it which packages it lacks, without importing them.
  ///
  /// - Parameters:
  ///   - name: a path, or a name to look for in `searchPath`.
  ///   - searchPath: directories between colons, as in `PATH`.
  /// - Throws: ``PythonError``, `ChildProcessError`.
  public init(
    _ name: String, searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
  ) throws {
    guard let path = Self.find(name, searchPath) else { throw PythonError.notFound(name) }
    self.path = path
    let answer = try Self.ask(path)
    guard !answer.version.lexicographicallyPrecedes(Self.oldest) else {
      throw PythonError.tooOld(path: path, version: answer.version.map(String.init).joined(separator: "."))
    }
    if !answer.missing.isEmpty { throw PythonError.missingPackages(path: path, answer.missing) }
  }

  private static func find(_ name: String, _ searchPath: String) -> String? {
    let candidates =
      name.contains("/") ? [name] : searchPath.split(separator: ":").map { "\($0)/\(name)" }
    return candidates.first { path in
      var isDirectory: ObjCBool = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
        && FileManager.default.isExecutableFile(atPath: path)
    }
  }

  private struct Answer: Decodable {
    var version: [Int]
    var missing: [String]
  }

  private static func ask(_ path: String) throws -> Answer {
    let question = """
      import importlib.util, json, sys
      missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
      print(json.dumps({"version": sys.version_info[:3], "missing": missing}))
      """
    var answer: Answer?
    let outcome = try ChildProcess.run(executable: path, arguments: ["-c", question] + packages) { line in
      answer = (try? JSONDecoder().decode(Answer.self, from: Data(line.utf8))) ?? answer
    }
    if case .interrupted = outcome.ending { throw WorkerError.interrupted }
    guard let answer else { throw PythonError.notPython(path: path, how: "\(outcome.ending)") }
    return answer
  }

  /// This process's environment with what keeps Python to so many threads and to what is on the disk.
  func environment(threads: Int) -> [String: String] {
    ProcessInfo.processInfo.environment.merging([
      "OMP_NUM_THREADS": "\(threads)", "MKL_NUM_THREADS": "\(threads)", "OPENBLAS_NUM_THREADS": "\(threads)",
      "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
    ]) { $1 }
  }
}

/// Why a plan could not be carried out in the user's Python.
public enum PythonError: UserFacingError, Equatable {
  case notFound(String)
  case notPython(path: String, how: String)
  case tooOld(path: String, version: String)
  case missingPackages(path: String, [String])
  /// It ended without a word.
  case lost(path: String, how: String, stage: String)
  case wrongLogits(found: Int, expected: Int)

  public var exitStatus: ExitStatus { .unavailable }

  public var description: String {
    switch self {
    case .notFound(let name):
      "there is no Python '\(name)' that can be run; install it, or name one that has torch and transformers with --python"
    case .notPython(let path, let how):
      "\(path) does not answer as Python does (it \(how)); name a Python that has torch and transformers with --python"
    case .tooOld(let path, let version):
      "\(path) is Python \(version), older than \(PythonInterpreter.oldest.map(String.init).joined(separator: ".")); "
        + "name a newer one with --python"
    case .missingPackages(let path, let names):
      "\(path) has no \(names.joined(separator: " and no ")); install with: \(path) -m pip install "
        + names.joined(separator: " ")
    case .lost(let path, let how, let stage):
      "\(path) \(how) while \(stage); try: \(path) -c 'import torch, transformers'"
    case .wrongLogits(let found, let expected):
      "PyTorch gave \(found) logits where the evaluation examples have \(expected); try the transformers of docs/trainers.md"
    }
  }
}
