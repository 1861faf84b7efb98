import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("A damaged store, read")
struct DegradedStoreTests {
    private func damaged() throws -> SimulatedDisk {
        let disk = try SimulatedDisk.store(options()) { (writer) throws(StoreError) in try writer.append(0...20) }
        let offsets = try SalvageHarness(disk).offsets(disk.segments[0])
        disk[disk.segments[0]]?[offsets[5] + 8] ^= 1
        disk[disk.segments[0]]?[offsets[13] - 12] ^= 1
        for name in disk.fileNames where name.hasSuffix(".index") { disk[name] = nil }
        return disk
    }

    @Test("healthy blocks stay readable, holes are named, and no hole is an empty result")
    func holes() throws {
        let disk = try damaged()
        #expect(failure { () throws(StoreError) in _ = try LogContents(disk) } != nil)
        let store = try DegradedStore(disk)
        #expect(store.report.lost.map(\.sequences) == [6...6] && store.report.lost.map(\.heights) == [5...5])
        #expect(store.report.emptied.map(\.sequence) == [13])
        #expect(store.healthyHeights(in: 0...100).map(\.heights) == [0...4, 6...11, 13...20])
        #expect(store.healthySequences(in: 3...14).map(\.sequences) == [3...5, 7...12, 14...14])
        var heights: [Int64] = []
        for (part, range) in store.healthyHeights(in: 0...100) {
            var query = EventQuery()
            query.heights = range
            heights += try part.view().events(query).map { $0.height ?? -1 }
        }
        #expect(Set(heights) == Set([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20]))
        #expect(try store.part(atHeight: 7).view().block(height: 7)?.block.hash == blockHash(7))
        #expect(failure { () throws(StoreError) in _ = try store.part(atHeight: 5) } == .lost(store.report.lost[0]))
        #expect(failure { () throws(StoreError) in _ = try store.part(ofSequence: 6) } == .lost(store.report.lost[0]))
    }

    @Test("followers and consumers refuse")
    func following() throws {
        let store = try DegradedStore(try damaged()).parts[0]
        for error in [
            failure({ () throws(StoreError) in _ = try store.subscribe() }),
            failure({ () throws(StoreError) in _ = try store.follow() }),
            failure({ () throws(StoreError) in _ = try store.consumer("search") }),
        ] {
            guard case .invalidArgument(let why)? = error, why.contains("damaged") else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }
}
