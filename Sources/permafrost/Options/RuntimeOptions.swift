import ArgumentParser
import Devices
import Graph
import Reporting
import Steps
import TrainerModels
import Training
import Units

/// Where the process's own share of the memory comes from.
struct RuntimeOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Resident bytes of the training program itself, instead of measuring them, or of what is known of PyTorch's; for answers that must not vary.",
      valueName: "bytes"),
    transform: Accepted.runtime)
  var runtime: Int?

  /// The share given, or what is known of the trainer's process: of this program's own the device profile's figure, or what it has
  /// resident here.
  ///
  /// - Parameter isPlanned: whether to leave room for the measurement to come out higher another time.
  /// - Throws: `RuntimeProbeError` where measuring failed.
  func share(
    of trainer: TrainerModel = .permafrost, on device: DeviceProfile?, _ graph: EncoderGraph, _ recipe: Recipe,
    isPlanned: Bool = true
  ) throws -> RuntimeShare {
    if let runtime { return RuntimeShare(bytes: runtime, source: .given) }
    if trainer != .permafrost { return RuntimeShare(bytes: trainer.defaultProcessBytes, source: .trainer) }
    if let bytes = device?.runtimeBytes { return RuntimeShare(bytes: bytes, source: .profile) }
    do {
      let bytes = try RuntimeMeasurement.residentBytes(
        graph, recipe, executable: OwnExecutable.path, times: isPlanned ? 3 : 1)
      return isPlanned ? .planned(measured: bytes) : RuntimeShare(bytes: bytes, source: .measured)
    } catch WorkerError.interrupted {
      throw RuntimeProbeError.interrupted
    } catch {
      throw RuntimeProbeError.failed("\(error)")
    }
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
      "the program's own memory could not be measured: \(reason); give the bytes with --runtime"
    case .interrupted: "interrupted"
    }
  }
}
