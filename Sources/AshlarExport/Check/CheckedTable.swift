/// A table that is compared row by row.
enum CheckedTable {
    case blocks, events, rollbacks, undoneBlocks, readoptedBlocks, tip
    /// A table of the map.
    case typed(TypedTable)

    /// Its name.
    var name: String {
        switch self {
        case .blocks: "blocks"
        case .events: "events"
        case .rollbacks: "rollbacks"
        case .undoneBlocks: "undone_blocks"
        case .readoptedBlocks: "readopted_blocks"
        case .tip: "tip"
        case .typed(let typed): typed.table.name
        }
    }

    /// The columns of its key: two at most, integers.
    var key: [String] {
        switch self {
        case .blocks, .rollbacks: ["sequence"]
        case .events, .typed: ["sequence", "ordinal"]
        case .undoneBlocks, .readoptedBlocks: ["sequence", "block_sequence"]
        case .tip: ["id"]
        }
    }

    /// The columns that are read, those of the key in front.
    var columns: [String] {
        switch self {
        case .blocks:
            [
                "sequence", "height", "hash", "parent", "time", "appended_at", "chain_value", "request_id",
                "event_count", "undone_by",
            ]
        case .events:
            [
                "sequence", "ordinal", "height", "model_id", "type_id", "version", "time", "request_id", "undone_by",
                "payload", "payload_bytes",
            ]
        case .rollbacks: ["sequence", "appended_at", "to_height", "undone_count"]
        case .undoneBlocks: ["sequence", "block_sequence", "height", "hash"]
        case .readoptedBlocks: ["sequence", "block_sequence", "height"]
        case .tip: ["id", "sequence", "height", "hash", "time"]
        case .typed(let typed): typed.table.columns.map(\.name)
        }
    }

    /// Whether its rows can be asked for by height.
    var hasHeights: Bool {
        switch self {
        case .rollbacks, .tip: false
        default: true
        }
    }
}

/// What names a row: the values of the columns of the key.
struct RowKey: Hashable, Comparable {
    var first: Int64
    var second: Int64 = 0

    static func < (left: RowKey, right: RowKey) -> Bool { (left.first, left.second) < (right.first, right.second) }
}

/// A row of either side.
struct CheckedRow {
    let key: RowKey
    let height: Int64?
    let digest: UInt64

    /// A row with the digest of its other fields; key and height become part of it, so that no two rows can change places.
    init(key: RowKey, height: Int64?, _ fields: RowDigest) {
        self.key = key
        self.height = height
        var whole = fields
        whole.add(key.first)
        whole.add(key.second)
        whole.add(height)
        digest = whole.value
    }

    /// The number of its range of heights.
    var range: Int64 {
        guard let height else { return ExportCheck.floating }
        let (quotient, rest) = height.quotientAndRemainder(dividingBy: ExportCheck.rangeHeights)
        return rest < 0 ? quotient - 1 : quotient
    }
}

extension CheckReport.Difference {
    /// A difference in a row of a table.
    init(_ table: CheckedTable, _ row: CheckedRow, _ problem: CheckReport.Problem) {
        let names = table.key
        self.init(
            table: table.name,
            key: "\(names[0]) \(row.key.first)" + (names.count > 1 ? ", \(names[1]) \(row.key.second)" : ""),
            sequence: names[0] == "sequence" ? row.key.first : nil,
            ordinal: names.last == "ordinal" ? row.key.second : nil, height: row.height, problem: problem)
    }
}
