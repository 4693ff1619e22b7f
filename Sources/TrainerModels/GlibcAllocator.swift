import Steps

/// The C library's heap as PyTorch's CPU allocator uses it: `posix_memalign` to 64 bytes, nothing kept between.
///
/// Rules of malloc/malloc.c (https://sourceware.org/git/?p=glibc.git;a=blob;f=malloc/malloc.c;hb=glibc-2.36): the
/// smallest free chunk that fits is split; a large request that no chunk fits is mapped on its own; a mapping that
/// is freed raises the threshold for the next ones to its size, up to 32 MiB; the heap's top is given back when it
/// grows beyond twice the threshold. Every page of the heap counts as resident.
struct GlibcAllocator: MemoryAllocator {
  enum Place {
    case heap(start: Int, size: Int)
    case mapped(size: Int)
  }

  /// `DEFAULT_MMAP_THRESHOLD_MAX` on 64-bit machines.
  private static let largestThreshold = 32 << 20
  private static let page = 4096
  /// `DEFAULT_TOP_PAD`.
  private static let topPad = 128 << 10
  /// A chunk's header and what aligning to 64 bytes takes of it.
  private static let alignmentLoss = 16 + 64 + 32

  /// `DEFAULT_MMAP_THRESHOLD`, to begin with.
  private var threshold = 128 << 10
  private var trimThreshold = 128 << 10
  private var free = FreeRanges()
  private var top = 0
  private var end = 0
  private var mappedBytes = 0
  private(set) var peakBytes = 0

  /// What of a chunk small objects have settled in by the time it is asked for again: one of just the right size does not fit.
  let settled: Int

  init(settled: Int = 16 << 10) { self.settled = settled }

  mutating func allocate(_ bytes: Int) -> Place {
    let size = Bytes.rounded(bytes, to: 16) + Self.alignmentLoss
    defer { peakBytes = max(peakBytes, end + mappedBytes) }
    if let hole = free.takeSmallest(of: size + settled) {
      free.insert(hole.start + size, hole.size - size)
      return .heap(start: hole.start, size: size)
    }
    if end - top < size + settled {
      if size >= threshold {
        let mapped = Bytes.rounded(size + 16, to: Self.page)
        mappedBytes += mapped
        return .mapped(size: mapped)
      }
      end += Bytes.rounded(size + Self.topPad - (end - top), to: Self.page)
    }
    top += size
    return .heap(start: top - size, size: size)
  }

  mutating func release(_ place: Place) {
    switch place {
    case .mapped(let size):
      mappedBytes -= size
      if size > threshold, size <= Self.largestThreshold {
        threshold = size
        trimThreshold = 2 * size
      }
    case .heap(let start, let size):
      let chunk = free.joined(start, size)
      guard chunk.start + chunk.size == top else { return free.insert(chunk.start, chunk.size) }
      top = chunk.start
      if end - top >= trimThreshold { end = Bytes.rounded(top + Self.topPad, to: Self.page) }
    }
  }
}
