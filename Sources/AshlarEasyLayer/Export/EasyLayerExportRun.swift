import Ashlar
import AshlarExport

/// One run of an export: the tables being filled, and how far it is.
struct EasyLayerExportRun {
    private let view: View
    private let store: Store
    private let plan: EasyLayerExportPlan
    private let connection: any SQLConnection
    private let options: EasyLayerExportOptions
    private let stop: () -> Bool
    private let tell: (EasyLayerExportProgress) -> Void

    private let tables: EasyLayerTables
    private var fillers: [EasyLayerTableFiller] = []
    /// The filler of the network model, if there is one.
    private var network: EasyLayerTableFiller?
    /// The fillers by their models' names.
    private var fillersByName: [[UInt8]: EasyLayerTableFiller] = [:]
    private let deflater: EasyLayerDeflater
    private var progress = EasyLayerExportProgress()
    private var report = EasyLayerExportReport()

    /// The bytes of unsent rows, of all tables together, at which all are sent.
    private static let mostBytes = 32 << 20

    /// Creates the tables.
    init(
        _ view: View, _ store: Store, _ plan: EasyLayerExportPlan, _ connection: any SQLConnection,
        _ options: EasyLayerExportOptions, _ stop: @escaping () -> Bool,
        _ tell: @escaping (EasyLayerExportProgress) -> Void
    ) throws(EasyLayerExportError) {
        self.view = view
        self.store = store
        self.plan = plan
        self.connection = connection
        self.options = options
        self.stop = stop
        self.tell = tell
        tables = EasyLayerTables(dialect: connection.dialect)
        do throws(EasyLayerPayloadProblem) { deflater = try EasyLayerDeflater() } catch {
            throw .refused(code: "payload", "\(error)")
        }
        progress.lastSequence = view.sequence
        for (model, table) in plan.tables {
            let filler = EasyLayerTableFiller(table: table, model: model)
            fillers.append(filler)
            fillersByName[Array(model.utf8)] = filler
        }
        switch plan.chain {
        case .none: break
        case .told(let model): network = fillersByName[Array(model.utf8)]
        case .made(let table):
            let filler = EasyLayerTableFiller(table: table, model: nil)
            fillers.append(filler)
            network = filler
        }
        for statement in tables.createOthers() + fillers.map({ tables.create($0.table.name) }) {
            try Self.execute(statement, connection)
        }
    }

    private static func execute(_ sql: String, _ connection: any SQLConnection) throws(EasyLayerExportError) {
        try writing { () throws(SQLFailure) in try connection.execute(sql) }
    }

    private func requireGoingOn() throws(EasyLayerExportError) { if stop() { throw .stopped } }
}

// MARK: - Rows

extension EasyLayerExportRun {
    /// Writes all rows.
    mutating func fill() throws(EasyLayerExportError) {
        var teller: EasyLayerChainTeller?
        var toldModel: [UInt8]?
        switch plan.chain {
        case .none: break
        case .made: teller = try EasyLayerChainTeller(view, store, plan.network, model: nil)
        case .told(let model):
            teller = try EasyLayerChainTeller(view, store, plan.network, model: model)
            toldModel = Array(model.utf8)
        }
        try fillEvents(&teller, toldModel)
        if teller != nil, let network {
            try teller?.finish { (row) throws(EasyLayerExportError) in try append(row, to: network) }
        }
        for filler in fillers { try filler.flush(to: connection) }
    }

    private mutating func fillEvents(
        _ teller: inout EasyLayerChainTeller?, _ toldModel: [UInt8]?
    ) throws(EasyLayerExportError) {
        var query = EventQuery()
        query.scope = .canonicalAndFloating
        query.order = .sequence
        var cursor = try exporting { () throws(StoreError) in try view.cursor(query) }
        var names = EasyLayerNamesAtHand(fillersByName, toldModel: toldModel)
        var classifier = PayloadClassifier(.sqlite)
        while try Self.next(&cursor) {
            let type = names.type(of: cursor)
            let (filler, isNetwork) = names.filler(of: cursor)
            if isNetwork {
                // Rows that tell the chain, and events that do not, in one order.
                if let network {
                    try teller?.advance(through: cursor.sequence) { (row) throws(EasyLayerExportError) in
                        try append(row, to: network)
                    }
                }
                if type.isOfSpine {
                    guard cursor.height != nil else { throw Self.floating(cursor.event) }
                    continue
                }
            }
            let payload = cursor.payload
            if !options.takesAnyPayload, !classifier.isJSON(payload) { throw Self.notJSON(cursor.event) }
            progress.sequence = cursor.sequence
            try append(
                EasyLayerExportRow(
                    typeDigest: type.digest, type: type.name, requestID: cursor.requestID, height: cursor.height,
                    timestamp: cursor.timestamp, payload: payload), to: filler)
        }
    }

    private static func next(_ cursor: inout EventCursor) throws(EasyLayerExportError) -> Bool {
        do throws(StoreError) { return try cursor.next() } catch { throw .store(error) }
    }

    private mutating func append(
        _ row: borrowing EasyLayerExportRow, to filler: EasyLayerTableFiller
    ) throws(EasyLayerExportError) {
        try filler.append(row, deflater, connection.dialect)
        if filler.isFull { try filler.flush(to: connection) }
        progress.rows += 1
        guard progress.rows.isMultiple(of: 1_024) else { return }
        try requireGoingOn()
        tell(progress)
        // Many tables with few rows each hold more together than they should.
        let bytes = fillers.reduce(0) { $0 + $1.rows.bytes.count }
        if bytes > Self.mostBytes { for filler in fillers { try filler.flush(to: connection) } }
    }

