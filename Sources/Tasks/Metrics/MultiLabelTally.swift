/// Counts of right and wrong labels, of examples that may have any number of them; figures as scikit-learn's.
///
/// No examples give 0 everywhere.
public struct MultiLabelTally: Sendable {
  /// By label: how often it was predicted and true, predicted, and true.
  private var counts: [(both: Int, predicted: Int, actual: Int)]
  private var exampleCount = 0
  private var exactCount = 0

  public init(labelCount: Int) {
    counts = Array(repeating: (0, 0, 0), count: labelCount)
  }

  /// Adds an example; labels are indices below the label count, none of them twice.
  public mutating func add(predicted: [Int], actual: [Int]) {
    exampleCount += 1
    let actual = Set(actual)
    exactCount += Set(predicted) == actual ? 1 : 0
    for label in actual { counts[label].actual += 1 }
    for label in predicted {
      counts[label].predicted += 1
      counts[label].both += actual.contains(label) ? 1 : 0
    }
  }

  /// F1 of all decisions together: 2 TP / (2 TP + FP + FN) with the counts of all labels added up.
  public var microF1: Double {
    Self.f1(counts.reduce((0, 0, 0)) { ($0.0 + $1.both, $0.1 + $1.predicted, $0.2 + $1.actual) })
  }

  /// The mean of F1 over all labels; 0 for one that is neither predicted nor true (`zero_division`).
  public var macroF1: Double {
    counts.isEmpty ? 0 : counts.reduce(0) { $0 + Self.f1($1) } / Double(counts.count)
  }

  /// The share of examples of which every label is right.
  public var exactMatch: Double { exampleCount == 0 ? 0 : Double(exactCount) / Double(exampleCount) }

  private static func f1(_ count: (both: Int, predicted: Int, actual: Int)) -> Double {
    let whole = count.predicted + count.actual
    return whole == 0 ? 0 : Double(2 * count.both) / Double(whole)
  }

}
