#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which pages of a mapping this process has in memory, and which it never touched.
///
///     let residency = try PageResidency.of(arena.baseAddress, length: arena.count)
///     residency.residentBytes  // 8192
///     residency.untouched      // [0..<4096, 8192..<12288]
///
/// Read from `/proc/self/pagemap` (proc_pid_pagemap(5)), which answers for *this process*: `mincore` answers,
/// for a file, whether a page is in the page cache, whoever read it. It remains as the fallback, and `source`
/// says which was used.
///
/// - An anonymous page that was only read is the kernel's shared page of zeros: it counts here, and not in
///   `VmRSS`.
/// - One fault on a mapped file brings in neighbours that are cached already: 64 KiB (`fault_around_bytes`), or
///   the whole large folio, 1 MiB and more. For files, pages listed as untouched were not touched, but some of
///   the others may not have been either.
public struct PageResidency: Sendable, Equatable {
  public enum Source: Sendable, Equatable {
    case pagemap
    case mincore
  }

  public var source: Source
  public var pageSize: Int
  /// Pages in memory.
  public var residentPages: Int
  /// Pages that were touched and are in swap now; always 0 from `mincore`, which cannot tell.
  public var swappedPages: Int
  /// Byte offsets from the address asked about, ascending, without overlap, joined where they meet.
  public var untouched: [Range<Int>]

  public var residentBytes: Int { residentPages * pageSize }
  public var untouchedBytes: Int { untouched.reduce(0) { $0 + $1.count } }

  /// Looks at every page that overlaps `length` bytes at `address`.
  ///
  /// - Throws: `LimitError.invalidLength` for less than zero, `.residencyUnknown` where neither source answers.
  /// - Complexity: O(pages), 8 bytes read for each.
  public static func of(_ address: UnsafeRawPointer, length: Int) throws(LimitError) -> PageResidency {
    do throws(LimitError) {
      return try of(address, length: length, from: .pagemap)
    } catch .residencyUnknown {
      return try of(address, length: length, from: .mincore)
    }
  }

  static func of(
    _ address: UnsafeRawPointer, length: Int, from source: Source
  ) throws(LimitError) -> PageResidency {
    guard length >= 0 else { throw .invalidLength(bytes: length) }
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    let address = Int(bitPattern: address)
    let first = address / pageSize
    let pages = length == 0 ? 0 : (address + length - 1) / pageSize - first + 1
    // Where the bytes asked for begin in the first page.
    let lead = address - first * pageSize

    var result = PageResidency(
      source: source, pageSize: pageSize, residentPages: 0, swappedPages: 0, untouched: [])
    func note(page: Int, present: Bool, swapped: Bool) {
      if present { result.residentPages += 1 }
      if swapped { result.swappedPages += 1 }
      if present || swapped { return }
      let start = max(0, page * pageSize - lead)
      let end = min(length, (page + 1) * pageSize - lead)
      if let last = result.untouched.last, last.upperBound == start {
        result.untouched[result.untouched.count - 1] = last.lowerBound..<end
      } else {
        result.untouched.append(start..<end)
      }
    }

    let isKnown =
      switch source {
      case .pagemap: readPagemap(first: first, count: pages, note)
      case .mincore: readMincore(first: first, count: pages, pageSize: pageSize, note)
      }
    if isKnown { return result }
    throw .residencyUnknown(bytes: length, code: errno)
  }

  /// One 64-bit entry a page: bit 63 says present, bit 62 swapped.
  private static func readPagemap(
    first: Int, count: Int, _ note: (_ page: Int, _ present: Bool, _ swapped: Bool) -> Void
  ) -> Bool {
    let descriptor = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 512) { entries in
      var page = 0
      while page < count {
        let wanted = min(entries.count, count - page) * 8
        let read = pread(descriptor, entries.baseAddress, wanted, off_t((first + page) * 8))
        guard read > 0, read % 8 == 0 else { return false }
        for entry in entries[..<(read / 8)] {
          note(page, entry >> 63 & 1 == 1, entry >> 62 & 1 == 1)
          page += 1
        }
      }
      return true
    }
  }

  private static func readMincore(
    first: Int, count: Int, pageSize: Int, _ note: (_ page: Int, _ present: Bool, _ swapped: Bool) -> Void
  ) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { states in
      var page = 0
      while page < count {
        let wanted = min(states.count, count - page)
        #if canImport(Darwin)
          let vector = states.baseAddress?.assumingMemoryBound(to: CChar.self)
        #else
          let vector = states.baseAddress?.assumingMemoryBound(to: UInt8.self)
        #endif
        let start = UnsafeMutableRawPointer(bitPattern: (first + page) * pageSize)
        guard mincore(start, wanted * pageSize, vector) == 0 else { return false }
        for state in states[..<wanted] {
          note(page, state & 1 == 1, false)
          page += 1
        }
      }
      return true
    }
  }
}
