/// Free ranges of an address space: the smallest that fits, and neighbours joined.
struct FreeRanges {
  private var sizes: [Int: Int] = [:]
  private var starts: [Int: Int] = [:]
  /// By size, then address.
  private var order: [(size: Int, start: Int)] = []

  private func position(_ size: Int, _ start: Int) -> Int {
    var (low, high) = (0, order.count)
    while low < high {
      let middle = (low + high) / 2
      if order[middle] < (size, start) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func insert(_ start: Int, _ size: Int) {
    sizes[start] = size
    starts[start + size] = start
    order.insert((size, start), at: position(size, start))
  }

  /// Takes a range out.
  private mutating func remove(_ start: Int) -> Int {
    guard let size = sizes.removeValue(forKey: start) else { return 0 }
    starts[start + size] = nil
    order.remove(at: position(size, start))
    return size
  }

  /// Takes the smallest range of at least so many bytes out.
  mutating func takeSmallest(of bytes: Int) -> (start: Int, size: Int)? {
    let index = position(bytes, Int.min)
    guard index < order.count else { return nil }
    let start = order[index].start
    return (start, remove(start))
  }

  /// A range joined with the free ones that touch it, which are taken out.
  ///
  /// - Parameter seams: addresses across which nothing is joined.
  mutating func joined(_ start: Int, _ size: Int, except seams: Set<Int> = []) -> (start: Int, size: Int) {
    var (start, size) = (start, size)
    if let before = starts[start], !seams.contains(start) {
      size += remove(before)
      start = before
    }
    if sizes[start + size] != nil, !seams.contains(start + size) { size += remove(start + size) }
    return (start, size)
  }
}
