import Foundation
import Tasks
import TestSupport
import Testing

@testable import Training

@Suite("A run's folder and history")
struct RunFolderTests {
  private func names(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  @Test("the newest step counts by number, whatever else lies there")
  func newest() throws {
    try withTemporaryDirectory { url in
      let directory = url.path
      let folder = RunFolder(directory)
      #expect(throws: RunCheckpointError.noCheckpoint(directory: directory)) { try folder.newest() }
      try folder.check(resumes: false)
      for name in [
        "step-9.checkpoint", "step-10.checkpoint", "step-11.checkpoint.partial", "step-x.checkpoint",
      ] {
        try Data().write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
      }
      #expect(try folder.newest() == "\(directory)/step-10.checkpoint")
      try folder.check(resumes: true)
      #expect(throws: RunCheckpointError.folderInUse(directory: directory, step: 10)) {
        try folder.check(resumes: false)
      }
      try folder.open()
      folder.removeAll(but: 10)
      #expect(try names(directory) == ["step-10.checkpoint", "step-x.checkpoint"])
    }
  }

  @Test("a folder is made where its parent is there")
  func making() throws {
    try withTemporaryDirectory { url in
      let directory = url.path
      try RunFolder(directory + "/new").open()
      #expect(try names(directory) == ["new"])
      #expect(throws: (any Error).self) { try RunFolder(directory + "/a/b").open() }
    }
  }

  @Test("the best evaluation has the highest headline metric, and is the first of equals")
  func best() {
    var history = RunHistory(steps: 4)
    #expect(history.best == nil)
    for value in [0.5, 0.75, 0.75, 0.25] {
      history.append(loss: value, examples: 1, tokens: 2)
      history.append(scores: [Score(metric: .accuracy, value: value), Score(metric: .f1, value: -value)])
    }
    #expect(history.best?.step == 2)
    #expect(history.evaluations.map(\.loss) == [0.5, 0.75, 0.75, 0.25])
  }

  @Test("the median is of the steps taken, the last thousand at most, and the rate of all of them")
  func clock() {
    var clock = StepClock()
    #expect(clock.medianSeconds == 0)
    for seconds in [3.0, 1, 2] { clock.append(seconds: seconds, tokens: 4) }
    #expect(clock.medianSeconds == 2 && clock.tokensPerSecond == 2)
    for _ in 0..<1000 { clock.append(seconds: 0.5, tokens: 0) }
    #expect(clock.medianSeconds == 0.5 && clock.steps == 1003)
  }

  #if os(Linux)
    @Test("resident bytes and the process's age are those that the kernel tells elsewhere")
    func figures() throws {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
      let kibibytes = try #require(Int(line.split(separator: " ")[1]))
      let resident = try #require(ProcessFigures.residentBytes)
      #expect(abs(resident - kibibytes << 10) < 64 << 20)
      let age = try #require(ProcessFigures.secondsSinceStart)
      let uptime = try String(contentsOfFile: "/proc/uptime", encoding: .utf8)
      let seconds = try #require(uptime.split(separator: " ").first.flatMap { Double($0) })
      #expect(age > 0 && age < seconds)
    }
  #endif
}
