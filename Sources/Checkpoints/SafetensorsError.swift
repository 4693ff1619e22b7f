import Files
import Units

/// Why a file is not an acceptable safetensors file.
public struct SafetensorsError: UserFacingError, Hashable {
  /// The file's path.
  public let file: String
  public let reason: Reason

  /// What is wrong; byte ranges count from the first byte after the header, as in the header.
  public enum Reason: Error, Hashable, Sendable {
    case tooShort(bytes: Int)
    case headerTooLong(bytes: UInt64)
    case headerBeyondFile(bytes: Int, available: Int)
    case headerNotObject
    case invalidJSON(JSONError)
    /// `key` is nil where `__metadata__` itself is not an object.
    case metadataNotStrings(key: String?)
    case tensorNotObject(String)
    case missingField(tensor: String, field: String)
    case invalidField(tensor: String, field: String)
    case invalidInteger(tensor: String, field: String, String)
    case unknownDataType(tensor: String, String)
    case offsetsReversed(tensor: String, begin: Int, end: Int)
    case beyondData(tensor: String, end: Int, dataBytes: Int)
    case hole(before: String, from: Int, to: Int)
    case overlap(tensor: String, begin: Int, previousEnd: Int)
    case sizeOverflow(tensor: String, shape: [Int])
    case partialByte(tensor: String, bits: Int)
    case sizeMismatch(tensor: String, shapeBytes: Int, rangeBytes: Int)
    case uncoveredData(from: Int, dataBytes: Int)
  }

  public var exitStatus: ExitStatus { .malformedInput }

  public var description: String {
    "\(file): not a sound safetensors file: \(reason.description); fetch or save the checkpoint again"
  }
}

extension SafetensorsError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooShort(let bytes): "\(bytes) bytes cannot hold the header's length"
    case .headerTooLong(let bytes):
      "the header claims \(bytes) bytes, more than the \(SafetensorsHeader.maximumBytes) allowed"
    case .headerBeyondFile(let bytes, let available):
      "the header claims \(bytes) bytes, but \(available) follow its length"
    case .headerNotObject: "the header does not begin with '{'"
    case .invalidJSON(let error): "the header is not valid JSON: \(error)"
    case .metadataNotStrings(nil): "__metadata__ is not an object"
    case .metadataNotStrings(let key?): "__metadata__ holds something other than a string at \(key.quoted)"
    case .tensorNotObject(let name): "the entry of tensor \(name.quoted) is not an object"
    case .missingField(let tensor, let field): "tensor \(tensor.quoted) has no \(field)"
    case .invalidField(let tensor, let field): "tensor \(tensor.quoted): \(field) is not of the right kind"
    case .invalidInteger(let tensor, let field, let text):
      "tensor \(tensor.quoted): \(text.quoted) in \(field) is not an integer from 0 to \(Int.max)"
    case .unknownDataType(let tensor, let text): "tensor \(tensor.quoted): unknown dtype \(text.quoted)"
    case .offsetsReversed(let tensor, let begin, let end):
      "tensor \(tensor.quoted) begins at byte \(begin) and ends before it, at \(end)"
    case .beyondData(let tensor, let end, let dataBytes):
      "tensor \(tensor.quoted) ends at byte \(end), but the data are \(dataBytes) bytes"
    case .hole(let name, let from, let to):
      "bytes \(from) to \(to) before tensor \(name.quoted) belong to no tensor"
    case .overlap(let tensor, let begin, let previousEnd):
      "tensor \(tensor.quoted) begins at byte \(begin), inside the one that ends at \(previousEnd)"
    case .sizeOverflow(let tensor, let shape): "tensor \(tensor.quoted): the shape \(shape) is too large"
    case .partialByte(let tensor, let bits): "tensor \(tensor.quoted): \(bits) bits do not end on a byte"
    case .sizeMismatch(let tensor, let shapeBytes, let rangeBytes):
      "tensor \(tensor.quoted): shape and dtype take \(shapeBytes) bytes, data_offsets give \(rangeBytes)"
    case .uncoveredData(let from, let dataBytes):
      "bytes \(from) to \(dataBytes) at the end belong to no tensor"
    }
  }
}
