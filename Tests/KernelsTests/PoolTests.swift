import Foundation
import Kernels
import Testing

@Suite("The thread pool")
struct PoolTests {
  @Test("a pool of no threads, or of more than the system has, is refused with what to do")
  func refused() {
    #expect(throws: KernelError.threadsUnavailable(requested: 0, code: EINVAL)) {
      try KernelContext(threads: 0)
    }
    #expect(throws: KernelError.threadsUnavailable(requested: -1, code: EINVAL)) {
      try KernelContext(threads: -1)
    }
    #expect(throws: KernelError.threadsUnavailable(requested: .max, code: EAGAIN)) {
      try KernelContext(threads: .max)
    }
    let error = KernelError.threadsUnavailable(requested: 0, code: EINVAL)
    #expect(
      error.description == "cannot start 0 kernel threads: Invalid argument; ask for fewer threads, at least 1")
  }

  @Test("pools come and go, used or not")
  func lifecycle() throws {
    for round in 0..<50 {
      let context = try KernelContext(threads: 1 + round % 4)
      guard round % 3 != 0 else { continue }
      let x = Buffer(count: 10_000)
      context.fill(count: 10_000, with: Float(round), x: x.pointer)
      #expect(x.values.allSatisfy { $0 == Float(round) })
    }
  }

  @Test("every element of a range is visited, whatever the range and the number of threads")
  func coverage() throws {
    for threads in 1...5 {
      let context = try KernelContext(threads: threads)
      for count in stride(from: 4000, through: 50_000, by: 1999) {
        let x = Buffer(count: count)
        context.fill(count: count, with: 2, x: x.pointer)
        #expect(x.values.allSatisfy { $0 == 2 }, "\(count) elements, \(threads) threads")
      }
    }
  }

  @Test("callers on several threads take turns")
  func concurrentCallers() async throws {
    let context = try KernelContext(threads: 3)
    let sums = await withTaskGroup(of: Bool.self) { group in
      for caller in 0..<8 {
        group.addTask {
          let x = Buffer(count: 20_000, of: 0)
          for _ in 0..<50 { context.add(count: 20_000, alpha: 0, x: x.pointer, y: x.pointer) }
          for _ in 0..<10 { context.fill(count: 20_000, with: Float(caller), x: x.pointer) }
          return x.values.allSatisfy { $0 == Float(caller) }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(sums == [Bool](repeating: true, count: 8))
  }

  #if os(Linux)
    // In a process of its own, where no other test allocates.
    @Test("after the warm-up, products of any shape leave resident memory where it was", arguments: [1, 2, 3])
    func residentMemory(threads: Int) async {
      await #expect(processExitsWith: .success) { [threads] in
        let context = try KernelContext(threads: threads)
        try context.warmUp()
        let largest = 1000 * 1600
        let (a, b, c) = (
          Buffer(count: largest, of: 1), Buffer(count: largest, of: 1), Buffer(count: largest, of: 1)
        )
        func multiply(_ m: Int, _ n: Int, _ k: Int) {
          for order in 0..<4 {
            let (transposeA, transposeB) = (order & 1 != 0, order & 2 != 0)
            context.gemm(
              transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, a: a.pointer,
              lda: transposeA ? m : k, b: b.pointer, ldb: transposeB ? k : n, c: c.pointer, ldc: n)
          }
        }
        multiply(1, 1, 1)
        _ = anonymousPages()  // the first call sets up Foundation
        let before = anonymousPages()
        for m in [1, 33, 100, 512, 1000] {
          for n in [1, 33, 384, 1600] {
            for k in [1, 64, 768, 1000] { multiply(m, n, k) }
          }
        }
        let growth = anonymousPages() - before
        #expect(growth <= 4, "anonymous memory grew by \(growth) pages")
      }
    }
  #endif
}

/// Resident anonymous pages of this process: resident less file-backed ones, which are the libraries' code, of
/// /proc/self/statm (proc_pid_statm(5)).
private func anonymousPages() -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  let fields = text.split(separator: " ").compactMap { Int($0) }
  return fields.count > 2 ? fields[1] - fields[2] : -1
}
