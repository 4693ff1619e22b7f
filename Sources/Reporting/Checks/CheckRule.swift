/// What is checked of a plan, one question each; the raw values are stable names for programs.
public enum CheckRule: String, Codable, Sendable, CaseIterable {
  case schema, model, weights, shape, selection, target
  case trainableParameters = "trainable_parameters"
  case arenaBytes = "arena_bytes"
  case mappedBytes = "mapped_bytes"
  case predictedPeakBytes = "predicted_peak_bytes"
  case headroomBytes = "headroom_bytes"
  case certificate, objective, time, device, budget
  case minimumHeadroom = "minimum_headroom"

  /// What holds where the check passes, in a sentence.
  public var promise: String {
    switch self {
    case .schema: "The plan file has the schema that this program reads."
    case .model: "The model has the shape that the plan was made for."
    case .weights: "The model has the weights that the plan's scores were measured on."
    case .shape: "The model can be trained with the plan's batch, length and recipe."
    case .selection: "The model has the tensors and nodes that the plan trains."
    case .target: "The trainer that the plan was made for can carry it out."
    case .trainableParameters: "As many parameters train as the plan says."
    case .arenaBytes: "The simulated step's arena is as large as the plan says."
    case .mappedBytes: "The simulated step maps as many bytes of weights as the plan says."
    case .predictedPeakBytes: "The simulated step's peak is the one that the plan says."
    case .headroomBytes: "The plan's budget, needs and headroom add up."
    case .certificate: "The plan's status, objective, bound and gap agree with each other."
    case .objective: "The plan's decisions capture as much of the prior as the plan says."
    case .time: "A step takes no longer than the plan was allowed to."
    case .device: "The device's profile has the figures that the plan was made with."
    case .budget: "What the plan needs fits the budget."
    case .minimumHeadroom: "As much of the budget is left as was asked for."
    }
  }

  /// The key of the plan file that the check is about.
  var key: String {
    switch self {
    case .weights: "weights_identity"
    case .shape: "recipe"
    case .selection: "trainable"
    case .certificate: "objective"
    case .budget, .minimumHeadroom: "budget_bytes"
    default: rawValue
    }
  }
}

/// In which line of a JSON file each key first stands, as editors count.
///
/// Plan files have one key a line; of other layouts, keys that do not begin their line stand in the first.
struct KeyLines {
  private var lines: [Substring: Int] = [:]

  init(_ text: String) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let start = line.drop { $0 == " " || $0 == "\t" }
      guard start.first == "\"", let end = start.dropFirst().firstIndex(of: "\"") else { continue }
      let key = start[start.index(after: start.startIndex)..<end]
      if lines[key] == nil { lines[key] = index + 1 }
    }
  }

  subscript(key: String) -> Int { lines[key[...]] ?? 1 }
}
