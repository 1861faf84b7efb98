import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar

/// Takes a snapshot of `model` at `height` (the tip if nil) of the chain as it stands, published at once.
@discardableResult
func takeSnapshot(
    _ model: String = "utxo", at height: Int64? = nil, schemaVersion: UInt32 = 1, of store: Store, on disk: any Storage
) throws -> SnapshotEntry {
    let view = try store.view()
    let block = try #require(try view.block(height: height ?? view.tipHeight ?? 0))
    let identity = SnapshotIdentity(
        storeID: store.id, model: model, schemaVersion: schemaVersion, height: block.block.height,
        blockHash: block.block.hash, sequence: view.sequence,
        chainValue: try #require(try store.chainValue(ofSequence: view.sequence)))
    return try SnapshotSamples.write(Array("state at \(block.block.height)".utf8), identity, to: disk)
}

@Suite("Choosing snapshots")
struct SnapshotCatalogTests {
    private func heights(_ choice: SnapshotChoice) -> [Int64] { choice.usable.compactMap { $0.identity?.height } }

    @Test("gives the valid ones at or below a height, highest first")
    func order() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        for height in 0...20 as ClosedRange<Int64> {
            try writer.append(height...height)
            if height % 5 == 0 { try takeSnapshot(of: writer.store, on: disk) }
        }
        try takeSnapshot("balance", of: writer.store, on: disk)
        let catalog = SnapshotCatalog(disk)
        let view = try writer.store.view()
        #expect(try heights(catalog.choose(model: "utxo", schemaVersion: 1, in: view)) == [20, 15, 10, 5, 0])
        #expect(try heights(catalog.choose(model: "utxo", schemaVersion: 1, in: view, atOrBelow: 14)) == [10, 5, 0])
        #expect(try heights(catalog.choose(model: "none", schemaVersion: 1, in: view)) == [])
        // As of an earlier sequence the chain does not reach the later ones.
        let earlier = try writer.store.view(asOf: 13)
        #expect(try heights(catalog.choose(model: "utxo", schemaVersion: 1, in: earlier)) == [10, 5, 0])
        let best = try #require(try catalog.choose(model: "utxo", schemaVersion: 1, in: view).usable.first)
        #expect(try SnapshotSamples.read(best.fileName, in: disk) == Array("state at 20".utf8))
        try writer.close()
    }

    @Test("a snapshot whose block was undone is void, and good again once the block is taken up again")
    func undone() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...10)
        try takeSnapshot(at: 5, of: writer.store, on: disk)
        try takeSnapshot(at: 9, of: writer.store, on: disk)
        let catalog = SnapshotCatalog(disk)
        let store = writer.store
        func choose() throws -> SnapshotChoice {
            try catalog.choose(model: "utxo", schemaVersion: 1, in: store.view())
        }
        let before = try writer.store.view()
        try writer.append(block(8, 1, on: 0), events: events(8, 1))
        #expect(heights(try choose()) == [5])
        guard case .undone(9) = try #require(try choose().skipped.first).reason else {
            Issue.record("\(try choose().skipped)")
            return
        }
        // What was believed before can still be restored from it.
        #expect(try heights(catalog.choose(model: "utxo", schemaVersion: 1, in: before)) == [9, 5])
        try writer.adopt(branch: [.known(sequence: 9), .known(sequence: 10)])
        #expect(heights(try choose()) == [9, 5])
        #expect(try choose().skipped.isEmpty)
        try writer.close()
    }

    @Test("a block that comes back above another one does not bring its snapshot back")
    func readoptedOnOther() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...6)
        try takeSnapshot(at: 6, of: writer.store, on: disk)
        // Block 5 is undone and appended again with other events under the same hash; block 6 comes back by reference.
        try writer.rollback(toHeight: 4)
        try writer.append(block(5), events: events(5, 9))
        try writer.adopt(branch: [.known(sequence: 7)])
        let view = try writer.store.view()
        #expect(view.tipHeight == 6)
        let choice = try SnapshotCatalog(disk).choose(model: "utxo", schemaVersion: 1, in: view)
        #expect(choice.usable.isEmpty)
        try writer.close()
    }

    @Test("a snapshot of a commit that was cut off and issued again is not in the log")
    func otherLog() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...3)
        try writer.sync()
        let early = disk.copy()
        try writer.append(4...6)
        let entry = try takeSnapshot(at: 2, of: writer.store, on: disk)
        try writer.close()
        early[entry.fileName] = disk[entry.fileName]
        var second = try Writer.open(early, options: options())
        let store = second.store
        func reason() throws -> SnapshotSkip? {
            try SnapshotCatalog(early).choose(model: "utxo", schemaVersion: 1, in: store.view()).skipped.first?.reason
        }
        for _ in 0..<2 {
            guard case .notInLog(7) = try #require(try reason()) else { throw CancellationError() }
            try second.append(4...6)
        }
        try second.close()
    }

    @Test("of another schema, another store, damaged or newer ones it says so, and uses an older one")
    func skipped() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...9)
        try takeSnapshot(at: 2, of: writer.store, on: disk)
        try takeSnapshot(at: 3, schemaVersion: 2, of: writer.store, on: disk)
        let damaged = try takeSnapshot(at: 5, of: writer.store, on: disk).fileName
        disk[damaged]?[100] ^= 1
        let newer = try takeSnapshot(at: 6, of: writer.store, on: disk).fileName
        var bytes = try #require(disk[newer])
        bytes[8] = 2
        let crc = bytes[..<508].withUnsafeBytes { Checksum.crc($0) }
        bytes.replaceSubrange(508..<512, with: withUnsafeBytes(of: crc.littleEndian) { Array($0) })
        disk[newer] = bytes
        try SnapshotSamples.write([1], SnapshotSamples.identity(height: 7), to: disk)
        disk["any name.snapshot"] = Array("nonsense".utf8)
        let view = try writer.store.view()
        let choice = try SnapshotCatalog(disk).choose(model: "utxo", schemaVersion: 1, in: view)
        #expect(heights(choice) == [2])
        let reasons = choice.skipped.map { entry, reason in
            switch reason {
            case .unusable(.damaged): "damaged"
            case .unusable(.unsupported): "newer"
            case .foreign: "foreign"
            case .otherSchema(2): "schema"
            default: "\(reason)"
            }
        }
        #expect(reasons.sorted() == ["damaged", "damaged", "foreign", "newer", "schema"])
        // What concerns only greater heights is not told.
        let low = try SnapshotCatalog(disk).choose(model: "utxo", schemaVersion: 1, in: view, atOrBelow: 2)
        #expect(low.skipped.count == 1)
        try writer.close()
    }

    @Test("a file that cannot be read hides no other")
    func unreadable() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...9)
        for height in [2, 4] as [Int64] { try takeSnapshot(at: height, of: writer.store, on: disk) }
        disk.fail(.read, file: "0000000000000000004-")
        let choice = try SnapshotCatalog(disk).choose(model: "utxo", schemaVersion: 1, in: writer.store.view())
        #expect(heights(choice) == [2])
        #expect(choice.skipped.count == 1)
        try writer.close()
    }
}

