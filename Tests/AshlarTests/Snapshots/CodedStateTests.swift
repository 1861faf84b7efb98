import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar

@Suite("Codable states in snapshots")
struct CodedStateTests {
    private enum Kind: Codable, Hashable {
        case none
        case named(String)
        case both(left: Int, right: UInt8)
        indirect case nested(Kind)
    }

    private struct Inner: Codable, Hashable {
        var number: Int
        var note: String?
    }

    private struct State: Codable, Hashable {
        var flag = true
        var small: Int8 = -128
        var large: UInt64 = .max
        var least: Int64 = .min
        var wide: Int128 = .min
        var widest: UInt128 = .max
        var half: Float = 0.5
        var third: Double = 1.0 / 3
        var text = "é☃\u{0}"
        var missing: String?
        var present: Int? = 4
        var bytes: [UInt8] = [0, 255, 7]
        var list: [Int?] = [1, nil, -3]
        var inner = [Inner(number: 1, note: nil), Inner(number: -70_000, note: "x")]
        var byName: [String: Inner] = ["a": Inner(number: 5, note: nil), "b": Inner(number: 6, note: "")]
        var byNumber: [Int: [String]] = [1: ["x"], -9: []]
        var byKind: [Kind: Int] = [.none: 1, .named("n"): 2]
        var set: Set<UInt16> = [1, 2, 65_535]
        var kinds: [Kind] = [.none, .named(""), .both(left: -1, right: 255), .nested(.nested(.none))]
        var pair: [[Double]] = [[], [1, 2]]
    }

    private class Base: Codable {
        var one = 1
        init() {}
    }

