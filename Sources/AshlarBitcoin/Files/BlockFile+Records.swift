/// Where a record stands in its file: the block's bytes, behind magic and length.
package struct RecordPlace: Hashable, Sendable {
    /// Magic and length.
    package static let headSize = 8
    /// The sizes that a block can have: a header and a count, up to what consensus allows.
    package static let sizes = 81...4_000_000

    /// Where the head of the record begins.
    package var offset: Int64
    /// How many bytes the block has.
    package var size: Int

    /// Where the block begins.
    package var body: Int64 { offset + Int64(Self.headSize) }
    /// Where the next record may begin.
    package var end: Int64 { body + Int64(size) }
}

/// What stands in a file from some offset on.
package enum FoundRecord: Hashable, Sendable {
    /// A record; before it `garbage` bytes that are neither records nor zeros.
    case record(RecordPlace, garbage: Int64)
    /// Nothing more than zeros, or nothing at all.
    case end
    /// A record that begins at the offset, and of which the rest is not there (yet).
    case cut(offset: Int64)
    /// Nothing more that could be a record, up to the end of the file.
    case garbage
}

extension BlockFile {
    /// Finds the first record of a network from `offset` on.
    ///
    /// What is no record is passed over up to the next magic; it throws if that is a record of another network.
    package mutating func nextRecord(from offset: Int64, of network: Network) throws(InputProblem) -> FoundRecord {
        var place = offset
        while true {
            guard let head = try search(network, from: place), try !isPaddingToTheEnd(head) else {
                guard let dirt = try dirt(in: offset..<size) else { return .end }
                try checkForeign(at: dirt, from: offset, network)
                return try isCutHead(at: dirt, of: network) ? .cut(offset: dirt) : .garbage
            }
            guard try load(RecordPlace.headSize, at: head) else { return .cut(offset: head) }
            let record = RecordPlace(offset: head, size: length(at: head))
            guard RecordPlace.sizes.contains(record.size) else {
                place = head + 1
                continue
            }
            var garbage: Int64 = 0
            if let dirt = try dirt(in: offset..<head) {
                try checkForeign(at: dirt, from: offset, network)
                garbage = head - dirt
            }
            guard try load(record.size, at: record.body) else { return .cut(offset: head) }
            return .record(record, garbage: garbage)
        }
    }

    /// Where the network's magic comes next.
    private mutating func search(_ network: Network, from offset: Int64) throws(InputProblem) -> Int64? {
        var place = offset
        while try load(4, at: place) {
            if let found = firstMagic(network.magic, from: place) { return found }
            // The last three bytes may be the beginning of a magic.
            place += Int64(loaded(from: place)) - 3
        }
        return nil
    }

    /// Whether a magic at the very end is padding: there are keys that make padding look like one.
    private mutating func isPaddingToTheEnd(_ head: Int64) throws(InputProblem) -> Bool {
        guard size - head < Int64(RecordPlace.headSize) else { return false }
        return try dirt(in: head..<size) == nil
    }

    /// The first byte in a range that is no padding.
    private mutating func dirt(in range: Range<Int64>) throws(InputProblem) -> Int64? {
        var place = range.lowerBound
        while place < range.upperBound, try load(1, at: place) {
            let end = min(range.upperBound, place + Int64(loaded(from: place)))
            if let dirt = firstDirt(in: place..<end) { return dirt }
            place = end
        }
        return nil
    }

    /// Throws if a record of another network begins at `dirt`, or up to three bytes before: some of its magic may look like padding.
    private mutating func checkForeign(at dirt: Int64, from offset: Int64, _ network: Network) throws(InputProblem) {
        for place in max(offset, dirt - 3)...dirt where try load(RecordPlace.headSize, at: place) {
            guard let name = Network.name(ofMagic: magic(at: place)), magic(at: place) != network.magic,
                RecordPlace.sizes.contains(length(at: place))
            else { continue }
            throw .foreignMagic(file: self.name, offset: place, network: name, expected: network)
        }
    }

    /// Whether the file ends within a magic.
    private mutating func isCutHead(at dirt: Int64, of network: Network) throws(InputProblem) -> Bool {
        let count = Int(size - dirt)
        guard count < 4, try load(count, at: dirt) else { return false }
        let bytes = bytes(count, at: dirt)
        for index in 0..<count {
            let expected = UInt8(truncatingIfNeeded: network.magic >> (24 - 8 * UInt32(index)))
            if bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) != expected { return false }
        }
        return true
    }
}
