import Graph
import Testing

@testable import Checkpoints

@Suite("Fresh weights")
struct RandomWeightsTests {
  // The vectors for philox4x32 with 10 rounds in Random123's kat_vectors
  // (https://github.com/DEShawResearch/random123, tests/kat_vectors).
  @Test(
    "Philox gives the published words",
    arguments: [
      (0, 0, 0, SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
      (.max, .max, .max, SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)),
      (
        0x299f_31d0_a409_3822, 0x0370_7344_1319_8a2e, 0x85a3_08d3_243f_6a88,
        SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
      ),
    ] as [(UInt64, UInt64, UInt64, SIMD4<UInt32>)])
  func philox(key: UInt64, stream: UInt64, index: UInt64, words: SIMD4<UInt32>) {
    #expect(Philox(key: key).block(stream: stream, index: index) == words)
  }

  @Test("FNV-1a gives the published hashes")
  func hash() {
    #expect(fnv1a("") == 0xcbf2_9ce4_8422_2325)
    #expect(fnv1a("a") == 0xaf63_dc4c_8601_ec8c)
    #expect(fnv1a("foobar") == 0x8594_4171_f739_67e8)
  }

  // Values: Python 3, statistics.NormalDist().inv_cdf((word + 0.5) / 2**32), which is AS 241 in double precision.
  @Test(
    "the normal quantile is right to 7 digits, in the middle, in the tails and where its pieces meet",
    arguments: [
      (0x0000_0000, -6.3379577545537886), (0x0000_0001, -6.1664295178197488),
      (0x0000_3039, -4.5354227620904286),
      (0x0010_0000, -3.4871039765916896), (0x1000_0000, -1.5341205434059566),
      (0x1333_3333, -1.4395314704450153),
      (0x1333_3334, -1.4395314688002132), (0x7fff_ffff, -2.9180993729166234e-10),
      (0x8000_0000, 2.9180993729166234e-10), (0x8000_0001, 8.7542981187498707e-10),
      (0xefff_ffff, 1.5341205434059566), (0xffff_ffff, 6.3379577545537886),
    ] as [(UInt32, Double)])
  func quantile(word: UInt32, value: Double) {
    #expect((normalQuantile(ofUniform: word) - value).magnitude <= 2e-7 * value.magnitude)
  }

  @Test("roles start as BERT does: tables and matrices N(0, 0.02²), biases 0, LayerNorm 1 and 0")
  func roles() throws {
    var configuration = tinyBERT
    configuration.vocabularySize = 25_000
    let graph = EncoderGraph(configuration)
    for parameter in graph.parameters {
      let values = try RandomWeights(seed: 1).values(of: parameter)
      switch parameter.role {
      case .bias, .normShift: #expect(values.allSatisfy { $0 == 0 })
      case .normScale: #expect(values.allSatisfy { $0 == 1 })
      case .weight, .embedding: #expect(Set(values).count > parameter.count / 2)
      }
    }
    // 100,000 values: the standard errors are 0.02/√100000 of the mean and 0.02/√200000 of the deviation.
    let values = try RandomWeights(seed: 1).values(of: graph.parameters[0]).map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    #expect(mean.magnitude < 4 * 0.02 / 316)
    #expect((deviation - 0.02).magnitude < 4 * 0.02 / 447)
  }

  @Test("the same seed gives the same bits, on every platform")
  func golden() throws {
    let word = EncoderGraph(tinyBERT).parameters[0]
    #expect(word.name == "embeddings.word_embeddings.weight")
    let bits = try RandomWeights(seed: 42).values(of: word, 0..<3).map(\.bitPattern)
    #expect(bits == [1_022_792_627, 1_013_664_166, 1_006_638_998])
  }

  @Test("seeds and tensors are independent, and a range equals that part of the whole")
  func ranges() throws {
    let graph = EncoderGraph(tinyBERT)
    let (word, position) = (graph.parameters[0], graph.parameters[1])
    let whole = try RandomWeights(seed: 3).values(of: word)
    #expect(try RandomWeights(seed: 3).values(of: word) == whole)
    #expect(try Set(RandomWeights(seed: 4).values(of: word)).isDisjoint(with: whole))
    #expect(try Set(RandomWeights(seed: 3).values(of: position)).isDisjoint(with: whole))
    for start in 0...9 {
      for end in start...10 {
        #expect(try RandomWeights(seed: 3).values(of: word, start..<end) == Array(whole[start..<end]))
      }
    }
  }
}
