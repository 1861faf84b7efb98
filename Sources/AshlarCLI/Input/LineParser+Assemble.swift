extension LineParser {
    /// Reads what a `rollback` says.
    mutating func readRollback(_ scanner: inout LineScanner) throws(InputError) -> Int64 {
        let start = scanner.position
        try scanner.openObject("rollback")
        eventKeys.reset()
        var toHeight: Int64?
        var isFirst = true
        while let key = try scanner.nextKey(&isFirst) {
            if try eventKeys.identify(key, scanner, &decoded) == .toHeight {
                toHeight = try scanner.integer("toHeight", in: -1...Self.heights.upperBound)
            } else {
                _ = try scanner.skipValue()
            }
        }
        guard let toHeight else {
            throw .missingField(scanner.place(start), field: "toHeight", of: "the rollback")
        }
        return toHeight
    }

    /// Decides what a line is, and whether it has all that it needs.
    mutating func assemble(
        _ members: inout LineMembers, _ scanner: borrowing LineScanner
    ) throws(InputError) -> InputLine {
        let start = scanner.place(0)
        let ofBlock = blockField
        if let ofBlock, lineKeys.contains(.rollback) || lineKeys.contains(.floating) {
            let other = lineKeys.contains(.rollback) ? "rollback" : "floating"
            throw .mixedLine(start, first: ofBlock, second: other)
        }
        if let toHeight = members.toHeight {
            guard !lineKeys.contains(.floating) else {
                throw .mixedLine(start, first: "rollback", second: "floating")
            }
            return .rollback(toHeight: toHeight, requestId: members.requestId)
        }
        if lineKeys.contains(.floating) { return .floating(try assembleFloating(members, scanner)) }
        guard ofBlock != nil else { throw .unknownLine(start) }
        return .block(try assembleBlock(&members, at: start))
    }

    /// A member that only a block has, if there is one.
    private var blockField: String? {
        if lineKeys.contains(.height) { return "height" }
        if lineKeys.contains(.hash) { return "hash" }
        if lineKeys.contains(.parent) { return "parent" }
        return lineKeys.contains(.events) ? "events" : nil
    }

    private func assembleBlock(
        _ members: inout LineMembers, at start: InputPosition
    ) throws(InputError) -> BlockLine {
        func missing(_ field: String) -> InputError { .missingField(start, field: field, of: "the block") }
        guard let height = members.height else { throw missing("height") }
        guard let hash = members.hash else { throw missing("hash") }
        guard let parent = members.parent else { throw missing("parent") }
        guard let timestamp = members.timestamp else { throw missing("timestamp") }
        guard lineKeys.contains(.events) else { throw missing("events") }
        return BlockLine(
            height: height, hash: hash, parent: parent, timestamp: timestamp, requestId: members.requestId)
    }

    private mutating func assembleFloating(
        _ members: LineMembers, _ scanner: borrowing LineScanner
    ) throws(InputError) -> FloatingLine {
        var line = FloatingLine(timestamp: members.timestamp, requestId: members.requestId)
        if let offset = members.keyOffset {
            var keyScanner = LineScanner(scanner.bytes, line: scanner.line, at: offset)
            line.key = try readOptionalText("key", &keyScanner)
        }
        return line
    }
}
