/// How a store's block hashes are written as text; the bytes stored are the decoded ones, in the order printed.
///
/// The raw values are those of `hashNotation` in the segment header.
public enum HashNotation: UInt8, CaseIterable, Hashable, Sendable {
    /// Lower-case hex digits, as Bitcoin prints them.
    case hex = 0
    /// Lower-case hex digits after `0x`, as Ethereum and Substrate print them.
    case prefixedHex = 1
    /// Upper-case hex digits, as Tendermint prints them.
    case upperHex = 2
    /// Base58 with Bitcoin's alphabet, as Solana prints them.
    case base58 = 3
}

extension HashNotation: CustomStringConvertible {
    /// What a user reads about the notation.
    public var description: String {
        switch self {
        case .hex: "lower-case hex"
        case .prefixedHex: "lower-case hex after 0x"
        case .upperHex: "upper-case hex"
        case .base58: "base58"
        }
    }
}
