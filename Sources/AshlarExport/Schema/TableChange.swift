/// What has to become of a table of a map or of a state, so that the target has what is asked for.
struct TableChange {
    /// What becomes of it.
    enum Kind {
        /// It is made.
        case create
        /// It goes.
        case drop
        /// It goes and is made anew.
        case replace
        /// It stays, with what others made on it, and gets other columns or indexes.
        case alter(Alteration)
    }

    /// What becomes of a table that stays.
    struct Alteration {
        var dropped: [String] = []
        var added: [Column] = []
        var droppedIndexes: [String] = []
        /// Whether all rows are made anew.
        var refills = false
    }

    var name: String
    var kind: Kind
    /// The table as it is to be, if it is of the map.
    var typed: TypedTable?
    /// The table as it is to be, if it is of a state.
    var state: StateTable?
    /// Indexes that an exporter made on it.
    var knownIndexes: [String] = []

    /// Whether an exporter may have made something that stands on the table as it is.
    func isKnown(_ name: String) -> Bool {
        if knownIndexes.contains(name) { return true }
        // How a table of the map was defined that is made anew, nobody knows.
        if case .replace = kind, typed != nil { return name.hasPrefix(self.name + "_") }
        return false
    }

    /// The table as it is to be.
    var table: Table? { typed?.table ?? state?.table }

    /// Whether rows are made from the log.
    var fills: Bool {
        switch kind {
        case .create, .replace: true
        case .drop: false
        case .alter(let alteration): alteration.refills
        }
    }
}

extension TableChange: CustomStringConvertible {
    var description: String {
        switch kind {
        case .create: return "make the table \(name)"
        case .drop: return "drop the table \(name)"
        case .replace: return "make the table \(name) anew"
        case .alter(let alteration):
            var parts = alteration.dropped.map { "drop the column \($0)" }
            parts += alteration.added.map { "add the column \($0.name)" }
            if alteration.refills { parts.append("make its rows anew") }
            if parts.isEmpty { parts.append("change its indexes or `onMisfit`") }
            return "in the table \(name) \(parts.joined(separator: ", "))"
        }
    }
}

extension TableChange {
    /// What turns the tables that a target has into those that are asked for.
    static func changes(from present: [OwnTable], to set: TableSet) -> [TableChange] {
        var changes: [TableChange] = []
        let wanted = set.defined
        for old in present where !wanted.contains(where: { old.isSameTable($0) }) {
            changes.append(TableChange(name: old.name, kind: .drop, knownIndexes: old.indexes))
        }
        for table in set.typed {
            let new = OwnTable(name: table.table.name, kind: .map, definition: table.mapped.canonicalText)
            let old = present.first { $0.isSameTable(new) }
            if old == new { continue }
            let kind = old.map { Self.kind(of: $0, to: table) } ?? .create
            var known = old?.indexes ?? []
            if case .replace = kind { known += table.table.indexes.map(\.name) }
            changes.append(TableChange(name: new.name, kind: kind, typed: table, knownIndexes: known))
        }
        for table in set.states {
            let new = OwnTable(name: table.table.name, kind: .state, definition: table.definition)
            let old = present.first { $0.isSameTable(new) }
            if old == new { continue }
            changes.append(
                TableChange(
                    name: new.name, kind: old == nil ? .create : .replace, state: table,
                    knownIndexes: old?.indexes ?? []))
        }
        return changes
    }

    /// What becomes of a table of the map that is there already.
    private static func kind(of old: OwnTable, to new: TypedTable) -> Kind {
        guard let before = MappedTable(canonicalText: old.definition) else { return .replace }
        let after = new.mapped
        var alteration = Alteration()
        // By position too: a column that has another type is another column.
        for column in before.columns
        where !after.columns.contains(where: { $0.name == column.name && $0.kind == column.kind }) {
            alteration.dropped.append(column.name)
        }
        for column in after.columns
        where !before.columns.contains(where: { $0.name == column.name && $0.kind == column.kind }) {
            alteration.added.append(Column(column.name, column.kind.columnType, optional: true))
        }
        alteration.droppedIndexes = before.columns.filter(\.isIndexed).map(\.name).filter { name in
            alteration.dropped.contains(name) || !after.columns.contains { $0.name == name && $0.isIndexed }
        }.map { TableNames.index(new.table.name, $0) }
        alteration.refills = !before.givesRows(of: after)
        return .alter(alteration)
    }
}

extension MappedTable {
    /// Whether the rows of this table are those that another definition would make, but for columns that the other one does without.
    fileprivate func givesRows(of other: MappedTable) -> Bool {
        guard model.map({ Array($0.utf8) }) == other.model.map({ Array($0.utf8) }),
            type.map({ Array($0.utf8) }) == other.type.map({ Array($0.utf8) }),
            onMisfit == other.onMisfit || other.onMisfit == .null
        else { return false }
        return other.columns.allSatisfy { column in
            columns.contains { mine in
                mine.name == column.name && mine.source == column.source && mine.kind == column.kind
                    && mine.unit == column.unit
            }
        }
    }
}

extension OwnTable {
    /// Whether it is about the same table: the same name, and filled from the same kind of source.
    func isSameTable(_ other: OwnTable) -> Bool { kind == other.kind && name.utf8.elementsEqual(other.name.utf8) }

    /// The indexes that an exporter makes on it, or may have made.
    var indexes: [String] {
        // Those of a state are numbered by column; no table of a model has as many.
        guard kind == .map else { return (0..<TableMapReader.maximumColumns).map { "\(name)_\($0)" } }
        let columns = MappedTable(canonicalText: definition)?.columns ?? []
        return (["height"] + columns.filter(\.isIndexed).map(\.name)).map { TableNames.index(name, $0) }
    }
}
