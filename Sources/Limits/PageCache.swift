import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The kernel's cache of file pages.
public enum PageCache {
  /// Asks the kernel to forget what it has cached of a file: `posix_fadvise(2)`, `POSIX_FADV_DONTNEED`.
  ///
  /// A control group is charged for the file pages that it brings in itself, not for those that something else
  /// has read already. So that a limit holds a child's mapped weights too, they are dropped before it starts.
  /// Pages that are mapped, or were written and are not yet on storage, stay.
  ///
  /// - Throws: `LimitError.fileUnreadable`.
  public static func drop(_ path: String) throws(LimitError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fileUnreadable(path: path, code: errno) }
    defer { close(descriptor) }
    let code = csystem_drop_cached_pages(descriptor)
    guard code == 0 else { throw .fileUnreadable(path: path, code: code) }
  }
}
