import Optimization
import Simulation
import Steps
import TestSupport
import Testing

@testable import Planning

@Suite("Filling what a search leaves of the budget")
struct FillingTests {
  private func search(_ problem: SmallProblem, _ template: StepTemplate, links: [DecisionLink]) -> RecipeSearch
  {
    let space = DecisionSpace(graph: problem.space.graph, choices: problem.space.choices, links: links)
    return RecipeSearch(
      request: problem.request, space: space, template: template, solver: GLPKSolver(), deadline: nil,
      known: [],
      floor: 0)
  }

  /// A need or two of one group's option for another's, which the least choice keeps.
  private func links(_ space: DecisionSpace, using generator: inout SeededGenerator) -> [DecisionLink] {
    let open = space.choices.indices.filter {
      !space.choices[$0].mustTrain && !space.choices[$0].options.isEmpty
    }
    return (0..<2).compactMap { _ in
      guard let group = open.randomElement(using: &generator),
        let needed = open.randomElement(using: &generator),
        group != needed
      else { return nil }
      return DecisionLink(
        group: group, option: Int.random(in: space.choices[group].options.indices, using: &generator),
        needed: needed, neededOption: Int.random(in: space.choices[needed].options.indices, using: &generator))
    }
  }

  @Test("keeps every limit, pin and link, never captures less, and leaves no group that could train more")
  func everySeed() throws {
    var improved = 0
    for seed in 0..<60 {
      let problem = try SmallProblem(seed: seed, work: 12)
      guard let template = problem.templates.first else { continue }
      var generator = SeededGenerator(seed: seed)
      let links = seed % 2 == 0 ? [] : links(problem.space, using: &generator)
      let search = search(problem, template, links: links)
      let (request, space) = (search.request, search.space)
      func accepts(_ chosen: [Int?]) -> Bool {
        request.accepts(StepProgram(template, space.selection(chosen)))
      }
      guard accepts(space.minimal) else { continue }
      let filled = search.filled(space.minimal)
      #expect(accepts(filled), "seed \(seed)")
      #expect(links.allSatisfy { $0.holds(filled.map { $0 ?? -1 }) }, "seed \(seed)")
      #expect(zip(space.choices, filled).allSatisfy { !$0.mustTrain || $1 != nil }, "seed \(seed)")
      #expect(space.score(filled) >= space.score(space.minimal), "seed \(seed)")
      if space.score(filled) > space.score(space.minimal) { improved += 1 }
      for (group, choice) in space.choices.enumerated() {
        for option in choice.options.indices.dropFirst((filled[group] ?? -1) + 1) {
          let more = space.raising(group, to: option, in: filled)
          #expect(
            space.score(more) <= space.score(filled) || !accepts(more),
            "seed \(seed): \(choice.group.name).\(choice.options[option].label) still fits")
        }
      }
    }
    #expect(improved > 10)
  }
}
