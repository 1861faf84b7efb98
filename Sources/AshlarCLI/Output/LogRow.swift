import Ashlar
import AshlarFormat

/// A commit as a line of JSON or CSV: the same members whatever it is.
struct LogRow {
    private let entry: LogEntry
    private let notation: HashNotation
    private let kind: StaticString
    private var block: Block?
    private var timestamp: Timestamp?
    private var requestID: [UInt8]?
    private var key: [UInt8]?
    private var rollback: StoredRollback?

    /// The line of a commit.
    init(_ entry: LogEntry, _ notation: HashNotation) {
        self.entry = entry
        self.notation = notation
        switch entry.commit.content {
        case .block(let stored, let part):
            kind = "block"
            block = stored.block
            timestamp = stored.block.timestamp
            requestID = stored.block.requestID
            rollback = part
        case .rollback(let part):
            kind = "rollback"
            rollback = part
        case .floating(let time, let batchKey, let id):
            kind = "floating"
            timestamp = time
            key = batchKey
            requestID = id
        case .control: kind = "control"
        }
    }

    /// Writes the line of JSON.
    func json(_ output: inout Output) {
        let commit = entry.commit
        output.write("{\"sequence\":")
        output.write(commit.sequence)
        output.write(",\"kind\":\"")
        output.write(kind)
        output.write("\",\"height\":")
        output.json(block?.height)
        output.write(",\"hash\":")
        output.json(block.map { text($0.hash) })
        output.write(",\"parent\":")
        output.json(block.map { text($0.parent) })
        output.write(",\"timestamp\":")
        output.json(timestamp?.microseconds)
        output.write(",")
        output.json("requestId", bytes: requestID)
        output.write(",\"events\":")
        output.write(commit.eventCount)
        jsonRest(&output)
    }

    private func jsonRest(_ output: inout Output) {
        let commit = entry.commit
        output.write(",\"canonical\":")
        if let isCanonical = entry.isCanonical { output.json(isCanonical) } else { output.write("null") }
        output.write(",\"rollback\":")
        jsonRollback(&output)
        output.write(",\"continues\":")
        output.json(commit.continues)
        output.write(",\"finalHeight\":")
        output.json(commit.finalHeight)
        output.write(",")
        output.json("key", bytes: key)
        output.write(",\"mark\":")
        output.json(commit.mark.map { String(decoding: Base64.encode($0), as: UTF8.self) })
        output.write(",\"chainValue\":")
        output.json(Hex.string(commit.chainValue))
        output.write(",\"appendTime\":")
        output.write(commit.appendTime.microseconds)
        output.write(",\"bytes\":")
        output.write(commit.byteCount)
        output.write("}\n")
    }

    private func jsonRollback(_ output: inout Output) {
        guard let rollback else { return output.write("null") }
        output.write("{\"toHeight\":")
        output.write(rollback.toHeight)
        output.write(",\"undoneBlocks\":")
        output.write(rollback.undoneBlocks)
        output.write(",\"undoneEvents\":")
        output.write(rollback.undoneEvents)
        output.write(",\"undone\":")
        json(entry.undone, &output)
        output.write(",\"readopted\":")
        json(entry.readopted, &output)
        output.write("}")
    }

    private func json(_ blocks: [LogEntry.Block], _ output: inout Output) {
        output.write("[")
        for (index, block) in blocks.enumerated() {
            output.write(index == 0 ? "{\"sequence\":" : ",{\"sequence\":")
            output.write(block.sequence)
            output.write(",\"height\":")
            output.write(block.height)
            output.write(",\"hash\":")
            output.json(text(block.hash))
            output.write("}")
        }
        output.write("]")
    }

    /// Writes the head line of CSV.
    static func csvHead(_ output: inout Output) {
        output.write("sequence,kind,height,hash,parent,timestamp,requestId,requestIdBase64,events,canonical,")
        output.write("rollbackToHeight,undoneBlocks,undoneEvents,undone,readopted,continues,finalHeight,")
        output.write("key,keyBase64,mark,chainValue,appendTime,bytes\n")
    }

    /// Writes the line of CSV; blocks undone and taken up again are lists of sequences with spaces between them.
    func csv(_ output: inout Output) {
        let commit = entry.commit
        output.write(commit.sequence)
        output.write(",")
        output.write(kind)
        output.write(",")
        output.csv(block?.height)
        output.write(",")
        output.csv(block.map { text($0.hash) })
        output.write(",")
        output.csv(block.map { text($0.parent) })
        output.write(",")
        output.csv(timestamp?.microseconds)
        output.write(",")
        output.csv(textOrBase64: requestID)
        output.write(",")
        output.write(commit.eventCount)
        output.write(",")
        output.csv(entry.isCanonical.map { "\($0)" })
        output.write(",")
        csvRollback(&output)
        csvRest(&output)
    }

    private func csvRest(_ output: inout Output) {
        let commit = entry.commit
        output.write(commit.continues ? ",true," : ",false,")
        output.csv(commit.finalHeight)
        output.write(",")
        output.csv(textOrBase64: key)
        output.write(",")
        output.write(commit.mark.map { Base64.encode($0) } ?? [])
        output.write(",")
        output.write(text: Hex.string(commit.chainValue))
        output.write(",")
        output.write(commit.appendTime.microseconds)
        output.write(",")
        output.write(commit.byteCount)
        output.write("\n")
    }

    private func csvRollback(_ output: inout Output) {
        output.csv(rollback?.toHeight)
        output.write(",")
        output.csv(rollback?.undoneBlocks)
        output.write(",")
        output.csv(rollback?.undoneEvents)
        output.write(",")
        output.write(text: entry.undone.map { "\($0.sequence)" }.joined(separator: " "))
        output.write(",")
        output.write(text: entry.readopted.map { "\($0.sequence)" }.joined(separator: " "))
    }

    private func text(_ hash: BlockHash) -> String { HashText.encode(hash.bytes, as: notation) }
}
