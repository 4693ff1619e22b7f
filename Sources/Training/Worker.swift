import Foundation
import Limits
import Units

/// Both ends of a training process: the child that carries out a job file, and the parent that runs it and listens.
public enum Worker {
  /// The hidden verb that makes a process the child.
  public static let verb = "worker"

  /// How a job ended.
  public enum Outcome: Sendable {
    case finished(TrainingReport)
    /// As much as another trainer's process knows.
    case measured(TrainerFigures)
    /// What the runtime alone has resident.
    case runtime(bytes: Int)
    /// The memory limit stopped it.
    case didNotFit(reason: String, stage: String)
  }

  /// The child's side: carries out the job in a file, speaking JSON lines on standard output.
  ///
  /// - Returns: the status to exit with.
  public static func carryOut(jobFile: String) -> Int32 {
    func send(_ message: WorkerMessage) {
      guard var data = try? JSONEncoder().encode(message) else { return }
      data.append(UInt8(ascii: "\n"))
      FileHandle.standardOutput.write(data)
    }
    var stage = "starting"
    do {
      let data = try Data(contentsOf: URL(fileURLWithPath: jobFile))
      let job = try JSONDecoder().decode(TrainingJob.self, from: data)
      let trainer = Trainer(job) { message in
        if case .stage(let name) = message { stage = name }
        send(message)
      }
      if job.purpose == .measureRuntime {
        send(.runtime(residentBytes: try trainer.measureRuntime()))
      } else {
        send(.finished(try trainer.run()))
      }
      return ExitStatus.success.rawValue
    } catch LimitError.reservationRefused(let bytes, _) {
      send(.reservationRefused(bytes: bytes, stage: stage))
      return ChildProcess.reservationRefusedCode
    } catch LimitError.budgetBelowBaseline(_, let baseline, _) {
      send(.reservationRefused(bytes: baseline, stage: "starting the runtime"))
      return ChildProcess.reservationRefusedCode
    } catch let error as any UserFacingError {
      send(.failed(message: "\(error)", exitStatus: error.exitStatus.rawValue))
      return error.exitStatus.rawValue
    } catch {
      send(.failed(message: "\(error)", exitStatus: ExitStatus.internalError.rawValue))
      return ExitStatus.internalError.rawValue
    }
  }

  /// The parent's side: runs a job in a child of its own, under a limit if one is given.
  ///
  /// - Parameters:
  ///   - executable: this program; it is started with ``verb`` and the job file's path.
  ///   - onMessage: called with stages and progress as they come.
  /// - Throws: `WorkerError` when the child reports a mistake, is interrupted or is lost.
  public static func run(
    _ job: TrainingJob, executable: String, directory: URL, limit: LimitPlan? = nil,
    onMessage: (WorkerMessage) -> Void
  ) throws -> Outcome {
    let file = directory.appendingPathComponent("job.json")
    try JSONEncoder().encode(job).write(to: file, options: .atomic)
    return try listen(
      to: executable, arguments: [verb, file.path], environment: nil, limit: limit, onMessage: onMessage)
  }

  /// Runs a training process of any trainer that speaks as ``carryOut(jobFile:)`` does, and listens.
  ///
  /// - Parameters:
  ///   - executable: a path; lines of its standard output that are no message are passed over.
  ///   - environment: nil for this process's own.
  /// - Throws: `WorkerError` as ``run(_:executable:directory:limit:onMessage:)`` does, `ChildProcessError`.
  public static func listen(
    to executable: String, arguments: [String], environment: [String: String]?, limit: LimitPlan?,
    onMessage: (WorkerMessage) -> Void
  ) throws -> Outcome {
    var stage = "starting"
    var result: Outcome?
    var failure: WorkerError?
    var refusal: String?
    let outcome = try ChildProcess.run(
      executable: executable, arguments: arguments, environment: environment, limit: limit
    ) { line in
      guard let message = try? JSONDecoder().decode(WorkerMessage.self, from: Data(line.utf8)) else { return }
      switch message {
      case .stage(let name): stage = name
      case .finished(let report): result = .finished(report)
      case .measured(let figures): result = .measured(figures)
      case .runtime(let bytes): result = .runtime(bytes: bytes)
      case .failed(let message, let status):
        failure = .failed(message: message, exitStatus: ExitStatus(rawValue: status) ?? .internalError)
      case .reservationRefused(let bytes, let at):
        stage = at
        refusal = "the system refused to reserve " + (bytes > 0 ? ByteCount.format(bytes) : "memory")
      case .progress: break
      }
      onMessage(message)
    }
    switch outcome.ending {
    case .stoppedByMemoryLimit(let evidence): return .didNotFit(reason: refusal ?? "\(evidence)", stage: stage)
    case .interrupted:
      // It may have been as good as done, or have had time to say what it kept.
      if let result { return result }
      throw failure ?? .interrupted
    case .exited, .signalled:
      if let result { return result }
      throw failure ?? .lost(how: "\(outcome.ending)", stage: stage)
    }
  }
}

/// Why a training process gave no report.
public enum WorkerError: UserFacingError, Equatable {
  /// It said what was wrong.
  case failed(message: String, exitStatus: ExitStatus)
  case interrupted
  case lost(how: String, stage: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .failed(_, let status): status
    case .interrupted: .interrupted
    case .lost: .internalError
    }
  }

  public var description: String {
    switch self {
    case .failed(let message, _): message
    case .interrupted: "interrupted"
    case .lost(let how, let stage): "the training process \(how) while \(stage); this is a fault of the program"
    }
  }
}
