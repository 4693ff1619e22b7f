import Foundation

/// A file opened for reading and mapped, of which parts are made readable as they are asked for.
///
/// One fault on a mapped file brings in neighbouring pages too (`fault_around_bytes`, 64 KiB on Linux), but never any beyond those
/// that can be read: so only what was exposed becomes resident, whatever lies beside it.
/// A file that is made shorter while it is mapped ends the process when a lost page is touched (`SIGBUS`); checkpoints
/// are replaced by renaming, never in place, so that this cannot happen here.
package final class MappedFile: Sendable {
  /// Reading through it copies, and touches no mapped page.
  package let file: RegularFile
  /// The first byte, at a page boundary; nil for an empty file.
  nonisolated(unsafe) private let base: UnsafeRawPointer?

  package var path: String { file.path }
  package var byteCount: Int { file.byteCount }

  package init(_ path: String) throws(FileError) {
    file = try RegularFile(path)
    guard file.byteCount > 0 else {
      base = nil
      return
    }
    let address = mmap(nil, file.byteCount, PROT_NONE, MAP_PRIVATE, file.descriptor, 0)
    guard address != MAP_FAILED, let address else { throw FileError(.map, path: path) }
    base = UnsafeRawPointer(address)
  }

  deinit {
    if let base { munmap(UnsafeMutableRawPointer(mutating: base), byteCount) }
  }

  /// Makes bytes of the mapping readable and gives their address, which is valid while this object lives.
  ///
  /// - Returns: nil where the system will not.
  package func expose(_ range: Range<Int>) -> UnsafeRawPointer? {
    guard let base, range.lowerBound >= 0, range.upperBound <= byteCount else { return nil }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = range.lowerBound / page * page
    let pages = UnsafeMutableRawPointer(mutating: base + start)
    guard mprotect(pages, range.upperBound - start, PROT_READ) == 0 else { return nil }
    return base + range.lowerBound
  }
}
