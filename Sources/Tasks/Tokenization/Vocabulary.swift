/// Tokens and their ids in one block of bytes behind an open-addressing hash table.
///
/// Keys are compared byte by byte. `String` keys would not do: they are equal when canonically equivalent, and
/// vocabularies tell such tokens apart.
struct Vocabulary: Sendable {
  private var text: [UInt8] = []
  /// Where token n's bytes end; they start where token n−1's end.
  private var ends: [Int] = []
  private var ids: [Int32] = []
  /// Indices into `ids`, −1 for a free slot; a power of two, at least twice the tokens.
  private var slots: [Int32]
  /// Longest token, in bytes.
  private(set) var longestBytes = 0

  /// Collects tokens; of a token given twice the last id counts.
  init(_ entries: [(token: Substring, id: Int32)]) {
    var capacity = 2
    while capacity < 2 * entries.count { capacity *= 2 }
    slots = Array(repeating: -1, count: capacity)
    for (token, id) in entries {
      var hash = TokenHash()
      for byte in token.utf8 { hash.combine(byte) }
      let slot = slot(for: token.utf8, hash: hash)
      if slots[slot] >= 0 {
        ids[Int(slots[slot])] = id
      } else {
        slots[slot] = Int32(ids.count)
        text.append(contentsOf: token.utf8)
        ends.append(text.count)
        ids.append(id)
        longestBytes = max(longestBytes, token.utf8.count)
      }
    }
  }

  /// One more than the largest id: the rows that an embedding table needs.
  var size: Int { (ids.max()).map { Int($0) + 1 } ?? 0 }

  subscript(token: String) -> Int32? {
    var hash = TokenHash()
    for byte in token.utf8 { hash.combine(byte) }
    return id(of: token.utf8, hash: hash)
  }

  /// The id of a token whose hash is already known.
  func id(of token: some Collection<UInt8>, hash: TokenHash) -> Int32? {
    let index = slots[slot(for: token, hash: hash)]
    return index >= 0 ? ids[Int(index)] : nil
  }

  /// The slot that holds the token, or the free one where it would go.
  private func slot(for token: some Collection<UInt8>, hash: TokenHash) -> Int {
    let mask = slots.count - 1
    var slot = hash.folded & mask
    while slots[slot] >= 0 && !holds(Int(slots[slot]), token) { slot = (slot + 1) & mask }
    return slot
  }

  private func holds(_ index: Int, _ token: some Collection<UInt8>) -> Bool {
    let start = index == 0 ? 0 : ends[index - 1]
    return text[start..<ends[index]].elementsEqual(token)
  }
}

/// FNV-1a, 64 bits: the hash of a prefix is on the way to the hash of the whole.
///
/// Fowler, Noll, Vo: http://www.isthe.com/chongo/tech/comp/fnv/
struct TokenHash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func combine(_ byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  /// A non-negative index; the low bits of FNV mix best with the high ones folded in.
  var folded: Int { Int(truncatingIfNeeded: (state ^ state >> 32) & 0x7FFF_FFFF) }
}
