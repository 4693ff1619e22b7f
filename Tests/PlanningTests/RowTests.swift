import Graph
import Optimization
import Steps
import TestSupport
import Testing
import TrainerModels

@testable import Planning

/// All rows of a template's memory program at capacity 0, so that a row's activity is the bytes it charges.
private struct Rows {
  let space: DecisionSpace
  let template: StepTemplate
  let countsMapped: Bool
  private(set) var program: MemoryProgram
  private var positions: [Int] = []

  init(_ template: StepTemplate, countsMapped: Bool, pinned: [GroupKind] = [.head]) throws {
    var pins = Pins()
    pins.groups = pinned
    self.template = template
    self.countsMapped = countsMapped
    space = try DecisionSpace(
      template.graph, scores: .prior(template.graph, modelIdentity: ""), pins: pins)
    program = MemoryProgram(template: template, space: space, countsMapped: countsMapped)
    for kernel in template.kernels.indices {
      program.addPeakRow(kernel: kernel, capacity: 0)
      positions.append(program.model.rows.count - 1)
    }
  }

  /// Bytes charged at every kernel of the template, exact because all coefficients are bytes over 2²⁰.
  func bytes(_ chosen: [Int?]) -> [Int] {
    let values = program.assignment(chosen)
    return positions.map { position in
      let row = program.model.rows[position]
      let activity = row.terms.reduce(0) { $0 + (values[$1.column.index] ? $1.coefficient : 0) }
      return Int((activity - (row.upper ?? 0)) * 1_048_576)
    }
  }

  /// What is wrong with the rows under a choice, compared with the simulated step; nil when nothing is.
  func difference(_ chosen: [Int?]) throws -> String? {
    let step = TrainingStep(template, space.selection(chosen))
    let fixed = countsMapped ? step.mappedBytes : 0
    let live = step.liveBytes().map { $0 + fixed }
    let peak = live.max() ?? 0
    let charged = bytes(chosen)
    for (kernel, bytes) in zip(step.kernels, live) where charged[kernel.origin] != bytes {
      return "\(kernel.name): the row says \(charged[kernel.origin]), the step \(bytes)"
    }
    // Rows of kernels that do not run may not demand more than the step needs.
    for (kernel, bytes) in zip(template.kernels, charged) where bytes > peak {
      return "\(kernel.name), which does not run: the row says \(bytes), the peak is \(peak)"
    }
    // The rest of the model, the auxiliary columns' rows, must hold too; only rows of bytes can be broken.
    let isByteRow = Set(positions)
    let broken = try program.model.violations(of: program.assignment(chosen)).first { violation in
      if case .row(let row) = violation.place { return !isByteRow.contains(row.index) }
      return true
    }
    return broken.map(\.description)
  }
}

@Suite("The rows of the memory program")
struct RowTests {
  @Test("equal the simulated bytes, kernel by kernel, for random encoders and choices", arguments: 0..<60)
  func random(seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let graph = randomEncoder(using: &generator)
    let saving = seed % 4 == 3 ? randomSaving(graph, using: &generator) : Saving.uniforms[seed % 4]
    let recipe = randomRecipe(saving, using: &generator)
    let rows = try Rows(
      StepTemplate(graph, recipe), countsMapped: Bool.random(using: &generator),
      pinned: generator.pick([[], [.head], [.head, .pooler, .feedForward]]))
    var choices = [rows.space.minimal, rows.space.full]
    for _ in 0..<12 { choices.append(rows.space.randomChoice(using: &generator)) }
    for chosen in choices {
      let difference = try rows.difference(chosen)
      #expect(difference == nil, "seed \(seed), \(recipe), \(graph.configuration), choice \(chosen)")
    }
  }

  @Test("equal the simulated bytes of PyTorch's step", arguments: 0..<4)
  func pytorch(seed: Int) throws {
    var generator = SeededGenerator(seed: 100 + seed)
    let graph = randomEncoder(using: &generator)
    let recipe = Recipe(
      batch: 3, sequence: 7, accumulation: generator.pick([1, 2]), optimizer: generator.pick([.adamw, .sgd]),
      threads: 2, saving: generator.pick([.keep, .recompute]))
    let options = PyTorchOptions(
      attention: generator.pick(PyTorchOptions.Attention.allCases),
      updateLoop: generator.pick(PyTorchOptions.UpdateLoop.allCases),
      precision: generator.pick(PyTorchOptions.Precision.allCases))
    let trainer = generator.pick([TrainerModel.pytorch, .pytorchCUDA])
    let rows = try Rows(trainer.template(graph, recipe, options), countsMapped: true)
    var choices = [rows.space.minimal, rows.space.full]
    for _ in 0..<4 { choices.append(rows.space.randomChoice(using: &generator)) }
    for chosen in choices {
      let difference = try rows.difference(chosen)
      #expect(
        difference == nil, "seed \(seed), \(trainer), \(options), \(recipe), \(graph.configuration), \(chosen)")
    }
  }

  @Test(
    "equal the simulated bytes for every choice there is over a layer's norms and feed-forward pairs",
    arguments: Saving.uniforms)
  func exhaustive(saving: Saving) throws {
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: .distilbert, vocabularySize: 31, hiddenSize: 20, feedForwardSize: 9, layerCount: 2, headCount: 2
      ))
    let open: Set<GroupKind> = [.outputNorm, .feedForward]
    let rows = try Rows(
      StepTemplate(graph, Recipe(batch: 3, sequence: 7, saving: saving)), countsMapped: true,
      pinned: [.head])
    var choices = [rows.space.minimal]
    for (group, choice) in rows.space.choices.enumerated() where open.contains(choice.group.kind) {
      choices += choices.flatMap { base in
        choice.options.indices.map { option in
          var changed = base
          changed[group] = option
          return changed
        }
      }
    }
    #expect(choices.count == 3 * 3 * 7 * 7)
    for chosen in choices {
      let difference = try rows.difference(chosen)
      #expect(difference == nil, "choice \(chosen)")
    }
  }

  @Test("equal the simulated bytes at DistilBERT's size", arguments: Saving.uniforms)
  func distilbert(saving: Saving) throws {
    var generator = SeededGenerator(seed: 3)
    let rows = try Rows(
      StepTemplate(EncoderGraph(.distilbertBase), Recipe(batch: 8, sequence: 64, threads: 4, saving: saving)),
      countsMapped: saving != .keep)
    for chosen in [rows.space.full] + (0..<6).map({ _ in rows.space.randomChoice(using: &generator) }) {
      let difference = try rows.difference(chosen)
      #expect(difference == nil, "choice \(chosen)")
    }
  }
}
