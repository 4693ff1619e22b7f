import Checkpoints
import Files
import Foundation

/// A run at one step in one file, all that is needed to go on to the same bits.
///
/// | bytes | hold |
/// |---|---|
/// | 8 | `PFRUN`, two zeros, the format's version |
/// | 8, 8 | lengths of the next two, little-endian |
/// | | ``RunManifest``, JSON |
/// | | ``RunHistory/Summary``, JSON |
/// | 8 a step | losses, F64 |
/// | | the arena's persistent buffers, as they lie there |
/// | 64 | SHA-256 of all bytes before, in hexadecimal |
///
/// Numbers are little-endian, as on every machine that the engine runs on.
final class RunCheckpoint {
  private static let magic: [UInt8] = Array("PFRUN".utf8) + [0, 0, 1]
  private static let headBytes = 24
  private static let digestBytes = 64

  let path: String
  let manifest: RunManifest
  let summary: RunHistory.Summary
  private let file: FileHandle
  /// Of what was read so far.
  private var hash: SHA256

  // MARK: Writing

  /// Writes a file that is whole under its name or not there.
  ///
  /// - Parameters:
  ///   - manifest: encoded beforehand, so that nothing large is allocated here.
  ///   - parts: the engine's persistent bytes; written from where they are.
  /// - Throws: `FileError`.
  static func write(
    to path: String, manifest: Data, history: RunHistory, parts: [UnsafeMutableRawBufferPointer]
  ) throws {
    let file = try SettledFile(path)
    let summary = try encode(history.summary)
    try magic.withUnsafeBytes { try file.append($0) }
    for data in [manifest, summary] {
      try withUnsafeBytes(of: UInt64(data.count).littleEndian) { try file.append($0) }
    }
    for data in [manifest, summary] { try data.withUnsafeBytes { try file.append($0) } }
    try history.withLossBytes { try file.append($0) }
    for part in parts { try file.append(UnsafeRawBufferPointer(part)) }
    try file.commit()
  }

  /// Equal values become equal bytes.
  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(value)
  }

  // MARK: Reading

  /// Opens a file and reads what it is of, but neither losses nor tensors.
  ///
  /// - Throws: `FileError`, `RunCheckpointError`.
  init(opening path: String) throws {
    self.path = path
    guard let file = FileHandle(forReadingAtPath: path) else { throw FileError(.open, path: path) }
    self.file = file
    let size = Int(clamping: try file.seekToEnd())
    try file.seek(toOffset: 0)
    let head = try file.read(upToCount: Self.headBytes) ?? Data()
    guard head.count == Self.headBytes, head.prefix(5).elementsEqual(Self.magic.prefix(5)) else {
      throw RunCheckpointError.notACheckpoint(path: path)
    }
    guard head.prefix(8).elementsEqual(Self.magic) else { throw RunCheckpointError.otherVersion(path: path) }
    let lengths = head.withUnsafeBytes { bytes in
      [8, 16].map {
        Int(clamping: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
      }
    }
    var hash = SHA256()
    head.withUnsafeBytes { hash.update($0) }
    var texts: [Data] = []
    for length in lengths {
      guard length <= size, let text = try file.read(upToCount: length), text.count == length else {
        throw RunCheckpointError.damaged(path: path, reason: "it ends early")
      }
      text.withUnsafeBytes { hash.update($0) }
      texts.append(text)
    }
    struct Version: Decodable { let schema: Int }
    let decoder = JSONDecoder()
    guard let schema = try? decoder.decode(Version.self, from: texts[0]).schema,
      let summary = try? decoder.decode(RunHistory.Summary.self, from: texts[1])
    else { throw RunCheckpointError.damaged(path: path, reason: "its description cannot be read") }
    guard schema == RunManifest.currentSchema,
      let manifest = try? decoder.decode(RunManifest.self, from: texts[0])
    else { throw RunCheckpointError.otherVersion(path: path) }
    (self.manifest, self.summary, self.hash) = (manifest, summary, hash)
    let fixed = Self.headBytes + lengths[0] + lengths[1] + Self.digestBytes
    guard summary.step >= 0, summary.step <= manifest.settings.steps, let partBytes = manifest.partBytes,
      let losses = Self.product(summary.step, MemoryLayout<Double>.stride), size - fixed - losses == partBytes
    else { throw RunCheckpointError.damaged(path: path, reason: "its \(size) bytes are not what it describes") }
  }

  private static func product(_ a: Int, _ b: Int) -> Int? {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow || product > Int.max / 4 ? nil : product
  }

  /// - Throws: `RunCheckpointError.otherRun` unless the file is of this run.
  func require(_ expected: RunManifest) throws {
    if let what = manifest.difference(to: expected) {
      throw RunCheckpointError.otherRun(path: path, what: what)
    }
  }

  /// Reads losses and tensors to where they belong; to be called once, after ``require(_:)``.
  ///
  /// - Parameter parts: the engine's persistent bytes, of the manifest's sizes.
  /// - Throws: `RunCheckpointError.damaged` where the checksum is not of these bytes; they are then of no use.
  func restore(_ history: inout RunHistory, parts: [UnsafeMutableRawBufferPointer]) throws {
    try history.restore(summary) { try read(into: $0) }
    for part in parts { try read(into: part) }
    let digest = hash.finish()
    guard try file.read(upToCount: Self.digestBytes) == Data(digest.utf8) else {
      throw RunCheckpointError.damaged(path: path, reason: "its checksum is of other bytes")
    }
    PageCacheAdvice.drop(file.fileDescriptor)
  }

  /// Reads in pieces whose pages are dropped again, so that the file's bytes do not count twice.
  private func read(into bytes: UnsafeMutableRawBufferPointer) throws {
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + SettledFile.pieceBytes)
      let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end])
      let count = systemRead(file.fileDescriptor, piece.baseAddress, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError(.read, path: path, code: count < 0 ? errno : 0) }
      hash.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      PageCacheAdvice.drop(file.fileDescriptor)
      start += count
    }
  }
}

// Inside the type the plain name would mean its own method.
private func systemRead(_ descriptor: Int32, _ base: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, base, count)
}
