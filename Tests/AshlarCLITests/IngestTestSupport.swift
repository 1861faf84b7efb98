import Ashlar
import AshlarCLI
import AshlarFormat
import Synchronization

/// Lines of a made-up chain, whose blocks have one-word names.
enum Lines {
    /// The hash that a name stands for: its bytes, up to 32.
    static func hash(_ name: String) -> [UInt8] {
        var bytes = Array(name.utf8.prefix(32))
        bytes += [UInt8](repeating: 0x2E, count: 32 - bytes.count)
        return bytes
    }

    static func text(_ name: String) -> String { HashText.encode(hash(name), as: .hex) }

    /// A block's line; its events name it.
    static func block(_ height: Int64, _ name: String, on parent: String, events: Int = 2, requestID: String? = nil)
        -> String
    {
        let list = (0..<events).map { #"{"model":"m\#($0 % 3)","type":"t","payload":{"b":"\#(name)", "n":\#($0)}}"# }
        let id = requestID.map { #""requestId":"\#($0)","# } ?? ""
        return
            #"{"height":\#(height),"hash":"\#(text(name))","parent":"\#(text(parent))","timestamp":\#(1_700_000_000 + height),\#(id)"events":[\#(list.joined(separator: ","))]}"#
    }

    /// A chain of blocks named by a letter and their height.
    static func chain(_ heights: ClosedRange<Int64>, _ branch: String = "a", on parent: String? = nil) -> [String] {
        heights.map { height in
            let below = height == heights.lowerBound ? parent ?? "\(branch)\(height - 1)" : "\(branch)\(height - 1)"
            return block(height, "\(branch)\(height)", on: below)
        }
    }

    static func floating(_ name: String, key: String? = nil) -> String {
        let key = key.map { #","key":"\#($0)""# } ?? ""
        return #"{"floating":[{"model":"pool","type":"seen","payload":"\#(name)"}],"timestamp":1700000500\#(key)}"#
    }

    static func rollback(to height: Int64) -> String { #"{"rollback":{"toHeight":\#(height)}}"# }

    /// The lines as the bytes of a file.
    static func bytes(_ lines: [String]) -> [UInt8] { Array(lines.map { $0 + "\n" }.joined().utf8) }
}

extension TemporaryDirectory {
    /// Writes lines into a file and gives its path.
    func lines(_ name: String, _ lines: [String]) -> String { file(name, Lines.bytes(lines)) }

    /// Where a store goes.
    var store: String { path + "/store" }
}

/// Runs `ingest` in this process.
func ingest(
    _ store: String, _ inputs: [String], stopAfter: Int? = nil, _ change: (inout IngestSettings) -> Void = { _ in }
) -> Result<IngestRun.Outcome, IngestFailure> {
    var settings = IngestSettings(store: store, inputs: inputs)
    settings.durability = .manual
    change(&settings)
    let asked = Countdown(stopAfter)
    do throws(IngestFailure) {
        return .success(try IngestRun(settings, shouldStop: { asked.isOver }).run())
    } catch {
        return .failure(error)
    }
}

/// Says that it is over once it was asked so many times.
final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int?) { left = Atomic(count ?? .max) }

    var isOver: Bool { left.subtract(1, ordering: .relaxed).newValue < 0 }
}

extension IngestRun.Outcome {
    /// The numbers that tests compare, by the names of the summary.
    func numbers(_ names: String...) -> [Int] {
        names.map { name in
            switch name {
            case "blocks": summary.blocks
            case "events": summary.events
            case "rollbacks": summary.rollbacks
            case "deepest": summary.deepestRollback
            case "undone": summary.undoneBlocks
            case "readopted": summary.readopted
            case "duplicates": summary.duplicates
            case "side": summary.sideBlocks
            case "unlinked": summary.unlinked
            case "floating": summary.floating
            default: -1
            }
        }
    }
}

/// Everything in a store's log, a text a commit: what it is, what it undid, its events with all their fields.
func dump(_ path: String) throws -> [String] {
    let store = try Store.open(at: path)
    var query = EventQuery()
    query.scope = .log
    var events: [UInt64: [String]] = [:]
    var cursor = try store.view().cursor(query)
    while try cursor.next() {
        let event = cursor.event
        let id = event.requestID.map { String(decoding: $0, as: UTF8.self) } ?? "-"
        events[event.sequence, default: []].append(
            "\(event.model)/\(event.type)/\(event.version ?? 0)/\(event.timestamp.microseconds)/\(id)/"
                + String(decoding: event.payload, as: UTF8.self))
    }
    return try store.commits().map { result in
        let commit = try result.get()
        let what =
            switch commit.content {
            case .block(let block, let rollback):
                "block \(block.block.height) \(block.block.hash) on \(block.block.parent) \(describe(rollback))"
            case .rollback(let rollback): "rollback \(describe(rollback))"
            case .floating(let timestamp, let key, _): "floating \(timestamp.microseconds) \(key ?? [])"
            case .control: "control"
            }
        return "\(commit.sequence) \(what) \(events[commit.sequence] ?? [])"
    }
}

private func describe(_ rollback: StoredRollback?) -> String {
    guard let rollback else { return "" }
    return "to \(rollback.toHeight) undone \(rollback.undoneBlocks) again \(rollback.readopted)"
}

/// The names of the canonical blocks, lowest first.
func canonicalNames(_ path: String) throws -> [String] {
    try Store.open(at: path).view().blocks().map { result in
        let hash = try result.get().block.hash.bytes
        return String(decoding: hash.prefix { $0 != 0x2E }, as: UTF8.self)
    }
}
