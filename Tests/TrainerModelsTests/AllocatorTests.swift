import TestSupport
import Testing

@testable import TrainerModels

@Suite("Allocators")
struct AllocatorTests {
  private let mebibyte = 1 << 20

  @Test("CUDA's takes segments of 2 MiB, 20 MiB or the request's own size, and keeps them")
  func segments() {
    for (bytes, segment) in [
      (1, 2), (1 << 20, 2), ((1 << 20) + 1, 20), ((10 << 20) - 512, 20), (10 << 20, 10), ((10 << 20) + 1, 12),
    ] {
      var allocator = CachingAllocator()
      let place = allocator.allocate(bytes)
      #expect(allocator.peakBytes == segment * mebibyte, "\(bytes)")
      allocator.release(place)
      _ = allocator.allocate(bytes)
      #expect(allocator.peakBytes == segment * mebibyte, "\(bytes) again")
    }
  }

  @Test("CUDA's cuts small blocks at any 512 bytes, large ones only where more than 1 MiB is left")
  func splitting() {
    var small = CachingAllocator()
    for _ in 0..<4096 { _ = small.allocate(512) }
    #expect(small.peakBytes == 2 * mebibyte)
    _ = small.allocate(512)
    #expect(small.peakBytes == 4 * mebibyte)

    var large = CachingAllocator()
    for _ in 0..<2 { _ = large.allocate(9 * mebibyte) }
    #expect(large.peakBytes == 20 * mebibyte)
    // 2 MiB are left of the segment; cut to 1 MiB and a half, the rest would be too small to keep apart.
    let last = large.allocate(3 * mebibyte / 2)
    #expect(large.peakBytes == 20 * mebibyte)
    #expect(last.size == 2 * mebibyte)
  }

  @Test("CUDA's joins free neighbours, but never across segments")
  func joining() {
    var allocator = CachingAllocator()
    let places = (0..<2).map { _ in allocator.allocate(10 * mebibyte) }
    places.forEach { allocator.release($0) }
    _ = allocator.allocate(20 * mebibyte)
    #expect(allocator.peakBytes == 40 * mebibyte)
    var one = CachingAllocator()
    let halves = (0..<2).map { _ in one.allocate(9 * mebibyte) }
    halves.forEach { one.release($0) }
    _ = one.allocate(18 * mebibyte)
    #expect(one.peakBytes == 20 * mebibyte)
  }

  @Test("glibc's maps what is large, until a mapping as large has been freed")
  func threshold() {
    var allocator = GlibcAllocator()
    let first = allocator.allocate(8 * mebibyte)
    guard case .mapped = first else { return #expect(Bool(false), "not mapped") }
    allocator.release(first)
    guard case .heap = allocator.allocate(8 * mebibyte - 4096) else {
      return #expect(Bool(false), "mapped though a mapping as large was freed")
    }
    guard case .mapped = allocator.allocate(33 * mebibyte) else {
      return #expect(Bool(false), "beyond 32 MiB everything is mapped")
    }
  }

  @Test("glibc's gives the heap's top back, and never holds less than what is alive")
  func top() {
    var generator = SeededGenerator(seed: 11)
    var allocator = GlibcAllocator()
    var alive: [(place: GlibcAllocator.Place, bytes: Int)] = []
    var most = 0
    for _ in 0..<4000 {
      if alive.isEmpty || Bool.random(using: &generator) {
        let bytes = Int.random(in: 1...(40 << 20), using: &generator)
        alive.append((allocator.allocate(bytes), bytes))
      } else {
        allocator.release(alive.remove(at: Int.random(in: 0..<alive.count, using: &generator)).place)
      }
      most = max(most, alive.reduce(0) { $0 + $1.bytes })
      #expect(allocator.heldBytes >= alive.reduce(0) { $0 + $1.bytes }, "seed 11")
    }
    #expect(allocator.peakBytes >= most, "seed 11")
  }
}
