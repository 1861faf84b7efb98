import Ashlar
import AshlarFormat

/// One thing that a commit did to the chain, on its way to a row of a network model.
enum EasyLayerChainStep {
    /// A block came.
    case add(Block, sequence: UInt64)
    /// The blocks from the height `from` up went, so that `toHeight` is the highest left, nil if none is. `removed` are the highest of them, the
    /// highest first.
    case rollBack(toHeight: Int64?, from: Int64, removed: [Block], sequence: UInt64, time: Timestamp)
}

/// Writes the payloads of a network model's events.
struct EasyLayerBlockText {
    /// The kind of chain.
    let network: EasyLayerNetwork

    /// `{"blocks":[…]}`.
    func payload(_ blocks: [Block]) -> [UInt8] {
        var text = Array("{\"blocks\":[".utf8)
        for (index, block) in blocks.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text += self.text(block).utf8
        }
        text += "]}".utf8
        return text
    }

    private func text(_ block: Block) -> String {
        let prefix = network == .evm ? "0x" : ""
        let time = Self.seconds(block.timestamp).map { ",\"\(network.timeField)\":\($0)" } ?? ""
        return """
            {"\(network.heightField)":\(block.height),"hash":"\(prefix)\(block.hash)",\
            "\(network.parentField)":"\(prefix)\(block.parent)"\(time)}
            """
    }

    /// A time in whole seconds, rounded down; nil if it cannot be written.
    private static func seconds(_ time: Timestamp) -> Int64? {
        let seconds = time.microseconds / 1_000_000
        return time.microseconds < 0 || seconds > Limits.height ? nil : seconds
    }

    /// Whether a block's payload has its time to the microsecond. Of other blocks only the event's own time does, which is that of its last block.
    static func hasWholeTime(_ block: Block) -> Bool {
        seconds(block.timestamp).map { $0 * 1_000_000 == block.timestamp.microseconds } ?? false
    }
}
