import Testing

@testable import Limits

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct ProcessMemoryTests {
  static let status = """
    Name:\tVmRSS: 9 kB
    VmSize:\t    3060 kB
    VmHWM:\t    1720 kB
    VmRSS:\t    1700 kB
    RssAnon:\t     116 kB
    RssFile:\t    1580 kB
    RssShmem:\t       4 kB
    VmData:\t     360 kB
    VmSwap:\t       8 kB

    """

  func parse(_ text: String) throws -> ProcessMemory {
    try Array(text.utf8).withUnsafeBytes { try ProcessMemory(status: $0) }
  }

  @Test("the lines of /proc/self/status become bytes")
  func parsing() throws {
    let memory = try parse(Self.status)
    #expect(memory.resident == 1700 * 1024)
    #expect(memory.anonymous == 116 * 1024)
    #expect(memory.file == 1580 * 1024)
    #expect(memory.sharedMemory == 4 * 1024)
    #expect(memory.swapped == 8 * 1024)
    #expect(memory.peakResident == 1720 * 1024)
    #expect(memory.data == 360 * 1024)
    #expect(memory.addressSpace == 3060 * 1024)
  }

  @Test("a line that is missing or has no number is named in the error")
  func missingLines() throws {
    for field in ["VmSize:", "VmHWM:", "RssAnon:", "RssFile:", "RssShmem:", "VmData:", "VmSwap:"] {
      let without = Self.status.split(separator: "\n").filter { !$0.hasPrefix(field) }.joined(separator: "\n")
      let empty = Self.status.split(separator: "\n").map { $0.hasPrefix(field) ? "\(field)" : $0 }.joined(
        separator: "\n")
      for text in [without, empty] {
        #expect(throws: LimitError.fieldMissing(path: "/proc/self/status", field: field)) { try parse(text) }
      }
    }
    #expect(throws: LimitError.self) { try parse("") }
  }

  @Test("every prefix of the file is either understood or refused")
  func prefixes() {
    for count in 0...Self.status.utf8.count {
      let text = String(decoding: Self.status.utf8.prefix(count), as: UTF8.self)
      if let memory = try? parse(text) { #expect(memory.resident == 1700 * 1024) }
    }
  }

  @Test("the parts of this process's resident set add up, and the peak is not below it")
  func current() throws {
    let memory = try ProcessMemory.current()
    #expect(memory.resident == memory.anonymous + memory.file + memory.sharedMemory)
    #expect(memory.peakResident >= memory.resident)
    #expect(memory.addressSpace > memory.resident)
    #expect(memory.data > 0)
    #expect(try #require(ProcessMemory.peakByResourceUsage()) > 0)
    #expect(try #require(ProcessMemory.childrenPeak()) >= 0)
  }

  @Test("a released arena stays in the peak until the peak is reset")
  func peak() throws {
    let bytes = 64 * mebibyte
    let probe = try Probe.run(["peak", "\(bytes)"])
    #expect(try #require(probe.number("peak")) >= bytes)
    #expect(try #require(probe.number("resident")) < bytes)
    #expect(try #require(probe.number("rusage")) >= bytes)
    if probe.text("reset") == "true" { #expect(try #require(probe.number("forgotten")) < bytes) }
  }
}

@Suite struct AnonymousMappingTests {
  @Test("a mapping is zeroed, writable, page-aligned, and as long as asked for")
  func contents() throws {
    for length in [1, 4095, 4096, 4097, 100_000] {
      let mapping = try AnonymousMapping(bytes: length)
      #expect(mapping.bytes.count == length)
      #expect(UInt(bitPattern: mapping.bytes.baseAddress) % 4096 == 0)
      #expect(mapping.bytes.allSatisfy { $0 == 0 })
      mapping.bytes[length - 1] = 7
      #expect(mapping.bytes[length - 1] == 7)
      mapping.release()
    }
  }

  @Test("lengths that memory cannot have, or the machine does not, are refused with the bytes asked for")
  func refusals() {
    for length in [0, -1, Int.min] {
      #expect(throws: LimitError.invalidLength(bytes: length)) { try AnonymousMapping(bytes: length).release() }
    }
    for length in [1 << 60, Int.max] {
      #expect(throws: LimitError.reservationRefused(bytes: length, code: ENOMEM)) {
        try AnonymousMapping(bytes: length).release()
      }
    }
  }
}

@Suite struct PageResidencyTests {
  let page = Int(sysconf(Int32(_SC_PAGESIZE)))

  @Test("touched odd pages are resident, and each even one is listed as untouched")
  func oddPages() throws {
    let mapping = try AnonymousMapping(bytes: 1001 * page)
    let base = try #require(mapping.bytes.baseAddress)
    for index in stride(from: 1, to: 1001, by: 2) { mapping.bytes[index * page + index] = 1 }
    let residency = try PageResidency.of(base, length: mapping.bytes.count)
    #expect(residency.residentPages + residency.swappedPages == 500)
    #expect(residency.residentBytes == (500 - residency.swappedPages) * page)
    #expect(residency.untouched == stride(from: 0, to: 1001, by: 2).map { ($0 * page)..<(($0 + 1) * page) })
    #expect(residency.untouchedBytes == 501 * page)
    mapping.release()
  }

  @Test("every set of touched pages of a small mapping is found exactly")
  func everySubset() throws {
    for touched in 0..<(1 << 6) {
      let mapping = try AnonymousMapping(bytes: 6 * page)
      let base = try #require(mapping.bytes.baseAddress)
      for index in 0..<6 where touched >> index & 1 == 1 { mapping.bytes[index * page] = 1 }
      let residency = try PageResidency.of(base, length: 6 * page)
      #expect(residency.residentPages == touched.nonzeroBitCount)
      let untouched = Set(
        residency.untouched.flatMap { stride(from: $0.lowerBound, to: $0.upperBound, by: page) })
      #expect(untouched == Set((0..<6).filter { touched >> $0 & 1 == 0 }.map { $0 * page }))
      // Joined: no range begins where another ends.
      #expect(
        zip(residency.untouched, residency.untouched.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
      mapping.release()
    }
  }

  @Test("ranges are offsets from the address asked about, cut to the length asked about")
  func unaligned() throws {
    let mapping = try AnonymousMapping(bytes: 4 * page)
    let base = try #require(mapping.bytes.baseAddress)
    mapping.bytes[page] = 1
    // Bytes 100 ..< 3 pages + 50: pages 0 to 3.
    let residency = try PageResidency.of(base + 100, length: 3 * page - 50)
    #expect(residency.residentPages == 1)
    #expect(residency.untouched == [0..<(page - 100), (2 * page - 100)..<(3 * page - 50)])
    #expect(try PageResidency.of(base, length: 0).untouched == [])
    #expect(throws: LimitError.invalidLength(bytes: -1)) { try PageResidency.of(base, length: -1) }
    mapping.release()
  }

  @Test("mincore and pagemap agree about anonymous memory")
  func bothSources() throws {
    let mapping = try AnonymousMapping(bytes: 9000 * page)  // more than one block of either
    let base = try #require(mapping.bytes.baseAddress)
    for index in stride(from: 3, to: 9000, by: 7) { mapping.bytes[index * page] = 1 }
    let pagemap = try PageResidency.of(base, length: mapping.bytes.count)
    let mincore = try PageResidency.of(base, length: mapping.bytes.count, from: .mincore)
    #expect(pagemap.source == .pagemap)
    #expect(mincore.source == .mincore)
    #expect(pagemap.residentPages == mincore.residentPages)
    #expect(pagemap.untouched == mincore.untouched)
    mapping.release()
  }

  @Test("the kernel's count of a process and its own count of a sparse arena are the same but for its heap")
  func againstStatus() throws {
    let bytes = 64 * mebibyte
    let probe = try Probe.run(["nudge", "\(bytes)", "8192"])
    let residency = try #require(probe.number("residency"))
    #expect(residency == bytes / 8192 * 4096)
    // Huge pages would make this twice as much.
    #expect(abs(try #require(probe.number("anonymous")) - residency) < mebibyte, "\(probe.lines)")
  }

  @Test("a file's pages count when this process touched them, not when they are in the page cache")
  func mappedFile() throws {
    let path = "\(Probe.path)-pages-\(getpid())"
    let length = 256 * page
    try writeFile(path, bytes: length)  // and cached thereby
    defer { unlink(path) }
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    let base = try #require(mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0))
    defer { munmap(base, length) }
    #expect(try PageResidency.of(base, length: length).residentPages == 0)
    #expect(try PageResidency.of(base, length: length, from: .mincore).residentPages == 256)
    #expect(base.load(fromByteOffset: 128 * page, as: UInt8.self) == 1)
    let touched = try PageResidency.of(base, length: length)
    #expect(touched.residentPages >= 1)
    #expect(!touched.untouched.contains { $0.contains(128 * page) })
  }

  @Test("dropped pages of a file are not in the page cache any more, until they are read again")
  func dropping() throws {
    let path = "\(Probe.path)-drop-\(getpid())"
    let length = 256 * page
    try writeFile(path, bytes: length)
    defer { unlink(path) }
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    let base = try #require(mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0))
    defer { munmap(base, length) }
    try PageCache.drop(path)
    #expect(try PageResidency.of(base, length: length, from: .mincore).residentPages == 0)
    #expect(base.load(as: UInt8.self) == 1)
    #expect(try PageResidency.of(base, length: length, from: .mincore).residentPages > 0)
    #expect(throws: LimitError.fileUnreadable(path: "/nonexistent", code: ENOENT)) {
      try PageCache.drop("/nonexistent")
    }
  }
}
