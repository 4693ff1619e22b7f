#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whole small files of `/proc` and `/sys`: the one place where their system calls are made.
enum SystemFile {
  /// An errno value as an error, before the caller knows what the file was for.
  struct Failure: Error {
    let code: Int32
  }

  static func read(_ path: String) throws(Failure) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(code: errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Self.read(descriptor, into: &block)
      if count < 0 { throw Failure(code: errno) }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += block[..<count]
    }
  }

  /// One `write`, as control files want it: the kernel takes or refuses the value as a whole.
  static func write(_ text: String, to path: String) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(code: errno) }
    defer { close(descriptor) }
    var text = text
    let written = text.withUTF8 { systemWrite(descriptor, $0.baseAddress, $0.count) }
    if written < 0 { throw Failure(code: errno) }
  }

  /// `read` that goes on after a signal.
  static func read(_ descriptor: Int32, into block: inout [UInt8]) -> Int {
    block.withUnsafeMutableBytes { read(descriptor, into: $0) }
  }

  static func read(_ descriptor: Int32, into block: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = systemRead(descriptor, block.baseAddress, block.count)
      if count >= 0 || errno != EINTR { return count }
    }
  }
}

// Inside the type the plain names would mean its own members.
private func systemRead(_ descriptor: Int32, _ base: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, base, count)
}

private func systemWrite(_ descriptor: Int32, _ base: UnsafePointer<UInt8>?, _ count: Int) -> Int {
  write(descriptor, base, count)
}

/// The C library's words for an errno value, with the number.
func errorText(_ code: Int32) -> String {
  "\(String(cString: strerror(code))) (errno \(code))"
}
