import Devices
import Graph
import Optimization
import Simulation
import Steps
import TestSupport
import Testing

@testable import Planning

private func encoder(layers: Int) -> EncoderGraph {
  EncoderGraph(
    EncoderConfiguration(
      family: .bert, vocabularySize: 31, maximumPositions: 40, hiddenSize: 16, feedForwardSize: 40,
      layerCount: layers, headCount: 4))
}

private func request(_ share: Double, layers: Int = 5, _ alternatives: Alternatives) -> PlanRequest {
  let graph = encoder(layers: layers)
  var request = PlanRequest(
    graph: graph, modelName: "small", modelIdentity: "small", recipe: Recipe(batch: 8, sequence: 32),
    alternatives: alternatives, scores: .prior(graph, modelIdentity: "small"), budgetBytes: 0,
    mappedFree: false, runtimeBytes: 0)
  let full = request.charged(StepProgram(graph, request.recipe, .full(graph)))
  request.budgetBytes = Int(Double(full) * share)
  return request
}

@Suite("The recipe, decided with the selection")
struct RecipeTests {
  private static let savings = Alternatives.savings(for: encoder(layers: 5))
  private let open = Alternatives(savings: savings, accumulations: Alternatives.accumulations(ofBatch: 8))

  @Test("is every combination of what is open, each once")
  func combinations() {
    let recipe = Recipe(batch: 6, sequence: 8)
    #expect(Alternatives().recipes(recipe) == [recipe])
    #expect(Alternatives.accumulations(ofBatch: 1) == [1])
    #expect(Alternatives.accumulations(ofBatch: 16) == [1, 2, 4, 8, 16])
    // In runs that there are: 6 sequences in 4 parts are three of two, 17 in 16 parts nine of two.
    #expect(Alternatives.accumulations(ofBatch: 6) == [1, 2, 3, 6])
    #expect(Alternatives.accumulations(ofBatch: 17) == [1, 2, 4, 6, 9, 17])
    let all = Alternatives(
      savings: Saving.uniforms, accumulations: [1, 2], optimizers: [.adamw, .sgd], frozenWeights: [.int8])
    #expect(Set(all.recipes(recipe)).count == 12 && all.recipes(recipe).count == 12)
  }

  @Test("captures at least what any single recipe does, and more where micro-batches help")
  func best() throws {
    for share in [0.25, 0.3] {
      let joint = try smallPlan(request(share, open))
      let alone = try smallPlan(request(share, Alternatives(savings: Self.savings)))
      #expect(joint.objective >= alone.objective * (1 - 1e-3))
      #expect(joint.objective > alone.objective + 0.1 && joint.recipe.accumulation > 1)
    }
  }

  @Test("saves layer by layer, in a step that fits and is no slower than with one policy for all")
  func refined() throws {
    var mixed = 0
    for share in [0.4, 0.5, 0.6, 0.7, 0.8] {
      let request = request(share, Alternatives(savings: Self.savings))
      let plan = try smallPlan(request)
      let selection = try plan.selection(of: request.graph)
      let program = StepProgram(request.graph, plan.recipe, selection)
      #expect(request.accepts(program))
      if plan.recipe.saving.uniform == nil { mixed += 1 }
      for saving in Saving.uniforms {
        var recipe = plan.recipe
        recipe.saving = saving
        let uniform = StepProgram(request.graph, recipe, selection)
        let isBeaten =
          request.clock.seconds(program.training) <= request.clock.seconds(uniform.training) + 1e-12
        #expect(!request.accepts(uniform) || isBeaten, "\(share): \(plan.recipe.saving), \(saving)")
      }
    }
    #expect(mixed > 0)
  }

  @Test("keeps a time limit, and less time never captures more")
  func time() throws {
    var request = request(0.7, layers: 2, Alternatives(savings: Saving.uniforms, accumulations: [1, 4]))
    let free = try smallPlan(request)
    let step = StepProgram(request.graph, free.recipe, try free.selection(of: request.graph)).training
    let seconds = request.clock.seconds(step)
    var last = free.objective
    for share in [0.9, 0.75, 0.6] {
      request.maximumStepSeconds = seconds * share
      let limited = try smallPlan(request)
      let selection = try limited.selection(of: request.graph)
      #expect(request.isQuickEnough(StepProgram(request.graph, limited.recipe, selection).training))
      #expect(limited.objective <= last + 1e-3)
      last = limited.objective
    }
    request.maximumStepSeconds = seconds / 1000
    guard case .infeasible(let answer) = try Planner(request).plan() else {
      Issue.record("a thousandth of the time is called enough")
      return
    }
    #expect(answer.isTooSlow && (answer.smallestStepSeconds ?? 0) > seconds / 1000)
    // So long that nanoseconds cannot be counted.
    request.maximumStepSeconds = 1e300
    #expect(try smallPlan(request).objective == free.objective)
  }

  @Test("the row of time never says more than the simulation", arguments: 0..<12)
  func timeRow(seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let graph = randomEncoder(layers: [1, 2], using: &generator)
    let template = StepTemplate(graph, randomRecipe(randomSaving(graph, using: &generator), using: &generator))
    let space = try DecisionSpace(graph, scores: .prior(graph, modelIdentity: ""))
    var program = MemoryProgram(template: template, space: space, countsMapped: true)
    let clock = StepClock(device: nil)
    program.addTimeRow(clock, limit: 1)
    let row = try #require(program.model.rows.last)
    var choices = [space.minimal, space.full]
    for _ in 0..<10 { choices.append(space.randomChoice(using: &generator)) }
    for chosen in choices {
      let values = program.assignment(chosen)
      let activity = row.terms.reduce(0) { $0 + (values[$1.column.index] ? $1.coefficient : 0) }
      let said = 1 + (activity - (row.upper ?? 0)) * 1_048_576 / 1e9
      let simulated = clock.seconds(TrainingStep(unplaced: template, space.selection(chosen)))
      #expect(said <= simulated * (1 + 1e-9), "seed \(seed): \(said), simulated \(simulated)")
      // What is missing is of backward's products with weights that may be compressed.
      #expect(said >= simulated * 0.9, "seed \(seed): \(said), simulated \(simulated)")
    }
  }

  @Test("counts as many runs of a batch as are made of it, whatever number of parts was asked for")
  func unequalParts() {
    func seconds(_ parts: Int) -> Double {
      let recipe = Recipe(batch: 17, sequence: 8, accumulation: parts)
      return StepClock(device: nil).seconds(StepProgram(smallGraph, recipe, .full(smallGraph)).training)
    }
    #expect(Recipe(batch: 17, sequence: 8, accumulation: 16).microBatches == 9)
    #expect(seconds(16) == seconds(9) && seconds(16) < seconds(17))
  }

  @Test("is explained: what kinds capture adds up, and more budget never captures less")
  func explained() throws {
    let request = request(0.5, layers: 2, Alternatives(savings: [.keep]))
    let planner = Planner(request)
    guard case .plan(let plan) = try planner.plan() else { return }
    let explanation = try planner.explain(plan)
    let sum = explanation.rows.reduce(0) { $0 + $1.objective }
    #expect(abs(sum - plan.objective) <= 1e-9)
    #expect(explanation.rows.reduce(0) { $0 + $1.trainableParameters } == plan.trainableParameters)
    #expect((explanation.more?.objective ?? 1) >= plan.objective)
    #expect(!explanation.peak.kernel.isEmpty && !explanation.peak.bytes.isEmpty)
  }
}
