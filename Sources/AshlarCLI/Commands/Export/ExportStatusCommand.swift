import ArgumentParser
import Ashlar
import AshlarExport
import AshlarStorage

/// `ashlar export status`: how far a target is.
struct ExportStatusCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell how far a target is behind the log.",
        discussion: """
            EXAMPLES
              ashlar export status chain chain.db
              ashlar export status chain postgres://localhost/chains --json

            {"storeId","cursor","sequence","durableSequence","lagCommits","lagBlocks","lagSeconds","height","loading",\
            "selection","tables","schemaVersion","updatedAt","rowsPerSecond"}; tables are those of a map and of states; \
            lagSeconds says for how long the first commit that is missing has been in the log. The rate is that of blocks and \
            events written during --interval; null without one.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: ArgumentHelp(stringLiteral: TargetArgument.help))
    var target: String

    @OptionGroup var postgres: PostgresOptions

    @Option(help: "For how many seconds to watch how fast rows come; 0 not to wait.")
    var interval = 1.0

    @Flag(help: "Print it as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        guard (0...3_600).contains(interval) else { throw ValidationError("--interval is 0 to 3,600 seconds") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try openStore(self.store, notes: !json)
        let target = try openTarget(target, postgres)
        let status = try withExport { () throws(ExportError) in try ExportStatus(store, target) }
        let rate = try rate(status, store, target)
        if json { Self.json(status, rate, &output) } else { Self.text(status, rate, target.name, &output) }
    }

    /// Rows a second, by a second look.
    private func rate(
        _ status: ExportStatus, _ store: Store, _ target: any ExportTarget
    ) throws(CommandError) -> Int64? {
        guard interval > 0 else { return nil }
        let started = SystemCalls.monotonicNanoseconds()
        SystemCalls.pause(milliseconds: UInt32(interval * 1_000))
        _ = try withStore { () throws(StoreError) in try store.refresh() }
        let found = try withExport { () throws(ExportError) in try status.rowsSince(store, target) }
        let seconds = Double(SystemCalls.monotonicNanoseconds() - started) / 1_000_000_000
        return Int64((Double(found.rows) / seconds).rounded())
    }

    private static func json(_ status: ExportStatus, _ rate: Int64?, _ output: inout Output) {
        output.write("{\"storeId\":")
        output.json(status.meta.storeID)
        output.write(",\"cursor\":")
        output.json(status.meta.cursor)
        output.write(
            text: ",\"sequence\":\(status.sequence),\"durableSequence\":\(status.durableSequence),"
                + "\"lagCommits\":\(status.lagCommits),\"lagBlocks\":\(status.lagBlocks),"
                + "\"lagSeconds\":\(status.lagSeconds),\"height\":\(status.height.map(String.init) ?? "null"),"
                + "\"loading\":\(status.meta.isLoading),\"selection\":")
        output.json(status.meta.selection)
        output.write(",\"tables\":[")
        for (index, table) in status.tables.enumerated() {
            if index > 0 { output.write(",") }
            output.json(table)
        }
        output.write(text: "],\"schemaVersion\":\(status.meta.schemaVersion)")
        output.write(text: ",\"updatedAt\":\(status.meta.updatedAt),\"rowsPerSecond\":")
        output.json(rate)
        output.write("}\n")
    }

    private static func text(_ status: ExportStatus, _ rate: Int64?, _ name: String, _ output: inout Output) {
        let height = status.height.map { "height \($0), " } ?? ""
        output.write(
            text: "\(TextTable.printable(name)): \(height)sequence \(status.sequence) of \(status.durableSequence)\n"
                + "behind by \(status.lagCommits) commits, \(status.lagBlocks) blocks, \(status.lagSeconds) s\n"
                + (rate.map { "\($0) rows/s now\n" } ?? "")
                + "holds \(TextTable.printable(status.meta.selection))\n")
        if !status.tables.isEmpty { output.write(text: "tables: \(status.tables.joined(separator: ", "))\n") }
        if status.meta.isLoading { output.write("the first load is not over: indexes are missing\n") }
    }
}
