#if canImport(Darwin)
  import Foundation
#endif

/// The program that is running, for starting it again as a child.
enum OwnExecutable {
  static var path: String {
    #if canImport(Darwin)
      Bundle.main.executablePath ?? CommandLine.arguments[0]
    #else
      // Resolved by the kernel in the child, so it is this very program even if the file was replaced or moved.
      "/proc/self/exe"
    #endif
  }
}
