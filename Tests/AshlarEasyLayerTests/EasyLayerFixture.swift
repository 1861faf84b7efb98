import AshlarEasyLayer
import AshlarExport
import AshlarSQLite
import CAshlarZlib
import Foundation

/// A folder that goes with the test.
final class EasyLayerFolder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("easylayer-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    /// Makes a database in the folder.
    func database(_ name: String) throws -> SQLiteTarget {
        let target = try SQLiteTarget(path: file(name), create: true)
        return target
    }
}

extension SQLiteTarget {
    /// Creates a model's table as EasyLayer does.
    func createModel(_ name: String) throws {
        try execute(
            """
            CREATE TABLE "\(name)" ("id" integer PRIMARY KEY AUTOINCREMENT, "version" integer NOT NULL,
            "requestId" varchar, "type" varchar NOT NULL, "payload" blob NOT NULL, "blockHeight" integer,
            "isCompressed" boolean NOT NULL DEFAULT 0, "timestamp" bigint NOT NULL, UNIQUE ("version", "requestId"));
            CREATE INDEX "\(name)_height" ON "\(name)" ("blockHeight");
            """)
    }

    /// Adds a row to a model's table; compresses the payload if asked to.
    func add(
        _ model: String, version: Int64, type: String = "Changed", height: Int64?, _ payload: String,
        compress: Bool = false, requestID: String? = nil
    ) throws {
        let bytes = Array(payload.utf8)
        try run(
            """
            INSERT INTO "\(model)" ("version", "requestId", "type", "payload", "blockHeight", "isCompressed", "timestamp")
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .integer(version), .text(requestID ?? "\(model)-\(version)"), .text(type),
                .bytes(compress ? deflated(bytes) : bytes), height.map { .integer($0) } ?? .null,
                .integer(compress ? 1 : 0), .integer(1_700_000_000_000_000 + version),
            ])
    }
}

/// The zlib stream of some bytes.
func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var length = compressBound(UInt(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(length))
    precondition(compress(&output, &length, bytes, UInt(bytes.count)) == Z_OK)
    return Array(output[..<Int(length)])
}

/// What a call fails with; nil if it does not.
func problem(_ body: () throws -> Void) -> EasyLayerError? {
    do {
        try body()
        return nil
    } catch {
        return error as? EasyLayerError
    }
}
