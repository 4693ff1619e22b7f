import Steps

/// PyTorch's caching allocator for CUDA: segments that are kept, cut into blocks.
///
/// Constants and rules of c10/cuda/CUDACachingAllocator.cpp
/// (https://github.com/pytorch/pytorch/blob/main/c10/cuda/CUDACachingAllocator.cpp), with its default settings.
struct CachingAllocator: MemoryAllocator {
  struct Place {
    let pool: Int
    let start: Int
    let size: Int
  }

  /// `kMinBlockSize`.
  static let rounding = 512
  /// `kSmallSize`: blocks up to it come from small segments.
  private static let largestSmall = 1 << 20
  /// `kSmallBuffer`.
  private static let smallSegment = 2 << 20
  /// `kLargeBuffer`, for blocks under `kMinLargeAlloc`.
  private static let largeSegment = 20 << 20
  private static let smallestOwn = 10 << 20
  /// `kRoundLarge`, what larger segments are rounded up to.
  private static let largeRounding = 2 << 20

  /// Free blocks of small segments, and of large ones.
  private var free = [FreeRanges(), FreeRanges()]
  /// Where the next segment begins; a gap keeps segments apart.
  private var end = 0
  private(set) var peakBytes = 0

  mutating func allocate(_ bytes: Int) -> Place {
    let size = Bytes.rounded(max(bytes, 1), to: Self.rounding)
    let pool = size <= Self.largestSmall ? 0 : 1
    let block = free[pool].takeSmallest(of: size) ?? newSegment(for: size)
    let rest = block.size - size
    guard pool == 0 ? rest >= Self.rounding : rest > Self.largestSmall else {
      return Place(pool: pool, start: block.start, size: block.size)
    }
    free[pool].insert(block.start + size, rest)
    return Place(pool: pool, start: block.start, size: size)
  }

  private mutating func newSegment(for size: Int) -> (start: Int, size: Int) {
    let segment =
      size <= Self.largestSmall
      ? Self.smallSegment
      : size < Self.smallestOwn ? Self.largeSegment : Bytes.rounded(size, to: Self.largeRounding)
    defer { end += segment + 1 }
    peakBytes += segment
    return (end, segment)
  }

  mutating func release(_ place: Place) {
    let block = free[place.pool].joined(place.start, place.size)
    free[place.pool].insert(block.start, block.size)
  }
}
