// What `ingest` writes into each of its commits as the caller's mark: how far its input was read. See `IngestMark`.

/// The first line of an input, by which the input is known again, whatever it is called and however long it has become.
package struct InputHead: Hashable, Sendable {
    /// The CRC-32 of the line.
    package var crc: UInt32
    /// The bytes of the line.
    package var length: Int

    /// Makes a head.
    package init(crc: UInt32, length: Int) {
        self.crc = crc
        self.length = length
    }
}

/// A place in an input: behind a line.
package struct InputPlace: Hashable, Sendable {
    /// The number of the line, from 1.
    package var line: Int
    /// Where the line starts.
    package var start: Int64
    /// Where the next one starts.
    package var end: Int64
    /// The CRC-32 of the line.
    package var crc: UInt32

    /// Makes a place.
    package init(line: Int, start: Int64, end: Int64, crc: UInt32) {
        self.line = line
        self.start = start
        self.end = end
        self.crc = crc
    }
}

/// How far an input was taken, as of a commit.
///
/// Marks of several inputs form a list: each names the commit with the last mark of the input before. So every input that a store was filled
/// from is found again.
package struct IngestMark: Hashable, Sendable {
    /// The input.
    package var head: InputHead
    /// The fork choice it was taken with.
    package var rule: ForkChoice.Rule
    /// The first commit that came from this input.
    package var firstSequence: UInt64
    /// The last line that was done with.
    package var place: InputPlace
    /// The first line whose block is kept aside, if there is one: its number and where it starts.
    package var side: SideStart?
    /// Lines behind `side` that linked to nothing and were passed over.
    package var unlinked: [Int]
    /// The input before this one, if there was one.
    package var previous: Previous?

    /// The line from which on blocks are kept aside.
    package struct SideStart: Hashable, Sendable {
        /// Its number.
        package var line: Int
        /// Where it starts.
        package var offset: Int64
    }

    /// Where the input before was left.
    package struct Previous: Hashable, Sendable {
        /// The commit with its last mark.
        package var sequence: UInt64
        /// How far it was read, which may be farther than that mark says.
        package var end: Int64
    }

    /// The most unlinked lines that are remembered.
    package static let maximumUnlinked = 256

    /// Makes a mark.
    package init(
        head: InputHead, rule: ForkChoice.Rule, firstSequence: UInt64, place: InputPlace, side: SideStart? = nil,
        unlinked: [Int] = [], previous: Previous? = nil
    ) {
        self.head = head
        self.rule = rule
        self.firstSequence = firstSequence
        self.place = place
        self.side = side
        self.unlinked = unlinked
        self.previous = previous
    }
}

extension IngestMark {
    private static let magic: [UInt8] = Array("ai1".utf8)

    /// The bytes of the mark: about 40.
    package var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(64)
        let flags = (rule == .longest ? 1 : 0) | (side == nil ? 0 : 2) | (previous == nil ? 0 : 4)
        bytes.append(UInt8(flags))
        func put(_ value: some BinaryInteger) {
            var rest = UInt64(truncatingIfNeeded: value)
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
        put(head.crc)
        put(head.length)
        put(firstSequence)
        put(place.line)
        put(place.start)
        put(place.end - place.start)
        put(place.crc)
        if let side {
            put(side.line)
            put(side.offset)
        }
        if let previous {
            put(previous.sequence)
            put(previous.end)
        }
        let remembered = unlinked.suffix(Self.maximumUnlinked)
        put(remembered.count)
        var last = 0
        for line in remembered {
            put(line - last)
            last = line
        }
        return bytes
    }

    /// The mark that was encoded in these bytes, or nil if they are the mark of somebody else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count > 4, Array(bytes[..<3]) == Self.magic, bytes[3] < 8 else { return nil }
        var numbers = VariableNumbers(bytes: bytes[4...])
        guard let headCRC = numbers.next(UInt32.self), let headLength = numbers.next(Int.self),
            let first = numbers.next(UInt64.self), let line = numbers.next(Int.self),
            let start = numbers.next(Int64.self), let length = numbers.next(Int64.self),
            let crc = numbers.next(UInt32.self), length <= Int64.max - start
        else { return nil }
        self.init(
            head: InputHead(crc: headCRC, length: headLength), rule: bytes[3] & 1 != 0 ? .longest : .newest,
            firstSequence: first, place: InputPlace(line: line, start: start, end: start + length, crc: crc))
        if bytes[3] & 2 != 0 {
            guard let line = numbers.next(Int.self), let offset = numbers.next(Int64.self) else { return nil }
            side = SideStart(line: line, offset: offset)
        }
        if bytes[3] & 4 != 0 {
            guard let sequence = numbers.next(UInt64.self), let end = numbers.next(Int64.self) else { return nil }
            previous = Previous(sequence: sequence, end: end)
        }
        guard let count = numbers.next(Int.self), count <= Self.maximumUnlinked else { return nil }
        for _ in 0..<count {
            guard let step = numbers.next(Int.self), step <= Int.max - (unlinked.last ?? 0) else { return nil }
            unlinked.append((unlinked.last ?? 0) + step)
        }
    }
}

/// Reads numbers of seven bits a byte, lowest first.
private struct VariableNumbers {
    var bytes: ArraySlice<UInt8>

    mutating func next<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = bytes.popFirst() {
            guard shift < 63 || byte < 2 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Number(exactly: value) }
            shift += 7
        }
        return nil
    }
}
