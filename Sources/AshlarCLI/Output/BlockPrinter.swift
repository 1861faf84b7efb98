package import Ashlar
import AshlarFormat

/// Blocks as JSON, CSV and rows of a table.
package struct BlockPrinter {
    private let notation: HashNotation

    /// A printer of the blocks of a store.
    package init(_ notation: HashNotation) { self.notation = notation }

    /// Writes `{"height","hash","timestamp"}`, or null if there is no block.
    package static func tip(_ block: StoredBlock?, _ notation: HashNotation, _ output: inout Output) {
        guard let block = block?.block else { return output.write("null") }
        output.write("{\"height\":")
        output.write(block.height)
        output.write(",\"hash\":")
        output.json(HashText.encode(block.hash.bytes, as: notation))
        output.write(",\"timestamp\":")
        output.write(block.timestamp.microseconds)
        output.write("}")
    }

    /// Writes what a block was appended with, as members of an object: `"height"`, `"hash"`, `"parent"`, `"timestamp"`, `"requestId"`.
    package static func members(_ block: Block, _ notation: HashNotation, _ output: inout Output) {
        output.write("\"height\":")
        output.write(block.height)
        output.write(",\"hash\":")
        output.json(HashText.encode(block.hash.bytes, as: notation))
        output.write(",\"parent\":")
        output.json(HashText.encode(block.parent.bytes, as: notation))
        output.write(",\"timestamp\":")
        output.write(block.timestamp.microseconds)
        output.write(",")
        output.json("requestId", bytes: block.requestID)
    }

    /// Writes a block as a line of JSON.
    package func json(_ stored: StoredBlock, isCanonical: Bool, _ output: inout Output) {
        output.write("{")
        Self.members(stored.block, notation, &output)
        output.write(",\"sequence\":")
        output.write(stored.sequence)
        output.write(",\"events\":")
        output.write(stored.eventCount)
        output.write(",\"bytes\":")
        output.write(stored.byteCount)
        output.write(",\"appendTime\":")
        output.write(stored.appendTime.microseconds)
        output.write(",\"canonical\":")
        output.json(isCanonical)
        output.write("}\n")
    }

    /// Writes the head line of CSV.
    package static func csvHead(_ output: inout Output) {
        output.write("height,hash,parent,timestamp,requestId,requestIdBase64,sequence,events,bytes,")
        output.write("appendTime,canonical\n")
    }

    /// Writes a block as a line of CSV.
    package func csv(_ stored: StoredBlock, isCanonical: Bool, _ output: inout Output) {
        output.write(stored.block.height)
        output.write(",")
        output.write(text: HashText.encode(stored.block.hash.bytes, as: notation))
        output.write(",")
        output.write(text: HashText.encode(stored.block.parent.bytes, as: notation))
        output.write(",")
        output.write(stored.block.timestamp.microseconds)
        output.write(",")
        output.csv(textOrBase64: stored.block.requestID)
        output.write(",")
        output.write(stored.sequence)
        output.write(",")
        output.write(stored.eventCount)
        output.write(",")
        output.write(stored.byteCount)
        output.write(",")
        output.write(stored.appendTime.microseconds)
        output.write(isCanonical ? ",true\n" : ",false\n")
    }

    /// The columns of a table of blocks.
    package static let columns: [TextTable.Column] = [
        .number("height"), .text("hash"), .text("parent"), .text("time"), .number("sequence"), .number("events"),
        .number("bytes"), .text(""),
    ]

    /// A block as a row of a table.
    package func row(_ stored: StoredBlock, isCanonical: Bool) -> [String] {
        [
            "\(stored.block.height)", HashText.encode(stored.block.hash.bytes, as: notation),
            Self.short(stored.block.parent, notation), TimeText.format(stored.block.timestamp), "\(stored.sequence)",
            "\(stored.eventCount)", "\(stored.byteCount)", isCanonical ? "" : "undone",
        ]
    }

    /// A hash cut in the middle, so that its start and its end can be told: chains put their zeros first, or nothing.
    package static func short(_ hash: BlockHash, _ notation: HashNotation) -> String {
        let text = HashText.encode(hash.bytes, as: notation)
        return text.count <= 19 ? text : "\(text.prefix(8))…\(text.suffix(10))"
    }
}
