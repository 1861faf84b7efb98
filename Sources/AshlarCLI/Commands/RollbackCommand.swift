import ArgumentParser
import Ashlar
import AshlarFormat

/// `ashlar rollback`: undoes the blocks above a height or a block.
struct RollbackCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Undo the canonical blocks above a height or a block.",
        discussion: """
            EXAMPLES
              ashlar rollback chain --to-height 831327
              ashlar rollback chain --to-hash 0x88e96d4537bea4d9c05d12549907b32561d3bf31f45aae734cdc119f13406cb6
              ashlar rollback chain --to-height -1 --below-finality     undoes every block

            Nothing is deleted: undone blocks stay in the log (`ashlar log`) and in the chain as of an earlier sequence \
            (`ashlar blocks --as-of`). It takes the store's only writer, so no other process may be writing. The result is \
            durable when the command ends.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Option(parsing: .unconditional, help: "The height to go back to; -1 undoes every block.")
    var toHeight: Int64?

    @Option(help: "The hash of the canonical block to go back to, in the store's notation.")
    var toHash: String?

    @Flag(help: "Go back even below the final height.")
    var belowFinality = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        guard (toHeight == nil) != (toHash == nil) else {
            throw ValidationError("give either --to-height or --to-hash")
        }
        if let toHeight, toHeight < -1 { throw ValidationError("--to-height must be -1 or more") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let path = store
        var options = WriterOptions()
        options.durability = .manual
        var writer = try withStore { () throws(StoreError) in try Writer.open(at: path, options: options) }
        if !json, !writer.recovery.isClean { Report.note("\(writer.recovery)") }
        let outcome = try rollBack(&writer)
        let reader = writer.store
        // Closing makes it durable: only then is it done.
        do throws(StoreError) { try writer.close() } catch { throw .store(error) }
        let tip = try withStore { () throws(StoreError) in try reader.view().tip() }
        report(outcome, tip, reader, &output)
    }

    private func rollBack(_ writer: inout Writer) throws(CommandError) -> RollbackOutcome {
        let belowFinality = belowFinality
        if let height = toHeight {
            return try withStore { () throws(StoreError) in
                try writer.rollback(toHeight: height, belowFinality: belowFinality)
            }
        }
        let text = toHash ?? ""
        let hash = try HashArgument.decode(text, option: "--to-hash", as: writer.store.hashNotation)
        do throws(StoreError) {
            return try writer.rollback(toHash: hash, belowFinality: belowFinality)
        } catch {
            // The engine does not know the notation.
            if case .unknownHash = error { throw .store(.unknownHash(text)) }
            throw .store(error)
        }
    }

    private func report(_ outcome: RollbackOutcome, _ tip: StoredBlock?, _ store: Store, _ output: inout Output) {
        guard json else {
            let blocks = outcome.undone == 1 ? "1 block" : "\(outcome.undone) blocks"
            let done = outcome.undone == 0 ? "nothing to undo" : "undid \(blocks) in commit \(outcome.sequence)"
            let now = tip.map {
                "the tip is \($0.block.height) \(HashText.encode($0.block.hash.bytes, as: store.hashNotation))"
            }
            output.write(text: "\(done); \(now ?? "no block is canonical")\n")
            return
        }
        output.write("{\"sequence\":")
        output.write(outcome.sequence)
        output.write(",\"undoneBlocks\":")
        output.write(outcome.undone)
        output.write(",\"tip\":")
        BlockPrinter.tip(tip, store.hashNotation, &output)
        output.write(",\"finalHeight\":")
        output.json(store.finalHeight)
        output.write("}\n")
    }
}
