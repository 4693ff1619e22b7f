/// Pure functions from predictions and truth, equally long, to one figure.
///
/// No examples give 0 everywhere: nothing was measured, so nothing is claimed.
public enum Metrics {
  /// The share of predictions that are right, 0 to 1.
  public static func accuracy(_ predicted: [Int], _ actual: [Int]) -> Double {
    requireSameLength(predicted, actual)
    return ratio(zip(predicted, actual).count { $0 == $1 }, predicted.count)
  }

  /// F1 of one class: 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall.
  ///
  /// 0 when the class is neither predicted nor true, as in scikit-learn (`zero_division`).
  public static func f1(_ predicted: [Int], _ actual: [Int], positive: Int = 1) -> Double {
    requireSameLength(predicted, actual)
    let truePositives = zip(predicted, actual).count { $0 == positive && $1 == positive }
    return ratio(
      2 * truePositives, predicted.count { $0 == positive } + actual.count { $0 == positive })
  }

  /// The mean of F1 over the classes that occur in either list, each class counting the same.
  public static func macroF1(_ predicted: [Int], _ actual: [Int]) -> Double {
    requireSameLength(predicted, actual)
    let classes = Set(predicted).union(actual).sorted()  // Sorted, so that the sum is the same every time.
    let sum = classes.reduce(0) { $0 + f1(predicted, actual, positive: $1) }
    return classes.isEmpty ? 0 : sum / Double(classes.count)
  }

  /// Matthews correlation, −1 to 1, of any number of classes.
  ///
  /// (c s − Σ p t) / √((s² − Σ p²)(s² − Σ t²)) with s examples, c right ones, and p and t the predicted and true
  /// counts of each class (Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation
  /// coefficient", Comput. Biol. Chem. 28); for two classes this is Matthews' φ. 0 when either list holds one
  /// class only, as in scikit-learn.
  public static func matthewsCorrelation(_ predicted: [Int], _ actual: [Int]) -> Double {
    requireSameLength(predicted, actual)
    var counts: [Int: (predicted: Int, actual: Int)] = [:]
    for (p, t) in zip(predicted, actual) {
      counts[p, default: (0, 0)].predicted += 1
      counts[t, default: (0, 0)].actual += 1
    }
    let total = predicted.count
    let correct = zip(predicted, actual).count { $0 == $1 }
    let agreement = counts.values.reduce(0) { $0 + $1.predicted * $1.actual }
    let predictedSpread = total * total - counts.values.reduce(0) { $0 + $1.predicted * $1.predicted }
    let actualSpread = total * total - counts.values.reduce(0) { $0 + $1.actual * $1.actual }
    guard predictedSpread > 0, actualSpread > 0 else { return 0 }
    let scale = Double(predictedSpread).squareRoot() * Double(actualSpread).squareRoot()
    return Double(correct * total - agreement) / scale
  }

  private static func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
  }

  static func requireSameLength<Element>(_ predicted: [Element], _ actual: [Element]) {
    precondition(
      predicted.count == actual.count, "\(predicted.count) predictions for \(actual.count) examples")
  }
}
