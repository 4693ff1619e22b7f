/// Regular expressions for sets of numbers, runs of last digits written as classes: `[2-5]`, `1[01]`, `2\d`.
enum NumberPattern {
  static func isNumbers(_ labels: [String]) -> Bool {
    labels.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isWholeNumber) && String(Int($0) ?? -1) == $0 }
  }

  /// Expressions that together match exactly these numbers, in rising order.
  static func alternatives(_ numbers: [Int]) -> [String] {
    var tens: [(prefix: Int, digits: [Int])] = []
    for number in Set(numbers).sorted() {
      if tens.last?.prefix == number / 10 {
        tens[tens.count - 1].digits.append(number % 10)
      } else {
        tens.append((number / 10, [number % 10]))
      }
    }
    return tens.map { ($0.prefix == 0 ? "" : String($0.prefix)) + Self.digits($0.digits) }
  }

  /// One rising list of digits: `7`, `[25]`, `[2-5]`, `\d`.
  private static func digits(_ digits: [Int]) -> String {
    if digits.count == 1 { return String(digits[0]) }
    if digits.count == 10 { return "\\d" }
    let text = digits.runs.map { run in
      switch run.count {
      case 1: "\(run.lowerBound)"
      case 2: "\(run.lowerBound)\(run.upperBound)"
      default: "\(run.lowerBound)-\(run.upperBound)"
      }
    }
    return "[" + text.joined() + "]"
  }
}
