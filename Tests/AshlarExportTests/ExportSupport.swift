import Ashlar
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Testing

/// A folder that goes with the test.
final class Folder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-export-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

/// A store and the database it is exported into.
struct ExportPair {
    let folder = Folder()
    var storePath: String { folder.file("store") }
    var databasePath: String { folder.file("export.db") }

    func writer(segmentBytes: Int = 1 << 20) throws(StoreError) -> Writer {
        try Writer.open(at: storePath, options: Samples.options { $0.segmentBytes = segmentBytes })
    }

    /// Makes a store by so many random steps and closes it.
    func makeStore(seed: UInt64, steps: Int) throws {
        var writer = try writer(segmentBytes: 16 << 10)
        var storm = StormChain(seed: seed)
        for _ in 0..<steps { try storm.step(&writer) }
        try writer.close()
    }

    func target() throws(SQLFailure) -> SQLiteTarget { try SQLiteTarget(path: databasePath, create: true) }

    @discardableResult
    func export(_ change: (inout ExportOptions) -> Void = { _ in }) throws -> ExportProgress {
        var options = ExportOptions()
        change(&options)
        return try Exporter(try Store.open(at: storePath), into: try target(), options: options).run()
    }

    func check(_ change: (inout ExportOptions) -> Void = { _ in }) throws -> CheckReport {
        var options = ExportOptions()
        change(&options)
        var check = try ExportCheck(try Store.open(at: storePath), try target(), options)
        return try check.run()
    }
}

/// The code with which `body` is refused, or nil.
func refusal(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        guard case .refused(let code, _)? = error as? ExportError else { return "\(error)" }
        return code
    }
}

/// The canonical blocks and events of a view, as text.
func canonical(_ store: Store) throws -> [String] {
    let view = try store.view()
    let blocks = try view.blocks().map { try $0.get() }
    return blocks.map { "\($0.sequence) \($0.block.height) \($0.block.hash)" }
        + (try view.events()).map {
            "\($0.sequence).\($0.ordinal) \($0.height ?? -1) \($0.model) \($0.type) \($0.version ?? 0)"
        }
}

/// The canonical blocks and events of a target, as text.
func canonical(_ target: any ExportTarget) throws -> [String] {
    let blocks = try target.rows("SELECT sequence, height, hash FROM canonical_blocks ORDER BY height").map { row in
        "\(row[0].integer ?? -1) \(row[1].integer ?? -1) \(BlockHash(row[2].bytes ?? []) ?? Samples.hash(-1))"
    }
    let events = try target.rows(
        "SELECT sequence, ordinal, height, model, type, version FROM canonical_events ORDER BY height, ordinal"
    ).map { row in
        "\(row[0].integer ?? -1).\(row[1].integer ?? -1) \(row[2].integer ?? -1) \(row[3].text ?? "") "
            + "\(row[4].text ?? "") \(row[5].integer ?? -1)"
    }
    return blocks + events
}
