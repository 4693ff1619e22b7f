import TestSupport
import Testing
import Units

@Suite("Quantities")
struct QuantityTests {
  @Test(
    "counts print with thousands separators",
    arguments: [
      (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (66_955_010, "66,955,010"), (-1234, "-1,234"),
      (Int.min, "-9,223,372,036,854,775,808"),
    ])
  func counts(value: Int, text: String) {
    #expect(Quantity.count(value) == text)
  }

  @Test(
    "large counts print with a decimal prefix, chosen after rounding",
    arguments: [
      (999, "999"), (1000, "1.00 k"), (66_955_010, "66.96 M"), (999_994, "999.99 k"), (999_995, "1.00 M"),
      (-66_955_010, "-66.96 M"),
    ])
  func approximateCounts(value: Int, text: String) {
    #expect(Quantity.approximateCount(value) == text)
  }

  @Test(
    "durations print with the units that matter",
    arguments: [
      (0, "0 s"), (0.000_85, "850 µs"), (0.000_999_6, "1.0 ms"), (0.0123, "12.3 ms"), (0.999_96, "1.0 s"),
      (1.2, "1.2 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (200, "3 min 20 s"), (3599.4, "59 min 59 s"),
      (3599.6, "1 h 0 min"), (7500, "2 h 5 min"), (86_399, "1 d 0 h"), (273_600, "3 d 4 h"), (-1.2, "-1.2 s"),
      (Double.infinity, "inf s"),
    ] as [(Double, String)])
  func durations(seconds: Double, text: String) {
    #expect(Quantity.duration(seconds: seconds) == text)
  }

  @Test("rates, energies and shares print in decimal units")
  func rates() {
    #expect(Quantity.flopsPerSecond(32e9) == "32.0 GFLOP/s")
    #expect(Quantity.flops(4.14e9) == "4.1 GFLOP")
    #expect(Quantity.bytesPerSecond(999_960) == "1.0 MB/s")
    #expect(Quantity.watts(0.5) == "500.0 mW")
    #expect(Quantity.joules(0) == "0.0 J")
    #expect(Quantity.percent(0.125) == "12.5 %")
    #expect(Quantity.fixed(-0.04, decimals: 1) == "0.0")
  }

  @Test(
    "a rate reads with any decimal prefix",
    arguments: [
      ("2.1 GB/s", "B/s", 2.1e9), ("32GFLOP/s", "FLOP/s", 32e9), ("500 mW", "W", 0.5), ("2.10 W", "W", 2.1),
      ("0 kB/s", "B/s", 0),
    ])
  func parses(text: String, unit: String, value: Double) throws {
    let parsed = try Quantity.parse(text, unit: unit)
    #expect(abs(parsed - value) <= value * 1e-15)
  }

  @Test(
    "a rate without its unit, with another one, or below zero is refused",
    arguments: ["", "5", "5 GB", "GB/s", "-1 GB/s", "5 PB/s", "5 gB/s", "1e9 B/s", "nan B/s", "1,000 B/s"])
  func refuses(text: String) throws {
    let error = try #require(throws: QuantityError.self) { try Quantity.parse(text, unit: "B/s") }
    #expect(error.description.contains("2.5 GB/s"))
  }

  @Test("what is printed reads back within its last decimal")
  func roundTrip() throws {
    let seed: UInt64 = 7
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<1000 {
      let value =
        Double.random(in: 1..<1000, using: &generator)
        * [1, 1e3, 1e6, 1e9, 1e12].randomElement(using: &generator, or: 1)
      let parsed = try Quantity.parse(Quantity.flopsPerSecond(value), unit: "FLOP/s")
      #expect(abs(parsed - value) <= value * 0.0501, "seed \(seed), \(value)")
    }
  }
}

@Suite("Exit statuses")
struct ExitStatusTests {
  @Test("the codes are those that scripts rely on")
  func codes() {
    #expect(ExitStatus.allCases.map(\.rawValue) == [0, 1, 64, 65, 66, 69, 70, 130])
  }
}

extension Array {
  fileprivate func randomElement(using generator: inout SeededGenerator, or fallback: Element) -> Element {
    randomElement(using: &generator) ?? fallback
  }
}
