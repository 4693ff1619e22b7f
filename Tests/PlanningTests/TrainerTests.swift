import Foundation
import Graph
import Optimization
import Steps
import Testing
import TrainerModels

@testable import Planning

@Suite("The planner, for another trainer")
struct TrainerTests {
  /// As many as `PERMAFROST_SEEDS` says, or 20.
  static let seeds = Array(
    0..<(ProcessInfo.processInfo.environment["PERMAFROST_SEEDS"].flatMap { Int($0) } ?? 20))

  @Test(
    "finds the best of all selections by the bytes of tensors alone, under every recipe, tried one by one",
    arguments: seeds)
  func liveBytes(seed: Int) throws {
    for trainer in [TrainerModel.pytorch, .pytorchCUDA] {
      var problem = try SmallProblem(seed: seed, work: 60, trainer: trainer, assuming: 0)
      problem.request.options = SolveOptions(relativeGap: 0)
      let optimum = problem.optimum()
      switch try Planner(problem.request).plan(over: problem.space) {
      case .infeasible: #expect(optimum == nil, "\(trainer) seed \(seed)")
      case .plan(let plan):
        let optimum = try #require(optimum, "\(trainer) seed \(seed)")
        #expect(
          abs(plan.objective - optimum) <= 1e-6 * optimum,
          "\(trainer) seed \(seed): \(plan.objective) of \(optimum)")
        #expect(abs(plan.bound - optimum) <= 1e-6 * max(optimum, 1), "\(trainer) seed \(seed): \(plan.bound)")
      }
    }
  }

  @Test(
    "never exceeds the budget by its own replay, claims no bound that a selection beats, and finds nothing only where the least does not fit",
    arguments: seeds)
  func residentBytes(seed: Int) throws {
    for trainer in [TrainerModel.pytorch, .pytorchCUDA] {
      let problem = try SmallProblem(seed: seed, work: 60, trainer: trainer)
      let (request, optimum) = (problem.request, problem.optimum())
      switch try Planner(request).plan(over: problem.space) {
      case .infeasible(let answer):
        #expect(problem.smallestBudget(problem.space.minimal) > request.budgetBytes, "\(trainer) seed \(seed)")
        #expect(answer.smallestFeasibleBudgetBytes == problem.smallestBudget(problem.space.minimal))
      case .plan(let plan):
        let optimum = try #require(optimum, "\(trainer) seed \(seed)")
        #expect(
          plan.trainer == trainer && plan.trainerOptions == request.trainerOptions && plan.mappedBytes == 0)
        #expect(plan.objective <= optimum + 1e-12 && plan.bound >= optimum - 1e-6, "\(trainer) seed \(seed)")
        // Simulated again from what the plan records.
        let step = TrainingStep(plan.template(of: request.graph), try plan.selection(of: request.graph))
        let memory = trainer.memory(of: step, processBytes: plan.runtimeBytes)
        #expect(memory.liveBytes == plan.arenaBytes, "\(trainer) seed \(seed)")
        #expect(memory.residentBytes == plan.chargedBytes, "\(trainer) seed \(seed)")
        #expect(trainer.budget(for: memory.residentBytes) <= request.budgetBytes, "\(trainer) seed \(seed)")
      }
    }
  }

  @Test("keeps a margin of every budget, and asks for the least budget that leaves it")
  func margin() {
    for trainer in TrainerModel.allCases {
      for bytes in [0, 1, 9, 10, 11, 99, 1 << 20, 345 << 20, (1 << 50) + 7] {
        let budget = trainer.budget(for: bytes)
        #expect(trainer.usableBytes(ofBudget: budget) >= bytes)
        #expect(bytes == 0 || trainer.usableBytes(ofBudget: budget - 1) < bytes)
        #expect(trainer != .permafrost || budget == bytes)
      }
    }
  }

  @Test("is refused what the trainer cannot do, in one line each")
  func refused() throws {
    let request = try SmallProblem(seed: 1, work: 8, trainer: .pytorch).request
    let edits: [(inout PlanRequest) -> Void] = [
      { $0.alternatives.optimizers = [.adamw, .lion] }, { $0.recipe.frozenWeights = .int8 },
      { $0.alternatives.savings = [.keep, .cheap] }, { $0.mappedFree = true }, { $0.maximumStepSeconds = 1 },
    ]
    for (index, edit) in edits.enumerated() {
      var changed = request
      changed.alternatives = Alternatives()
      edit(&changed)
      let error = #expect(throws: TrainerModelError.self, "edit \(index)") { try Planner(changed).plan() }
      #expect(error?.exitStatus == .usage && error?.description.contains("\n") == false)
    }
  }

  @Test("whose process alone is more than the budget finds nothing, and prices what would help")
  func tooSmall() throws {
    let graph = EncoderGraph(.distilbertBase)
    var request = PlanRequest(
      graph: graph, modelName: "model", modelIdentity: "model", recipe: Recipe(batch: 8, sequence: 64),
      alternatives: Alternatives(savings: [.keep]), scores: .prior(graph, modelIdentity: "model"),
      budgetBytes: 345 << 20, mappedFree: false, runtimeBytes: TrainerModel.pytorch.defaultProcessBytes)
    request.trainer = .pytorch
    guard case .infeasible(var answer) = try Planner(request).plan() else {
      Issue.record("345 MiB are called enough for PyTorch")
      return
    }
    let smallest = try #require(answer.smallestFeasibleBudgetBytes)
    #expect(smallest > request.trainer.budget(for: request.runtimeBytes))
    answer.explain(request, smallerModels: [])
    #expect(answer.changes.contains { $0.change == "--precision bf16" })
    #expect(!answer.changes.contains { $0.change.contains("int8") || $0.change.contains("lion") })
    #expect(answer.changes.allSatisfy { !$0.suffices })
  }
}
