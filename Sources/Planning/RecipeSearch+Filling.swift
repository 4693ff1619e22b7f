import Steps

/// What a search leaves of the budget, filled.
///
/// A search ends at its gap or its node limit, and it asks for less than there is once proposals could not be placed. Single groups may then
/// still fit.
extension RecipeSearch {
  /// Additions simulated in vain, at most; each takes as long as lowering a step.
  private static let mostRefusals = 24

  /// A choice that fits, with more of every group that has room beside it: most score for a byte of weights and states first.
  ///
  /// One pass is enough, because what finds no room finds none when more trains.
  func filled(_ given: [Int?]) -> [Int?] {
    var memory = MemoryProgram(template: template, space: space, countsMapped: !request.mappedFree)
    // Bytes at the kernels that were worst so far: rows tell most of what cannot fit without lowering it.
    var rows: [Int: IntegerExpression] = [:]
    func watch(_ step: TrainingStep) {
      for kernel in step.worstKernels().prefix(LazyRows.perRound) where rows[kernel.origin] == nil {
        rows[kernel.origin] = memory.liveBytes(at: kernel.origin)
      }
    }
    watch(TrainingStep(unplaced: template, space.selection(given)))
    let additions = additions(to: given, memory)
    var best = given
    var refusals = 0
    for addition in additions where refusals < Self.mostRefusals && !request.isCancelled {
      let chosen = space.raising(addition.group, to: addition.option, in: best)
      let values = memory.assignment(chosen)
      guard space.score(chosen) > space.score(best),
        rows.values.allSatisfy({ $0.bytes(values) <= request.capacity })
      else { continue }
      let program = StepProgram(template, space.selection(chosen))
      if request.accepts(program) {
        best = chosen
      } else {
        refusals += 1
        watch(program.training)
      }
    }
    return best
  }

  /// Every way to train more of one group, the densest first.
  private func additions(to given: [Int?], _ memory: MemoryProgram) -> [Addition] {
    func bytes(_ chosen: [Int?]) -> Int { memory.statics.bytes(memory.assignment(chosen)) }
    let (score, held) = (space.score(given), bytes(given))
    var additions: [Addition] = []
    for (group, choice) in space.choices.enumerated() {
      for option in choice.options.indices.dropFirst((given[group] ?? -1) + 1) {
        let chosen = space.raising(group, to: option, in: given)
        let density = (space.score(chosen) - score) / Double(max(bytes(chosen) - held, 1))
        if density > 0 { additions.append(Addition(group: group, option: option, density: density)) }
      }
    }
    return additions.sorted { ($1.density, $0.group, $0.option) < ($0.density, $1.group, $1.option) }
  }

  private struct Addition {
    let group: Int
    let option: Int
    /// Score for a byte.
    let density: Double
  }
}
