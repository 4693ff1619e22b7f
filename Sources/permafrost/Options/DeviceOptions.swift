import ArgumentParser
import Devices
import Reporting
import Units

/// How much memory there is.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A device's name ('permafrost devices'), or a path to a profile of your own.", valueName: "name|file"))
  var device: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Bytes that the process may use, instead of a device: 350MiB.", valueName: "bytes"),
    transform: Accepted.budget)
  var budget: Int?

  @Flag(help: "Clean pages of mapped weights cost nothing: the system can drop them and read them again.")
  var mappedFree = false

  func validate() throws {
    if device != nil, budget != nil {
      throw ValidationError("'--device' and '--budget' exclude each other; give one")
    }
  }

  /// - Throws: `DeviceError`.
  func profile() throws -> DeviceProfile? { try device.map { try DeviceCatalogue.load(nameOrPath: $0) } }

  /// The budget that the options give, or nil where they give none.
  func budget(on profile: DeviceProfile?) -> Budget? {
    if let profile { return Budget(on: profile, mappedFree: mappedFree) }
    return budget.map { Budget(bytes: $0, mappedFree: mappedFree) }
  }
}