    private final class Derived: Base {
        var two = "two"
        enum CodingKeys: CodingKey { case two }
        override init() { super.init() }
        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            two = try container.decode(String.self, forKey: .two)
            try super.init(from: container.superDecoder())
        }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            // Asked for before what stands in front of it: containers may be filled in any order.
            let parent = container.superEncoder()
            try container.encode(two, forKey: .two)
            try super.encode(to: parent)
        }
    }

    /// Containers of all kinds, by hand.
    private struct ByHand: Codable, Equatable {
        var values: [Int] = [1, 2, 3]
        enum CodingKeys: CodingKey { case list, map, inner, after }
        init(_ values: [Int]) { self.values = values }
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            var list = try container.nestedUnkeyedContainer(forKey: .list)
            values = []
            while !list.isAtEnd {
                if try list.decodeNil() { continue }
                var single = try list.nestedUnkeyedContainer()
                values.append(try single.decode(Int.self))
            }
            let map = try container.nestedContainer(keyedBy: CodingKeys.self, forKey: .map)
            #expect(try map.decode(Bool.self, forKey: .inner))
            #expect(try container.decode(String.self, forKey: .after) == "after")
        }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            var map = container.nestedContainer(keyedBy: CodingKeys.self, forKey: .map)
            try container.encode("after", forKey: .after)
            for value in values {
                try list.encodeNil()
                var single = list.nestedUnkeyedContainer()
                try single.encode(value)
            }
            try map.encode(true, forKey: .inner)
        }
    }

    private func roundTrip<T: Codable>(_ value: T) throws -> T {
        try CodedDecoder.value(of: T.self, in: CodedEncoder.bytes(of: value))
    }

    @Test("come back as they were")
    func states() throws {
        #expect(try roundTrip(State()) == State())
        #expect(try roundTrip(ByHand([5, 6])) == ByHand([5, 6]))
        let derived = try roundTrip(Derived())
        #expect(derived.two == "two" && derived.one == 1)
        #expect(try roundTrip(5) == 5)
        #expect(try roundTrip(Int?.none) == nil)
        #expect(try roundTrip("x") == "x")
        #expect(try roundTrip([String: Int]()) == [:])
        let large = Dictionary(uniqueKeysWithValues: (0..<3_000).map { ("key \($0)", $0) })
        #expect(try roundTrip(large) == large)
    }

    @Test("go through a snapshot beside other values")
    func throughFile() throws {
        let storage = MemoryStorage()
        let entry = try SnapshotWriter.write(SnapshotSamples.identity(), to: storage, chunkBytes: 32) {
            try $0.append(UInt32(7))
            try $0.encode(State())
            try $0.encode([1, 2])
        }.publish()
        try SnapshotFile(entry.fileName, in: storage).read { (input: inout SnapshotInput) throws in
            #expect(try input.read(UInt32.self) == 7)
            #expect(try input.decode(State.self) == State())
            #expect(try input.decode([Int].self) == [1, 2])
        }
    }

    @Test("stand in the bytes that the spec tells")
    func bytes() throws {
        struct Example: Encodable {
            var height = 300
            var owner: String? = nil
            var parts: [Int] = [1, -2]
            var raw: [UInt8] = [0xFF]
        }
        let bytes = try CodedEncoder.bytes(of: Example())
        #expect(
            Hex.string(bytes)
                == "091f030668656967687403ac02" + "0570617274730805020301" + "0401" + "037261770a01ff")
    }

    @Test("of another type are told, not guessed")
    func mismatch() throws {
        let text = try CodedEncoder.bytes(of: "text")
        #expect(throws: DecodingError.self) { try CodedDecoder.value(of: Int.self, in: text) }
        #expect(throws: DecodingError.self) { try CodedDecoder.value(of: [Int].self, in: text) }
        let map = try CodedEncoder.bytes(of: ["a": 1])
        #expect(throws: DecodingError.self) { try CodedDecoder.value(of: Inner.self, in: map) }
        let large = try CodedEncoder.bytes(of: 300)
        #expect(throws: DecodingError.self) { try CodedDecoder.value(of: UInt8.self, in: large) }
    }

    private final class Chain: Codable {
        var next: Chain?
        init(_ next: Chain?) { self.next = next }
    }

    @Test("too deep to be read again are not written, and too deep bytes not read")
    func depth() throws {
        var chain = Chain(nil)
        for _ in 0..<100 { chain = Chain(chain) }
        _ = try roundTrip(chain)
        for _ in 0..<1_000 { chain = Chain(chain) }
        #expect(throws: EncodingError.self) { try CodedEncoder.bytes(of: chain) }
        chain.next = chain
        #expect(throws: EncodingError.self) { try CodedEncoder.bytes(of: chain) }
        chain.next = nil
        var bytes: [UInt8] = [9, 1, 0]
        for _ in 0..<1_000 {
            var content: [UInt8] = [1]
            content.append(sized: "next")
            content += bytes
            bytes = [9]
            bytes.append(varint: UInt64(content.count))
            bytes += content
        }
        #expect(throws: DecodingError.self) { try CodedDecoder.value(of: Chain.self, in: bytes) }
    }

    @Test("made of random or damaged bytes are errors, never a crash", arguments: 0..<400)
    func hostile(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var bytes = try CodedEncoder.bytes(of: State())
        if seed % 2 == 0 {
            for _ in 0...random.below(4) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            if random.chance(30) { bytes.removeLast(random.below(bytes.count)) }
        } else {
            bytes = random.bytes(random.below(100))
            if !bytes.isEmpty { bytes[0] = UInt8(random.below(13)) }
        }
        _ = try? CodedDecoder.value(of: State.self, in: bytes)
        _ = try? CodedDecoder.value(of: [[Int]].self, in: bytes)
        _ = try? CodedDecoder.value(of: [String: [UInt8]].self, in: bytes)
        _ = try? CodedDecoder.value(of: ByHand.self, in: bytes)
    }

    /// Asks for containers in ways that cannot be written.
    private struct Confused: Encodable {
        let way: Int
        func encode(to encoder: any Encoder) throws {
            switch way {
            case 0:
                _ = encoder.container(keyedBy: CodedKey.self)
                _ = encoder.unkeyedContainer()
            case 1:
                var value = encoder.singleValueContainer()
                try value.encode(1)
                try value.encode(2)
            default:
                var value = encoder.singleValueContainer()
                try value.encode(1)
                _ = encoder.unkeyedContainer()
            }
        }
    }

    @Test("whose encoding contradicts itself are refused", arguments: 0..<3)
    func confused(way: Int) {
        #expect(throws: EncodingError.self) { try CodedEncoder.bytes(of: Confused(way: way)) }
    }
}
