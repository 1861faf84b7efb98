// JSON as it is written by hand, into an array that keeps its memory for the next text: names of members stand in the program as texts, and
// what costs time are numbers and digits.

extension [UInt8] {
    /// Appends a text that stands in the program.
    @inlinable @inline(__always)
    package mutating func append(text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends an integer in decimal digits, without a text in between.
    @inlinable
    package mutating func append(decimal value: some FixedWidthInteger) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var (rest, start) = (UInt64(value.magnitude), digits.count)
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 { append(UInt8(ascii: "-")) }
            append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }

    /// Appends bytes in lower-case hexadecimal digits, the last byte first if `isReversed`.
    @inlinable
    package mutating func append(hex bytes: UnsafeRawBufferPointer, isReversed: Bool = false) {
        append(addingCapacity: 2 * bytes.count) { (output: inout OutputSpan<UInt8>) in
            output.withUnsafeMutableBufferPointer { target, count in
                let start = UnsafeMutableRawBufferPointer(target)
                for index in 0..<bytes.count {
                    let byte = bytes[isReversed ? bytes.count - 1 - index : index]
                    // Both halves at once: 9 and below become '0'…'9', the others, which carry into bit 4 when 6 is added, 'a'…'f'.
                    let halves = UInt16(byte >> 4) | UInt16(byte & 15) << 8
                    let letters = (halves &+ 0x0606) >> 4 & 0x0101
                    let digits = (halves &+ 0x3030 &+ letters &* 39).littleEndian
                    start.storeBytes(of: digits, toByteOffset: count + 2 * index, as: UInt16.self)
                }
                count += 2 * bytes.count
            }
        }
    }
}
