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
    Interruption.install()
    let arguments = Array(CommandLine.arguments.dropFirst())
    exit(LeanVerb.run(arguments) ?? CommandRunner.run(arguments))
  }
}
