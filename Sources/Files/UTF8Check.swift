/// Where bytes stop being UTF-8; nil where all of them are.
package func offsetOfInvalidUTF8(_ bytes: UnsafeRawBufferPointer) -> Int? {
  guard let first = bytes.firstIndex(where: { $0 >= 0x80 }) else { return nil }
  var parser = Unicode.UTF8.ForwardParser()
  var iterator = bytes[first...].makeIterator()
  var offset = first
  while true {
    switch parser.parseScalar(from: &iterator) {
    case .valid(let scalar): offset += scalar.count
    case .emptyInput: return nil
    case .error: return offset
    }
  }
}
