import ArgumentParser
import Devices
import Reporting

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "Lists device profiles, or shows one with its sources.")

  @Argument(help: "A device's name, or a path to a profile of your own that ends in .yaml.")
  var name: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    if let name {
      try output.print(DeviceReport(DeviceCatalogue.load(nameOrPath: name)))
    } else {
      try output.print(DeviceListReport(DeviceCatalogue.builtIn()))
    }
  }
}
