import Planning

/// A sweep as comma-separated values, one line a point (RFC 4180, lines ended as on Unix).
public enum SweepCSV {
  public static func text(_ sweep: Sweep) -> String {
    let rows = sweep.points.map { point in columns.map { $0.value(sweep.series[point.series], point) } }
    return ([columns.map(\.name)] + rows).map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  private struct Column: Sendable {
    let name: String
    /// Empty where there is nothing to say.
    let value: @Sendable (Sweep.Series, SweepPoint) -> String

    init(_ name: String, _ value: @escaping @Sendable (Sweep.Series, SweepPoint) -> String) {
      self.name = name
      self.value = value
    }

    /// A column of feasible points.
    init<Value>(_ name: String, of value: @escaping @Sendable (SweepPoint.Summary) -> Value?) {
      self.init(name) { $1.plan.flatMap(value).map { "\($0)" } ?? "" }
    }
  }

  private static let columns: [Column] = [
    Column("number") { "\($1.number)" },
    Column("model") { series, _ in series.model },
    Column("device") { series, _ in series.device ?? "" },
    Column("budget_bytes") { "\($1.budgetBytes)" },
    Column("feasible") { "\($1.plan != nil)" },
    Column("peak_bytes", of: \.peakBytes),
    Column("arena_bytes", of: \.arenaBytes),
    Column("mapped_bytes", of: \.mappedBytes),
    Column("objective", of: \.objective),
    Column("bound", of: \.bound),
    Column("status", of: \.status.rawValue),
    Column("termination", of: \.termination),
    Column("saving", of: \.saving),
    Column("trainable_parameters", of: \.trainableParameters),
    Column("estimated_step_seconds", of: \.estimatedStepSeconds),
    Column("on_bytes_front", of: { $0.fronts?.contains(.bytes) }),
    Column("on_time_front", of: { $0.fronts?.contains(.time) }),
    Column("smallest_feasible_budget_bytes") { $1.smallestFeasibleBudgetBytes.map { "\($0)" } ?? "" },
  ]

  /// A field, in quotation marks where it would be read as something else.
  static func quoted(_ field: String) -> String {
    guard field.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}