@Suite("Retiring snapshots")
struct SnapshotRetentionTests {
    private func heights(_ disk: SimulatedDisk, _ model: String = "utxo", schemaVersion: UInt32 = 1) throws -> [Int64] {
        try SnapshotCatalog(disk).entries().compactMap(\.identity)
            .filter { $0.model == model && $0.schemaVersion == schemaVersion }.map(\.height)
    }

    /// Snapshots of two models at every tenth of 101 blocks.
    private func store() throws -> (SimulatedDisk, Store) {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        for height in 0...100 as ClosedRange<Int64> {
            try writer.append(height...height, count: 1)
            if height % 10 == 0 {
                try takeSnapshot(of: writer.store, on: disk)
                try takeSnapshot("balance", of: writer.store, on: disk)
            }
        }
        try writer.close()
        return (disk, try Store.open(disk))
    }

    @Test(
        "keeps the newest few and all within the window, for each model",
        arguments: [
            (1, 0, [100]), (3, 0, [80, 90, 100]), (0, 0, [100]), (1, 25, [80, 90, 100]), (2, 10, [90, 100]),
            (1, 20, [80, 90, 100]), (1, 1_000, Array(stride(from: 0, through: 100, by: 10))),
        ] as [(Int, Int64, [Int64])])
    func window(minKeep: Int, keepWindow: Int64, expected: [Int64]) throws {
        let (disk, store) = try store()
        let retention = SnapshotRetention(minKeep: minKeep, keepWindow: keepWindow)
        let retired = try SnapshotCatalog(disk).retire(by: retention, in: store.view())
        #expect(try heights(disk) == expected)
        #expect(try heights(disk, "balance") == expected)
        #expect(retired.count == 22 - 2 * expected.count)
        let durable = disk.onlyDurable().fileNames.filter(SnapshotName.isSnapshot)
        #expect(durable == disk.fileNames.filter(SnapshotName.isSnapshot), "removing is durable")
    }

