import Steps
import Training
import Units

/// Seconds and shares of a step by kind and by kernel, beside the bytes and arithmetic of a full batch.
extension StepTimes: Report {
  public func text(_ style: TextStyle) -> String {
    table.text(style) + "\nBytes bind \(Quantity.percent(memoryBoundShare)) of the time.\n"
  }

  private var table: Table {
    let total = kernels.reduce(dataSeconds) { $0 + $1.seconds }
    var table = Table([
      .left("where a step's time goes"), .right("time"), .right("share"), .right("moved"), .right("arithmetic"),
    ])
    func append(_ name: String, _ entry: Entry) {
      table.append([
        Table.Cell(name), Table.Cell(Quantity.duration(seconds: entry.seconds)),
        Table.Cell(Quantity.percent(total > 0 ? entry.seconds / total : 0)),
        Table.Cell(ByteCount.format(entry.bytes)),
        Table.Cell("\(Quantity.fixed(Double(entry.operations) / 1e9, decimals: 1)) GFLOP"),
      ])
    }
    for kind in kinds {
      append(kind.name, kind)
      for kernel in kernels where kernel.kind == kind.kind { append("  \(kernel.name)", kernel) }
    }
    table.append([
      Table.Cell("data"), Table.Cell(Quantity.duration(seconds: dataSeconds)),
      Table.Cell(Quantity.percent(total > 0 ? dataSeconds / total : 0)), "", "",
    ])
    return table
  }
}
