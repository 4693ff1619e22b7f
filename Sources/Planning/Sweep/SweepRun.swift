/// What a series of a sweep is asked.
public struct SweepQuestion: Sendable {
  /// The question for every budget; its own budget, device and time limit count for nothing.
  public var request: PlanRequest
  public var budgets: BudgetSpread

  public init(_ request: PlanRequest, budgets: BudgetSpread) {
    self.request = request
    self.budgets = budgets
  }
}

/// Carries a sweep out.
public struct SweepRun: Sendable {
  private let questions: [SweepQuestion]
  private let grid: [SweepPoint]
  let series: [Sweep.Series]
  private let shard: Shard

  /// Lays the grid out.
  ///
  /// - Throws: ``PlanError`` when a recipe or scores do not fit their model.
  public init(_ questions: [SweepQuestion], shard: Shard = .whole) throws {
    for question in questions { try question.request.validate() }
    // One for all, which bounds what is kept, and lets devices share a model's steps.
    let templates = TemplateCache()
    self.questions = questions.map { question in
      var question = question
      question.request.templates = templates
      return question
    }
    self.shard = shard
    series = try questions.map { try Sweep.Series($0) }
    let budgets = series.enumerated().flatMap { index, series in series.budgetsBytes.map { (index, $0) } }
    grid = zip(1..., budgets).map { SweepPoint(number: $0, series: $1.0, budgetBytes: $1.1) }
      .filter { shard.contains($0.number) }
  }

  /// Points to compute.
  public var pointCount: Int { grid.count }

  /// Plans every point of the shard.
  ///
  /// Cancelled by its requests' cancellation, it is the sweep of the budgets that are done by then alone; a shard would be no part of any
  /// sweep then.
  ///
  /// - Parameters:
  ///   - jobs: how many points at once, at most; decides nothing but the time.
  ///   - progress: called with the number of points done, by one thread at a time.
  /// - Returns: the sweep, and the plan of every feasible point in the sweep's order.
  /// - Throws: what ``Planner/plan()`` does; ``PlanError/interrupted`` where it is cancelled before there is a point, or is a shard.
  public func callAsFunction(
    jobs: Int, progress: (Int) -> Void = { _ in }
  ) throws -> (sweep: Sweep, plans: [Plan]) {
    let answers = try concurrentMap(grid, jobs: jobs, progress: progress, answer)
    let sweep = Sweep(shard: shard, series: series, points: answers.map(\.point))
    let plans = answers.compactMap(\.plan)
    if answers.count == grid.count { return (sweep, plans) }
    guard shard.isWhole, !answers.isEmpty else { throw PlanError.interrupted }
    return (sweep.narrowed, plans)
  }

  /// - Returns: nil where it was cancelled: its search ended early, and what it found depends on when.
  private func answer(_ point: SweepPoint) throws -> (point: SweepPoint, plan: Plan?)? {
    let question = questions[point.series]
    var request = question.request
    request.budgetBytes = point.budgetBytes
    // A plan that names a device is for all that the device has.
    request.device = request.profile.flatMap { $0.budgetBytes == point.budgetBytes ? $0.identifier : nil }
    // Searches end by nodes alone, because time depends on the machine and on what else it does.
    request.options.timeLimit = nil
    var point = point
    let outcome: Planner.Outcome
    do {
      outcome = try Planner(request).plan()
    } catch PlanError.interrupted {
      return nil
    }
    if request.isCancelled { return nil }
    switch outcome {
    case .infeasible(let reason):
      point.smallestFeasibleBudgetBytes = reason.smallestFeasibleBudgetBytes
      return (point, nil)
    case .plan(let plan):
      point.plan = SweepPoint.Summary(plan)
      return (point, plan)
    }
  }
}

extension Sweep.Series {
  fileprivate init(_ question: SweepQuestion) throws {
    let request = question.request
    self.init(
      model: request.modelName, modelIdentity: request.modelIdentity, device: request.profile?.identifier,
      deviceIdentity: try request.profile.map(PlanFile.identity(of:)), task: request.task,
      trainer: request.trainer,
      trainerOptions: request.trainer == .permafrost ? nil : request.trainerOptions,
      target: request.target?.name, recipe: request.recipe,
      alternatives: request.alternatives, pins: request.pins, maximumStepSeconds: request.maximumStepSeconds,
      halfTimeWorth: request.halfTimeWorth,
      scores: request.scores.origin,
      scoresIdentity: request.scores.origin == .prior ? nil : try PlanFile.identity(of: request.scores),
      scoreMetric: request.scores.origin == .prior ? nil : request.scores.metric,
      mappedFree: request.mappedFree, runtimeBytes: request.runtimeBytes,
      budgetsBytes: question.budgets.budgets(for: request))
  }
}
