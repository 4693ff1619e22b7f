import Steps

/// The C library's heap as PyTorch's CPU allocator uses it: `posix_memalign` to 64 bytes, nothing kept between.
///
/// Rules of malloc/malloc.c (https://sourceware.org/git/?p=glibc.git;a=blob;f=malloc/malloc.c;hb=glibc-2.36): the
/// smallest free chunk that fits is split; free neighbours join; a large request that no chunk fits is mapped on its
/// own; a mapping that is freed raises the threshold for the next ones to its size, up to 32 MiB; the heap's top is
/// given back when it grows beyond twice the threshold. Every page of the heap counts as resident.
///
/// Aligning cuts small pieces off every chunk, in which small objects settle: the tensor's own, autograd's nodes. They are
/// not traced. Two constants stand for them, fitted to what `Benchmarks/pytorch-memory.py` measured.
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
  /// A chunk's header, the alignment and the smallest chunk, which `_int_memalign` asks for beside the bytes.
  private static let overhead = 16 + 64 + 32
  /// Fitted: what small objects have taken of a chunk by the time it is asked for again, so that one of just the right
  /// size does not fit.
  private static let settled = 512
  /// Fitted: of how many seams out of 2⁶⁴ a small object keeps the chunks on both sides from joining.
  private static let occupiedSeams = UInt64.max / 2

  /// `DEFAULT_MMAP_THRESHOLD`, to begin with.
  private var threshold = 128 << 10
  private var trimThreshold = 128 << 10
  private var free = FreeRanges()
  private var seams: Set<Int> = []
  private var allocations: UInt64 = 0
  private var top = 0
  private var end = 0
  private var mappedBytes = 0
  private(set) var peakBytes = 0

  /// Bytes of the heap and of all mappings.
  var heldBytes: Int { end + mappedBytes }

  mutating func allocate(_ bytes: Int) -> Place {
    let size = Bytes.rounded(bytes, to: 16) + Self.overhead
    defer { peakBytes = max(peakBytes, heldBytes) }
    if let hole = free.takeSmallest(of: size + Self.settled) {
      free.insert(hole.start + size, hole.size - size)
      return place(hole.start, size)
    }
    if end - top < size {
      if size >= threshold {
        let mapped = Bytes.rounded(size, to: Self.page)
        mappedBytes += mapped
        return .mapped(size: mapped)
      }
      end += Bytes.rounded(size + Self.topPad - (end - top), to: Self.page)
    }
    top += size
    return place(top - size, size)
  }

  /// Seams are occupied evenly but without a period (multiples of the golden ratio).
  private mutating func place(_ start: Int, _ size: Int) -> Place {
    allocations += 1
    if allocations &* 0x9E37_79B9_7F4A_7C15 < Self.occupiedSeams {
      seams.insert(start)
    } else {
      seams.remove(start)
    }
    return .heap(start: start, size: size)
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
      let chunk = free.joined(start, size, except: seams)
      guard chunk.start + chunk.size == top, !seams.contains(top) else {
        return free.insert(chunk.start, chunk.size)
      }
      top = chunk.start
      if end - top >= trimThreshold { end = Bytes.rounded(top + Self.topPad, to: Self.page) }
    }
  }
}
