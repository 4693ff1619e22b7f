import Files
import Foundation

/// A safetensors file, checked whole and mapped read-only.
///
/// ```swift
/// let file = try SafetensorsFile(URL(filePath: "model.safetensors"))
/// if let tensor = file.tensor(named: "embeddings.LayerNorm.weight") {
///   try file.read(tensor, elements: 0..<tensor.count, into: destination)
/// }
/// ```
public final class SafetensorsFile: Sendable {
  public let url: URL
  public let header: SafetensorsHeader
  private let mapping: MappedFile
  private let tensorsByName: [String: SafetensorsTensor]

  /// Opens and checks a file; no tensor's bytes are read.
  ///
  /// - Throws: `FileError`, `SafetensorsError`.
  public init(_ url: URL) throws {
    self.url = url
    mapping = try MappedFile(url.path)
    do {
      let prefix = try mapping.file.bytes(0..<min(SafetensorsHeader.lengthBytes, mapping.byteCount))
      let length = try SafetensorsHeader.jsonLength(prefix, fileBytes: mapping.byteCount)
      let json = try mapping.file.bytes(prefix.count..<prefix.count + length)
      header = try SafetensorsHeader(json: json, fileBytes: mapping.byteCount)
    } catch let reason as SafetensorsError.Reason {
      throw SafetensorsError(file: url.path, reason: reason)
    }
    tensorsByName = Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0) })
  }

  public var path: String { mapping.path }
  public var byteCount: Int { mapping.byteCount }

  /// In the order of the tensors' bytes.
  public var names: [String] { header.tensors.map(\.name) }

  public func tensor(named name: String) -> SafetensorsTensor? { tensorsByName[name] }

  /// The tensor's elements where they lie in the mapping, or nil unless they are 32-bit floats aligned to 4 bytes.
  ///
  /// Valid while this object lives. Reading them makes pages resident; writing them ends the process.
  public func mappedFloats(_ tensor: SafetensorsTensor) -> UnsafeBufferPointer<Float>? {
    precondition(tensorsByName[tensor.name] == tensor, "\(tensor.name) is not a tensor of \(path)")
    guard tensor.dataType == .float32, tensor.byteOffset % MemoryLayout<Float>.alignment == 0,
      let first = mapping.expose(tensor.byteOffset..<tensor.byteOffset + tensor.byteCount)
    else { return nil }
    return UnsafeBufferPointer(start: first.assumingMemoryBound(to: Float.self), count: tensor.count)
  }

  /// Copies elements, row-major, and widens 16-bit floats on the way.
  ///
  /// Reads the file, not the mapping, so that only the destination becomes resident.
  /// - Throws: `FileError`; `CheckpointError` where the elements are not floats of at most 32 bits.
  public func read(
    _ tensor: SafetensorsTensor, elements: Range<Int>, into destination: UnsafeMutablePointer<Float>
  ) throws {
    precondition(tensorsByName[tensor.name] == tensor, "\(tensor.name) is not a tensor of \(path)")
    precondition(
      elements.lowerBound >= 0 && elements.upperBound <= tensor.count, "\(elements) is outside \(tensor.name)")
    switch tensor.dataType {
    case .float32:
      let bytes = UnsafeMutableRawBufferPointer(
        start: destination, count: elements.count * MemoryLayout<Float>.stride)
      try mapping.file.read(
        at: tensor.byteOffset + elements.lowerBound * MemoryLayout<Float>.stride, into: bytes)
    case .float16: try readWidening(tensor, elements, destination, HalfPrecision.widenFloat16)
    case .bfloat16: try readWidening(tensor, elements, destination, HalfPrecision.widenBFloat16)
    default:
      throw CheckpointError(path: path, reason: .unsupportedDataType(tensor: tensor.name, tensor.dataType))
    }
  }

  /// Elements converted at a time: the conversion buffer is 64 KiB.
  private static let conversionElements = 32 * 1024

  private func readWidening(
    _ tensor: SafetensorsTensor, _ elements: Range<Int>, _ destination: UnsafeMutablePointer<Float>,
    _ widen: (UInt16) -> Float
  ) throws {
    try withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Self.conversionElements) { buffer in
      var start = elements.lowerBound
      while start < elements.upperBound {
        let chunk = UnsafeMutableBufferPointer(
          rebasing: buffer[..<min(buffer.count, elements.upperBound - start)])
        try mapping.file.read(
          at: tensor.byteOffset + start * MemoryLayout<UInt16>.stride,
          into: UnsafeMutableRawBufferPointer(chunk))
        let output = destination + (start - elements.lowerBound)
        for index in chunk.indices { output[index] = widen(UInt16(littleEndian: chunk[index])) }
        start += chunk.count
      }
    }
  }

  /// Hands over the whole file in order, in chunks.
  func forEachChunk(_ body: (UnsafeRawBufferPointer) -> Void) throws {
    try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { buffer in
      var offset = 0
      while offset < byteCount {
        let chunk = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, byteCount - offset)])
        try mapping.file.read(at: offset, into: chunk)
        body(UnsafeRawBufferPointer(chunk))
        offset += chunk.count
      }
    }
  }
}
