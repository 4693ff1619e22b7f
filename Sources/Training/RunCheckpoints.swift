import Engine
import Foundation
import Steps

/// When a run writes checkpoints, what is in them, and which one it began from.
struct RunCheckpoints {
  let folder: RunFolder
  /// The checkpoint to go on from.
  let resumed: RunCheckpoint?
  private let every: Int
  private let manifest: RunManifest
  private let encodedManifest: Data

  /// Opens the folder, and the newest checkpoint where the run is to go on.
  ///
  /// Belongs to the runtime's own share: what is allocated here is there before the arena.
  /// - Throws: `RunCheckpointError` where there is nothing to go on from or it is of another run, `FileError`.
  init(_ checkpoints: TrainingJob.Checkpoints, _ settings: TrainingSettings, _ program: StepProgram) throws {
    folder = RunFolder(checkpoints.directory)
    every = checkpoints.every
    manifest = RunManifest(
      origin: checkpoints.origin, settings: settings,
      parts: program.persistentBuffers.map { RunManifest.Part(name: $0.name, bytes: $0.bytes) })
    encodedManifest = try RunCheckpoint.encode(manifest)
    try folder.check(resumes: checkpoints.resumes)
    resumed = checkpoints.resumes ? try RunCheckpoint(opening: folder.newest()) : nil
    try resumed?.require(manifest)
    try folder.open()
  }

  func isDue(_ step: Int) -> Bool { step % every == 0 }

  /// Writes the run as it is; only then are the checkpoints of other steps removed.
  ///
  /// Does nothing where this step's is there already.
  func write(_ history: RunHistory, _ engine: Engine) throws {
    let file = folder.file(step: history.step)
    guard history.step > 0, access(file, F_OK) != 0 else { return }
    try RunCheckpoint.write(
      to: file, manifest: encodedManifest, history: history, parts: engine.persistentBytes)
    folder.removeAll(but: history.step)
  }

  /// Writes the run as its best evaluation left it.
  func writeBest(_ history: RunHistory, _ engine: Engine) throws {
    try RunCheckpoint.write(
      to: folder.bestFile, manifest: encodedManifest, history: history, parts: engine.persistentBytes)
  }

  /// Puts the best evaluation's weights back into the engine.
  ///
  /// - Throws: `RunCheckpointError` where the file is not of this run and that step.
  func restoreBest(_ best: Evaluation, _ engine: Engine) throws {
    let checkpoint = try RunCheckpoint(opening: folder.bestFile)
    try checkpoint.require(manifest)
    guard checkpoint.summary.step == best.step else {
      throw RunCheckpointError.damaged(
        path: folder.bestFile, reason: "of step \(checkpoint.summary.step), \(best.step) expected")
    }
    var history = RunHistory(steps: best.step)
    try checkpoint.restore(&history, parts: engine.persistentBytes)
  }
}
