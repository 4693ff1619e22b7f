extension Sequence<Difference> {
  /// The same with tensors of one kind added up over the layers, where these differ alike: `layer.0-3,5.attention.q_lin.bias`.
  ///
  /// A tensor's layer is the first part of its name that is a number. Names stay in the order of their first layers.
  public var foldedByLayer: [Difference] {
    var kinds: [[String?]: Int] = [:]
    var folded: [(layers: [Int], parts: [Substring], members: [Difference])] = []
    for difference in self {
      let parts = difference.name.split(separator: ".", omittingEmptySubsequences: false)
      let place = parts.firstIndex { Int($0) != nil }
      let figures = [difference.bytes, difference.plannedBytes, difference.trainedBytes].map { String($0) }
      // The number itself says nothing of the kind.
      let kind = parts.indices.map { $0 == place ? nil : String(parts[$0]) } + figures
      let layers = place.flatMap { Int(parts[$0]) }.map { [$0] } ?? []
      if let known = kinds[kind] {
        folded[known].layers += layers
        folded[known].members.append(difference)
      } else {
        kinds[kind] = folded.count
        folded.append((layers, parts, [difference]))
      }
    }
    return folded.map { layers, parts, members in
      let place = parts.firstIndex { Int($0) != nil }
      let name = parts.indices.map { $0 == place ? ranges(layers) : String(parts[$0]) }
      return Difference(name: name.joined(separator: "."), sumOf: members)
    }
  }

  /// `0-3,5`.
  private func ranges(_ numbers: [Int]) -> String {
    let words = Set(numbers).sorted().runs.map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
    }
    return words.joined(separator: ",")
  }
}
