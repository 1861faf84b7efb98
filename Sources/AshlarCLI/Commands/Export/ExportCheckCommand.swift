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

            Compares what the exporter had written when it last committed; give the selection that it was given. Exit code 1 \
            tells of a difference, and the first one is named:
            {"sound","sequence","blocks","events","ranges","differentRanges":[{"first","last"}],"floatingDiffers",\
            "differentStates":["TABLE"],"first":{"table","sequence","ordinal","height","problem"}}, where a problem is missing, unexpected or different.
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
            var check = try ExportCheck(store, target, options, states: states)
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
        var first = "null"
        if let found = report.first {
            first =
                "{\"table\":\"\(found.table)\",\"sequence\":\(found.sequence),"
                + "\"ordinal\":\(found.ordinal.map(String.init) ?? "null"),"
                + "\"height\":\(found.height.map(String.init) ?? "null"),\"problem\":\"\(found.problem.rawValue)\"}"
        }
        output.write(
            text: "{\"sound\":\(report.isSound),\"sequence\":\(report.sequence),\"blocks\":\(report.blocks),"
                + "\"events\":\(report.events),\"ranges\":\(report.ranges),"
                + "\"differentRanges\":[\(ranges.joined(separator: ","))],"
                + "\"floatingDiffers\":\(report.floatingDiffers),"
                + "\"differentStates\":[\(report.differentStates.map(quoted).joined(separator: ","))],\"first\":\(first)}\n"
        )
    }

    private static func text(_ report: CheckReport, _ name: String, _ output: inout Output) {
        let name = TextTable.printable(name)
        output.write(
            text:
                "\(name): \(report.isSound ? "sound" : "different") (\(report.blocks) blocks and \(report.events) events up "
                + "to sequence \(report.sequence))\n")
        for range in report.differentRanges {
            output.write(text: "different: heights \(range.lowerBound) to \(range.upperBound)\n")
        }
        if report.floatingDiffers { output.write("different: floating events\n") }
        for table in report.differentStates { output.write(text: "different: table \(table)\n") }
        guard let first = report.first else { return }
        let ordinal = first.ordinal.map { ", ordinal \($0)" } ?? ""
        let height = first.height.map { ", height \($0)" } ?? ""
        output.write(
            text: "first: \(first.table), sequence \(first.sequence)\(ordinal)\(height): \(first.problem.rawValue)\n")
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
