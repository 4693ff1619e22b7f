/// Widening of 16-bit floats, which loses nothing.
enum HalfPrecision {
  /// IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits.
  ///
  /// Written on bits, as `Float16` does not exist on every platform. Signalling NaNs become quiet, payloads stay.
  static func widenFloat16(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits) & 0x3FF
    switch exponent {
    case 0:
      // Subnormal: fraction · 2⁻²⁴, exact in a Float.
      let magnitude = Float(fraction) * 0x1p-24
      return Float(bitPattern: sign | magnitude.bitPattern)
    case 0x1F:
      let quiet: UInt32 = fraction == 0 ? 0 : 0x0040_0000
      return Float(bitPattern: sign | 0x7F80_0000 | quiet | fraction << 13)
    default:
      return Float(bitPattern: sign | (exponent + 127 - 15) << 23 | fraction << 13)
    }
  }

  /// bfloat16: the upper half of a binary32.
  static func widenBFloat16(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}
