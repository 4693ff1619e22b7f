import Graph
import Steps
import Testing

@testable import Planning

@Suite("Where nothing fits")
struct InfeasibilityTests {
  @Test("fits to the byte: feasible at the smallest feasible budget, infeasible at one byte less")
  func smallestBudget() throws {
    for mappedFree in [false, true] {
      for policies in Saving.uniforms.map({ [$0] }) + [Saving.uniforms] {
        var request = smallRequest(0, policies: policies, mappedFree: mappedFree)
        let exact = try smallPlan(request)
        #expect(exact.chargedBytes <= request.budgetBytes)
        request.budgetBytes -= 1
        guard case .infeasible(let answer) = try Planner(request).plan() else {
          Issue.record("one byte less is called feasible")
          return
        }
        #expect(answer.smallestFeasibleBudgetBytes == request.budgetBytes + 1)
        #expect(answer.budgetBytes == request.budgetBytes && !answer.feasible)
      }
    }
  }

  @Test("says what binds: what lives at the peak of the plan for the smallest budget")
  func binding() throws {
    var request = smallRequest(0, policies: Saving.uniforms)
    let least = try Planner(request).explain(smallPlan(request)).peak
    request.budgetBytes -= 1
    guard case .infeasible(var answer) = try Planner(request).plan() else {
      Issue.record("one byte less is called feasible")
      return
    }
    #expect(answer.peak == nil)
    answer.explain(request, smallerModels: [])
    let peak = try #require(answer.peak)
    #expect(peak == least && peak.bytes.values.reduce(request.runtimeBytes, +) == request.budgetBytes + 1)
    let json = String(decoding: try PlanFile.encode(answer), as: UTF8.self)
    #expect(json.contains("\"weights\" : \(try #require(peak.bytes[.weights]))"))
  }

  @Test("says what each change would need, and each promise holds")
  func changes() throws {
    var request = smallRequest(0, policies: Saving.uniforms)
    request.budgetBytes = request.budgetBytes * 9 / 10
    guard case .infeasible(var answer) = try Planner(request).plan() else {
      Issue.record("a tenth less than the least is called feasible")
      return
    }
    answer.explain(request, smallerModels: [])
    #expect(answer.changes.map(\.smallestFeasibleBudgetBytes).isSorted)
    for (name, edit) in [
      ("--batch 1", { (changed: inout PlanRequest) in changed.recipe.batch = 1 }),
      ("--mapped-free", { $0.mappedFree = true }),
    ] {
      let change = try #require(answer.changes.first { $0.change.hasPrefix(name) })
      #expect(change.suffices == (change.smallestFeasibleBudgetBytes <= request.budgetBytes))
      var changed = request
      edit(&changed)
      changed.budgetBytes = change.smallestFeasibleBudgetBytes
      #expect(try smallPlan(changed).feasible)
    }
  }
}

/// Four layers, so that saving is not tried in every way.
private func deepRequest() -> PlanRequest {
  let graph = EncoderGraph(
    EncoderConfiguration(
      family: .bert, vocabularySize: 31, maximumPositions: 40, hiddenSize: 16, feedForwardSize: 64,
      layerCount: 4, headCount: 4))
  var request = PlanRequest(
    graph: graph, modelName: "deep", modelIdentity: "deep", recipe: Recipe(batch: 8, sequence: 32),
    alternatives: Alternatives(savings: Alternatives.savings(for: graph)),
    scores: .prior(graph, modelIdentity: "deep"), budgetBytes: 0, mappedFree: false, runtimeBytes: 0)
  request.pins = Pins(train: ["*"])
  return request
}

@Suite("Where nothing fits with one saving policy for all layers")
struct MixedSavingTests {
  @Test("the smallest budget is the least of all policies layer by layer, and is enough")
  func mixed() throws {
    var request = deepRequest()
    let graph = request.graph
    func budget(_ saving: Saving) -> Int {
      var recipe = request.recipe
      recipe.saving = saving
      return request.budget(for: StepProgram(graph, recipe, .full(graph)))
    }
    let all = Saving.assignments(layers: 4)
    let least = try #require(all.map(budget).min())
    #expect(all.count == 81 && least < Saving.uniforms.map(budget).min() ?? 0)
    request.budgetBytes = least
    let plan = try smallPlan(request)
    #expect(plan.chargedBytes == least && plan.objective == 1 && plan.recipe.saving.uniform == nil)
    request.budgetBytes = least - 1
    guard case .infeasible(let answer) = try Planner(request).plan() else {
      Issue.record("one byte less is called feasible")
      return
    }
    #expect(answer.smallestFeasibleBudgetBytes == least)
  }
}

