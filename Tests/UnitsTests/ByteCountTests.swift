import TestSupport
import Testing
import Units

@Suite("Byte counts")
struct ByteCountTests {
  @Test(
    "each accepted spelling gives its exact bytes",
    arguments: [
      ("0", 0), ("1048576", 1_048_576), ("1,048,576", 1_048_576), ("512 B", 512), (" 7\t", 7),
      ("1KiB", 1024), ("350MiB", 367_001_600), ("350 mib", 367_001_600), ("2GiB", 2_147_483_648),
      ("1.5 GiB", 1_610_612_736), ("0.5TiB", 549_755_813_888), ("64kB", 64_000), ("64KB", 64_000),
      ("512MB", 512_000_000), ("2.5 GB", 2_500_000_000), ("1TB", 1_000_000_000_000), ("007MiB", 7_340_032),
      ("9223372036854775807", Int.max), ("8388607.999999999999999999 TiB", Int.max),
    ])
  func accepts(text: String, bytes: Int) throws {
    #expect(try ByteCount.parse(text) == bytes)
  }

  @Test("a fraction of a byte is cut off, so that a budget is never rounded up")
  func cutsFractions() throws {
    #expect(try ByteCount.parse("0.1 GiB") == 107_374_182)
    #expect(try ByteCount.parse("0.9999 kB") == 999)
    #expect(try ByteCount.parse("0.000000000000000001TiB") == 0)
  }

  @Test(
    "what is ambiguous, negative, fractional or too large is refused with its own error",
    arguments: [
      ("64k", ByteCountError.ambiguousUnit("64k", unit: "k")),
      ("1G", .ambiguousUnit("1G", unit: "G")),
      ("512mb", .ambiguousUnit("512mb", unit: "mb")),
      ("512Mb", .ambiguousUnit("512Mb", unit: "Mb")),
      ("8b", .ambiguousUnit("8b", unit: "b")),
      ("2Gi", .ambiguousUnit("2Gi", unit: "Gi")),
      ("-1", .negative("-1")),
      ("-2 GiB", .negative("-2 GiB")),
      ("1.5", .fractionOfByte("1.5")),
      ("2.0B", .fractionOfByte("2.0B")),
      ("10 apples", .unknownUnit("10 apples", unit: "apples")),
      ("3PiB", .unknownUnit("3PiB", unit: "PiB")),
      ("9223372036854775808", .tooLarge("9223372036854775808")),
      ("99999999999999999999999", .tooLarge("99999999999999999999999")),
      ("8388608 TiB", .tooLarge("8388608 TiB")),
      ("18446744073709551615TiB", .tooLarge("18446744073709551615TiB")),
    ])
  func refuses(text: String, error: ByteCountError) {
    #expect(throws: error) { try ByteCount.parse(text) }
  }

  @Test(
    "what is no number is refused as such",
    arguments: [
      "", " ", "MiB", ".5 GiB", "5. GiB", "1.2.3 GiB", "1,5", "1,0000", "12,34,567", "1,024 KiB", ",123", "+5",
      "0x10", "1e9", "٣", "1.0000000000000000001 GiB", "5\nMiB",
    ])
  func refusesNonNumbers(text: String) {
    #expect(throws: ByteCountError.self) { try ByteCount.parse(text) }
  }

  @Test("an error is one line that says what is accepted, however odd the text")
  func explains() throws {
    for text in ["64k", "-1", "1.5", "x\ny", String(repeating: "z", count: 500), "99999999999 TiB"] {
      let error = try #require(throws: ByteCountError.self) { try ByteCount.parse(text) }
      #expect(!error.description.contains("\n"))
      #expect(error.description.count < 300)
      #expect(error.description.contains("350MiB"))
      #expect(error.exitStatus == .usage)
    }
  }

  @Test(
    "bytes print in the largest binary unit that leaves at least one",
    arguments: [
      (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1_048_524, "1023.9 KiB"),
      (1_048_525, "1.0 MiB"), (367_001_600, "350.0 MiB"), (-367_001_600, "-350.0 MiB"),
      (Int.max, "8388608.0 TiB"),
      (Int.min, "-8388608.0 TiB"),
    ])
  func prints(bytes: Int, text: String) {
    #expect(ByteCount.format(bytes) == text)
  }

  @Test("what is needed can round up and what is available down, so that no fit appears by rounding")
  func roundsOutwards() {
    let mebibyte = 1 << 20
    #expect(ByteCount.format(350 * mebibyte + 1, rounding: .up) == "350.1 MiB")
    #expect(ByteCount.format(350 * mebibyte + 1, rounding: .nearest) == "350.0 MiB")
    #expect(ByteCount.format(350 * mebibyte - 1, rounding: .down) == "349.9 MiB")
    #expect(ByteCount.format(mebibyte - 1, rounding: .up) == "1.0 MiB")
    #expect(ByteCount.format(mebibyte - 1, rounding: .down) == "1023.9 KiB")
  }

  @Test("exact printing reads back as the same bytes, for every small count and seeded large ones")
  func exactRoundTrip() throws {
    for bytes in 0...20_000 {
      #expect(try ByteCount.parse(ByteCount.formatExactly(bytes)) == bytes)
    }
    let seed: UInt64 = 20_240_607
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let bytes = Int.random(in: 0...Int.max, using: &generator) >> Int.random(in: 0..<62, using: &generator)
      #expect(try ByteCount.parse(ByteCount.formatExactly(bytes)) == bytes, "seed \(seed)")
    }
  }

  @Test("rounded printing reads back within half a tenth of its unit, up from above and down from below")
  func roundedRoundTrip() throws {
    let seed: UInt64 = 41
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let bytes = Int.random(in: 0..<(1 << 50), using: &generator) >> Int.random(in: 0..<50, using: &generator)
      let nearest = try ByteCount.parse(ByteCount.format(bytes))
      let up = try ByteCount.parse(ByteCount.format(bytes, rounding: .up))
      let down = try ByteCount.parse(ByteCount.format(bytes, rounding: .down))
      // Reading cuts off what is left of a byte, hence the ones.
      #expect(abs(nearest - bytes) <= max(bytes / 20, 0) + 1, "seed \(seed), \(bytes) bytes")
      #expect(up + 1 >= bytes && down <= bytes, "seed \(seed), \(bytes) bytes")
    }
  }
}
