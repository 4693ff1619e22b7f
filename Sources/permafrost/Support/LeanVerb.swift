/// Verbs whose process is measured: they run before anything is touched that training does not need, the parser of
/// command lines among it.
enum LeanVerb {
  /// Runs the verb that the arguments name, if it is one of these.
  ///
  /// - Returns: the exit code; nil leaves the arguments to the parser.
  static func run(_ arguments: [String]) -> Int32? {
    switch arguments.first {
    case RuntimeProbe.name: RuntimeProbe.run(arguments.dropFirst())
    default: nil
    }
  }
}
