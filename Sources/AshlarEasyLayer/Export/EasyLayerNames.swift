import AshlarExport

/// The names of everything an export creates: tables of models, and their keys, indexes and sequences.
///
/// Invariant: no two relations have the same name, as the database compares them.
struct EasyLayerNames {
    private let dialect: SQLDialect
    /// What has each name.
    private var owners: [String: String] = [:]
    /// The tables every target has.
    static let ownTables = ["snapshots", "outbox", EasyLayerSeal.table]

    init(_ dialect: SQLDialect) {
        self.dialect = dialect
        for table in Self.ownTables { owners[key(table)] = "the table `\(table)`" }
        for index in Self.snapshotIndexes + Self.outboxIndexes { owners[key(index.name)] = "an index of its own" }
        if dialect == .postgres {
            for name in ["PK_snapshots", "snapshots_id_seq", "PK_outbox", "PK_\(EasyLayerSeal.table)"] {
                owners[key(name)] = "a key of its own"
            }
        }
    }

    /// Takes up a model's table; gives why it cannot be, if so.
    mutating func add(table: String, of model: String) -> String? {
        guard EasyLayerLayout.isModelName(table) else {
            let isSame = table.utf8.elementsEqual(model.utf8)
            return (isSame ? Self.printed(model) : "\(Self.printed(table)) for \(Self.printed(model))")
                + " is no name of EasyLayer's (a letter, then letters, digits, `_` and `-`, 60 at most)"
        }
        if dialect == .sqlite, table.lowercased().hasPrefix("sqlite_") {
            return "\(Self.printed(model)) begins like SQLite's own tables"
        }
        for name in [table] + relations(of: table) {
            if let owner = owners[key(name)] {
                return "\(Self.printed(model)) needs the name `\(name)`, which \(owner) has"
            }
        }
        for name in [table] + relations(of: table) { owners[key(name)] = "the model `\(table)`" }
        return nil
    }

    /// Takes up a model's table under a name much like the model's that a table can have; gives that name.
    ///
    /// What may not stand in a name becomes `_`, and `m_` comes in front if there is no letter or if the name begins like SQLite's own; a number
    /// behind it tells like names apart.
    mutating func addFitting(_ model: String) -> String {
        let plain = model.utf8.map { byte in
            EasyLayerLayout.isModelName("a" + String(Unicode.Scalar(byte)))
                ? Character(Unicode.Scalar(byte)) : Character("_")
        }
        let isOfSQLite = String(plain).lowercased().hasPrefix("sqlite_")
        let start = plain.first?.isLetter == true && !isOfSQLite ? "" : "m_"
        var number = 1
        while true {
            let end = number == 1 ? "" : "_\(number)"
            let name = String((start + String(plain)).prefix(60 - end.count)) + end
            if add(table: name, of: model) == nil { return name }
            number += 1
        }
    }

    /// SQLite finds names whatever the case of their letters.
    private func key(_ name: String) -> String { dialect == .sqlite ? name.lowercased() : name }

    private func relations(of table: String) -> [String] {
        let names = [Self.uniqueName(table), Self.indexName(table)]
        return dialect == .postgres ? names + [Self.keyName(table), Self.sequenceName(table)] : names
    }

    /// A name from a store in a message: in quotation marks, with escapes for what a terminal would not show.
    static func printed(_ name: String) -> String { name.debugDescription }
}

extension EasyLayerNames {
    /// The name of the constraint that a version and a request id occur once.
    static func uniqueName(_ table: String) -> String { shortened("UQ_\(table)_v_reqid") }

    /// The name of the index on heights.
    static func indexName(_ table: String) -> String { shortened("IDX_\(table)_blockh") }

    /// The name of the primary key, for PostgreSQL.
    static func keyName(_ table: String) -> String { "PK_\(table)" }

    /// The name of the sequence of ids, for PostgreSQL: what a column of type `bigserial` would have.
    static func sequenceName(_ table: String) -> String { "\(table.prefix(56))_id_seq" }

    /// The indexes of `snapshots`; the first is unique.
    static let snapshotIndexes = [
        TableIndex("UQ_aggregate_blockheight", ["aggregateId", "blockHeight"], unique: true),
        TableIndex("IDX_aggregate_blockheight", ["aggregateId", "blockHeight"]),
        TableIndex("IDX_blockheight", ["blockHeight"]),
        TableIndex("IDX_created_at", ["createdAt"]),
    ]

    /// The indexes of `outbox`; the first is unique.
    static let outboxIndexes = [
        TableIndex("UQ_outbox_aggregate_version", ["aggregateId", "eventVersion"], unique: true),
        TableIndex("IDX_outbox_id", ["id"]),
    ]

    /// The form in which EasyLayer names keys and indexes: letters, digits and `_` alone, cut so that all is 60 characters at most, and a checksum
    /// of what was there before it was cut, which is the usual string hash with factor 31 in 32 bits, its absolute value modulo 999.
    private static func shortened(_ name: String) -> String {
        let plain = name.map { $0 == "-" ? "_" : $0 }
        let hash = plain.reduce(Int32(0)) { $0 &* 31 &+ Int32($1.asciiValue ?? 0) }
        let checksum = String(Int64(hash).magnitude % 999)
        return String(plain.prefix(60 - checksum.count - 1)) + "_" + checksum
    }
}
