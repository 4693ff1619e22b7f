import ArgumentParser

@main
struct Permafrost: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Plans what to fine-tune and what to freeze so that training fits a device's memory.")
}
