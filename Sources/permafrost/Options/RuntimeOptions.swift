import ArgumentParser
import Devices
import Foundation
import Limits
import Reporting
import Units

/// Where the process's own share of the memory comes from.
struct RuntimeOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Resident bytes of the program itself, instead of measuring them; for answers that must not vary.",
      valueName: "bytes"),
    transform: ByteCount.parse)
  var runtime: Int?

  /// The share given, or the device profile's figure, or what a process like the training one has resident here.
  ///
  /// - Parameter isPlanned: whether to leave room for the measurement to come out higher another time.
  /// - Throws: `RuntimeProbeError` where measuring failed.
  func share(on device: DeviceProfile?, threads: Int, isPlanned: Bool = true) throws -> RuntimeShare {
    if let runtime { return RuntimeShare(bytes: runtime, source: .given) }
    if let bytes = device?.runtimeBytes { return RuntimeShare(bytes: bytes, source: .profile) }
    let bytes = try Self.measure(threads: threads)
    return isPlanned ? .planned(measured: bytes) : RuntimeShare(bytes: bytes, source: .measured)
  }

  private struct Answer: Decodable {
    let residentBytes: Int
  }

  private static func measure(threads: Int) throws -> Int {
    var lines: [String] = []
    let outcome = try ChildProcess.run(
      executable: OwnExecutable.path, arguments: [RuntimeProbe.name, "--threads", "\(threads)"]
    ) { lines.append($0) }
    if case .interrupted = outcome.ending { throw RuntimeProbeError.interrupted }
    guard outcome.ending == .exited(code: 0) else { throw RuntimeProbeError.failed("\(outcome.ending)") }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let line = lines.first, let answer = try? decoder.decode(Answer.self, from: Data(line.utf8)) else {
      throw RuntimeProbeError.failed("gave no answer")
    }
    return answer.residentBytes
  }
}

/// Why the process's own share is not known.
enum RuntimeProbeError: UserFacingError, Equatable {
  case failed(String)
  case interrupted

  var exitStatus: ExitStatus { self == .interrupted ? .interrupted : .internalError }

  var description: String {
    switch self {
    case .failed(let reason):
      "the process that measures the program's own memory \(reason); give the bytes with --runtime"
    case .interrupted: "interrupted"
    }
  }
}
