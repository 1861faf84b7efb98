import Ashlar
import AshlarFormat

/// Steps as JSON Lines: one line a step, or a part of a large one, each with the cursor to go on from.
struct StepPrinter {
    private let notation: HashNotation
    /// Names as they stand in JSON, by the numbers the follower gives them.
    private var models: [[UInt8]] = []
    private var types: [[UInt8]] = []

    /// A printer of the steps of a store.
    init(_ notation: HashNotation) { self.notation = notation }

    /// Writes the lines of a batch.
    mutating func print(_ batch: StepBatch, _ output: inout Output) {
        for step in batch.steps where output.isOpen { print(step, &output) }
        // The log went on by what gives no steps; the cursor is worth knowing all the same.
        if batch.steps.last?.cursor != batch.cursor {
            output.write("{\"step\":\"passed\",\"cursor\":\"")
            output.write(text: "\(batch.cursor)\",\"sequence\":\(batch.cursor.sequence)}\n")
        }
    }

    private mutating func print(_ step: Step, _ output: inout Output) {
        switch step.content {
        case .applied(let applied):
            head("applied", step, &output)
            block(applied, &output)
            events(step.events, &output)
        case .undone(let undone):
            head("undone", step, &output)
            blocks(undone, &output)
        case .floating(let floating):
            head("floating", step, &output)
            output.write(",\"timestamp\":")
            output.write(floating.timestamp.microseconds)
            output.write(",")
            output.json("key", bytes: floating.key)
            output.write(",")
            output.json("requestId", bytes: floating.requestID)
            events(step.events, &output)
        }
        output.write("}\n")
    }

    private func head(_ kind: StaticString, _ step: Step, _ output: inout Output) {
        output.write("{\"step\":\"")
        output.write(kind)
        output.write("\",\"cursor\":\"")
        output.write(text: "\(step.cursor)")
        output.write("\",\"id\":\"")
        output.write(text: Hex.string(step.id.chainValue))
        output.write(".")
        output.write(step.id.index)
        output.write("\",\"sequence\":")
        output.write(step.sequence)
        output.write(",\"appendTime\":")
        output.write(step.appendTime.microseconds)
        output.write(",\"first\":")
        output.json(step.isFirst)
        output.write(",\"last\":")
        output.json(step.isLast)
    }

    private func block(_ applied: AppliedBlock, _ output: inout Output) {
        let stored = applied.block
        output.write(",\"height\":")
        output.write(stored.block.height)
        output.write(",\"hash\":")
        output.json(HashText.encode(stored.block.hash.bytes, as: notation))
        output.write(",\"parent\":")
        output.json(HashText.encode(stored.block.parent.bytes, as: notation))
        output.write(",\"timestamp\":")
        output.write(stored.block.timestamp.microseconds)
        output.write(",")
        output.json("requestId", bytes: stored.block.requestID)
        output.write(",\"blockSequence\":")
        output.write(stored.sequence)
        output.write(",\"readopted\":")
        output.json(applied.isReadopted)
    }

    private func blocks(_ undone: UndoneBlocks, _ output: inout Output) {
        output.write(",\"toHeight\":")
        output.write(undone.toHeight)
        output.write(",\"count\":")
        output.write(undone.count)
        output.write(",\"blocks\":[")
        var isFirst = true
        for block in undone.blocks {
            output.write(isFirst ? "{\"height\":" : ",{\"height\":")
            isFirst = false
            output.write(block.height)
            output.write(",\"hash\":")
            output.json(HashText.encode(block.hash.bytes, as: notation))
            output.write(",\"blockSequence\":")
            output.write(block.sequence)
            output.write(",\"chainValue\":")
            output.json(Hex.string(block.chainValue))
            output.write("}")
        }
        output.write("]")
    }

    private mutating func events(_ events: StepEvents, _ output: inout Output) {
        output.write(",\"events\":[")
        var isFirst = true
        for event in events {
            if !isFirst { output.write(",") }
            isFirst = false
            self.event(event, &output)
        }
        output.write("]")
    }

    private mutating func event(_ event: StepEvent, _ output: inout Output) {
        output.write("{\"id\":\"")
        output.write(text: Hex.string(event.id.chainValue))
        output.write(".")
        output.write(event.ordinal)
        output.write("\",\"ordinal\":")
        output.write(event.ordinal)
        output.write(",\"model\":")
        output.write(Self.name(event.modelIndex, event.model, &models))
        output.write(",\"type\":")
        output.write(Self.name(event.typeIndex, event.type, &types))
        output.write(",\"version\":")
        output.json(event.version)
        output.write(",\"timestamp\":")
        output.write(event.timestamp.microseconds)
        output.write(",")
        output.json("requestId", bytes: event.requestID)
        let payload = event.payload
        if JSONText.isLine(payload) {
            output.write(",\"payload\":")
            payload.withUnsafeBytes { output.write($0) }
            output.write("}")
        } else {
            output.write(",\"payloadBase64\":\"")
            payload.withUnsafeBytes { output.write(Base64.encode($0)) }
            output.write("\"}")
        }
    }

    private static func name(_ index: Int, _ name: @autoclosure () -> String, _ known: inout [[UInt8]]) -> [UInt8] {
        while known.count <= index { known.append([]) }
        if known[index].isEmpty { known[index] = JSONText.quoted(name().utf8) }
        return known[index]
    }
}
