import Ashlar
import CWorkload
import Glibc

/// When appended blocks are synced; as `SyncPolicy` of the peers.
enum SyncPolicy {
    case none
    case each
    case atEnd
}

extension Driver {
    /// Where the store is: a directory of its own below the one given.
    var path: String { options.directory + "/store.ashlar" }

    func writerOptions(_ policy: SyncPolicy) -> WriterOptions {
        var made = WriterOptions()
        made.creation = CreationOptions()
        made.segmentBytes = Int(options.segment)
        made.compression = options.variant == "lz4" ? .lz4 : .none
        switch policy {
        case .none: (made.durability, made.maxUnsyncedBytes) = (.manual, .max)
        case .each: made.durability = options.variant == "manual" ? .manual : .everyBlock
        case .atEnd: made.durability = .standard
        }
        return made
    }

    /// Appends all blocks to a new store. With `dies`, the process is killed right behind it.
    func append(_ policy: SyncPolicy, dies: Bool = false) throws {
        var writer = try Writer.create(at: path, options: writerOptions(policy))
        let source = try BlockSource(workload, writer)
        let start = clock_start()
        for height in 0..<options.blocks {
            _ = try source.append(height, to: &writer)
            if policy == .each { try writer.sync() }
        }
        if policy == .none { try writer.flush() } else { try writer.sync() }
        report(options.blocks * options.events, clock_stop() - start)
        if dies { kill(getpid(), SIGKILL) }
        try writer.close()
    }

    /// Every block is awaited until it is durable, at most 16 blocks behind the one appended last.
    func pipelined() async throws {
        var writer = try Writer.create(at: path, options: writerOptions(.each))
        let source = try BlockSource(workload, writer)
        let start = clock_start()
        var sequences: [UInt64] = []
        for height in 0..<options.blocks {
            sequences.append(try source.append(height, to: &writer).sequence)
            if height >= 16 { try await writer.durable(upTo: sequences[Int(height) - 16]) }
        }
        try await writer.durable(upTo: sequences[sequences.count - 1])
        report(options.blocks * options.events, clock_stop() - start)
        try writer.close()
    }

    /// Undoes blocks and appends another one on what is left, several times; gives the median.
    func undo(_ policy: SyncPolicy) throws {
        var writer = try Writer.open(at: path, options: writerOptions(policy))
        let source = try BlockSource(workload, writer)
        guard var kept = try writer.store.view().tipHeight.map({ UInt64($0) + 1 }) else { throw Problem("it is empty") }
        guard kept >= options.undone * options.repeats else { throw Problem("too few blocks to undo") }
        var taken: [UInt64] = []
        for index in 0..<options.repeats {
            kept -= options.undone
            let fork = UInt32(index) + 1 + (policy == .each ? 64 : 0)
            let start = clock_nanoseconds()
            let outcome = try source.append(kept, fork: fork, to: &writer)
            if policy == .each { try writer.sync() } else { try writer.flush() }
            taken.append(clock_nanoseconds() - start)
            kept += 1
            guard case .forked(_, Int(options.undone)) = outcome else {
                throw Problem("undid something else: \(outcome)")
            }
        }
        let view = try writer.store.view()
        guard view.tipHeight == Int64(kept) - 1 else { throw Problem("undoing left another tip") }
        try require(try Self.read(view, kept - 1), kept - 1..<kept)
        report(options.undone, taken.sorted()[taken.count / 2])
        try writer.close()
    }
}

/// Gives a writer the workload's blocks, payloads by reference.
struct BlockSource {
    private let workload: Workload
    private let models: [ModelHandle]
    private let types: [TypeHandle]

    init(_ workload: Workload, _ writer: borrowing Writer) throws {
        self.workload = workload
        models = try (0..<Int(workload.models)).map { try writer.model(Driver.modelName($0)) }
        types = try (0..<Int(workloadTypes)).map { try writer.type("type.\($0)") }
    }

    func append(_ height: UInt64, fork: UInt32 = 0, to writer: inout Writer) throws -> AppendOutcome {
        let block = Block(
            height: Int64(height), hash: try Self.hash(Int64(height), fork),
            parent: try Self.hash(Int64(height) - 1, 0),
            timestamp: Timestamp(microseconds: workload_time(height)))
        let (pool, bytes) = (UnsafeRawPointer(workload.pool), Int(workload.payloadBytes))
        return try writer.append(block) { (batch) throws(StoreError) in
            var slot = Int((height * UInt64(workload.eventsPerBlock)) % UInt64(workloadPoolCount))
            for _ in 0..<workload.eventsPerBlock {
                let payload = UnsafeRawBufferPointer(start: pool.map { $0 + slot * bytes }, count: bytes)
                try batch.add(
                    models[Int(workload.modelOf[slot])], types[Int(workload.typeOf[slot])], payload: payload.bytes)
                slot = (slot + 1) % Int(workloadPoolCount)
            }
        }
    }

    private static func hash(_ height: Int64, _ fork: UInt32) throws -> BlockHash {
        try withUnsafeTemporaryAllocation(byteCount: Int(workloadHashBytes), alignment: 8) { buffer in
            workload_hash(height, fork, buffer.baseAddress)
            guard let hash = BlockHash(UnsafeRawBufferPointer(buffer)) else { throw Problem("no hash") }
            return hash
        }
    }
}