    private static func notJSON(_ event: StoredEvent) -> EasyLayerExportError {
        .refused(
            code: "notJSON",
            "\(place(event)) has a payload that is not JSON, which EasyLayer's software cannot read; "
                + "`--any-payload` writes such payloads as they are")
    }

    private static func floating(_ event: StoredEvent) -> EasyLayerExportError {
        .refused(
            code: "foreignNetwork",
            "\(place(event)) is of no block, but of the type \(event.type.debugDescription), which tells of blocks; "
                + "export with `--network none`, or with `--network-model` and another name")
    }

    private static func place(_ event: StoredEvent) -> String {
        let height = event.height.map { " at height \($0)" } ?? ""
        return
            "event \(event.ordinal) of commit \(event.sequence)\(height), of the model \(event.model.debugDescription),"
    }
}

// MARK: - After the rows

extension EasyLayerExportRun {
    /// Makes keys and indexes, and writes the snapshots.
    mutating func finish() throws(EasyLayerExportError) {
        progress.phase = .indexes
        tell(progress)
        for filler in fillers {
            try requireGoingOn()
            for statement in tables.finish(filler.table.name, last: filler.last) {
                try Self.execute(statement, connection)
            }
        }
        try writeSnapshots()
        for statement in tables.indexOthers() { try Self.execute(statement, connection) }
    }

    private mutating func writeSnapshots() throws(EasyLayerExportError) {
        guard let height = view.tipHeight else { return }
        for snapshot in options.snapshots {
            try requireGoingOn()
            let name = plan.snapshotName(snapshot.model)
            var payload = Array(snapshot.json.utf8)
            var isCompressed = false
            // Only in PostgreSQL, and only if it saves a tenth.
            if connection.dialect == .postgres, payload.count >= EasyLayerDeflater.threshold(.postgres),
                let deflated = try? deflater.deflated(payload.span.bytes), deflated.count <= payload.count / 10 * 9
            {
                (payload, isCompressed) = (deflated, true)
            }
            let values = [
                SQLValue.text(name), .integer(height), .integer(version(snapshot)), .bytes(payload),
            ]
            let flag = connection.dialect == .postgres ? "\(isCompressed)" : "0"
            try writing { () throws(SQLFailure) in
                _ = try connection.run(
                    """
                    INSERT INTO "snapshots" ("aggregateId", "blockHeight", "version", "payload", "isCompressed")
                    VALUES ($1, $2, $3, $4, \(flag))
                    """, values)
            }
            report.snapshots.append(snapshot.model)
        }
    }

    /// The number of rows of the models that a state is made of, floating events among them.
    private func version(_ snapshot: EasyLayerExportOptions.Snapshot) -> Int64 {
        if snapshot.sources.isEmpty { return fillers.reduce(0) { $0 + ($1.model == nil ? 0 : $1.last) } }
        return snapshot.sources.reduce(0) { $0 + (fillersByName[Array($1.utf8)]?.last ?? 0) }
    }

    /// Reads all rows back and compares them with what came from the log.
    mutating func check() throws(EasyLayerExportError) {
        progress.phase = .checking
        progress.rows = 0
        for filler in fillers {
            let found = try readBack(filler.table.name)
            guard found == filler.sum else {
                throw .different(
                    "the table `\(filler.table.name)` does not read back as it was written: \(found.rows) rows of "
                        + "\(filler.sum.rows); nothing of the export was kept")
            }
        }
    }

    private mutating func readBack(_ table: String) throws(EasyLayerExportError) -> EasyLayerSum {
        let payloads = EasyLayerPayload(limit: .max)
        var (sum, problem) = (EasyLayerSum(), EasyLayerExportError?.none)
        let sql = "SELECT \(EasyLayerRow.columns(connection.dialect)) FROM \(quoted(table)) ORDER BY \"id\""
        do throws(SQLFailure) {
            try connection.query(sql, []) { (values) throws(SQLFailure) in
                let row = try? EasyLayerRow(values, of: table, payloads)
                progress.rows += 1
                if progress.rows.isMultiple(of: 1_024) {
                    tell(progress)
                    if stop() { problem = .stopped }
                }
                // Where versions do not count the rows, one is missing or there twice.
                if row.map({ $0.id != Int64(sum.rows) + 1 || $0.version != $0.id }) ?? true {
                    problem =
                        problem ?? .different("row \(sum.rows + 1) of `\(table)` does not read back as it was written")
                }
                if problem != nil { throw SQLFailure(.other, code: "", message: "") }
                guard let row else { return }
                var digest = EasyLayerDigest()
                digest.add(row)
                sum.add(digest, bytes: row.payload.count)
            }
        } catch {
            throw problem ?? .database(error)
        }
        return sum
    }

    /// Says in the target what the export made, and reports it.
    mutating func seal() throws(EasyLayerExportError) -> EasyLayerExportReport {
        report.sequence = view.sequence
        report.height = view.tipHeight
        report.tables = fillers.map { .init(name: $0.table.name, model: $0.model, sum: $0.sum) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        report.network = network?.table.name
        report.lacksNetwork = plan.lacksNetwork
        let (connection, store, report) = (connection, store, report)
        try writing { () throws(SQLFailure) in try EasyLayerSeal.write(to: connection, store: store, report) }
        return report
    }
}