    @Test("never drops the lowest one from which a pruned log can be replayed")
    func pruned() throws {
        let (disk, store) = try store()
        let catalog = SnapshotCatalog(disk)
        try catalog.retire(by: SnapshotRetention(minKeep: 1), in: store.view(), lowestReplayable: 41)
        #expect(try heights(disk) == [40, 100])
        try catalog.retire(by: SnapshotRetention(minKeep: 1), in: store.view(), lowestReplayable: 42)
        #expect(try heights(disk) == [100])
    }

    @Test("drops what was undone, and does not count it")
    func undone() throws {
        let (disk, store) = try store()
        _ = store
        var writer = try Writer.open(disk, options: options())
        try writer.rollback(toHeight: 75)
        try SnapshotCatalog(disk).retire(by: SnapshotRetention(minKeep: 2), in: writer.store.view())
        #expect(try heights(disk) == [60, 70])
        try writer.close()
    }

    @Test("drops a schema that was left behind once the present one has enough")
    func schemas() throws {
        let (disk, store) = try store()
        let catalog = SnapshotCatalog(disk)
        let retention = SnapshotRetention(minKeep: 2)
        try takeSnapshot(at: 50, schemaVersion: 2, of: store, on: disk)
        try catalog.retire(by: retention, in: store.view(), schemas: ["utxo": 2])
        #expect(try heights(disk) == [90, 100])
        try takeSnapshot(at: 60, schemaVersion: 2, of: store, on: disk)
        try catalog.retire(by: retention, in: store.view(), schemas: ["utxo": 2])
        #expect(try heights(disk).isEmpty)
        #expect(try heights(disk, schemaVersion: 2) == [50, 60])
    }

    @Test("leaves alone what is damaged or of another store, and deletes by height")
    func others() throws {
        let (disk, store) = try store()
        let catalog = SnapshotCatalog(disk)
        try SnapshotSamples.write([1], SnapshotSamples.identity(height: 3), to: disk)
        disk["broken.snapshot"] = [1, 2, 3]
        try catalog.remove(catalog.entries(ofModel: "utxo", heights: ..<30))
        #expect(try heights(disk).first == 30)
        #expect(try heights(disk, "balance").first == 0)
        try catalog.remove(catalog.entries(ofModel: nil, heights: 50...50))
        try catalog.retire(by: SnapshotRetention(minKeep: 1), in: store.view())
        #expect(disk.fileNames.contains("broken.snapshot"))
        #expect(try heights(disk, "balance") == [100])
    }
}
