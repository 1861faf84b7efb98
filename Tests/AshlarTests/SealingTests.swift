import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Sealing and rolling")
struct SealingTests {
    @Test(
        "many small segments read like one [SEG-1] [SEG-10]", arguments: [4_096, 8_192, 65_536],
        [Compression.none, .lz4, .zlib])
    func manySegments(segmentBytes: Int, compression: Compression) throws {
        let wanted = options(segmentBytes: segmentBytes, compression: compression)
        let disk = try SimulatedDisk.store(wanted) { (writer) throws(StoreError) in try writer.append(0...300, count: 7)
        }
        let whole = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...300, count: 7) }
        let log = try LogContents(disk)
        let reference = try LogContents(whole)
        #expect(log.segmentCount > 1)
        #expect(log.recovery.isClean)
        #expect(log.canonical == reference.canonical)
        #expect(log.versions == reference.versions)
        #expect(log.commits.map(\.events) == reference.commits.map(\.events))
        var writer = try Writer.open(disk, options: wanted)
        try writer.append(301...310)
        try writer.close()
        #expect(try LogContents(disk).heights == Array(0...310))
    }

    @Test("a commit larger than a segment gets one of its own [SEG-10]")
    func largeCommit() throws {
        let large = Event(model: "utxo", type: "Created", payload: [UInt8](repeating: 7, count: 30_000))
        let disk = try SimulatedDisk.store(options(segmentBytes: 4_096)) { (writer) throws(StoreError) in
            try writer.append(0...1)
            try writer.append(block(2), events: [large])
            try writer.append(3...4)
        }
        let log = try LogContents(disk)
        #expect(log.segmentCount == 3)
        #expect(log.heights == Array(0...4))
        #expect(log.commits[2].events.map(\.payload) == [large.payload])
    }

    @Test("the footer in the file is the one a scan makes, byte for byte [FTR-1]", arguments: [Compression.none, .lz4])
    func footerIsPure(compression: Compression) throws {
        let wanted = options(segmentBytes: 8_192, compression: compression, gaps: true)
        let disk = try SimulatedDisk.store(wanted) { (writer) throws(StoreError) in
            try writer.append(0...40)
            try writer.declare(models: ["never used"], types: ["Odd"])
            try writer.append(block(38, 1, on: 0), events: events(38, 1))
            try writer.appendFloating(events(0), key: [1, 2, 3], timestamp: Timestamp(microseconds: -5))
            try writer.rollback(toHeight: 30, mark: [9])
            try writer.adopt(branch: [.known(sequence: 32), .known(sequence: 33)])
            var late = block(50)
            late.parent = blockHash(32)
            late.mark = [1]
            try writer.append(
                late, events: [Event(model: "m", type: "t", payload: [], timestamp: Timestamp(microseconds: 7))])
            for height in Int64(51)...120 { try writer.append(block(height), events: events(height)) }
        }
        let loading = SegmentLoading(storage: disk)
        var compared = 0
        for file in disk.segments {
            let name = try #require(SegmentName(fileName: file))
            let bytes = try #require(disk[file])
            let handle = try disk.open(file, .read)
            let header = try loading.header(name, handle)
            guard case .success(let (_, base)) = try loading.footer(header, handle, size: bytes.count) else { continue }
            let index = try loading.rebuild(name, header, handle, size: bytes.count, next: nil)
            #expect(index.encodedFooter() == Array(bytes[base...]), "\(file)")
            compared += 1
        }
        #expect(compared > 2)
    }

    @Test("a damaged footer is rebuilt by a scan and reported [FTR-3]", arguments: [1, 16, 20, 300, 600])
    func badFooter(back: Int) throws {
        let disk = try SimulatedDisk.store(options(segmentBytes: 8_192)) { (writer) throws(StoreError) in
            try writer.append(0...60)
        }
        let reference = try LogContents(disk)
        let size = try #require(disk[disk.segments[1]]).count
        disk[disk.segments[1]]?[size - back] ^= 0x40
        let log = try LogContents(disk)
        #expect(log.recovery.notices == [.rebuiltFooter(file: disk.segments[1], fromSidecar: false)])
        #expect(log.commits == reference.commits && log.canonical == reference.canonical)
        var writer = try Writer.open(disk, options: options(segmentBytes: 8_192))
        #expect(writer.recovery == log.recovery)
        try writer.append(61...90)
        // A fork that reaches back into that segment needs what its footer said.
        try writer.rollback(toHash: blockHash(15), belowFinality: true)
        try writer.close()
        #expect(try LogContents(disk).heights == Array(0...15))
    }

    @Test("a sidecar stands in for a damaged footer [FTR-4]")
    func sidecar() throws {
        let disk = try SimulatedDisk.store(options(segmentBytes: 8_192)) { (writer) throws(StoreError) in
            try writer.append(0...60)
        }
        let bytes = try #require(disk[disk.segments[1]])
        let name = try #require(SegmentName(fileName: disk.segments[1]))
        let loading = SegmentLoading(storage: disk)
        let handle = try disk.open(name.segmentFile, .read)
        let header = try loading.header(name, handle)
        disk[name.indexFile] = try loading.rebuild(name, header, handle, size: bytes.count, next: nil).encodedFooter()
        disk[name.segmentFile]?[bytes.count - 1] ^= 1
        let log = try LogContents(disk)
        #expect(log.recovery.notices == [.rebuiltFooter(file: name.segmentFile, fromSidecar: true)])
        #expect(log.heights == Array(0...60))
    }

    @Test("a footer proves nothing of the commits before it [REC-8]")
    func footerWithoutCommits() throws {
        let disk = SimulatedDisk(seed: 4)
        var writer = try Writer.open(disk, options: options(segmentBytes: 8_192))
        try writer.append(0...3)
        try writer.sync()
        try writer.append(4...9)
        disk.fail(.sync)
        _ = failure { () throws(StoreError) in try writer.append(10...60) }
        // The footer reached the medium, the commits before it did not.
        let segment = disk.segments[0]
        let damaged = disk.copy()
        let offset = Int(try #require(writer.core.monitor.withLock { $0.active?.index.offsets[6] })) * 8
        for index in offset..<offset + 600 { damaged[segment]?[index] = 0 }
        let log = try LogContents(damaged)
        #expect(log.heights == Array(0...5))
        guard case .torn(segment, offset, _, _) = log.recovery.tail else {
            Issue.record("\(log.recovery)")
            return
        }
    }

    @Test("what a failed sync of a full segment left is written again [REC-11] [MED-4]", arguments: 0..<4)
    func failedSeal(skipping: Int) throws {
        let disk = SimulatedDisk(seed: UInt64(skipping) &+ 77)
        let wanted = options(segmentBytes: 8_192)
        var writer = try Writer.open(disk, options: wanted)
        if skipping < 2 {
            disk.fail(.sync, skipping: skipping)
        } else {
            disk.fail(.syncDirectory, skipping: skipping - 2)
        }
        let error = failure { () throws(StoreError) in try writer.append(0...60) }
        #expect(error != nil)
        let last = writer.state.tipHeight
        try? writer.close()
        var second = try Writer.open(disk, options: wanted)
        #expect(second.state.tipHeight == last)
        try second.append(last + 1...last + 40)
        try second.close()
        let log = try LogContents(disk.onlyDurable())
        #expect(log.heights == Array(0...last + 40))
        #expect(log.recovery.isClean, "\(log.recovery)")
    }

    @Test("a footer whose sync failed is written again, though all commits were durable [SEG-9]", arguments: 0..<4)
    func failedFooter(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        let wanted = options(segmentBytes: 8_192)
        var writer = try Writer.open(disk, options: wanted)
        var height: Int64 = 0
        while true {
            disk.fail(.sync)
            let error = failure { () throws(StoreError) in
                try writer.append(block(height), events: events(height))
            }
            if error != nil { break }
            disk.clearFaults()
            try writer.sync()
            height += 1
        }
        _ = closing(writer)
        var second = try Writer.open(disk, options: wanted)
        #expect(second.recovery.isClean)
        try second.append(height...height + 5)
        try second.sync()
        let log = try LogContents(disk.onlyDurable())
        #expect(log.segmentCount == 2)
        #expect(log.recovery.isClean, "\(log.recovery)")
        try second.close()
    }
}
