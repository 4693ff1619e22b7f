internal import CKernels

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The threads that kernels run on, and the kernels as its methods.
///
/// Every tensor is `Float`, row-major and contiguous unless a leading dimension is given. Kernels allocate nothing:
/// scratch is the caller's, and ``ScratchBytes`` says exactly how much. Equal inputs and an equal thread count give
/// equal bits. Calls from several threads take turns.
///
/// Pointers must hold the documented number of elements, and sizes must not be negative: kernels trust both.
public final class KernelContext: Sendable {
  /// How many threads share each kernel, the caller's included.
  public let threads: Int

  // The pool serializes its callers with a lock, so sharing the handle is safe.
  nonisolated(unsafe) let pool: OpaquePointer

  /// Starts a pool of `threads - 1` workers beside the calling thread.
  ///
  /// - Throws: ``KernelError/threadsUnavailable(requested:code:)`` when `threads` is not positive or the system
  ///   refuses a thread; ``KernelError/blasUnavailable`` where products need a BLAS that is not there.
  public init(threads: Int) throws(KernelError) {
    guard threads > 0, let pool = pf_pool_create(threads) else {
      let code = threads > 0 ? errno : EINVAL
      throw code == ENOENT ? .blasUnavailable : .threadsUnavailable(requested: threads, code: code)
    }
    self.threads = threads
    self.pool = pool
  }

  deinit { pf_pool_destroy(pool) }

  /// Makes the BLAS map and touch all the memory it will ever use, so that resident memory does not grow later.
  ///
  /// - Throws: ``KernelError/warmUpFailed(code:)`` when the operands of the warm-up cannot be mapped.
  public func warmUp() throws(KernelError) {
    let code = pf_warm_up(pool)
    guard code == 0 else { throw .warmUpFailed(code: code) }
  }
}

/// Why the kernels cannot start.
public enum KernelError: Error, Equatable, CustomStringConvertible {
  /// A pool of this many threads cannot be created; `code` is the system's `errno`.
  case threadsUnavailable(requested: Int, code: Int32)
  /// Memory for the warm-up cannot be mapped; `code` is the system's `errno`.
  case warmUpFailed(code: Int32)
  /// OpenBLAS, by which products are made on this processor, cannot be loaded.
  case blasUnavailable

  public var description: String {
    switch self {
    case .threadsUnavailable(let requested, let code):
      "cannot start \(requested) kernel threads: \(reason(code)); ask for fewer threads, at least 1"
    case .warmUpFailed(let code):
      "cannot map the memory of the kernels' warm-up: \(reason(code)); raise the process's memory limit"
    case .blasUnavailable:
      "cannot load OpenBLAS (libopenblas.so.0), which this processor needs; install it, on Debian with 'apt install libopenblas0'"
    }
  }

  private func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
