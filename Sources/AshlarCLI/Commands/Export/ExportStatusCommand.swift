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
            "selection","tables","schemaVersion","updatedAt"}; tables are those of a map and of states; lagSeconds says for how long the first commit that is missing has been in the log.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: ArgumentHelp(stringLiteral: TargetArgument.help))
    var target: String

    @OptionGroup var postgres: PostgresOptions

    @Flag(help: "Print it as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try openStore(self.store, notes: !json)
        let target = try openTarget(target, postgres)
        let status = try withExport { () throws(ExportError) in try ExportStatus(store, target) }
        if json { Self.json(status, &output) } else { Self.text(status, target.name, &output) }
    }

    private static func json(_ status: ExportStatus, _ output: inout Output) {
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
        output.write(text: ",\"updatedAt\":\(status.meta.updatedAt)}\n")
    }

    private static func text(_ status: ExportStatus, _ name: String, _ output: inout Output) {
        let height = status.height.map { "height \($0), " } ?? ""
        output.write(
            text: "\(TextTable.printable(name)): \(height)sequence \(status.sequence) of \(status.durableSequence)\n"
                + "behind by \(status.lagCommits) commits, \(status.lagBlocks) blocks, \(status.lagSeconds) s\n"
                + "holds \(TextTable.printable(status.meta.selection))\n")
        if !status.tables.isEmpty { output.write(text: "tables: \(status.tables.joined(separator: ", "))\n") }
        if status.meta.isLoading { output.write("the first load is not over: indexes are missing\n") }
    }
}
