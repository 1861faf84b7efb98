import AshlarBitcoin
import AshlarCLI
import AshlarEasyLayer
import AshlarFormat

extension FuzzTarget {
    /// A line of input, in each notation of hashes.
    static let ingest = FuzzTarget("ingest") { bytes in
        for notation in [nil, HashNotation.hex, .base58] {
            var parser = LineParser(notation: notation)
            let span = bytes.span.bytes
            guard (try? parser.parse(span, lineNumber: 1)) != nil else { continue }
            for event in parser.events {
                rule(event.payload.upperBound <= bytes.count, "a payload outside the line")
                _ = parser.string(of: event.model, in: span)
                _ = parser.string(of: event.type, in: span)
                if let requestId = event.requestId { _ = parser.string(of: requestId, in: span) }
            }
        }
    }

    /// The header of Bitcoin's first block: with its proof of work, whatever stands behind the header is looked at.
    private static let genesis: [UInt8] = {
        let text =
            "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f61"
            + "7fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
        let digits = Array(text.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }()

    /// A block of Bitcoin, as it is in block files.
    static let bitcoin = FuzzTarget("bitcoin") { bytes in
        var block = ParsedBlock()
        for network in [Network.mainnet, .regtest] { try? block.parse(bytes, of: network) }
        guard let header = try? BlockHeader(genesis) else { return }
        try? block.parse(bytes, header: header, of: .mainnet)
    }

    /// A payload of EasyLayer, compressed or not, with a limit that a bomb meets soon.
    static let easylayer = FuzzTarget("easylayer") { bytes in
        let payload = EasyLayerPayload(limit: 1 << 20)
        for isCompressed in [false, true] {
            guard let plain = try? payload.plain(bytes, isCompressed: isCompressed) else { continue }
            rule(plain.count <= 1 << 20, "a payload beyond the limit")
        }
    }
}
