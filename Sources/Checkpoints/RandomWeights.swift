import Graph

/// Fresh values for every parameter, the same on every platform for the same seed.
///
/// Matrices and tables are drawn from N(0, 0.02²), biases and LayerNorm shifts are 0, LayerNorm scales 1, as BERT starts
/// (`initializer_range` in its published configurations; `_init_weights` in transformers). Element `i` of a tensor
/// depends on the seed, the tensor's name and `i` alone, so any range can be read without those before it.
public struct RandomWeights: ParameterSource {
  public static let standardDeviation: Float = 0.02

  public let seed: UInt64

  public init(seed: UInt64) { self.seed = seed }

  public func mappedFloats(_ parameter: Parameter) -> UnsafeBufferPointer<Float>? { nil }

  public func read(
    _ parameter: Parameter, elements: Range<Int>, into destination: UnsafeMutablePointer<Float>
  ) {
    switch parameter.role {
    case .bias, .normShift: destination.update(repeating: 0, count: elements.count)
    case .normScale: destination.update(repeating: 1, count: elements.count)
    case .weight, .embedding:
      let random = Philox(key: seed)
      let stream = fnv1a(parameter.name)
      var block = SIMD4<UInt32>()
      var blockIndex = -1
      for element in elements {
        if element / 4 != blockIndex {
          blockIndex = element / 4
          block = random.block(stream: stream, index: UInt64(blockIndex))
        }
        destination[element - elements.lowerBound] =
          Float(normalQuantile(ofUniform: block[element % 4])) * Self.standardDeviation
      }
    }
  }
}

/// The 64-bit FNV-1a hash of a text's UTF-8 (http://www.isthe.com/chongo/tech/comp/fnv/).
func fnv1a(_ text: String) -> UInt64 {
  text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}

/// Philox4x32-10: a bijection of a 128-bit counter under a 64-bit key, used as random bits (Salmon et al., "Parallel
/// random numbers: as easy as 1, 2, 3", SC 2011).
struct Philox {
  let key: UInt64

  /// Four independent words for each pair of stream and index.
  func block(stream: UInt64, index: UInt64) -> SIMD4<UInt32> {
    var c0 = UInt32(truncatingIfNeeded: index)
    var c1 = UInt32(truncatingIfNeeded: index >> 32)
    var c2 = UInt32(truncatingIfNeeded: stream)
    var c3 = UInt32(truncatingIfNeeded: stream >> 32)
    var key0 = UInt32(truncatingIfNeeded: key)
    var key1 = UInt32(truncatingIfNeeded: key >> 32)
    for _ in 0..<10 {
      let product0 = UInt64(c0) * 0xD251_1F53
      let product1 = UInt64(c2) * 0xCD9E_8D57
      c0 = UInt32(truncatingIfNeeded: product1 >> 32) ^ c1 ^ key0
      c1 = UInt32(truncatingIfNeeded: product1)
      c2 = UInt32(truncatingIfNeeded: product0 >> 32) ^ c3 ^ key1
      c3 = UInt32(truncatingIfNeeded: product0)
      key0 &+= 0x9E37_79B9
      key1 &+= 0xBB67_AE85
    }
    return SIMD4(c0, c1, c2, c3)
  }
}

/// The standard normal quantile of (`word` + ½) / 2³², to about 1 part in 10⁷.
///
/// Algorithm AS 241, PPND7 (Wichura, Applied Statistics 37 (3), 1988). It uses IEEE basic operations and `log` below
/// only, never the platform's mathematics library, so that every platform gives the same bits.
func normalQuantile(ofUniform word: UInt32) -> Double {
  let probability = (Double(word) + 0.5) * 0x1p-32
  let q = probability - 0.5
  if q.magnitude <= 0.425 {
    let r = 0.180625 - q * q
    return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
      / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1)
  }
  let r = (-naturalLogarithm(q < 0 ? probability : 1 - probability)).squareRoot()
  let tail: Double
  if r <= 5 {
    let s = r - 1.6
    tail =
      (((0.17023821103 * s + 1.3067284816) * s + 2.7568153900) * s + 1.4234372777)
      / ((0.12021132975 * s + 0.73700164250) * s + 1)
  } else {
    let s = r - 5
    tail =
      (((0.017337203997 * s + 0.42868294337) * s + 3.0812263860) * s + 6.6579051150)
      / ((0.012258202635 * s + 0.24197894225) * s + 1)
  }
  return q < 0 ? -tail : tail
}

/// ln x for normal positive x, to 10 digits.
///
/// With x = 2ᵏ·m, ½√2 ≤ m < √2 and z = (m − 1)/(m + 1), ln x = k·ln 2 + 2(z + z³/3 + z⁵/5 + …); |z| < 0.172, so that
/// what follows z¹¹/11 is below 2·10⁻¹¹.
private func naturalLogarithm(_ x: Double) -> Double {
  let isLarge = x.significand > 1.4142135623730951
  let m = isLarge ? x.significand / 2 : x.significand
  let exponent = Double(x.exponent + (isLarge ? 1 : 0))
  let z = (m - 1) / (m + 1)
  let z2 = z * z
  let series = 1 + z2 * (1.0 / 3 + z2 * (1.0 / 5 + z2 * (1.0 / 7 + z2 * (1.0 / 9 + z2 * (1.0 / 11)))))
  return exponent * 0.69314718055994531 + 2 * z * series
}
