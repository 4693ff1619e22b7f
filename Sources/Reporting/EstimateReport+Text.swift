import Steps
import Units

extension EstimateReport {
  public func text(_ style: TextStyle) -> String {
    var text = style.paragraph("\(model), training \(train): \(recipe.words)", tone: .heading) + "\n"
    text += Table.pairs(facts).text(style) + "\n"
    text +=
      style.paragraph("Alive at the peak", tone: .heading)
      + Self.table(of: categories, total: livePeakBytes).text(style) + "\n"
    text += style.paragraph("By layer, in MiB at the peak", tone: .heading) + layerTable.text(style)
    return text
  }

  private var facts: [(String, String)] {
    var facts: [(String, String)] = [
      (
        "predicted peak",
        "\(bytes(peakBytes)): arena \(ByteCount.format(arenaBytes, rounding: .up)), mapped weights "
          + ByteCount.format(mappedBytes, rounding: .up)
      ),
      ("most alive", "\(bytes(livePeakBytes)), in \(peakKernel)"),
    ]
    let excess = Quantity.percent(Double(peakBytes - livePeakBytes) / Double(max(livePeakBytes, 1)))
    if peakBytes == livePeakBytes {
      facts.append(("placement", "adds nothing"))
    } else if isEvaluationLargest {
      facts.append(("evaluation", "adds \(excess): it needs more than the training step"))
    } else {
      facts.append(("placement", "adds \(excess)"))
    }
    facts += [
      ("runtime", "\(bytes(runtimeBytes)), \(runtime.words)"),
      (
        "parameters",
        "\(Quantity.count(parameters)), trainable \(Quantity.count(trainableParameters)) "
          + "(\(Quantity.percent(Double(trainableParameters) / Double(max(parameters, 1)))))"
      ),
      ("one step", "\(Quantity.flops(Double(flops))), \(Quantity.format(Double(bytesMoved), unit: "B")) moved"),
    ]
    if let budgetBytes, let headroomBytes, let mappedFree {
      let counted = mappedFree ? "mapped weights are free" : "mapped weights count"
      facts.append(("budget", "\(ByteCount.format(budgetBytes, rounding: .down)), \(counted)"))
      facts.append(
        headroomBytes >= 0
          ? ("headroom", "\(ByteCount.format(headroomBytes, rounding: .down)): it fits")
          : ("missing", "\(ByteCount.format(-headroomBytes, rounding: .up)): it does not fit"))
    }
    if let device, let basis = estimateBasis, let seconds = estimatedStepSeconds,
      let memory = estimatedMemoryBoundSeconds
    {
      let share = Quantity.percent(memory / max(seconds, .leastNonzeroMagnitude))
      let words = basis.words(seconds: seconds, joules: estimatedStepJoules)
      facts.append(("on \(device)", "\(words), \(share) of it waiting for memory"))
      if let ratesNote { facts.append(("its rates", ratesNote)) }
    }
    return facts
  }

  private func bytes(_ count: Int) -> String {
    "\(ByteCount.format(count, rounding: .up)) (\(ByteCount.formatExactly(count)))"
  }

  static func table(of categories: [String: Int], total: Int) -> Table {
    var table = Table([.left("category"), .right("bytes"), .right("MiB"), .right("share")])
    for category in BufferCategory.allCases {
      let count = categories[category.rawValue] ?? 0
      table.append([
        Table.Cell(category.rawValue), Table.Cell(Quantity.count(count)), Table.Cell(Self.mebibytes(count)),
        Table.Cell(Quantity.percent(Double(count) / Double(max(total, 1)))),
      ])
    }
    return table
  }

  private var layerTable: Table {
    let shown: [BufferCategory] = [.weights, .gradients, .optimizer, .activations]
    var table = Table(
      [.left("layer")] + shown.map { .right($0.rawValue) } + [.right("other"), .right("all"), .right("GFLOP")])
    for layer in layers {
      let counts = shown.map { layer.categories[$0.rawValue] ?? 0 }
      let other = layer.bytes - counts.reduce(0, +)
      table.append(
        [Table.Cell(layer.name)]
          + (counts + [other, layer.bytes]).map { Table.Cell(Self.mebibytes($0)) }
          + [Table.Cell(Quantity.fixed(Double(layer.flops) / 1e9, decimals: 1))])
    }
    return table
  }

  private static func mebibytes(_ count: Int) -> String {
    Quantity.fixed(Double(count) / 1_048_576, decimals: 1)
  }
}

extension Recipe {
  /// What decides the step's sizes, in a few words.
  var words: String { "\(shapeWords), saving \(saving)" }

  /// The same where the saving policy is still open.
  var shapeWords: String {
    var words = ["batch \(batch)\(accumulation > 1 ? " in \(accumulation)" : "")", "sequence \(sequence)"]
    words.append(optimizer.rawValue)
    if let norm = maximumGradientNorm { words.append("gradient norm at most \(norm)") }
    if frozenWeights != .float32 { words.append("frozen weights in \(frozenWeights.rawValue)") }
    words.append(Quantity.count(threads, of: "thread"))
    return words.joined(separator: ", ")
  }
}
