import Ashlar

/// Makes the rows of one table of a map from the log once more.
struct TypedLogRows {
    private var typed: TypedTable
    private let log: ExportedLog

    init(_ typed: TypedTable, _ log: ExportedLog) {
        self.typed = typed
        self.log = log
    }

    /// How many values did not fit so far.
    var misfits: Int { typed.misfitCount }

    /// Appends an event's row, with its mark; false if it has none.
    ///
    /// Throws `refused` (`misfit`) for a value that does not fit, where the map says so.
    mutating func append(_ event: borrowing EventCursor, to rows: inout RowBuffer) throws(ExportError) -> Bool {
        let model = event.model
        guard typed.mapped.matches(model: model, type: event.type) else { return false }
        let name = Array(model.utf8)
        do throws(Misfit) {
            try typed.append(
                payload: event.payload, model: name.span.bytes, sequence: event.sequence, ordinal: event.ordinal,
                height: event.height, time: event.timestamp.microseconds, to: &rows)
        } catch {
            throw .refused(code: "misfit", message: "\(error)")
        }
        if let undoneBy = log.undone[event.sequence], event.height != nil {
            rows.set(row: rows.rowCount - 1, column: 4, to: Int64(undoneBy))
        }
        return true
    }
}
