import Foundation
import Limits

/// How quickly storage reads a file from its start to its end.
///
/// A file is written, forced to storage, dropped from the system's cache, and read. A cache outside the system (the disk's own, or a
/// hypervisor's) is beyond its reach; whether the system's own was avoided is looked up.
public struct StorageMeasurement: Sendable {
  public let bytesPerSecond: Double
  public let bytes: Int
  /// Whether the system's cache held none of the file when it was read.
  public let isUncached: Bool

  /// - Parameters:
  ///   - directory: where the file is written for as long as it takes; its storage is what is measured.
  ///   - bytes: the file's size, cut short where writing takes longer than two seconds.
  /// - Throws: errors of Foundation's files, and `LimitError`.
  public init(in directory: URL, bytes: Int) throws {
    let file = directory.appendingPathComponent(".permafrost-calibrate.\(getpid())")
    guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
      throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: file.path])
    }
    defer { try? FileManager.default.removeItem(at: file) }
    let chunk = 1 << 20
    let start = ContinuousClock.now
    var written = 0
    let writer = try FileHandle(forWritingTo: file)
    // Bytes that no file system stores as a hole or in a few bytes.
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    while written < bytes, written == 0 || ContinuousClock.now - start < .seconds(2) {
      var data = Data(capacity: chunk)
      for _ in 0..<chunk / 8 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        withUnsafeBytes(of: state) { data.append(contentsOf: $0) }
      }
      try writer.write(contentsOf: data)
      try writer.synchronize()
      written += chunk
    }
    try writer.close()
    self.bytes = written

    try PageCache.drop(file.path)
    isUncached = Self.cachedBytes(file.path, count: written) == 0
    let reader = try FileHandle(forReadingFrom: file)
    let began = ContinuousClock.now
    var left = written
    while left > 0, let data = try reader.read(upToCount: chunk), !data.isEmpty { left -= data.count }
    bytesPerSecond = Double(written) / ((ContinuousClock.now - began) / .seconds(1))
    try reader.close()
  }

  /// Bytes of a file in the system's cache, by mincore(2).
  private static func cachedBytes(_ path: String, count: Int) -> Int? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard let address = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED else {
      return nil
    }
    defer { munmap(address, count) }
    let page = Int(getpagesize())
    #if canImport(Darwin)
      var flags = [CChar](repeating: 0, count: (count + page - 1) / page)
    #else
      var flags = [UInt8](repeating: 0, count: (count + page - 1) / page)
    #endif
    guard mincore(address, count, &flags) == 0 else { return nil }
    return flags.reduce(0) { $0 + Int($1 & 1) } * page
  }
}
