extension Sequence<Difference> {
  /// The same with tensors of one kind added up over the layers, where these differ alike: `layer.0-3,5.attention.q_lin.bias`.
  ///
  /// A tensor's layer is the first part of its name that is a number. Kinds stay in the order of their first tensors.
  public var foldedByLayer: [Difference] {
    var places: [Kind: Int] = [:]
    var folded: [(kind: Kind, layers: [Int], members: [Difference])] = []
    for difference in self {
      let (kind, layer) = difference.kind
      let place = places[kind, default: folded.count]
      if place == folded.count {
        places[kind] = place
        folded.append((kind, [], []))
      }
      if let layer { folded[place].layers.append(layer) }
      folded[place].members.append(difference)
    }
    return folded.map { Difference(name: $0.name(of: $1), sumOf: $2) }
  }
}

/// What tensors have in common that differ alike, and only in their layers.
private struct Kind: Hashable {
  /// Parts of the name, without the layer's.
  let parts: [Substring]
  /// Where the layer's belongs; nil where the name has none.
  let place: Int?
  let figures: [Int]

  func name(of layers: [Int]) -> String {
    var parts = parts
    if let place {
      let words = layers.sorted().runs.map {
        $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
      }
      parts.insert(Substring(words.joined(separator: ",")), at: place)
    }
    return parts.joined(separator: ".")
  }
}

extension Difference {
  fileprivate var kind: (kind: Kind, layer: Int?) {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let place = parts.firstIndex { Int($0) != nil }
    let layer = place.flatMap { Int(parts.remove(at: $0)) }
    return (Kind(parts: parts, place: place, figures: [bytes, plannedBytes, trainedBytes]), layer)
  }
}
