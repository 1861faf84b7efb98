import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// `StateMap` beside a dictionary.
@Suite("StateMap")
struct StateMapTests {
    /// Keys whose hashes collide a lot.
    struct Key: Hashable, Sendable {
        var number: Int
        func hash(into hasher: inout Hasher) { hasher.combine(number % 50) }
    }

    private func expectSame(_ map: StateMap<Key, Int>, _ wanted: [Key: Int]) {
        #expect(map.count == wanted.count)
        #expect(map.isEmpty == wanted.isEmpty)
        var found: [Key: Int] = [:]
        for (key, value) in map {
            #expect(found.updateValue(value, forKey: key) == nil)
        }
        #expect(found == wanted)
    }

    private func change(_ map: inout StateMap<Key, Int>, _ wanted: inout [Key: Int], _ random: inout SplitMix64) {
        let key = Key(number: random.below(400))
        switch random.below(5) {
        case 0, 1:
            map[key] = random.below(10)
            wanted[key] = map[key]
        case 2: #expect(map.removeValue(forKey: key) == wanted.removeValue(forKey: key))
        case 3:
            map[key, default: 7] += 1
            wanted[key, default: 7] += 1
        default:
            map.update(key) { (value: inout Int?) in value = value.map { $0 < 5 ? $0 + 1 : nil } ?? 3 }
            wanted[key] = wanted[key].map { $0 < 5 ? $0 + 1 : nil } ?? 3
        }
        #expect(map[key] == wanted[key])
    }

    @Test("does what a dictionary does", arguments: [1, 2, 3] as [UInt64])
    func behavesLikeDictionary(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var map = StateMap<Key, Int>()
        var wanted: [Key: Int] = [:]
        for step in 0..<4_000 {
            change(&map, &wanted, &random)
            if step % 500 == 0 { expectSame(map, wanted) }
            if random.below(2_000) == 0 {
                map.removeAll()
                wanted = [:]
            }
        }
        expectSame(map, wanted)
    }

    @Test("leaves copies as they were, and undoes blocks to the entry", arguments: [4, 5, 6] as [UInt64])
    func undoesBlocks(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var map = StateMap<Key, Int>()
        var wanted: [Key: Int] = [:]
        var history: [(undo: StateMap<Key, Int>.Journal, before: [Key: Int], copy: StateMap<Key, Int>)] = []
        for _ in 0..<300 {
            if random.chance(70) || history.isEmpty {
                let (before, copy) = (wanted, map)
                var undo = map.beginBlock()
                for _ in 0..<random.below(40) { change(&map, &wanted, &random) }
                if random.chance(3) {
                    map.removeAll()
                    wanted = [:]
                }
                map.endBlock(&undo)
                history.append((undo, before, copy))
            } else {
                let last = history.removeLast()
                map.undo(last.undo)
                wanted = last.before
                expectSame(map, wanted)
                expectSame(last.copy, wanted)
            }
        }
        for entry in history { expectSame(entry.copy, entry.before) }
        while let last = history.popLast() {
            map.undo(last.undo)
            expectSame(map, last.before)
        }
    }

    @Test("with room made beforehand is as without", arguments: [0, 1, 23, 24, 25, 3_000, 100_000])
    func reserved(entries: Int) {
        var random = SplitMix64(seed: UInt64(entries))
        var map = StateMap<Key, Int>()
        var wanted: [Key: Int] = [:]
        map.reserveCapacity(entries)
        expectSame(map, wanted)
        for _ in 0..<2_000 { change(&map, &wanted, &random) }
        // It holds entries, which stay where they are.
        map.reserveCapacity(10 * entries)
        expectSame(map, wanted)
        for number in 0..<3_000 { (map[Key(number: number)], wanted[Key(number: number)]) = (number, number) }
        expectSame(map, wanted)
    }

    @Test("gives back what it holds")
    func releases() {
        final class Counted: Sendable {
            static let living = Monitor(0)
            init() { Self.living.withLock { $0 += 1 } }
            deinit { Self.living.withLock { $0 -= 1 } }
        }
        do {
            var map = StateMap<Key, Counted>()
            var undos: [StateMap<Key, Counted>.Journal] = []
            for round in 0..<20 {
                let copy = map
                var undo = map.beginBlock()
                for number in 0..<200 { map[Key(number: round * 100 + number)] = number % 3 == 0 ? nil : Counted() }
                map.endBlock(&undo)
                undos.append(undo)
                #expect(copy.count == copy.reduce(0) { count, _ in count + 1 })
            }
            while let undo = undos.popLast(), undos.count > 5 { map.undo(undo) }
            map.removeAll()
        }
        #expect(Counted.living.withLock { $0 } == 0)
    }

    @Test("grows to many entries and back out of a snapshot")
    func snapshotOfMany() throws {
        var map = StateMap<[UInt8], Int?>()
        for number in 0..<20_000 { map[Array("key \(number)".utf8)] = .some(number % 7 == 0 ? nil : number) }
        #expect(map.count == 20_000)
        let disk = MemoryStorage()
        let identity = SnapshotIdentity(
            storeID: .random(), model: "many", schemaVersion: 1, height: 1, blockHash: blockHash(1), sequence: 1,
            chainValue: 1)
        let entry = try SnapshotWriter.write(identity, to: disk, chunkBytes: 4_096) { try map.encode(to: &$0) }
            .publish()
        let read = try SnapshotFile(entry.fileName, in: disk).read { try StateMap<[UInt8], Int?>.decode(from: &$0) }
        #expect(read == map)
    }
}