@Suite("Where a second bias has to train")
struct SecondBiasTests {
  @Test("the least is that bias alone, without the first and without nodes")
  func alone() throws {
    var request = deepRequest()
    let name = "encoder.layer.3.output.dense.bias"
    request.pins = Pins(train: [name])
    (request.alternatives.savings, request.recipe.saving) = ([], .keep)
    let graph = request.graph
    func budget(training match: (Parameter) -> Bool, nodes: Int = 0) -> Int {
      var selection = Selection.frozen(graph)
      selection.trainable = Set(graph.parameters.filter { $0.isHead || match($0) }.map(\.id))
      selection.retained[3] = nodes
      return request.budget(for: StepProgram(graph, request.recipe, selection))
    }
    let least = budget { $0.name == name }
    #expect(least < budget(training: { $0.name == name }, nodes: 3))
    #expect(least < budget { [name, "encoder.layer.3.intermediate.dense.bias"].contains($0.name) })
    request.budgetBytes = least
    #expect(try smallPlan(request).chargedBytes == least)
    request.budgetBytes = least - 1
    guard case .infeasible(let answer) = try Planner(request).plan() else {
      Issue.record("one byte less is called feasible")
      return
    }
    #expect(answer.smallestFeasibleBudgetBytes == least)
  }
}

@Suite("Where time is short as well as memory")
struct ShortTimeTests {
  @Test("the smallest budget is of a step that is quick enough, and changes suffice within the limit")
  func both() throws {
    var request = deepRequest()
    request.alternatives.savings = [.keep, .recompute]
    let untimed = try #require(Infeasibility.smallestBudget(request))
    let quick = request.clock.seconds(StepProgram(request.graph, request.recipe, .full(request.graph)).training)
    request.maximumStepSeconds = quick * 1.01
    request.budgetBytes = untimed
    guard case .infeasible(var answer) = try Planner(request).plan() else {
      Issue.record("a step that recomputes is called quick enough")
      return
    }
    let smallest = try #require(answer.smallestFeasibleBudgetBytes)
    #expect(smallest > untimed && !answer.isTooSlow)
    answer.explain(request, smallerModels: [])
    let change = try #require(answer.changes.first { $0.change.hasPrefix("without a limit of time") })
    #expect(change.suffices && change.smallestFeasibleBudgetBytes == untimed)
    for (name, changed) in request.singleChanges {
      guard let change = answer.changes.first(where: { $0.change == name }), change.suffices else { continue }
      guard case .plan = try Planner(changed).plan() else {
        Issue.record("'\(name)' does not suffice")
        continue
      }
    }
    request.budgetBytes = smallest
    #expect(request.isQuickEnough(try step(of: smallPlan(request), request)))
  }

  private func step(of plan: Plan, _ request: PlanRequest) throws -> TrainingStep {
    StepProgram(request.graph, plan.recipe, try plan.selection(of: request.graph)).training
  }
}

@Suite("The changes that could make a plan fit")
struct SingleChangesTests {
  private func changes(_ edit: (inout PlanRequest) -> Void) -> [String: PlanRequest] {
    var request = smallRequest(0, policies: [])
    edit(&request)
    return Dictionary(uniqueKeysWithValues: request.singleChanges.map { ($0.name, $0.request) })
  }

