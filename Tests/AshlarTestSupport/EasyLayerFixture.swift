import AshlarExport
package import AshlarSQLite
import CAshlarZlib
import Foundation

/// A folder that goes with the test.
package final class EasyLayerFolder: Sendable {
    /// Where it is.
    package let path: String

    /// Makes the folder.
    package init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("easylayer-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in it.
    package func file(_ name: String) -> String { path + "/" + name }

    /// Makes a database in the folder.
    package func database(_ name: String) throws -> SQLiteTarget {
        let target = try SQLiteTarget(path: file(name), create: true)
        return target
    }
}

extension SQLiteTarget {
    /// Creates a model's table as EasyLayer does.
    package func createModel(_ name: String) throws {
        try execute(
            """
            CREATE TABLE "\(name)" ("id" integer PRIMARY KEY AUTOINCREMENT, "version" integer NOT NULL,
            "requestId" varchar, "type" varchar NOT NULL, "payload" blob NOT NULL, "blockHeight" integer,
            "isCompressed" boolean NOT NULL DEFAULT 0, "timestamp" bigint NOT NULL, UNIQUE ("version", "requestId"));
            CREATE INDEX "\(name)_height" ON "\(name)" ("blockHeight");
            """)
    }

    /// Creates the tables that all models share as EasyLayer does.
    package func createSharedTables() throws {
        try execute(
            """
            CREATE TABLE snapshots ("id" integer PRIMARY KEY AUTOINCREMENT, "aggregateId" varchar NOT NULL,
            "blockHeight" integer NOT NULL DEFAULT 0, "version" integer NOT NULL DEFAULT 0, "payload" blob NOT NULL,
            "isCompressed" boolean DEFAULT 0, "createdAt" datetime DEFAULT '2026-01-02 03:04:05',
            UNIQUE ("aggregateId", "blockHeight"));
            CREATE TABLE outbox ("id" integer PRIMARY KEY, "aggregateId" varchar NOT NULL, "eventType" varchar NOT NULL,
            "eventVersion" bigint NOT NULL, "requestId" varchar NOT NULL, "blockHeight" integer, "payload" blob NOT NULL,
            "timestamp" bigint NOT NULL, "isCompressed" boolean DEFAULT 0, "uncompressedBytes" integer NOT NULL,
            UNIQUE ("aggregateId", "eventVersion"));
            """)
    }

    /// Adds a row to a model's table; compresses the payload if asked to.
    package func add(
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

    /// Adds a snapshot of a model.
    package func addSnapshot(
        _ model: String, height: Int64, version: Int64, _ payload: String, compress: Bool = false
    ) throws {
        let bytes = Array(payload.utf8)
        try run(
            """
            INSERT INTO snapshots ("aggregateId", "blockHeight", "version", "payload", "isCompressed")
            VALUES ($1, $2, $3, $4, $5)
            """,
            [
                .text(model), .integer(height), .integer(version), .bytes(compress ? deflated(bytes) : bytes),
                .integer(compress ? 1 : 0),
            ])
    }

    /// Deletes the events of a model in blocks up to a height, as EasyLayer prunes.
    package func prune(_ model: String, upTo height: Int64) throws {
        try run(
            "DELETE FROM \"\(model)\" WHERE \"blockHeight\" IS NOT NULL AND \"blockHeight\" <= $1", [.integer(height)])
    }

    /// Puts a row of a model into the outbox under an id, as EasyLayer does when it writes the row.
    package func addToOutbox(_ id: Int64, _ model: String, version: Int64) throws {
        try run(
            """
            INSERT INTO outbox SELECT $1, '\(model)', "type", "version", "requestId", "blockHeight", "payload", "timestamp",
            "isCompressed", length("payload") FROM "\(model)" WHERE "version" = $2
            """, [.integer(id), .integer(version)])
    }

    /// Adds a `BlocksAdded` event of Bitcoin.
    package func addBlocks(_ version: Int64, _ blocks: [String], at height: Int64, compress: Bool = false) throws {
        try add(
            "network", version: version, type: "BitcoinNetworkBlocksAddedEvent", height: height,
            "{\"blocks\":[\(blocks.joined(separator: ","))]}", compress: compress)
    }

    /// Adds a `Reorganized` event of Bitcoin.
    package func addReorganisation(_ version: Int64, to height: Int64) throws {
        try add(
            "network", version: version, type: "BitcoinNetworkReorganizedEvent", height: height, "{\"blocks\":[]}")
    }
}

/// The zlib stream of some bytes.
package func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var length = compressBound(UInt(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(length))
    precondition(compress(&output, &length, bytes, UInt(bytes.count)) == Z_OK)
    return Array(output[..<Int(length)])
}

/// The JSON of a Bitcoin block on branch `branch`, which stands on branch `parent`.
package func bitcoinBlock(_ height: Int, _ branch: Int = 0, on parent: Int? = nil) -> String {
    """
    {"height":\(height),"hash":"\(hashText(height, branch))","previousblockhash":"\
    \(hashText(height - 1, parent ?? branch))","time":\(1_600_000_000 + height),"tx":["a","b"]}
    """
}

/// The hash of a made-up block in hex.
package func hashText(_ height: Int, _ branch: Int) -> String {
    let digits = String(height * 16 + branch + 0x100_0000, radix: 16)
    return String(repeating: "ab", count: 28) + String(repeating: "0", count: 8 - digits.count) + digits
}
