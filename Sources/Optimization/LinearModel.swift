/// A binary linear program: maximise Σ cⱼ xⱼ + constant over xⱼ ∈ {0, 1}, subject to rows lo ≤ Σ aᵢⱼ xⱼ ≤ hi.
///
/// The model knows no solver. Columns and rows keep the order in which they were added, so the same program always
/// builds the same model. Building never fails; ``validate()`` says what is wrong, and every solver calls it first.
///
/// ```swift
/// var model = LinearModel()
/// let query = model.addColumn("train.query", objective: 3)
/// let value = model.addColumn("train.value", objective: 4)
/// model.addRow("memory", terms: [(query, 1.5), (value, 2)], upper: 3)
/// let result = try GLPKSolver().solve(model)
/// // result.termination == .optimal, result.solution?[value] == true, result.bound == 4
/// ```
///
/// Solvers compare row values with tolerances near 1e-7, so choose units in which row entries are not far from 1
/// (MiB rather than bytes).
public struct LinearModel: Sendable, Equatable {
  /// A handle to a binary column of the model that made it.
  public struct Column: Hashable, Sendable {
    /// Position among the model's columns, from 0.
    public let index: Int
  }

  /// A handle to a row of the model that made it.
  public struct Row: Hashable, Sendable {
    /// Position among the model's rows, from 0.
    public let index: Int
  }

  /// What the model knows of one column.
  public struct ColumnDefinition: Sendable, Equatable {
    public let name: String
    /// The coefficient cⱼ.
    public internal(set) var objective: Double
    /// The value that the column is fixed at, or nil while it is free.
    public internal(set) var fixedValue: Bool?
  }

  /// One entry aᵢⱼ of a row.
  public struct Term: Sendable, Equatable {
    public let column: Column
    public internal(set) var coefficient: Double
  }

  /// What the model knows of one row.
  public struct RowDefinition: Sendable, Equatable {
    public let name: String
    /// Entries by rising column, at most one a column.
    public let terms: [Term]
    /// The least allowed value, or nil.
    public let lower: Double?
    /// The largest allowed value, or nil.
    public let upper: Double?
  }

  public private(set) var columns: [ColumnDefinition] = []
  public private(set) var rows: [RowDefinition] = []

  /// Added to the objective of every assignment.
  ///
  /// It never influences which one is best or when a search stops.
  public var constant: Double

  /// Columns of another model that this one was asked to change; reported by ``validate()``.
  private(set) var foreignColumns: [Column] = []

  public init(constant: Double = 0) {
    self.constant = constant
  }

  /// Adds a free binary column.
  ///
  /// - Parameters:
  ///   - name: 1 to 255 bytes of UTF-8 without control characters; need not be unique.
  ///   - objective: its coefficient cⱼ in the objective.
  public mutating func addColumn(_ name: String, objective: Double = 0) -> Column {
    columns.append(ColumnDefinition(name: name, objective: objective, fixedValue: nil))
    return Column(index: columns.count - 1)
  }

  /// Adds the row `lower` ≤ Σ coefficient · column ≤ `upper`; a bound that is nil does not bind.
  ///
  /// Coefficients of a column that occurs more than once are added up.
  /// - Complexity: O(k log k) for k terms.
  @discardableResult
  public mutating func addRow(
    _ name: String, terms: [(Column, Double)], lower: Double? = nil, upper: Double? = nil
  ) -> Row {
    var merged: [Term] = []
    merged.reserveCapacity(terms.count)
    for (column, coefficient) in terms.sorted(by: { $0.0.index < $1.0.index }) {
      if merged.last?.column == column {
        merged[merged.count - 1].coefficient += coefficient
      } else {
        merged.append(Term(column: column, coefficient: coefficient))
      }
    }
    rows.append(RowDefinition(name: name, terms: merged, lower: lower, upper: upper))
    return Row(index: rows.count - 1)
  }

  /// Adds the row "exactly one of these columns is 1".
  @discardableResult
  public mutating func addExactlyOne(_ name: String, of columns: [Column]) -> Row {
    addRow(name, terms: columns.map { ($0, 1) }, lower: 1, upper: 1)
  }

  /// Adds the row "if `condition` is 1, `consequence` is 1": condition − consequence ≤ 0.
  @discardableResult
  public mutating func addImplication(_ name: String, if condition: Column, then consequence: Column) -> Row {
    addRow(name, terms: [(condition, 1), (consequence, -1)], upper: 0)
  }

  /// Replaces the objective coefficient of a column.
  public mutating func setObjective(_ coefficient: Double, of column: Column) {
    change(column) { $0.objective = coefficient }
  }

  /// Fixes a column at 0 or 1, or frees it again with nil; the last call counts.
  public mutating func fix(_ column: Column, to value: Bool?) {
    change(column) { $0.fixedValue = value }
  }

  private mutating func change(_ column: Column, _ body: (inout ColumnDefinition) -> Void) {
    if columns.indices.contains(column.index) {
      body(&columns[column.index])
    } else {
      foreignColumns.append(column)
    }
  }
}
