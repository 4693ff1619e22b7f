import Limits
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs of `limits-probe`, the child that uses memory as it is told.
struct Probe {
  var outcome: ChildOutcome
  var lines: [String]

  static func run(_ arguments: [String], limit: LimitPlan? = nil, onLine: (String) throws -> Void = { _ in })
    throws
    -> Probe
  {
    var lines: [String] = []
    let outcome = try ChildProcess.run(executable: path, arguments: arguments, limit: limit) { line in
      lines.append(line)
      try onLine(line)
    }
    return Probe(outcome: outcome, lines: lines)
  }

  /// What the probe said under a name.
  func text(_ name: String) -> String? {
    lines.first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
  }

  func number(_ name: String) -> Int? { text(name).flatMap { Int($0) } }

  /// The probe lies beside the program that runs the tests.
  static var path: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let own = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return own.prefix(through: own.lastIndex(of: "/") ?? own.startIndex) + "limits-probe"
  }
}

/// What keeps a mechanism from being used here, found out once.
enum Available {
  static let controlGroupV2 = LimitMechanism.controlGroupV2.obstacle()
  static let controlGroupV1 = LimitMechanism.controlGroupV1.obstacle()
  /// The best kind of control group, or nil.
  static let controlGroup: LimitMechanism? =
    controlGroupV2 == nil ? .controlGroupV2 : controlGroupV1 == nil ? .controlGroupV1 : nil

  static func reason(_ obstacle: LimitError?) -> String { obstacle.map { "\($0)" } ?? "available" }
}

/// Whether a process is there and has not ended: a zombie has.
func isRunning(_ pid: pid_t) -> Bool {
  guard kill(pid, 0) == 0, let file = fopen("/proc/\(pid)/stat", "r") else { return false }
  defer { fclose(file) }
  var buffer = [CChar](repeating: 0, count: 512)
  let count = fread(&buffer, 1, buffer.count, file)
  let text = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  // 4242 (sleep) S 1 …
  return text.split(separator: ")").last?.split(separator: " ").first != "Z"
}

/// Waits for something that the kernel does in its own time; gives up after ten seconds.
func eventually(_ condition: () -> Bool) -> Bool {
  for _ in 0..<1000 {
    if condition() { return true }
    usleep(10_000)
  }
  return condition()
}

/// Writes a file of ones beside the test program, on storage: pages of tmpfs could not be dropped, only swapped
/// out.
func writeFile(_ path: String, bytes: Int) throws {
  let descriptor = open(path, O_CREAT | O_TRUNC | O_RDWR, 0o600)
  try #require(descriptor >= 0)
  defer { close(descriptor) }
  let ones = [UInt8](repeating: 1, count: bytes)
  try #require(write(descriptor, ones, bytes) == bytes)
  try #require(fsync(descriptor) == 0)
}

let mebibyte = 1 << 20
