import Devices
import Foundation
import Graph
import Optimization
import Steps
import TestSupport
import Testing

@testable import Planning

/// Two models small enough to be planned at once, one of them on a device.
private func questions(points: Int = 3) -> [SweepQuestion] {
  let device = DeviceProfile(
    identifier: "board", title: "Board", totalMemoryBytes: 110_000, systemReservedBytes: 20_000,
    cleanMappedPagesCount: true, cores: 2, memoryBandwidthBytesPerSecond: 1e9, peakFLOPS: 1e10,
    storageReadBytesPerSecond: 1e8)
  let sizes: [(hidden: Int, device: DeviceProfile?)] = [(16, nil), (24, device)]
  return sizes.map { hidden, device in
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: .bert, vocabularySize: 97, maximumPositions: 24, hiddenSize: hidden, feedForwardSize: 40,
        layerCount: 1, headCount: 4))
    let name = "small \(hidden)"
    var request = PlanRequest(
      graph: graph, modelName: name, modelIdentity: name, recipe: Recipe(batch: 3, sequence: 8),
      alternatives: Alternatives(savings: [.keep]), scores: .prior(graph, modelIdentity: name), budgetBytes: 0,
      mappedFree: false,
      runtimeBytes: 100)
    request.profile = device
    return SweepQuestion(request, budgets: BudgetSpread(limit: device?.budgetBytes, count: points))
  }
}

private func shards(_ count: Int, of questions: [SweepQuestion]) throws -> [(path: String, sweep: Sweep)] {
  try (1...count).map { index in
    let shard = try #require(Shard(index, of: count))
    return ("\(index).json", try SweepRun(questions, shard: shard)(jobs: 1).sweep)
  }
}

@Suite("Sweeps")
struct SweepTests {
  @Test("range from the least that trains to all that trains, or to what the device has")
  func range() throws {
    let sweep = try SweepRun(questions())(jobs: 2).sweep
    let (free, bound) = (sweep.points(of: 0), sweep.points(of: 1))
    #expect(free.count == 3 && bound.count == 3)
    #expect(sweep.points.map(\.number) == Array(1...6))
    #expect(free.last?.plan?.objective == 1 && free.last?.plan?.peakBytes == free.last?.budgetBytes)
    #expect(free.last?.plan?.saving == .keep && free.last?.plan?.estimatedStepSeconds == nil)
    #expect(free.first?.plan?.peakBytes == free.first?.budgetBytes)
    #expect(bound.last?.budgetBytes == 90_000 && bound.allSatisfy { $0.plan?.estimatedStepSeconds ?? 0 > 0 })
    // One byte less than the first budget is too little.
    var lower = questions(points: 2)
    lower[0].budgets.from = free[0].budgetBytes - 1
    let first = try SweepRun(lower)(jobs: 1).sweep.points[0]
    #expect(first.plan == nil && first.smallestFeasibleBudgetBytes == free[0].budgetBytes)
  }

  @Test(
    "when cancelled are of the points that are done, as if these alone had been asked for; a shard is of none")
  func cancelled() throws {
    func cancelled(after count: Int, _ shard: Shard = .whole) throws -> (sweep: Sweep, plans: [Plan]) {
      let cancellation = Cancellation()
      var asked = questions()
      for index in asked.indices { asked[index].request.options.cancellation = cancellation }
      let run = try SweepRun(asked, shard: shard)
      if count == 0 { cancellation.cancel() }
      return try run(jobs: 1) { if $0 == count { cancellation.cancel() } }
    }
    let whole = try SweepRun(questions())(jobs: 1)
    for count in 1...6 {
      let (sweep, plans) = try cancelled(after: count)
      var asked = questions()
      for index in asked.indices {
        let budgets = whole.sweep.points.prefix(count).filter { $0.series == index }.map(\.budgetBytes)
        asked[index].budgets = BudgetSpread(from: budgets.first, to: budgets.last, count: budgets.count)
      }
      if count <= 3 { asked.removeLast() }
      #expect(sweep == (try SweepRun(asked)(jobs: 1).sweep))
      #expect(plans.count == sweep.points.count)
    }
    #expect(throws: PlanError.interrupted) { try cancelled(after: 0) }
    let shard = try #require(Shard(1, of: 2))
    #expect(throws: PlanError.interrupted) { try cancelled(after: 2, shard) }
  }

  @Test("plan every point as the planner does alone, and name the device only for the whole of it")
  func points() throws {
    let questions = questions()
    let (sweep, plans) = try SweepRun(questions)(jobs: 3)
    #expect(plans.count == sweep.points.count)
    for (point, var plan) in zip(sweep.points, plans) {
      var request = questions[point.series].request
      request.budgetBytes = point.budgetBytes
      request.device = point.budgetBytes == 90_000 ? "board" : nil
      guard case .plan(var alone) = try Planner(request).plan() else { Issue.record("infeasible"); continue }
      (plan.solveSeconds, alone.solveSeconds) = (0, 0)
      #expect(plan == alone)
      #expect(point.plan?.peakBytes == plan.chargedBytes && plan.chargedBytes <= point.budgetBytes)
    }
  }

