extension EncoderGraph {
  /// The rules every graph obeys, each broken rule as one sentence; empty when the graph is sound.
  public func brokenInvariants() -> [String] {
    var broken: [String] = []
    var defined = Set<ValueID>()
    for placed in operators {
      for input in placed.operation.inputs where !defined.contains(input) {
        broken.append("\(placed.name) reads value \(input) before it is defined")
      }
      if let output = placed.operation.output, !defined.insert(output).inserted {
        broken.append("\(placed.name) defines value \(output) twice")
      }
    }
    let owners = operators.flatMap(\.operation.parameters)
    if Set(owners).count != owners.count { broken.append("a parameter belongs to two operators") }
    if Set(owners) != Set(parameters.map(\.id)) { broken.append("a parameter belongs to no operator") }
    if groups.flatMap(\.parameters).sorted() != parameters.map(\.id) {
      broken.append("the groups do not partition the parameters")
    }
    if Set(parameters.map(\.name)).count != parameters.count { broken.append("two parameters share a name") }
    if configuration.hiddenSize % configuration.headCount != 0 {
      broken.append("the hidden size is not a multiple of the number of heads")
    }
    return broken
  }
}
