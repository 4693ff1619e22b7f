import Files
import Foundation

/// Writes safetensors files of 32-bit floats, a tensor at a time, so that no second copy of the weights exists.
///
/// The header is the same bytes for the same tensors: without white space, in the order given, padded with spaces so
/// that the data begin at a multiple of 8 bytes, as the reference implementation does.
public enum SafetensorsWriter {
  /// A tensor to be written.
  public struct Tensor: Hashable, Sendable {
    public let name: String
    /// Row-major.
    public let shape: [Int]

    public init(name: String, shape: [Int]) {
      self.name = name
      self.shape = shape
    }

    public var count: Int { shape.reduce(1, *) }
  }

  /// Takes the elements of one tensor, row-major, in any pieces.
  public struct Sink {
    fileprivate let tensor: Tensor
    fileprivate let file: AtomicFile
    /// Elements taken so far.
    public fileprivate(set) var written = 0

    /// Takes the next elements.
    ///
    /// - Throws: `FileError`; `CheckpointError` where the tensor has no room for them.
    public mutating func write(_ elements: UnsafeBufferPointer<Float>) throws {
      written += elements.count
      guard written <= tensor.count else { throw mismatch }
      try file.write(UnsafeRawBufferPointer(elements))
    }

    fileprivate var mismatch: CheckpointError {
      CheckpointError(
        path: file.target, reason: .wrongElementCount(tensor: tensor.name, expected: tensor.count, got: written)
      )
    }
  }

  /// Writes the tensors in the order given, which is their order in the file.
  ///
  /// The file appears whole or not at all.
  /// - Parameter contents: called once for each tensor, in order; gives all its elements to the sink.
  /// - Throws: `FileError`; `CheckpointError` where a tensor is given too few or too many elements; what `contents`
  ///   throws.
  public static func write(
    _ tensors: [Tensor], metadata: [String: String] = ["format": "pt"], to url: URL,
    contents: (_ tensor: Tensor, _ sink: inout Sink) throws -> Void
  ) throws {
    let file = try AtomicFile(url)
    try header(tensors, metadata).withUnsafeBytes { try file.write($0) }
    for tensor in tensors {
      var sink = Sink(tensor: tensor, file: file)
      try contents(tensor, &sink)
      guard sink.written == tensor.count else { throw sink.mismatch }
    }
    try file.commit()
  }

  /// The length and the JSON.
  static func header(_ tensors: [Tensor], _ metadata: [String: String]) -> [UInt8] {
    precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors share a name")
    var root = JSONObject()
    if !metadata.isEmpty {
      var strings = JSONObject()
      for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { strings.append(key, .string(value)) }
      root.append("__metadata__", .object(strings))
    }
    var end = 0
    for tensor in tensors {
      let begin = end
      end += tensor.count * MemoryLayout<Float>.stride
      root.append(
        tensor.name,
        .object(
          JSONObject([
            "dtype": .string(DataType.float32.rawValue), "shape": .integers(tensor.shape),
            "data_offsets": .integers([begin, end]),
          ])))
    }
    var json = Array(JSONValue.object(root).compact.utf8)
    while json.count % SafetensorsHeader.lengthBytes != 0 { json.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
  }
}

extension JSONValue {
  fileprivate static func integers(_ values: [Int]) -> JSONValue { .array(values.map { .number("\($0)") }) }
}
