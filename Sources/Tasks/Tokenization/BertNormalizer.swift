import Foundation

/// BERT's text clean-up before words are split: cleaning, spacing of Chinese characters, accents, case.
struct BertNormalizer: Sendable, Equatable {
  /// Removes control characters and makes every white space a space.
  var cleansText = true
  /// Puts spaces around Chinese characters, so that each becomes a word.
  var separatesChineseCharacters = true
  /// Drops nonspacing marks after canonical decomposition: "é" becomes "e".
  var stripsAccents = true
  var lowercases = true

  /// A normalized scalar, and the UTF-8 offsets of the one in the text that it comes from.
  typealias Scalar = (value: Unicode.Scalar, source: Range<Int>)

  /// Replaces `output` by the normalized scalars of a part of UTF-8 text.
  func normalize(_ utf8: UnsafeBufferPointer<UInt8>, in part: Range<Int>, into output: inout [Scalar]) {
    output.removeAll(keepingCapacity: true)
    var isASCII = true
    var end = part.lowerBound
    for scalar in String(decoding: utf8[part], as: UTF8.self).unicodeScalars {
      let source = end..<end + scalar.utf8.count
      end = source.upperBound
      if cleansText && scalar.isRemovedByCleaning { continue }
      if cleansText && scalar.isWordSeparator {
        output.append((" ", source))
      } else if separatesChineseCharacters && scalar.isChineseCharacter {
        isASCII = false
        output += [(" ", source), (scalar, source), (" ", source)]
      } else if lowercases && "A"..."Z" ~= scalar {
        output.append((Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value | 0x20)), source))
      } else {
        isASCII = isASCII && scalar.isASCII
        output.append((scalar, source))
      }
    }
    if isASCII { return }  // Nothing to decompose, and its case is already folded.
    if stripsAccents { output = Self.decompose(output).filter { !$0.value.isNonspacingMark } }
    if lowercases {
      output = output.flatMap { scalar in
        scalar.value.properties.lowercaseMapping.unicodeScalars.map { ($0, scalar.source) }
      }
    }
  }

  /// Canonical decomposition (NFD) by the tables of Unicode 12, as `tokenizers` does it: characters that came
  /// later stay as they are, and end a run of combining marks.
  ///
  /// Sources keep their order where marks change places, as there.
  private static func decompose(_ scalars: [Scalar]) -> [Scalar] {
    var parts: [(value: Unicode.Scalar, startsSource: Bool)] = []
    parts.reserveCapacity(scalars.count)
    for (scalar, _) in scalars {
      if scalar.isASCII || !scalar.isInUnicode12 {
        parts.append((scalar, true))
        continue
      }
      for (index, part) in String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.enumerated() {
        var place = parts.count
        let order = part.combiningClass
        while order > 0, place > 0, parts[place - 1].value.combiningClass > order { place -= 1 }
        parts.insert((part, index == 0), at: place)
      }
    }
    var source = -1  // A scalar's first part stays before its others, so the very first part starts a source.
    return parts.map { part in
      source += part.startsSource ? 1 : 0
      return (part.value, scalars[source].source)
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isInUnicode12: Bool { properties.age.map { $0 < (13, 0) } ?? false }

  /// 0 for what starts a run of combining marks.
  fileprivate var combiningClass: UInt8 {
    isASCII || !isInUnicode12 ? 0 : properties.canonicalCombiningClass.rawValue
  }
}
