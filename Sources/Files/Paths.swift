import Foundation

/// Where a path leads once every symbolic link on it is followed, also where its last parts are not there yet.
///
/// Two paths that give the same are the same file, however they are written.
package func resolvedPath(_ path: String) -> String { resolvedPath(path, links: 40) }

/// - Parameter links: to follow at most, so that a circle ends.
private func resolvedPath(_ path: String, links: Int) -> String {
  if let real = realpath(path, nil) {
    defer { free(real) }
    return String(cString: real)
  }
  let (folder, name) = splitPath(path)
  guard !name.isEmpty, path != "." else { return path }
  let parent = resolvedPath(folder, links: links)
  if name == "." { return parent }
  if name == ".." { return splitPath(parent).folder }
  let whole = joinedPath(parent, name)
  guard links > 0, let target = try? FileManager.default.destinationOfSymbolicLink(atPath: whole) else {
    return whole
  }
  return resolvedPath(target.utf8.first == slash ? target : joinedPath(parent, target), links: links - 1)
}

/// A path's last part and what stands before it: "." where nothing does, "/" for what is at the root.
package func splitPath(_ path: String) -> (folder: String, name: String) {
  var rest = Substring(path).utf8
  while rest.last == slash { rest.removeLast() }
  let start = rest.lastIndex(of: slash).map { rest.index(after: $0) } ?? rest.startIndex
  var folder = rest[..<start]
  while folder.last == slash { folder.removeLast() }
  let none = path.utf8.first == slash ? "/" : "."
  return (folder.isEmpty ? none : String(Substring(folder)), String(Substring(rest[start...])))
}

private func joinedPath(_ folder: String, _ name: String) -> String {
  folder.utf8.last == slash ? folder + name : "\(folder)/\(name)"
}

private let slash = UInt8(ascii: "/")
