import Foundation
import Yams

/// Filling in templates, and reading back what was written.
enum Text {
  /// One pass over `PERMAFROST_NAME`, so that nothing filled in is taken for a placeholder.
  static func filled(_ template: [UInt8], _ values: [String: String]) -> String {
    String(decoding: template, as: UTF8.self).replacing(/PERMAFROST_([A-Z]+)/) { match in
      values[String(match.1)] ?? String(match.0)
    }
  }

  /// The lines that every file which takes comments begins with: what made it, for which version, and the notes.
  static func header(_ job: ExportJob, _ target: any ExportTarget) throws -> String {
    let head = [
      "Made by \(Python.literal(job.producer)) from the plan whose SHA-256 is", try job.identity(),
      "for \(Python.literal(job.plan.model.name)). Written for \(target.trainer).",
      "This file is output of the program: use, change and pass it on under any terms you like.", "",
      "Notes:",
    ]
    return (head + target.notes(job).flatMap(bullet)).map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
  }

  /// A sentence as lines of at most 110 characters, the first with a dash.
  private static func bullet(_ sentence: String) -> [String] {
    var lines = ["-"]
    for word in sentence.split(separator: " ") {
      if lines[lines.count - 1].count + word.count + 1 > 110 { lines.append(" ") }
      lines[lines.count - 1] += " " + word
    }
    return lines
  }
}

/// YAML of the few kinds that trainers' files need.
enum YAML {
  /// A scalar in single quotes, in which nothing but the quote itself is special (YAML 1.2.2, section 7.3.2); text that
  /// single quotes cannot hold is written in double quotes, whose escapes are those of ``Python/literal(_:)`` too.
  static func string(_ text: String) -> String {
    if text.unicodeScalars.allSatisfy({ (" "..."~").contains($0) }) {
      return "'" + text.replacing("'", with: "''") + "'"
    }
    return Python.literal(text)
  }

  /// Reads a file's text as a mapping.
  static func mapping(_ file: ExportedFile) throws -> [String: Any] {
    guard let mapping = try Yams.load(yaml: file.text) as? [String: Any] else {
      throw ExportError.unproven(target: file.name, reason: "it is not a mapping")
    }
    return mapping
  }
}

/// Reading JSON back.
enum JSON {
  static func object(_ text: String, in name: String) throws -> [String: Any] {
    guard let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
      throw ExportError.unproven(target: name, reason: "it is not an object")
    }
    return object
  }
}

extension [String: Any] {
  /// The value under a path of keys.
  ///
  /// - Throws: ``ExportError/unproven(target:reason:)`` where there is none of this type.
  func value<Wanted>(_ keys: String..., as type: Wanted.Type = Wanted.self) throws -> Wanted {
    var value: Any? = self
    for key in keys { value = (value as? [String: Any])?[key] }
    guard let value = value as? Wanted else {
      throw ExportError.unproven(
        target: keys.joined(separator: "."), reason: "the key is missing or of another type")
    }
    return value
  }
}
