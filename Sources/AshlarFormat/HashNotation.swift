/// How tools print and read the hashes of a store's blocks; raw values as in the segment header.
public enum HashNotation: UInt8, Sendable, CaseIterable {
    /// Lower-case hex.
    case hex = 0
    /// Lower-case hex after `0x`.
    case prefixedHex = 1
    /// Upper-case hex.
    case upperHex = 2
    /// Base58 with Bitcoin's alphabet.
    case base58 = 3
}
