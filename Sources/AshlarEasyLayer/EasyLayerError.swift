package import Ashlar
package import AshlarExport

/// What is wrong with a database in EasyLayer's layout, or with taking it over.
package enum EasyLayerError: Error, Sendable, Hashable {
    /// The database said no.
    case database(SQLFailure)
    /// The store said no.
    case store(StoreError)
    /// A table of the layout is not there, or stands more than once.
    case layout(String)
    /// A file or directory that does not hold what it should.
    case files(path: String, reason: String)
    /// A row whose value is not what the layout says.
    case row(table: String, id: Int64, reason: String)
    /// The store was not begun by an import of this database.
    case otherImport(String)
}

/// Why a payload cannot be used; who knows its row makes it an `EasyLayerError.row`.
package enum EasyLayerPayloadProblem: Error, Sendable, Hashable {
    /// It is larger, or would inflate to more, than the limit.
    case tooLarge(limit: Int)
    /// It is not a zlib stream, or a damaged one.
    case damaged
    /// The stream ends before its end.
    case cutOff
    /// Something follows the stream.
    case trailingBytes(Int)
    /// It needs a dictionary that nobody has.
    case needsDictionary
    /// There is no memory for it.
    case outOfMemory
}

extension EasyLayerPayloadProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let limit): "the payload is larger than the limit of \(limit) bytes"
        case .damaged: "the payload is marked as compressed, but is not a sound zlib stream"
        case .cutOff: "the compressed payload is cut off"
        case .trailingBytes(let count): "\(count) bytes follow the end of the compressed payload"
        case .needsDictionary: "the compressed payload needs a preset dictionary"
        case .outOfMemory: "there is no memory to inflate the payload"
        }
    }
}

extension EasyLayerError: CustomStringConvertible {
    /// What is wrong, and where.
    package var description: String {
        switch self {
        case .database(let failure): "\(failure)"
        case .store(let error): "\(error)"
        case .layout(let reason), .otherImport(let reason): reason
        case .files(let path, let reason): "\(path): \(reason)"
        case .row(let table, let id, let reason): "row \(id) of `\(table)`: \(reason)"
        }
    }
}

/// Runs a call to the database with the module's own error.
func reading<T>(_ body: () throws(SQLFailure) -> T) throws(EasyLayerError) -> T {
    do throws(SQLFailure) { return try body() } catch { throw .database(error) }
}

/// Runs a call to the store with the module's own error.
func storing<T: ~Copyable>(_ body: () throws(StoreError) -> T) throws(EasyLayerError) -> T {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
}
