/// Why a ``LinearModel``, or an assignment to its columns, cannot be used.
public enum ModelError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A column or row (`kind`) has a name that is empty, longer than 255 bytes, or holds a control character.
  case unusableName(kind: String, index: Int)
  /// A number is NaN, infinite or beyond ``LinearModel/largestMagnitude``; `place` says which number.
  case unusableNumber(place: String, value: Double)
  /// A row's lower bound is above its upper bound.
  case emptyRange(row: String, lower: Double, upper: Double)
  /// A column of another model was used; `place` says where.
  case unknownColumn(place: String, index: Int, columnCount: Int)
  /// The model is larger than a solver can take; `kind` is columns, rows or entries.
  case tooLarge(kind: String, count: Int, limit: Int)
  /// An assignment has a number of values other than the number of columns.
  case assignmentCount(found: Int, expected: Int)

  public var description: String {
    switch self {
    case .unusableName(let kind, let index):
      "\(kind) \(index) has an unusable name: give it 1 to \(LinearModel.longestName) bytes without control characters"
    case .unusableNumber(let place, let value):
      "\(place) is \(value): it must be finite and at most \(LinearModel.largestMagnitude) in magnitude; change the unit"
    case .emptyRange(let row, let lower, let upper):
      "row '\(row)' asks for at least \(lower) and at most \(upper): no value is both; raise the upper bound"
    case .unknownColumn(let place, let index, let columnCount):
      "\(place) uses column \(index), but the model has \(columnCount) columns: use the handles that this model returned"
    case .tooLarge(let kind, let count, let limit):
      "the model has \(count) \(kind), more than the limit of \(limit): leave out what does not bind"
    case .assignmentCount(let found, let expected):
      "the assignment has \(found) values for \(expected) columns: give one value a column, in their order"
    }
  }
}
