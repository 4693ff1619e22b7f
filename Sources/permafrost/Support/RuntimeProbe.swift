import Kernels
import Limits
import Reporting
import Units

/// What a training process has resident before its arena exists, found out by being one.
///
/// Runs by itself, in a process that `RuntimeShare` starts, and does what training does first: starts the kernels'
/// threads and has the BLAS touch all the memory that it will ever use.
enum RuntimeProbe {
  static let name = "runtime-probe"

  /// - Parameter arguments: `--threads N`.
  /// - Returns: the exit code.
  static func run(_ arguments: ArraySlice<String>) -> Int32 {
    guard arguments.count == 2, arguments.first == "--threads",
      let threads = arguments.last.flatMap({ Int($0) }),
      Accepted.threads.contains(threads)
    else {
      return fail("accepted is '\(name) --threads N', N from 1 to \(Accepted.threads.upperBound)", .usage)
    }
    do {
      let context = try KernelContext(threads: threads)
      try context.warmUp()
      let memory = try ProcessMemory.current()
      withExtendedLifetime(context) {}
      let json = """
        {"anonymous_bytes":\(memory.anonymous),"file_bytes":\(memory.file),\
        "resident_bytes":\(memory.resident),"threads":\(threads)}

        """
      return Terminal.standardOutput.write(json) == 0
        ? ExitStatus.success.rawValue : ExitStatus.unavailable.rawValue
    } catch {
      return fail("\(error)", .unavailable)
    }
  }

  private static func fail(_ reason: String, _ status: ExitStatus) -> Int32 {
    _ = Terminal.standardError.write("permafrost: error: \(reason)\n")
    return status.rawValue
  }
}
