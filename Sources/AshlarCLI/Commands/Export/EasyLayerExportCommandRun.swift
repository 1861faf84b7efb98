import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarPostgres
import AshlarSQLite
import AshlarStorage
import Glibc

/// One run of `ashlar export easylayer`: states, progress, signals, summary.
struct EasyLayerExportCommandRun {
    let store: Store
    let target: TargetArgument
    let schemaName: String
    let replaces: Bool
    let takesSnapshots: Bool
    let json: Bool

    /// Exports and prints the summary.
    func run(_ options: EasyLayerExportOptions, _ output: inout Output) throws(CommandError) {
        StopSignal.install()
        let started = SystemCalls.monotonicNanoseconds()
        let meter = EasyLayerExportMeter(isVisible: !json && isatty(STDERR_FILENO) == 1)
        var options = options
        var withoutJSON: [String] = []
        if takesSnapshots { options.snapshots = try states(&withoutJSON) }
        let result: (report: EasyLayerExportReport, name: String)
        do throws(CommandError) {
            result = try write(options, meter)
        } catch {
            meter.clear()
            throw error
        }
        meter.clear()
        let seconds = Double(SystemCalls.monotonicNanoseconds() - started) / 1e9
        let summary = Summary(
            report: result.report, name: result.name, withoutJSON: withoutJSON, seconds: seconds)
        if json { summary.json(&output) } else { summary.text(&output) }
    }

    /// The states of the known models at the tip; notes the models that have no form in JSON.
    private func states(_ withoutJSON: inout [String]) throws(CommandError) -> [EasyLayerExportOptions.Snapshot] {
        guard try withStore({ () throws(StoreError) in try store.view().tipHeight }) != nil else { return [] }
        var options = ProjectionOptions()
        options.snapshots = .off
        let projection = Projection(store, options: options)
        var found: [EasyLayerExportOptions.Snapshot] = []
        for model in KnownModels.all {
            guard !StopSignal.wasReceived else { throw .interrupted(message: "stopped; nothing was written") }
            do throws(CommandError) {
                let state = try withStates {
                    let folded = try model.fold(in: projection)
                    return try folded.state(projection.reader(asOf: store.sequence)).json
                }
                if let state {
                    found.append(.init(model: model.name, sources: model.sources, json: state))
                } else {
                    withoutJSON.append(model.name)
                }
            } catch .refused(let code, let message) {
                throw .refused(code: code, message: message + "; `--no-snapshots` exports without states")
            }
        }
        return found
    }

    private func write(
        _ options: EasyLayerExportOptions, _ meter: EasyLayerExportMeter
    ) throws(CommandError) -> (EasyLayerExportReport, String) {
        switch target {
        case .sqlite(let path):
            let report = try withEasyLayerExport(path) { () throws(EasyLayerExportError) in
                try EasyLayerExport(
                    store, options: options, stop: { StopSignal.wasReceived }, report: { meter.show($0) }
                ).run(intoFile: path, opener: SQLiteFileOpener(), replaces: replaces)
            }
            return (report, path)
        case .postgres(let url):
            var postgres = PostgresOptions()
            postgres.schemaName = schemaName
            let connection = try postgres.open(url, creates: false)
            let name = "\(connection.name) schema \(schemaName.debugDescription)"
            let report = try withEasyLayerExport(name) { () throws(EasyLayerExportError) in
                try EasyLayerExport(
                    store, options: options, stop: { StopSignal.wasReceived }, report: { meter.show($0) }
                ).run(into: connection, schema: schemaName, name: name, replaces: replaces)
            }
            return (report, name)
        }
    }
}

/// Opens SQLite databases for an export.
private struct SQLiteFileOpener: EasyLayerFileOpener {
    func open(_ path: String, writes: Bool) throws(SQLFailure) -> any SQLConnection {
        writes ? try SQLiteTarget(path: path, create: false) : try SQLiteTarget(readOnly: path)
    }
}

/// The line of progress of an export.
private final class EasyLayerExportMeter {
    private let line: StepProgress
    private let started = SystemCalls.monotonicNanoseconds()

    init(isVisible: Bool) { line = StepProgress(isVisible: isVisible) }

    /// Shows how far it is.
    func show(_ progress: EasyLayerExportProgress) { line.show(text(progress)) }

