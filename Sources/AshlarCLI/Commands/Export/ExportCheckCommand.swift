import ArgumentParser
import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarSQLite

/// `ashlar export check`: does a target say what the log says?
struct ExportCheckCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compare a target with the log: counts and digests by ranges of heights.",
        discussion: """
            EXAMPLES
              ashlar export check chain chain.db
              ashlar export check chain postgres://localhost/chains --schema-name bitcoin
              ashlar export check chain chain.db --json | jq -e .sound

            Compares what the exporter had written when it last committed, table by table: rows of blocks and events, rows of a \
            map and of states made again from the log, rollbacks, names, the tip, snapshots. Give the selection, the map and \
            --state-tables as the exporter was given them. Exit code 1 tells of a difference; the first of each table is named:
            {"sound","sequence","blocks","events","tables","ranges","differentRanges":[{"first","last"}],"floatingDiffers",\
            "differentStates":["TABLE"],"first":DIFFERENCE,"differences":[DIFFERENCE],"lateSnapshots":["KEY: WHY"]}, where a \
            DIFFERENCE is {"table","key","sequence","ordinal","height","problem"} and a problem missing, unexpected or \
            different. Snapshots that were made or removed since the exporter last looked are late, and no difference.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: ArgumentHelp(stringLiteral: TargetArgument.help))
    var target: String

    @OptionGroup var selection: ExportSelection

    @OptionGroup var postgres: PostgresOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try openStore(self.store, notes: !json)
        let target = try openTarget(target, postgres)
        let (options, states) = (try selection.options(), try selection.states())
        let report = try withExport { () throws(ExportError) in
            var check = try ExportCheck(
                store, target, options, states: states, snapshotModels: KnownModels.all.map(\.snapshots))
            return try check.run()
        }
        if json { Self.json(report, &output) } else { Self.text(report, target.name, &output) }
        guard !report.isSound else { return }
        output.flush()
        throw .damaged(
            message: "\(target.name) does not say what the log says; export into an empty database, and find out who "
                + "changed this one")
    }

    private static func json(_ report: CheckReport, _ output: inout Output) {
        let ranges = report.differentRanges.map { "{\"first\":\($0.lowerBound),\"last\":\($0.upperBound)}" }
        output.write(
            text: "{\"sound\":\(report.isSound),\"sequence\":\(report.sequence),\"blocks\":\(report.blocks),"
                + "\"events\":\(report.events),\"tables\":\(report.tables),\"ranges\":\(report.ranges),"
                + "\"differentRanges\":[\(ranges.joined(separator: ","))],"
                + "\"floatingDiffers\":\(report.floatingDiffers),"
                + "\"differentStates\":[\(report.differentStates.map(quoted).joined(separator: ","))],\"first\":")
        if let first = report.first { json(first, &output) } else { output.write("null") }
        output.write(",\"differences\":[")
        for (index, difference) in report.differences.enumerated() {
            if index > 0 { output.write(",") }
            json(difference, &output)
        }
        output.write("],\"lateSnapshots\":[")
        for (index, snapshot) in report.lateSnapshots.enumerated() {
            if index > 0 { output.write(",") }
            output.json(snapshot)
        }
        output.write("]}\n")
    }

    private static func json(_ difference: CheckReport.Difference, _ output: inout Output) {
        output.write("{\"table\":")
        output.json(difference.table)
        output.write(",\"key\":")
        output.json(difference.key)
        output.write(
            text: ",\"sequence\":\(difference.sequence.map(String.init) ?? "null"),"
                + "\"ordinal\":\(difference.ordinal.map(String.init) ?? "null"),"
                + "\"height\":\(difference.height.map(String.init) ?? "null"),"
                + "\"problem\":\"\(difference.problem.rawValue)\"}")
    }

    private static func text(_ report: CheckReport, _ name: String, _ output: inout Output) {
        let name = TextTable.printable(name)
        output.write(
            text:
                "\(name): \(report.isSound ? "sound" : "different") (\(report.tables) tables; \(report.blocks) blocks and "
                + "\(report.events) events up to sequence \(report.sequence))\n")
        for range in report.differentRanges {
            output.write(text: "different: heights \(range.lowerBound) to \(range.upperBound)\n")
        }
        if report.floatingDiffers { output.write("different: floating events\n") }
        for difference in report.differences {
            let height = difference.height.map { ", height \($0)" } ?? ""
            let key = TextTable.printable(difference.key)
            output.write(
                text: "first in \(difference.table): \(key)\(height): \(difference.problem.rawValue)\n")
        }
        for snapshot in report.lateSnapshots {
            output.write(text: "late: snapshot of \(TextTable.printable(snapshot))\n")
        }
    }
}

/// Opens a database that is there, to look at it.
func openTarget(_ text: String, _ postgres: PostgresOptions) throws(CommandError) -> any ExportTarget {
    switch TargetArgument(text) {
    case .sqlite(let path):
        try withDatabase(path) { () throws(SQLFailure) in try SQLiteTarget(readOnly: path) }
    case .postgres(let connection): try postgres.open(connection, creates: false)
    }
}
