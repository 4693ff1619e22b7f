import Graph
import Steps

/// One tensor of which a trainer would not train what the plan does.
public struct Difference: Hashable, Sendable, Codable {
  /// As the trainer calls it, or the plan where the trainer has no such tensor.
  public let name: String
  /// Bytes of F32 parameters: all of the tensor's, those that the plan trains, those that the trainer would.
  public let bytes, plannedBytes, trainedBytes: Int

  init(name: String, count: Int, planned: Int, trained: Int) {
    self.name = name
    bytes = 4 * count
    plannedBytes = 4 * planned
    trainedBytes = 4 * trained
  }

  /// Several tensors together.
  init(name: String, sumOf members: [Difference]) {
    self.name = name
    bytes = members.reduce(0) { $0 + $1.bytes }
    plannedBytes = members.reduce(0) { $0 + $1.plannedBytes }
    trainedBytes = members.reduce(0) { $0 + $1.trainedBytes }
  }
}

extension ExportJob {
  /// Where what `trained` names differs from the plan.
  func differences(from trained: Set<String>, by target: any ExportTarget) -> [Difference] {
    let known = Set(names)
    let unknown = trained.subtracting(known).sorted().map {
      Difference(name: $0, count: 0, planned: 0, trained: 0)
    }
    let fixed = fixed(by: target)
    let outside = graph.parameters.filter { target.tensorName($0, graph) == nil }.compactMap { parameter in
      difference(
        name: parameter.name, count: parameter.count,
        planned: selection.trainedCount(parameter, of: graph), trains: fixed[parameter.id])
    }
    return tensors.compactMap {
      difference(name: $0.name, count: $0.count, planned: $0.wanted, trains: trained.contains($0.name))
    } + outside + unknown
  }

  private func difference(name: String, count: Int, planned: Int, trains: Bool?) -> Difference? {
    guard let trains, planned != (trains ? count : 0) else { return nil }
    return Difference(name: name, count: count, planned: planned, trained: trains ? count : 0)
  }

  /// What the trainer trains or freezes in all its shapes, such as a head of its own.
  private func fixed(by target: any ExportTarget) -> [ParameterID: Bool] {
    let shapes = target.expressible(graph).shapes.map { shape in
      Dictionary(
        uniqueKeysWithValues: shape.units.flatMap { unit in
          unit.parameters.compactMap { id in unit.fixed.map { (id, $0) } }
        })
    }
    guard let first = shapes.first else { return [:] }
    return first.filter { id, trains in shapes.allSatisfy { $0[id] == trains } }
  }
}
