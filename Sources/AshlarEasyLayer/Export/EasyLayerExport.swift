package import Ashlar
package import AshlarExport

/// Writes what a store has into the layout that EasyLayer's software reads.
///
/// Each model gets a table with its canonical and its floating events, in the order of the log, and versions that count them. A network model
/// tells the chain (`EasyLayerChainTeller`). `snapshots` gets the states that are given, `outbox` stays empty: nothing is left to deliver. What was
/// written is read back before it counts. Importing it again gives the same blocks, rollbacks and events; what of a store has no place in the layout
/// is listed in `format-spec/easylayer-export.md`.
package struct EasyLayerExport {
    private let store: Store
    private let view: View
    private let options: EasyLayerExportOptions
    private let stop: () -> Bool
    private let report: (EasyLayerExportProgress) -> Void

    /// An export of the store as it is now.
    ///
    /// `stop` is asked every some rows: true ends the export with `stopped`. `report` is told how far it is.
    package init(
        _ store: Store, options: EasyLayerExportOptions = EasyLayerExportOptions(),
        stop: @escaping () -> Bool = { false },
        report: @escaping (EasyLayerExportProgress) -> Void = { _ in }
    ) throws(EasyLayerExportError) {
        self.store = store
        self.options = options
        self.stop = stop
        self.report = report
        view = try exporting { () throws(StoreError) in
            // A part of the events would look whole there.
            let (view, last) = (try store.view(), store.firstSequence - 1)
            if last > 0 { throw .pruned(sequence: last, height: view.firstHeight - 1) }
            return view
        }
    }

    /// Writes everything into a database that has nothing of these names, within a transaction that is open and that the caller ends.
    ///
    /// Complexity: O(bytes), read once from the log and once from the target; holds some megabytes of rows.
    package func run(inOpenTransactionOf connection: any SQLConnection) throws(EasyLayerExportError)
        -> EasyLayerExportReport
    {
        let plan = try EasyLayerExportPlan(view, store, options, connection.dialect)
        var run = try EasyLayerExportRun(view, store, plan, connection, options, stop, report)
        try run.fill()
        try run.finish()
        try run.check()
        return try run.seal()
    }

    /// Whether it was asked to stop.
    var stopsNow: Bool { stop() }

    /// Finds out, before anything is begun, what would be refused whatever the target holds.
    func check(for dialect: SQLDialect) throws(EasyLayerExportError) {
        _ = try EasyLayerExportPlan(view, store, options, dialect)
    }
}

// MARK: - Targets

extension EasyLayerExport {
    /// Writes into a schema of a server, in one transaction: before it ends, and if it does not, nothing of it is there.
    ///
    /// The schema is made if it is not there. Tables of an earlier export are dropped if `replaces`; anything else in the schema is refused.
    package func run(
        into connection: any SQLConnection, schema: String, name: String, replaces: Bool
    ) throws(EasyLayerExportError) -> EasyLayerExportReport {
        try check(for: connection.dialect)
        try writing { () throws(SQLFailure) in try connection.begin() }
        do throws(EasyLayerExportError) {
            try prepare(connection, schema: schema, name: name, replaces)
            let report = try run(inOpenTransactionOf: connection)
            // Whoever stopped it by now has nothing written.
            guard !stop() else { throw .stopped }
            try writing { () throws(SQLFailure) in try connection.commit() }
            return report
        } catch {
            connection.rollback()
            throw error
        }
    }

    private func prepare(
        _ connection: any SQLConnection, schema: String, name: String, _ replaces: Bool
    ) throws(EasyLayerExportError) {
        let isThere = try writing { () throws(SQLFailure) in
            try connection.value("SELECT 1 FROM pg_namespace WHERE nspname = $1", [.text(schema)]) != nil
        }
        if !isThere {
            let sql = "CREATE SCHEMA \(AshlarExport.quoted(schema))"
            try writing { () throws(SQLFailure) in try connection.execute(sql) }
        }
        let contents = try writing { () throws(SQLFailure) in try EasyLayerTargetContents(of: connection) }
        try contents.check(name: name, replaces: replaces)
        for table in contents.tables ?? [] {
            try writing { () throws(SQLFailure) in
                try connection.execute("DROP TABLE \(AshlarExport.quoted(table))")
            }
        }
    }
}
