/// What BERT's tokenizer takes for control characters, accents, punctuation and Chinese characters.
///
/// The rules are those of the Hugging Face `tokenizers` library (`normalizers/bert.rs`, `pre_tokenizers/bert.rs`).
/// Its category tables are those of Unicode 8.0, so a character that came later has no category here, and seven
/// characters have their category of that time. A test compares all 1,112,064 scalar values.
extension Unicode.Scalar {
  /// The general category in Unicode 8.0; nil for characters that are younger.
  private var categoryInUnicode8: Unicode.GeneralCategory? {
    switch value {
    case 0x1885, 0x1886: return .otherLetter  // nonspacing marks since 9.0
    case 0x1734, 0x1171E: return .nonspacingMark  // spacing marks since 14.0
    case 0xA9BD: return .spacingMark  // nonspacing since 11.0
    case 0x111C9, 0x166D: return .otherPunctuation  // a mark since 11.0, a symbol since 12.0
    default: break
    }
    guard let age = properties.age, age <= (8, 0) else { return nil }
    return properties.generalCategory
  }

  /// Characters that cleaning removes: NUL, the replacement character, controls, formats and private use.
  var isRemovedByCleaning: Bool {
    switch value {
    case 0x09, 0x0A, 0x0D: return false
    case 0..<0x20, 0x7F, 0xFFFD: return true
    case 0x20..<0x7F: return false
    default:
      switch categoryInUnicode8 {
      case .control, .format, .privateUse: return true
      default: return false
      }
    }
  }

  /// Unicode's White_Space, which separates words.
  var isWordSeparator: Bool {
    isASCII ? value == 0x20 || (0x09...0x0D).contains(value) : properties.isWhitespace
  }

  /// Characters that form words of their own: all ASCII symbols, and Unicode's punctuation.
  var isBertPunctuation: Bool {
    switch value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    case 0..<0x80: return false
    default:
      switch categoryInUnicode8 {
      case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
        .finalPunctuation, .otherPunctuation:
        return true
      default: return false
      }
    }
  }

  /// What remains of an accent after canonical decomposition.
  var isNonspacingMark: Bool { !isASCII && categoryInUnicode8 == .nonspacingMark }

  /// The blocks that BERT calls Chinese: unified and compatibility ideographs, not kana and not hangul.
  ///
  /// The sixth range starts at U+2B920 as in `tokenizers`; the block starts at U+2B820.
  var isChineseCharacter: Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      return true
    default: return false
    }
  }
}
