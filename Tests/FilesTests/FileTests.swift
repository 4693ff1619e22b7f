import Foundation
import TestSupport
import Testing

@testable import Files

@Suite("files")
struct FileTests {
  @Test("any part of a regular file can be read, and no more than it has")
  func reading() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("f")
      try Data([1, 2, 3, 4]).write(to: url)
      let file = try RegularFile(url.path)
      #expect(try file.byteCount == 4 && file.bytes(1..<3) == [2, 3] && file.bytes(4..<4) == [])
      #expect(throws: FileError(.read, path: url.path, code: 0)) { try file.bytes(2..<5) }
      #expect(try RegularFile.contents(of: url.path, limit: 4) == [1, 2, 3, 4])
      #expect(throws: FileError(.read, path: url.path, code: EFBIG)) {
        try RegularFile.contents(of: url.path, limit: 3)
      }
    }
  }

  @Test("directories, pipes and files that are not there are refused, at once")
  func refused() throws {
    try withTemporaryDirectory { directory in
      #expect(throws: FileError(.open, path: directory.path, code: EISDIR)) { try RegularFile(directory.path) }
      let pipe = directory.appendingPathComponent("pipe").path
      #expect(mkfifo(pipe, 0o600) == 0)
      #expect(throws: FileError(.open, path: pipe, code: EINVAL)) { try RegularFile(pipe) }
      let missing = directory.appendingPathComponent("none").path
      let error = #expect(throws: FileError.self) { try MappedFile(missing) }
      #expect(error?.isMissing == true && error?.exitStatus == .missingInput)
      let absent = try TextFile(ifPresent: missing)
      #expect(absent == nil)
    }
  }

  @Test(
    "lines come without their ends and without a byte order mark",
    arguments: [
      ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("a\r\n\r\nb\n", ["a", "", "b"]),
      ("\u{FEFF}a\n", ["a"]), ("\n", [""]), ("a\rb\n", ["a\rb"]), ("a\r", ["a\r"]),
    ])
  func lines(text: String, expected: [String]) throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("t")
      try Data(text.utf8).write(to: url)
      let file = try TextFile(url.path)
      #expect(file.lines.map { String(decoding: $0.bytes, as: UTF8.self) } == expected)
      #expect(file.lines.map(\.number) == Array(1..<(expected.count + 1)))
    }
  }

  @Test("a file written whole replaces what has its name; one that was not finished leaves nothing")
  func writing() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("f")
      try Data([9]).write(to: url)
      var abandoned: AtomicFile? = try AtomicFile(url)
      try [UInt8](repeating: 7, count: 100).withUnsafeBytes { try abandoned?.write($0) }
      abandoned = nil
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["f"])
      let file = try AtomicFile(url)
      try [1, 2, 3, 4].withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
        try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<16]))
        try file.overwriteStart(UnsafeRawBufferPointer(rebasing: bytes[24..<32]))
      }
      #expect(try RegularFile.contents(of: url.path) == [9])
      try file.commit()
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["f"])
      #expect(
        try RegularFile.contents(of: url.path) == [4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
    }
  }

  @Test(
    "bytes that are not UTF-8 are found where they begin",
    arguments: [
      ([], nil), ([0x61, 0xC3, 0xA9], nil), ([0x61, 0xC3], 1), ([0xC3, 0xA9, 0xFF], 2), ([0x80], 0),
      ([0xED, 0xA0, 0x80], 0),
    ] as [([UInt8], Int?)])
  func encoding(bytes: [UInt8], offset: Int?) {
    #expect(bytes.withUnsafeBytes(offsetOfInvalidUTF8) == offset)
  }
}
