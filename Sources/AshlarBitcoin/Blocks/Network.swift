/// The networks of Bitcoin, as the command line names them.
package enum Network: String, CaseIterable, Sendable {
    case mainnet
    case testnet3
    case testnet4
    case signet
    case regtest

    /// The four bytes in front of each block in a file.
    package var magic: UInt32 {
        switch self {
        case .mainnet: 0xF9BE_B4D9
        case .testnet3: 0x0B11_0907
        case .testnet4: 0x1C16_3F28
        case .signet: 0x0A03_CF40
        case .regtest: 0xFABF_B5DA
        }
    }

    /// The easiest target, in compact form.
    package var easiestBits: UInt32 {
        switch self {
        case .mainnet, .testnet3, .testnet4: 0x1D00_FFFF
        case .signet: 0x1E03_77AE
        case .regtest: 0x207F_FFFF
        }
    }

    /// The hash of the first block, as it is printed.
    package var genesis: String {
        switch self {
        case .mainnet: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
        case .testnet3: "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"
        case .testnet4: "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"
        case .signet: "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"
        case .regtest: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"
        }
    }

    /// Who writes records with this magic, for messages: also chains whose files look the same.
    package static func name(ofMagic magic: UInt32) -> String? {
        if let network = allCases.first(where: { $0.magic == magic }) { return network.rawValue }
        switch magic {
        case 0xFBC0_B6DB: return "Litecoin"
        case 0xC0C0_C0C0: return "Dogecoin"
        case 0xF9BE_B4FE: return "Namecoin"
        default: return nil
        }
    }
}
