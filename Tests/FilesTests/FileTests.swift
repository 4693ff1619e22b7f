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

  @Test("a file is written where a link leads, the link stays, and so do the permissions")
  func link() throws {
    try withTemporaryDirectory { directory in
      let (link, there) = (directory.appending(path: "a").path, directory.appending(path: "there/b").path)
      try FileManager.default.createDirectory(
        at: directory.appending(path: "there"), withIntermediateDirectories: false)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "there/b")
      try AtomicFile.write("one", to: link)
      #expect(chmod(there, 0o600) == 0)
      try AtomicFile.write("two", to: link)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "there/b")
      #expect(try InputFile.contents(of: there) == Array("two".utf8))
      #expect(try FileManager.default.attributesOfItem(atPath: there)[.posixPermissions] as? Int == 0o600)
      #expect(
        try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted() == [
          "a", "there", "there/b",
        ])
    }
  }

  @Test("what is no regular file is not replaced by one; a name as long as can be is written")
  func notReplaced() throws {
    try withTemporaryDirectory { directory in
      func path(_ name: String) -> String { directory.appending(path: name).path }
      #expect(mkfifo(path("pipe"), 0o600) == 0)
      try FileManager.default.createSymbolicLink(atPath: path("circle"), withDestinationPath: "circle")
      for (name, code) in [("pipe", EINVAL), (".", EISDIR), ("circle", ELOOP), ("no/f", ENOENT)] {
        #expect(throws: FileError(.create, path: path(name), code: code)) {
          try AtomicFile.write("", to: path(name))
        }
      }
      try AtomicFile.write("", to: path(String(repeating: "é", count: 127)))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 3)
      #expect(try FileStatus(path("pipe"), for: .create)?.kind == .special)
    }
  }

  @Test("two ways of writing a path resolve to one, also where its last parts are not there")
  func resolved() throws {
    try withTemporaryDirectory { directory in
      let root = resolvedPath(directory.path)
      try FileManager.default.createDirectory(
        at: directory.appending(path: "a/b"), withIntermediateDirectories: true)
      for (link, target) in [
        ("link", "a/b"), ("a/b/up", "../new"), ("whole", root + "/a"), ("circle", "circle"),
      ] {
        try FileManager.default.createSymbolicLink(atPath: "\(root)/\(link)", withDestinationPath: target)
      }
      for (path, expected) in [
        ("a/b", "a/b"), ("link/", "a/b"), ("link/c/d", "a/b/c/d"), ("a/./b/../c", "a/c"), ("link/../c", "a/c"),
        ("link/up", "a/new"), ("a/b/up/x", "a/new/x"), ("whole/new", "a/new"), ("none/../a", "a"),
        ("circle", "circle"),
      ] {
        #expect(resolvedPath("\(root)/\(path)") == "\(root)/\(expected)", "\(path)")
      }
      #expect(resolvedPath("") == "" && resolvedPath("/") == "/")
      for name in ["n", "none", "./n/", "é"] {
        #expect(resolvedPath(name) == "\(resolvedPath("."))/\(splitPath(name).name)")
      }
    }
  }

  @Test(
    "a path is split before its last part",
    arguments: [
      ("a", ".", "a"), ("/a", "/", "a"), ("a/b", "a", "b"), ("a//b//", "a", "b"), ("//a", "/", "a"),
      ("/", "/", ""), ("", ".", ""), ("a/\u{301}", "a", "\u{301}"), ("../é/.", "../é", "."),
    ])
  func split(path: String, folder: String, name: String) {
    let parts = splitPath(path)
    #expect(Array(parts.folder.utf8) == Array(folder.utf8) && Array(parts.name.utf8) == Array(name.utf8))
  }

  @Test("a pipe is read to its end; a directory, an empty path and a missing file are refused in words")
  func input() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0 && write(ends[1], "text", 4) == 4)
    close(ends[1])
    defer { close(ends[0]) }
    #expect(try InputFile.contents(of: "/proc/self/fd/\(ends[0])") == Array("text".utf8))
    for (path, words) in [
      ("/", "/: cannot open: it is a directory; give a file"),
      ("", "an empty path names no file; give the path of one to read"),
      ("/none", "/none: cannot open: No such file or directory"),
    ] {
      let error = #expect(throws: FileError.self) { try InputFile.contents(of: path) }
      #expect(error?.description == words && error?.exitStatus == .missingInput)
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