  @Test("are the same bytes whatever the number of jobs and of shards, in any order")
  func shardsMerge() throws {
    let questions = questions()
    let whole = try PlanFile.encode(try SweepRun(questions)(jobs: 1).sweep)
    #expect(try PlanFile.encode(try SweepRun(questions)(jobs: 7).sweep) == whole)
    var generator = SeededGenerator(seed: 5)
    for count in [1, 2, 7] {
      let parts = try shards(count, of: questions).shuffled(using: &generator)
      #expect(try PlanFile.encode(Sweep.merge(parts)) == whole, "\(count) shards")
    }
  }

  @Test("survive being written and read")
  func files() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "s.json").path
      for (_, shard) in try shards(3, of: questions()) {
        try PlanFile.write(shard, to: path)
        #expect(try Sweep.read(path) == shard)
      }
    }
  }

  @Test("refuse shards that are missing, there twice, or of another sweep")
  func refusals() throws {
    let parts = try shards(4, of: questions())
    #expect(throws: SweepError.noShards) { try Sweep.merge([]) }
    #expect(throws: SweepError.lacking(index: 2, count: 4, others: 1)) {
      try Sweep.merge([parts[0], parts[3]])
    }
    #expect(throws: SweepError.twice(path: "3.json", shard: parts[2].sweep.shard, earlier: "3.json")) {
      try Sweep.merge(parts + [parts[2]])
    }
    #expect(throws: SweepError.otherSweep(path: "2.json", first: "1.json")) {
      try Sweep.merge([parts[0]] + shards(3, of: questions())[1...])
    }
    var other = parts
    other[1].sweep.series[0].runtimeBytes += 1
    #expect(throws: SweepError.otherSweep(path: "2.json", first: "1.json")) { try Sweep.merge(other) }
  }

  @Test("are others where anything of the question is other")
  func questionsDiffer() throws {
    let series = try SweepRun(questions()).series
    let edits: [(inout SweepQuestion) -> Void] = [
      { $0.request.recipe.batch = 2 }, { $0.request.runtimeBytes = 101 }, { $0.request.pins.groups = [] },
      { $0.request.scores.origin = .priming }, { $0.request.alternatives.savings = [.cheap] },
      { $0.request.mappedFree = true }, { $0.request.task = "sst2" }, { $0.request.modelIdentity = "other" },
      { $0.budgets.to = 80_000 }, { $0.request.profile = nil }, { $0.request.halfTimeWorth = 0.5 },
      { $0.request.maximumStepSeconds = 1 },
    ]
    for (index, edit) in edits.enumerated() {
      var other = questions()
      edit(&other[1])
      #expect(try SweepRun(other).series != series, "edit \(index)")
    }
  }

  @Test("are others where the scores are of another metric of the same file")
  func metricsDiffer() throws {
    func series(_ metric: Scores.Metric) throws -> [Sweep.Series] {
      var questions = questions()
      var scores = questions[0].request.scores
      let prior = scores.measurements[0]
      scores.origin = .priming
      scores.measurements = [.weightChange, .fisher].map {
        Scores.Measurement(metric: $0, tensors: prior.tensors, nodes: prior.nodes)
      }
      questions[0].request.scores = try scores.choosing(metric)
      return try SweepRun(questions).series
    }
    #expect(try series(.weightChange) == series(.weightChange))
    #expect(try series(.weightChange) != series(.fisher))
  }

  @Test("say of every budget that nothing fits where no step is quick enough, and survive being read")
  func tooSlow() throws {
    var questions = questions()
    questions[1].request.maximumStepSeconds = 1e-12
    let sweep = try SweepRun(questions)(jobs: 1).sweep
    #expect(sweep.points(of: 0).allSatisfy { $0.plan != nil })
    #expect(sweep.points(of: 1).count == 3)
    #expect(sweep.points(of: 1).allSatisfy { $0.plan == nil && $0.smallestFeasibleBudgetBytes == nil })
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "s.json").path
      try PlanFile.write(sweep, to: path)
      #expect(try Sweep.read(path) == sweep)
    }
  }

  @Test("refuse a file whose points are not what its series ask")
  func damaged() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "s.json").path
      let sound = try shards(2, of: questions())[1].sweep
      let edits: [(inout Sweep) -> Void] = [
        { $0.points.removeLast() }, { $0.points.swapAt(0, 1) }, { $0.points[0].budgetBytes += 1 },
        { $0.points[0].plan = nil }, { $0.points[0].plan?.objective = 2 }, { $0.series[0].budgetsBytes = [] },
        { $0.points[0].series = 9 },
      ]
      for (index, edit) in edits.enumerated() {
        var sweep = sound
        edit(&sweep)
        try PlanFile.write(sweep, to: path)
        #expect(throws: PlanError.self, "edit \(index)") { try Sweep.read(path) }
      }
      let text = String(decoding: try PlanFile.encode(sound), as: UTF8.self)
      for shard in ["\"count\" : 0", "\"count\" : -1", "\"count\" : 1"] {
        try Data(text.replacing("\"count\" : 2", with: shard).utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: PlanError.self, "\(shard)") { try Sweep.read(path) }
      }
    }
  }

  @Test("refuse a file with a value that no point can have, and say which of which point")
  func impossible() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appending(path: "s.json").path
      // Three points without a device, three with one.
      let sound = try SweepRun(questions())(jobs: 1).sweep
      func message(_ index: Int, _ edit: (inout SweepPoint) -> Void) throws -> String {
        var sweep = sound
        edit(&sweep.points[index])
        try PlanFile.write(sweep, to: path)
        let error = #expect(throws: PlanError.self) { try Sweep.read(path) }
        return try #require(error).description
      }
      let edits: [(String, (inout SweepPoint.Summary) -> Void)] = [
        ("peak_bytes: -1", { $0.peakBytes = -1 }), ("peak_bytes: \(Int.max)", { $0.peakBytes = .max }),
        ("arena_bytes: -1", { $0.arenaBytes = -1 }), ("mapped_bytes: \(Int.max)", { $0.mappedBytes = .max }),
        ("trainable_parameters: -5", { $0.trainableParameters = -5 }),
        ("trainable_parameters: \(Int.max)", { $0.trainableParameters = .max }),
        ("objective: -0.5", { $0.objective = -0.5 }), ("objective: 2.0", { $0.objective = 2 }),
        ("bound: -1e+308", { $0.bound = -1e308 }), ("bound: 1.5", { $0.bound = 1.5 }),
        ("bound: 0.0", { $0.bound = 0 }),
      ]
      for (words, edit) in edits {
        let said = try message(1) { point in
          if var plan = point.plan {
            edit(&plan)
            point.plan = plan
          }
        }
        #expect(said.contains("points: number 2: \(words)"), "\(said)")
      }
      #expect(
        try message(2) { $0.plan?.estimatedStepSeconds = 1 }
          .contains("number 3: estimated_step_seconds: 1.0, where there is no device"))
      #expect(
        try message(4) { $0.plan?.estimatedStepSeconds = nil }
          .contains("number 5: estimated_step_seconds is missing"))
      #expect(
        try message(4) { $0.plan?.estimatedStepSeconds = -1 }
          .contains("number 5: estimated_step_seconds: -1.0 is no time"))
      #expect(
        try message(0) { ($0.plan, $0.smallestFeasibleBudgetBytes) = (nil, -1) }
          .contains("number 1: smallest_feasible_budget_bytes: -1"))
    }
  }

  @Test("name every plan file differently and harmlessly")
  func names() throws {
    var odd = questions(points: 2)
    for index in odd.indices { odd[index].request.modelName = "../näme, \"x\"" }
    let sweep = try SweepRun(odd)(jobs: 1).sweep
    let names = sweep.points.map(sweep.planFileName)
    #expect(Set(names).count == 4)
    #expect(names[0] == "1_..-n-me---x-_\(sweep.points[0].budgetBytes).json")
    #expect(names[3] == "4_..-n-me---x-_board_90000.json")
  }
}

