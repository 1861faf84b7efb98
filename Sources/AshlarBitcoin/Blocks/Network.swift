/// The networks of Bitcoin, as the command line names them.
package enum Network: String, CaseIterable, Sendable {
    case mainnet
    case testnet3
    case testnet4
    case signet
    case regtest

    /// The four bytes in front of each block in a file.
    package var magic: UInt32 { constants.magic }
    /// The easiest target, in compact form.
    package var easiestBits: UInt32 { constants.easiestBits }
    /// The hash of the first block, as it is printed.
    package var genesis: String { constants.genesis }

    private var constants: (magic: UInt32, easiestBits: UInt32, genesis: String) {
        switch self {
        case .mainnet: (0xF9BEB4D9, 0x1D00FFFF, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")
        case .testnet3: (0x0B110907, 0x1D00FFFF, "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943")
        case .testnet4: (0x1C163F28, 0x1D00FFFF, "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043")
        case .signet: (0x0A03CF40, 0x1E0377AE, "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6")
        case .regtest: (0xFABFB5DA, 0x207FFFFF, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206")
        }
    }

    /// After how many blocks the subsidy halves.
    var halving: Int64 { self == .regtest ? 150 : 210_000 }

    /// Who writes records with this magic, for messages: also chains whose files look the same.
    package static func name(ofMagic magic: UInt32) -> String? {
        switch magic {
        case 0xFBC0_B6DB: "Litecoin"
        case 0xC0C0_C0C0: "Dogecoin"
        case 0xF9BE_B4FE: "Namecoin"
        default: allCases.first { $0.magic == magic }?.rawValue
        }
    }
}

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