  @Test(
    "are of what was decided beforehand: pins, the saving policy, the clipped norm, the optimizer and the format"
  )
  func decided() {
    let changes = changes {
      $0.recipe.saving = .keep
      $0.recipe.maximumGradientNorm = 1
      $0.pins.train = ["embeddings.*", "pooler.*"]
      $0.pins.minimumRetention = 10
    }
    for name in [
      "--saving cheap", "--saving recompute", "without --clip-norm", "without --train 'embeddings.*'",
      "without --train 'pooler.*'", "without --min-retention", "--optimizer sgd", "--frozen-weights int8",
    ] {
      #expect(changes[name] != nil)
    }
    #expect(changes["--saving keep"] == nil)

    // Each does what it says.
    #expect(changes["--saving cheap"]?.recipes.map(\.saving) == [.cheap])
    #expect(changes["--optimizer sgd"]?.recipes.map(\.optimizer) == [.sgd])
    #expect(changes["--frozen-weights int8"]?.recipes.map(\.frozenWeights) == [.int8])
    #expect(changes["--accumulate 3"]?.recipes.map(\.accumulation) == [3])
    #expect(changes["--batch 1"]?.recipe.batch == 1)
    #expect(changes["without --clip-norm"].map { $0.recipe.maximumGradientNorm == nil } == true)
    #expect(changes["without --train 'pooler.*'"]?.pins.train == ["embeddings.*"])
    #expect(changes["without --min-retention"]?.pins.minimumRetention == 0)
    #expect(changes["--mapped-free, where the system can drop clean mapped pages"]?.mappedFree == true)
  }

  @Test("are of one smaller model: the largest that fits, or else the one that needs least")
  func models() throws {
    func encoder(_ hidden: Int) -> EncoderGraph {
      EncoderGraph(
        EncoderConfiguration(
          family: .bert, vocabularySize: 97, maximumPositions: 24, hiddenSize: hidden, feedForwardSize: 40,
          layerCount: 3, headCount: 4))
    }
    var request = smallRequest(0)
    let least = request.budgetBytes
    let models = [4, 8, 12, 20].map { (name: "width \($0)", graph: encoder($0)) }
    let needs = models.map { model in
      var changed = request
      changed.graph = model.graph
      return Infeasibility.smallestBudget(changed)
    }
    for (index, name) in [(2, "width 12"), (1, "width 8"), (0, "width 4")] {
      // One byte less than the smallest would rule out even that.
      request.budgetBytes = try #require(needs[index]) - (index == 0 ? 1 : 0)
      var answer = Infeasibility(request, smallest: least)
      answer.explain(request, smallerModels: models)
      let changes = answer.changes.filter { $0.change.hasPrefix("the smaller model") }
      #expect(changes.map(\.change) == ["the smaller model \(name)"])
      #expect(
        changes.first?.suffices == (index > 0) && changes.first?.smallestFeasibleBudgetBytes == needs[index])
    }
  }

  @Test("price a model of fewer or more layers by policies of its own, and leave it out where they are a list")
  func otherLayers() throws {
    func encoder(layers: Int, hidden: Int) -> EncoderGraph {
      EncoderGraph(
        EncoderConfiguration(
          family: .bert, vocabularySize: 97, maximumPositions: 24, hiddenSize: hidden, feedForwardSize: 40,
          layerCount: layers, headCount: 4))
    }
    let models = [2, 6].map { (name: "\($0) layers", graph: encoder(layers: $0, hidden: 4)) }
    var request = smallRequest(0, policies: Alternatives.savings(for: smallGraph))
    request.budgetBytes -= 1
    for model in models {
      var answer = Infeasibility(request, smallest: .max)
      answer.explain(request, smallerModels: [model])
      #expect(answer.changes.contains { $0.change == "the smaller model \(model.name)" })
      var listed = request
      listed.alternatives.savings = []
      listed.recipe.saving = Saving(layers: [.keep, .cheap, .cheap])
      answer.explain(listed, smallerModels: [model])
      #expect(!answer.changes.contains { $0.change.hasPrefix("the smaller model") })
    }
  }

  @Test("leave out what the planner has tried already")
  func open() {
    let names = changes {
      $0.alternatives = Alternatives(
        savings: Saving.uniforms, accumulations: Alternatives.accumulations(ofBatch: $0.recipe.batch),
        optimizers: Optimizer.allCases, frozenWeights: WeightFormat.allCases)
    }.keys
    for flag in ["--saving", "--accumulate", "--optimizer", "--frozen-weights", "without"] {
      #expect(!names.contains { $0.hasPrefix(flag) }, "\(names)")
    }
  }
}

extension Array where Element: Comparable {
  fileprivate var isSorted: Bool { zip(self, dropFirst()).allSatisfy(<=) }
}

extension Infeasibility {
  fileprivate init(_ request: PlanRequest, smallest: Int?) {
    self.init(
      budgetBytes: request.budgetBytes, runtimeBytes: request.runtimeBytes,
      smallestFeasibleBudgetBytes: smallest)
  }
}
