/// Regular expressions that match exactly some of a model's tensor names, and say it shortly.
///
/// Names are read by their components between dots. What goes on alike after several components is written once:
///
///     encoder\.layer\.(?:[2-5]|1[01])\.attention\.self\.(?:query|value)\..+
///
/// The same tree gives one expression, or a list with one for each way through it. Only what Python's `re` and this
/// language's own expressions read alike is used: literals, `(?:a|b)`, `[a-b]`, `\d+` and `.+`.
struct NamePatterns {
  /// How a dialect writes a literal dot.
  enum Dialect { case escapedDots, bareDots }

  private let tree: Tree

  /// - Parameters:
  ///   - chosen: the names to match; those that are not in `names` are not matched.
  ///   - names: all names there are.
  init(matching chosen: Set<String>, among names: [String]) {
    tree = Tree(names.map { (Self.components(of: $0)[...], chosen.contains($0)) })
  }

  private static func components(of name: String) -> [String] {
    name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  /// One expression for the whole name; nil where no name is chosen.
  func expression(_ dialect: Dialect = .escapedDots) -> String? {
    tree.isEmpty ? nil : tree.expression(dialect)
  }

  /// Expressions for the whole name, each without alternatives that go on differently; none where no name is chosen.
  func list(_ dialect: Dialect = .escapedDots) -> [String] {
    tree.isEmpty ? [] : tree.paths.map { dialect.joined($0) }
  }
}

extension NamePatterns.Dialect {
  var dot: String { self == .escapedDots ? "\\." : "." }

  fileprivate func joined(_ steps: [Step]) -> String {
    steps.map { $0.expression }.joined(separator: dot)
  }
}

/// The components that one step of a path may be.
private enum Step: Hashable {
  case oneOf([String])
  /// Any number: all that there are.
  case anyNumber
  /// All that follows.
  case anything

  var expression: String {
    switch self {
    case .anything: return ".+"
    case .anyNumber: return "\\d+"
    case .oneOf(let labels):
      let alternatives =
        NumberPattern.isNumbers(labels)
        ? NumberPattern.alternatives(labels.compactMap { Int($0) }) : labels.map(escaped)
      return alternatives.count == 1 ? alternatives[0] : "(?:" + alternatives.joined(separator: "|") + ")"
    }
  }

  private func escaped(_ label: String) -> String {
    label.map { $0.isLetter || $0.isNumber || $0 == "_" ? String($0) : "\\\($0)" }.joined()
  }
}

/// What of a subtree of names is chosen, equal subtrees being equal values.
private indirect enum Tree: Hashable {
  case nothing
  /// A name ends here, and is chosen.
  case end
  /// All names that go on from here.
  case everything
  case branches([Branch])

  struct Branch: Hashable {
    let step: Step
    let rest: Tree
  }

  var isEmpty: Bool { self == .nothing }

  init(_ names: [(rest: ArraySlice<String>, isChosen: Bool)]) {
    if !names.contains(where: \.isChosen) {
      self = .nothing
    } else if names.count == 1, names[0].rest.isEmpty {
      self = .end
    } else if names.allSatisfy({ $0.isChosen && !$0.rest.isEmpty }) {
      self = .everything
    } else {
      self = .branches(Self.branches(names))
    }
  }

  private static func branches(_ names: [(rest: ArraySlice<String>, isChosen: Bool)]) -> [Branch] {
    var labels: [String] = []
    var children: [String: [(rest: ArraySlice<String>, isChosen: Bool)]] = [:]
    for name in names {
      guard let label = name.rest.first else { continue }
      if children[label] == nil { labels.append(label) }
      children[label, default: []].append((name.rest.dropFirst(), name.isChosen))
    }
    var merged: [(labels: [String], rest: Tree)] = []
    for label in labels {
      let rest = Tree(children[label] ?? [])
      if rest == .nothing { continue }
      if let same = merged.firstIndex(where: { $0.rest == rest }) {
        merged[same].labels.append(label)
      } else {
        merged.append(([label], rest))
      }
    }
    let areNumbers = labels.count > 1 && NumberPattern.isNumbers(labels)
    return merged.map {
      Branch(
        step: areNumbers && $0.labels.count == labels.count ? .anyNumber : .oneOf($0.labels), rest: $0.rest)
    }
  }

  func expression(_ dialect: NamePatterns.Dialect) -> String {
    switch self {
    case .nothing, .end: return ""
    case .everything: return Step.anything.expression
    case .branches(let branches):
      let alternatives = branches.map { branch in
        branch.rest == .end
          ? branch.step.expression
          : branch.step.expression + dialect.dot + branch.rest.expression(dialect)
      }
      return alternatives.count == 1 ? alternatives[0] : "(?:" + alternatives.joined(separator: "|") + ")"
    }
  }

  /// The ways from here to an end.
  var paths: [[Step]] {
    switch self {
    case .nothing: []
    case .end: [[]]
    case .everything: [[.anything]]
    case .branches(let branches): branches.flatMap { branch in branch.rest.paths.map { [branch.step] + $0 } }
    }
  }
}
