/// What GPT-2's pattern takes a character for.
///
/// `tokenizers` has the tables of Unicode 16.0, so that a character that came later is none of them; a test compares all
/// 1,112,064 scalar values.
enum CharacterKind: UInt8, Sendable {
  case letter, number, space, other

  init(_ scalar: Unicode.Scalar) {
    self =
      switch scalar.value {
      case 0x41...0x5A, 0x61...0x7A: .letter
      case 0x30...0x39: .number
      case 0x20, 0x09...0x0D: .space
      case 0..<0x80: .other
      default: Self.beyondASCII(scalar)
      }
  }

  private static func beyondASCII(_ scalar: Unicode.Scalar) -> CharacterKind {
    guard let age = scalar.properties.age, age <= (16, 0) else { return .other }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
    case .decimalNumber, .letterNumber, .otherNumber: .number
    default: scalar.properties.isWhitespace ? .space : .other
    }
  }
}

/// A part of a text as bytes, cut into the words that byte pairs are merged in.
///
/// The words are those of GPT-2's pattern (Radford et al. 2019; `pre_tokenizers/byte_level.rs` of `tokenizers`):
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
struct ByteLevelWords {
  private(set) var bytes: [UInt8] = []
  /// For each byte, the part of the text that its character stands for.
  private(set) var sources: [Range<Int>] = []
  private var kinds: [CharacterKind] = []
  /// Where each character's bytes start.
  private var starts: [Int] = []
  /// The character where the next word starts.
  private var position = 0

  /// Starts over with a part of UTF-8 text.
  ///
  /// - Parameter addsSpace: whether a space is put before it unless it starts with one; it stands for the same part of
  ///   the text as the first character.
  mutating func load(_ utf8: UnsafeBufferPointer<UInt8>, in part: Range<Int>, addsSpace: Bool) {
    bytes.removeAll(keepingCapacity: true)
    sources.removeAll(keepingCapacity: true)
    kinds.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    position = 0
    var end = part.lowerBound
    for scalar in String(decoding: utf8[part], as: UTF8.self).unicodeScalars {
      let source = end..<end + scalar.utf8.count
      if addsSpace, bytes.isEmpty, scalar != " " { append(" ", source) }
      append(scalar, source)
      end = source.upperBound
    }
  }

  private mutating func append(_ scalar: Unicode.Scalar, _ source: Range<Int>) {
    kinds.append(CharacterKind(scalar))
    starts.append(bytes.count)
    for byte in scalar.utf8 {
      bytes.append(byte)
      sources.append(source)
    }
  }

  /// The next word's bytes; nil at the end.
  mutating func next() -> Range<Int>? {
    guard position < kinds.count else { return nil }
    let start = starts[position]
    position = wordEnd(from: position)
    return start..<(position < starts.count ? starts[position] : bytes.count)
  }

  private func wordEnd(from first: Int) -> Int {
    if let length = contractionLength(at: starts[first]) { return first + length }
    var start = first
    // One space belongs to the word after it.
    if bytes[starts[first]] == 0x20, first + 1 < kinds.count, kinds[first + 1] != .space { start += 1 }
    let kind = kinds[start]
    let end = kinds[start...].firstIndex { $0 != kind } ?? kinds.count
    // The last of several spaces is left to what follows them.
    return kind == .space && end < kinds.count && end - first > 1 ? end - 1 : end
  }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.utf8) }

  /// Characters of the contraction that starts at a byte; all are ASCII.
  private func contractionLength(at start: Int) -> Int? {
    guard bytes[start] == UInt8(ascii: "'") else { return nil }
    return Self.contractions.first { bytes[start...].starts(with: $0) }?.count
  }
}
