import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Opening a store")
struct OpeningTests {
    @Test("a new store is empty, and durable when open returns")
    func newStore() throws {
        let disk = SimulatedDisk(seed: 1)
        let writer = try Writer.open(disk, options: options())
        #expect(writer.sequence == 0)
        #expect(writer.recovery.isClean)
        let log = try LogContents(disk.onlyDurable())
        #expect(log.state == .origin(of: writer.store.core.storeID))
        try writer.close()
    }

    @Test("opening what is not there says so and leaves nothing behind")
    func notAStore() {
        let disk = SimulatedDisk(seed: 1)
        var options = options()
        options.creation = nil
        #expect(
            failure { () throws(StoreError) in _ = try Writer.open(disk, options: options) }
                == .notAStore(path: "simulated"))
        #expect(disk.fileNames.isEmpty)
    }

    @Test("a directory with other files is not taken for a new store")
    func foreignFiles() {
        let disk = SimulatedDisk(seed: 1)
        disk["holiday.jpg"] = [1, 2, 3]
        guard
            case .invalidArgument = failure({ () throws(StoreError) in _ = try Writer.open(disk, options: options()) })
        else {
            Issue.record("it was taken")
            return
        }
    }

    @Test("after a clean close the sidecar spares the walk [FTR-4]", arguments: [Compression.none, .lz4, .zlib])
    func cleanReopen(compression: Compression) throws {
        let disk = try SimulatedDisk.store(options(compression: compression)) { (writer) throws(StoreError) in
            try writer.append(0...200)
        }
        let before = try LogContents(disk)
        let segment = disk.segments[0]
        let index = try #require(disk[SegmentName(number: 1).indexFile])
        let size = try #require(disk[segment]).count
        // Damage in the midst is not seen by an opening that does not walk.
        let damaged = disk.copy()
        damaged[segment]?[size / 2] ^= 1
        let writer = try Writer.open(damaged, options: options())
        #expect(writer.recovery.isClean)
        #expect(writer.sequence == 201)
        try writer.close()
        // What the sidecar says is what a walk finds ([FTR-1]).
        let walked = disk.copy()
        walked[SegmentName(number: 1).indexFile] = nil
        let log = try LogContents(walked)
        #expect(log.recovery.isClean)
        #expect(log.state == before.state && log.canonical == before.canonical && log.commits == before.commits)
        try Writer.open(walked, options: options()).close()
        #expect(walked[SegmentName(number: 1).indexFile] == index)
    }

    @Test("a damaged or outdated sidecar is not used", arguments: [0, 100, 300, 700])
    func badSidecar(offset: Int) throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...20) }
        disk[SegmentName(number: 1).indexFile]?[offset] ^= 0x10
        let log = try LogContents(disk)
        #expect(log.recovery.isClean)
        #expect(log.heights == Array(0...20))
    }

    @Test("a dropped writer closes too")
    func dropped() throws {
        let disk = SimulatedDisk(seed: 1)
        do {
            var writer = try Writer.open(disk, options: options())
            try writer.append(0...5)
        }
        let log = try LogContents(disk.onlyDurable())
        #expect(log.heights == Array(0...5))
        try Writer.open(disk, options: options()).close()
    }

    @Test("zeros written ahead do not disturb reopening and sealing")
    func zerosAhead() throws {
        let disk = SimulatedDisk(seed: 1)
        for round in 0..<Int64(8) {
            let durability = round % 2 == 0 ? Durability.everyBlock : .manual
            var writer = try Writer.open(disk, options: options(segmentBytes: 8_192, durability: durability))
            #expect(writer.recovery.isClean, "\(writer.recovery)")
            for height in round * 9..<round * 9 + 9 {
                try writer.append(block(height), events: events(height))
                try writer.sync()
            }
            try writer.close()
        }
        let log = try LogContents(disk)
        #expect(log.recovery.isClean, "\(log.recovery)")
        #expect(log.segmentCount > 2)
        #expect(log.heights == Array(0..<72))
    }

    @Test("a failed write while opening fails the opening; the next one succeeds", arguments: 1...8)
    func failedOpening(change: Int) throws {
        let disk = SimulatedDisk(seed: UInt64(change))
        disk.fail(.sync, skipping: change - 1)
        disk.fail(.write, skipping: change)
        disk.fail(.syncDirectory, skipping: change - 1)
        _ = failure { () throws(StoreError) in
            var writer = try Writer.open(disk, options: options())
            try writer.append(0...5)
            try writer.close()
        }
        disk.clearFaults()
        var writer = try Writer.open(disk, options: options())
        let count = writer.state.tipHeight + 1
        try writer.append(count...count + 3)
        try writer.close()
        #expect(try LogContents(disk.onlyDurable()).heights == Array(0...count + 3))
    }
}
