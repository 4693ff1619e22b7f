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

  /// Replaces `output` by the normalized scalars of UTF-8 text; ill-formed bytes count as U+FFFD.
  func normalize(_ utf8: UnsafeBufferPointer<UInt8>, into output: inout [Unicode.Scalar]) {
    output.removeAll(keepingCapacity: true)
    var isASCII = true
    for scalar in String(decoding: utf8, as: UTF8.self).unicodeScalars {
      if cleansText && scalar.isRemovedByCleaning { continue }
      if cleansText && scalar.isWordSeparator {
        output.append(" ")
      } else if separatesChineseCharacters && scalar.isChineseCharacter {
        isASCII = false
        output += [" ", scalar, " "]
      } else if lowercases && "A"..."Z" ~= scalar {
        output.append(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value | 0x20)))
      } else {
        isASCII = isASCII && scalar.isASCII
        output.append(scalar)
      }
    }
    if isASCII { return }  // Nothing to decompose, and its case is already folded.
    if stripsAccents { output = Self.decompose(output).filter { !$0.isNonspacingMark } }
    if lowercases { output = output.flatMap { $0.properties.lowercaseMapping.unicodeScalars } }
  }

  /// Canonical decomposition (NFD) by the tables of Unicode 12, as `tokenizers` does it: characters that came
  /// later stay as they are, and end a run of combining marks.
  private static func decompose(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var run = String.UnicodeScalarView()
    func finishRun() {
      result += String(run).decomposedStringWithCanonicalMapping.unicodeScalars
      run = String.UnicodeScalarView()
    }
    for scalar in scalars {
      if let age = scalar.properties.age, age < (13, 0) {
        run.append(scalar)
      } else {
        finishRun()
        result.append(scalar)
      }
    }
    finishRun()
    return result
  }
}