    /// Takes the line from the screen.
    func clear() { line.clear() }

    private func text(_ progress: EasyLayerExportProgress) -> String {
        let seconds = Double(SystemCalls.monotonicNanoseconds() - started) / 1e9
        switch progress.phase {
        case .rows:
            return "sequence \(progress.sequence) of \(progress.lastSequence)  \(progress.rows) rows  "
                + "\(ExportMeter.rate(progress.rows, seconds)) rows/s"
        case .indexes: return "\(progress.rows) rows; making the indexes"
        case .checking: return "\(progress.rows) rows read back"
        }
    }
}

/// What a run came to, for people and for programs.
private struct Summary {
    let report: EasyLayerExportReport
    let name: String
    let withoutJSON: [String]
    let seconds: Double

    func json(_ output: inout Output) {
        output.write(text: "{\"sequence\":\(report.sequence),\"height\":")
        output.json(report.height)
        output.write(",\"tables\":[")
        for (index, table) in report.tables.enumerated() {
            output.write(index > 0 ? ",{\"name\":" : "{\"name\":")
            output.json(table.name)
            output.write(",\"model\":")
            if let model = table.model { output.json(model) } else { output.write("null") }
            output.write(text: ",\"rows\":\(table.sum.rows),\"bytes\":\(table.sum.bytes)}")
        }
        output.write("],\"network\":")
        if let network = report.network { output.json(network) } else { output.write("null") }
        output.write(",\"snapshots\":")
        list(report.snapshots, &output)
        output.write(",\"withoutJSON\":")
        list(withoutJSON, &output)
        output.write(text: ",\"milliseconds\":\(Int64(seconds * 1_000))}\n")
    }

    private func list(_ names: [String], _ output: inout Output) {
        output.write("[")
        for (index, name) in names.enumerated() {
            if index > 0 { output.write(",") }
            output.json(name)
        }
        output.write("]")
    }

    func text(_ output: inout Output) {
        let height = report.height.map { " (height \($0))" } ?? ""
        output.write(
            text: "\(TextTable.printable(name)): \(report.rows) rows up to sequence \(report.sequence)\(height), "
                + "\(ExportMeter.rate(report.rows, seconds)) rows/s\n")
        for table in report.tables {
            let origin = table.model == nil ? " (made from the store's blocks)" : ""
            let old =
                table.model.map { $0.utf8.elementsEqual(table.name.utf8) ? "" : " (model \($0.debugDescription))" }
                ?? ""
            output.write(text: "  \(table.name): \(table.sum.rows) rows\(TextTable.printable(old))\(origin)\n")
        }
        if report.lacksNetwork {
            output.write(
                "no network model: the store's heights may be skipped; `--network bitcoin` or `evm` tries to make one\n"
            )
        }
        if !report.snapshots.isEmpty { output.write(text: "snapshots: \(joined(report.snapshots))\n") }
        if !withoutJSON.isEmpty {
            output.write(text: "without a form in JSON, so without a snapshot: \(joined(withoutJSON))\n")
        }
    }

    private func joined(_ names: [String]) -> String { TextTable.printable(names.joined(separator: ", ")) }
}

/// Runs an export into EasyLayer's layout, and turns its error into the command's.
private func withEasyLayerExport<Result>(
    _ target: String, _ body: () throws(EasyLayerExportError) -> Result
) throws(CommandError) -> Result {
    do throws(EasyLayerExportError) { return try body() } catch {
        switch error {
        case .store(let error): throw .store(error)
        case .database(let failure):
            // SQLite's messages begin with the path.
            let place = failure.message.hasPrefix(target) ? "" : "\(target): "
            let advice = failure.kind == .busy ? "; another program holds the database" : ""
            throw .database(failure.kind.word, message: "\(place)\(failure)\(advice); nothing was written")
        case .file(let error):
            throw .store(.inputOutput(operation: error.operation, path: error.path, code: error.code))
        case .refused(let code, let reason): throw .refused(code: code, message: reason)
        case .inUse(let reason): throw .refusedInUse(message: reason)
        case .different(let reason): throw .damaged(message: reason)
        case .stopped: throw .interrupted(message: "\(error)")
        }
    }
}
