import Foundation
import Steps
import Tasks
import TestSupport
import Testing

@testable import Training

@Suite("Checkpoints of a run")
struct RunCheckpointTests {
  @Test("a run goes on from one to the same losses and state, bit for bit", arguments: Optimizer.allCases)
  func goesOn(optimizer: Optimizer) throws {
    try withTemporaryDirectory { url in
      let directory = url.path
      let path = directory + "/run"
      let whole = try RunFixture(optimizer)
      var history = RunHistory(steps: 8)
      try whole.train(&history, to: 3)
      history.append(scores: [Score(metric: .accuracy, value: 1.0 / 3)])
      try whole.write(history, to: path)
      try whole.train(&history, to: 8)

      let rest = try RunFixture(optimizer)
      var resumed = RunHistory(steps: 8)
      let checkpoint = try RunCheckpoint(opening: path)
      try checkpoint.require(rest.manifest)
      try checkpoint.restore(&resumed, parts: rest.engine.persistentBytes)
      #expect(resumed.step == 3)
      try rest.train(&resumed, to: 8)
      #expect(resumed.losses.map(\.bitPattern) == history.losses.map(\.bitPattern))
      #expect(Set(resumed.losses).count == 8)
      #expect(resumed.summary == history.summary)
      #expect(rest.state == whole.state)
    }
  }

  @Test("what is written is what steps change: each trained tensor once, and its optimizer state")
  func parts() throws {
    let fixture = try RunFixture(.adamw)
    let names = fixture.manifest.parts.map(\.name)
    #expect(Set(names).count == names.count && names.count % 3 == 0)
    #expect(names.allSatisfy { !$0.contains("weight.frozen") })
    #expect(names.contains { $0.hasSuffix("1.output.dense.weight.learners.state1") })
    let before = fixture.state
    var history = RunHistory(steps: 8)
    try fixture.train(&history, to: 2)
    for (name, (old, new)) in zip(names, zip(before, fixture.state)) {
      // Keys' biases shift all of a softmax's inputs alike: their gradient is zero but for rounding.
      if !name.contains("key.bias") { #expect(old != new, "\(name)") }
    }
  }

  @Test("a file that was cut anywhere, or of which any byte was changed, is refused")
  func damaged() throws {
    try withTemporaryDirectory { url in
      let directory = url.path
      let path = directory + "/run"
      let fixture = try RunFixture(.sgdMomentum)
      var history = RunHistory(steps: 8)
      try fixture.train(&history, to: 2)
      try fixture.write(history, to: path)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      func refusal(_ data: Data) throws -> RunCheckpointError? {
        try data.write(to: URL(fileURLWithPath: path))
        do {
          var history = RunHistory(steps: 8)
          let checkpoint = try RunCheckpoint(opening: path)
          try checkpoint.require(fixture.manifest)
          try checkpoint.restore(&history, parts: fixture.engine.persistentBytes)
          return nil
        } catch let error as RunCheckpointError {
          #expect(error.exitStatus == .malformedInput && !error.description.contains("\n"))
          return error
        }
      }
      #expect(try refusal(whole) == nil)
      // Every byte of the head and the descriptions would be too many; of the rest, some of every kind.
      let positions = Array(0..<40) + Array(stride(from: 40, to: whole.count, by: 307)) + [whole.count - 1]
      for position in positions {
        #expect(try refusal(whole.prefix(position)) != nil, "cut to \(position) bytes")
        var changed = whole
        changed[position] ^= 0x04
        #expect(try refusal(changed) != nil, "byte \(position) of \(whole.count) changed")
      }
      #expect(try refusal(whole + Data([0])) != nil)
    }
  }

  @Test("lengths that no file has are refused, not computed with")
  func absurdLengths() throws {
    try withTemporaryDirectory { url in
      let directory = url.path
      let path = directory + "/run"
      for length in [UInt64.max, UInt64(Int.max), 1 << 40] {
        var data = Data("PFRUN".utf8) + Data([0, 0, 1])
        for _ in 0..<2 { withUnsafeBytes(of: length.littleEndian) { data.append(contentsOf: $0) } }
        try data.write(to: URL(fileURLWithPath: path))
        #expect(throws: RunCheckpointError.damaged(path: path, reason: "it ends early")) {
          try RunCheckpoint(opening: path)
        }
      }
    }
  }

  @Test("writing leaves the old file where it fails, and nothing half written")
  func failedWriting() throws {
    try withTemporaryDirectory { url in
      let directory = url.path
      let path = directory + "/run"
      let fixture = try RunFixture(.sgd)
      try fixture.write(RunHistory(steps: 8), to: path)
      struct Failure: Error {}
      do {
        let file = try SettledFile(path)
        try [UInt8](repeating: 1, count: 3 << 20).withUnsafeBytes { try file.append($0) }
        throw Failure()
      } catch is Failure {}
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["run"])
      #expect(try RunCheckpoint(opening: path).manifest == fixture.manifest)
    }
  }

  @Test("a run that differs in anything that decides its losses is another run, and is told in what")
  func otherRuns() throws {
    let manifest = try RunFixture(.adamw).manifest
    func difference(_ change: (inout RunManifest) -> Void) -> String? {
      var other = manifest
      change(&other)
      return manifest.difference(to: other)
    }
    #expect(difference { _ in } == nil)
    #expect(difference { $0.origin.plan = "" } == "plan")
    #expect(difference { $0.origin.weights = "" } == "model")
    #expect(difference { $0.origin.trainingData = nil } == "training data")
    #expect(difference { $0.origin.evaluationData = "" } == "evaluation data")
    #expect(difference { $0.settings.steps = 9 } == "number of steps (8, not 9)")
    #expect(difference { $0.settings.seed = 6 } == "seed (5, not 6)")
    #expect(difference { $0.settings.schedule = .cosine } == "schedule (linear, not cosine)")
    #expect(difference { $0.settings.learningRate = 1 } == "learning rate (0.01, not 1.0)")
    #expect(difference { $0.settings.warmup = 0 } == "warm-up (0.1, not 0.0)")
    #expect(difference { $0.settings.weightDecay = 0 } == "weight decay (0.01, not 0.0)")
    #expect(difference { $0.settings.evaluateEvery = 2 } == "evaluation interval (0, not 2)")
    #expect(difference { $0.settings.keeping = .best } == "choice of weights to keep (last, not best)")
    #expect(difference { $0.parts[1].bytes += 64 } == "version of the program")
  }
}
