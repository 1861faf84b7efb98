/// What a block's `bits` ask of its hash, and the work that meeting it takes.
package struct Target: Hashable, Sendable {
    /// The upper half of the highest number that the hash may be; the lower half is zero.
    package var high: UInt128
    /// The expected number of hashes it takes: 2²⁵⁶ / (target + 1).
    package var work: UInt128

    /// The target in compact form, or nil if it is none that a chain can have.
    ///
    /// Targets below 2¹³⁶ are taken for none: nobody has ever done 2¹²⁰ hashes.
    package init?(bits: UInt32) {
        let (exponent, mantissa) = (Int(bits >> 24), UInt128(bits & 0x7F_FFFF))
        guard bits & 0x80_0000 == 0, mantissa > 0, (20...32).contains(exponent) else { return nil }
        let shift = 8 * (exponent - 3)
        high = mantissa << UInt128(shift - 128)
        // The remainder, times 2^shift, is larger than the quotient unless it is zero: so the 1 counts only then.
        let (quotient, remainder) = (UInt128(1) << UInt128(256 - shift)).quotientAndRemainder(dividingBy: mantissa)
        work = remainder == 0 ? quotient - 1 : quotient
    }

    /// Whether a hash meets it.
    package func isMet(by hash: Hash256) -> Bool {
        let number = hash.number
        return number.high < high || number.high == high && number.low == 0
    }
}
