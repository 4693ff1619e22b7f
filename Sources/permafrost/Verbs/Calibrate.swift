import ArgumentParser
import Calibration
import Checkpoints
import Devices
import Files
import Foundation
import Graph
import Reporting
import Steps
import Training
import Units

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Measures this machine into a device profile, by which estimates predict times here.",
    discussion: """
      Runs small training steps for some 20 seconds and measures every kind of kernel, the memory, the storage and the program's own \
      share of memory. Waiting for a processor is left out of the times; even so, it is best done while nothing else runs.
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Where to write the profile (.yaml); by default it is the answer itself.", valueName: "file"))
  var out: String?

  @Option(help: ArgumentHelp("What to call the device (the processor's name).", valueName: "title"))
  var name: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Threads to measure with, and so the profile's cores (all).", valueName: "n"),
    transform: Accepted.count(Accepted.threads))
  var threads: Int?

  @Flag(help: "Small steps for a second only: a profile to try things out with, too rough to predict with.")
  var quick = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let out, !out.hasSuffix(".yaml"), !out.hasSuffix(".yml") {
      throw ValidationError(
        "'-o \(out)' would be no profile's name; accepted is a path that ends in .yaml or .yml")
    }
  }

  func run() throws {
    try CommandFiles(writes: [CommandOutput("-o", out, printing: "leave '-o' out")]).check()
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let machine = Machine()
    let calibrator = Calibrator(
      threads: threads, isQuick: quick,
      memoryBytes: (machine.availableMemoryBytes ?? machine.totalMemoryBytes) / 2)
    let progress = output.progress(total: 100, label: "calibrating")
    let load = OtherLoad()
    let result = try calibrator.measure { progress.advance(to: Int(100 * $0)) }
    let others = load.share()
    progress.finish()
    let directory = out.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
    let storage = try StorageMeasurement(
      in: directory ?? FileManager.default.temporaryDirectory, bytes: quick ? 4 << 20 : 64 << 20)
    let profile = CalibratedProfile(
      identifier: out.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }
        ?? "calibrated",
      title: name ?? machine.processor ?? "This machine", threads: threads, machine: machine, result: result,
      storage: storage, runtimeBytes: try runtimeBytes(threads), others: others, isQuick: quick
    ).profile
    let text = profile.yaml(comment: ["Written by permafrost calibrate."])
    if let out { try AtomicFile.write(text, to: out) }
    if let others, others > 0.1 {
      output.note(
        "other processes took \(Quantity.percent(others)) of the processors meanwhile; times may come out too long"
      )
    }
    try output.print(CalibrationReport(profile, yaml: text, file: out))
  }

  /// Of a model of BERT's size, whose step has as many kernels as most.
  private func runtimeBytes(_ threads: Int) throws -> Int {
    let graph = EncoderGraph(
      EncoderConfiguration(
        family: .bert, vocabularySize: 30522, hiddenSize: 768, feedForwardSize: 3072, layerCount: 12,
        headCount: 12))
    let bytes = try RuntimeMeasurement.residentBytes(
      graph, Recipe(batch: 8, sequence: 128, threads: threads), executable: OwnExecutable.path)
    return RuntimeShare.planned(measured: bytes).bytes
  }
}
