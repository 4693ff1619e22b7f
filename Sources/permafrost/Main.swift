#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@main
enum Main {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    // Children leave SIGINT as it is: the parent, which passes it on, does the talking.
    if let code = LeanVerb.run(arguments) { exit(code) }
    Interruption.install(answering: CommandRunner.answer(toInterruptionOf: arguments))
    exit(CommandRunner.run(arguments))
  }
}
