import ArgumentParser
import Ashlar
import AshlarFormat

/// What all commands that read a store take.
struct ReadingOptions: ParsableArguments {
    @Argument(help: "The store's directory.")
    var store: String

    @Flag(help: "Look beyond the durable sequence, at all that is valid in the log.")
    var committed = false

    /// Opens the store; what opening found that is not as it should be goes to people as a note.
    func open(notes: Bool) throws(CommandError) -> Store {
        let horizon: ReadHorizon = committed ? .committed : .durable
        let path = store
        let opened = try withStore { () throws(StoreError) in try Store.open(at: path, horizon: horizon) }
        if notes, !opened.recovery.isClean { Report.note("\(opened.recovery)") }
        return opened
    }
}

/// The forms that rows of results can have.
enum RowFormat {
    case jsonLines
    case csv
    case table
}

/// In which form a command that gives rows writes them.
struct RowFormatOptions: ParsableArguments {
    @Flag(help: "JSON Lines: one object a line.")
    var json = false

    @Flag(help: "CSV with a head line, quoted as RFC 4180 says.")
    var csv = false

    @Flag(help: "A table for people.")
    var table = false

    func validate() throws {
        if [json, csv, table].filter(\.self).count > 1 {
            throw ValidationError("--json, --csv and --table exclude each other; give one of them")
        }
    }

    /// The form asked for, or else a table on a terminal (if `tableByDefault`) and JSON Lines elsewhere.
    func format(for output: borrowing Output, tableByDefault: Bool) -> RowFormat {
        if csv { return .csv }
        if table { return .table }
        return tableByDefault && !json && output.isTerminal ? .table : .jsonLines
    }
}

/// The hash of a block, read in a store's notation.
enum HashArgument {
    /// Decodes the value of an option, or says what is wrong with it.
    static func decode(_ text: String, option: String, as notation: HashNotation) throws(CommandError) -> BlockHash {
        do throws(HashProblem) {
            if let hash = BlockHash(try HashText.decode(text, as: notation)) { return hash }
        } catch {
            throw .refused(
                code: "badHash",
                message: "`\(option) \(text)` is not a hash in the store's notation (\(notation)): \(error)")
        }
        throw .refused(code: "badHash", message: "`\(option) \(text)` has no bytes")
    }
}
