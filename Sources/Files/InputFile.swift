import Foundation

/// Files that are read once, from the first byte to the last.
package enum InputFile {
  /// A file's bytes; of a pipe, too, since shells give the output of a command as one.
  package static func contents(of path: String) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(.open, path: path) }
    defer { close(descriptor) }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw FileError(.open, path: path, code: EISDIR)
    }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError(.read, path: path) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }
}
