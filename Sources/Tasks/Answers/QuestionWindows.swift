/// Cuts a question and its paragraph into sequences of at most S tokens, as transformers' `run_qa.py` does: the
/// question whole in each, the paragraph in windows that overlap.
struct QuestionWindows {
  let template: SequenceTemplate
  let maximumLength: Int
  /// Tokens that neighbouring windows share.
  let stride: Int

  struct Window: Equatable {
    let encoding: Encoding
    /// Which of the paragraph's tokens it holds.
    let tokens: Range<Int>
  }

  /// The question's windows in order; nil where it leaves no room for the paragraph.
  func windows(question: [Int32], context: [Token]) -> [Window]? {
    let room = maximumLength - template.count(pair: true) - question.count
    guard room > 0 else { return nil }
    return Self.ranges(count: context.count, length: room, stride: stride).map { tokens in
      let encoding = template.encoding(question, context[tokens].map(\.id), isTruncated: false)
      return Window(encoding: encoding, tokens: tokens)
    }
  }

  /// Windows of at most `length` that cover `0..<count`, each starting `length - stride` after the one before, as
  /// `tokenizers` truncates with `return_overflowing_tokens`.
  ///
  /// A stride that leaves no way forward, which is refused there, is taken as half the window.
  static func ranges(count: Int, length: Int, stride: Int) -> [Range<Int>] {
    let step = length - (stride < length ? max(0, stride) : length / 2)
    var ranges = [0..<min(length, count)]
    while let last = ranges.last, last.upperBound < count {
      let start = last.lowerBound + step
      ranges.append(start..<min(start + length, count))
    }
    return ranges
  }

  /// First and last position of an answer in a window's sequence; both 0, the place of `[CLS]`, where the window does
  /// not hold all of it.
  ///
  /// As `prepare_train_features` there, but for an answer that starts in the window's last token: there the search
  /// for its start runs on over the special tokens behind, here it ends with the paragraph.
  ///
  /// - Parameter answer: UTF-8 offsets into the paragraph; nil for no answer.
  func label(_ answer: Range<Int>?, in tokens: Range<Int>, of context: [Token], questionLength: Int) -> Label {
    guard let answer, let firstToken = context[tokens].first, let lastToken = context[tokens].last,
      firstToken.range.lowerBound <= answer.lowerBound, lastToken.range.upperBound >= answer.upperBound
    else { return .span(first: 0, last: 0) }
    let window = context[tokens]
    let afterStart = window.firstIndex { $0.range.lowerBound > answer.lowerBound } ?? window.endIndex
    let beforeEnd = window.lastIndex { $0.range.upperBound < answer.upperBound } ?? window.startIndex - 1
    let shift = template.secondStart(after: questionLength) - tokens.lowerBound
    return .span(first: afterStart - 1 + shift, last: beforeEnd + 1 + shift)
  }
}
