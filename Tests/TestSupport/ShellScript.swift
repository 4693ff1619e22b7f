import Foundation

/// Writes a shell script that can be run at once.
///
/// A process of its own copies it: were it written here, a child that another test forks meanwhile would hold the file open for writing, and it
/// could not be run (`ETXTBSY`, execve(2)).
///
/// - Parameter body: what comes after `#!/bin/sh`.
/// - Returns: its path.
public func writeShellScript(_ body: String, named name: String, in directory: URL) throws -> String {
  let draft = directory.appendingPathComponent("\(name).draft")
  let script = directory.appendingPathComponent(name)
  try "#!/bin/sh\n\(body)\n".write(to: draft, atomically: true, encoding: .utf8)
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/sh")
  process.arguments = ["-c", "cp \"$0\" \"$1\" && chmod 755 \"$1\" && rm \"$0\"", draft.path, script.path]
  try process.run()
  process.waitUntilExit()
  return script.path
}