@Suite("Shards")
struct ShardTests {
  @Test("of every count share out the points, each to one")
  func partition() throws {
    for count in 1...9 {
      let shards = try (1...count).map { try #require(Shard($0, of: count)) }
      for number in 1...30 { #expect(shards.count { $0.contains(number) } == 1) }
    }
  }

  @Test("are written as i/n", arguments: ["1/1", "2/8", "8/8"])
  func text(text: String) { #expect(Shard(text)?.description == text) }

  @Test(
    "are nothing else", arguments: ["", "/", "1", "0/4", "5/4", "1/0", "-1/4", "1/2/3", "a/b", "1/2000000"])
  func wrong(text: String) { #expect(Shard(text) == nil) }
}

@Suite("Concurrent maps")
struct ConcurrentMapTests {
  private struct Failure: Error, Equatable { let element: Int }

  @Test("keep the order and count what is done")
  func order() throws {
    for jobs in [1, 2, 5] {
      var done: [Int] = []
      let squares = try concurrentMap(Array(0..<100), jobs: jobs, progress: { done.append($0) }) { $0 * $0 }
      #expect(squares == (0..<100).map { $0 * $0 } && done == Array(1...100))
    }
    #expect(try concurrentMap([Int](), jobs: 3, progress: { _ in }) { $0 }.isEmpty)
  }

  @Test("end with the error of an element")
  func failure() {
    #expect(throws: Failure(element: 7)) {
      try concurrentMap(Array(0..<50), jobs: 4, progress: { _ in }) { element in
        if element == 7 { throw Failure(element: element) }
      }
    }
  }
}
