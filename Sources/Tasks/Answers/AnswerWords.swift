/// An answer's words as SQuAD's official scripts compare them, and how much two answers agree.
///
/// Lower case, without ASCII punctuation and the articles "a", "an" and "the", cut at white space
/// (evaluate-v1.1.py and evaluate-v2.0.py, https://rajpurkar.github.io/SQuAD-explorer/). Words are compared scalar for
/// scalar, as Python does; Swift's strings would take canonically equivalent ones as equal.
struct AnswerWords: Equatable {
  private let words: [[Unicode.Scalar]]

  var isEmpty: Bool { words.isEmpty }

  init(_ answer: String) {
    let kept = Self.lowercased(answer).filter { !Self.isPunctuation($0) }
    var text: [Unicode.Scalar] = []
    var rest = kept[...]
    while let first = rest.first {
      let run = Array(rest.prefix { $0.isPythonWordCharacter == first.isPythonWordCharacter })
      text += Self.articles.contains(run) ? [" "] : run
      rest = rest.dropFirst(run.count)
    }
    words = text.split(whereSeparator: \.isPythonWhitespace).map(Array.init)
  }

  /// F1 of the words in common, each counted as often as both answers have it.
  ///
  /// - Parameter emptyAgreement: what two answers without a word score: 0 in SQuAD 1.1, 1 in 2.0.
  func f1(against gold: AnswerWords, emptyAgreement: Double) -> Double {
    if isEmpty || gold.isEmpty { return isEmpty && gold.isEmpty ? emptyAgreement : 0 }
    var available: [[Unicode.Scalar]: Int] = [:]
    for word in gold.words { available[word, default: 0] += 1 }
    let common = words.count { word in
      guard let count = available[word], count > 0 else { return false }
      available[word] = count - 1
      return true
    }
    if common == 0 { return 0 }
    // In the scripts' order of operations, so that figures are equal to the last bit.
    let precision = Double(common) / Double(words.count)
    let recall = Double(common) / Double(gold.words.count)
    return 2 * precision * recall / (precision + recall)
  }

  private static let articles: Set<[Unicode.Scalar]> = [["a"], ["a", "n"], ["t", "h", "e"]]

  /// Python's `string.punctuation`.
  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }

  /// Full lower-casing of every scalar, and Σ as ς at the end of a word, as Python's `str.lower`.
  private static func lowercased(_ text: String) -> [Unicode.Scalar] {
    let scalars = Array(text.unicodeScalars)
    func startsCased(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
      scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
    return scalars.indices.flatMap { index -> [Unicode.Scalar] in
      let scalar = scalars[index]
      if scalar == "Σ", startsCased(scalars[..<index].reversed()), !startsCased(scalars[(index + 1)...]) {
        return ["ς"]
      }
      return Array(scalar.properties.lowercaseMapping.unicodeScalars)
    }
  }
}

extension Unicode.Scalar {
  /// What `\w` matches in Python's regular expressions, without the underscore, which is punctuation.
  fileprivate var isPythonWordCharacter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: properties.numericType != nil
    }
  }

  /// What Python's `str.split` and `str.strip` take for white space: Unicode's, and four ASCII separators.
  var isPythonWhitespace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
