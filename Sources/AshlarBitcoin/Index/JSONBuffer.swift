import Ashlar

/// Bytes of a JSON text that grows: the memory stays for the next one.
struct JSONBuffer: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 8)
    private var count = 0

    deinit { memory.deallocate() }

    /// What was written.
    var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[..<count]))
            return _overrideLifetime(bytes, borrowing: self)
        }
    }

    mutating func clear() { count = 0 }

    /// Room for more bytes, which count as written.
    @inline(__always)
    private mutating func take(_ more: Int) -> UnsafeMutableRawPointer {
        if memory.count - count < more { grow(more) }
        count += more
        // The memory is never empty.
        return memory.baseAddress.unsafelyUnwrapped + (count - more)
    }

    private mutating func grow(_ more: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(2 * memory.count, count + more), alignment: 8)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        memory.deallocate()
        memory = larger
    }

    /// Writes a text that stands in the program.
    @inline(__always)
    mutating func write(_ text: StaticString) {
        take(text.utf8CodeUnitCount).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    }

    /// Writes a number.
    mutating func write(_ value: some FixedWidthInteger) {
        if value < 0 { take(1).storeBytes(of: UInt8(ascii: "-"), as: UInt8.self) }
        var rest = UInt64(value.magnitude)
        var digits = 1
        var bound: UInt64 = 10
        while digits < 20, rest >= bound {
            digits += 1
            let (next, isOverflown) = bound.multipliedReportingOverflow(by: 10)
            bound = isOverflown ? .max : next
        }
        let target = take(digits)
        for index in stride(from: digits - 1, through: 0, by: -1) {
            target.storeBytes(of: UInt8(ascii: "0") + UInt8(rest % 10), toByteOffset: index, as: UInt8.self)
            rest /= 10
        }
    }

    mutating func write(_ value: Bool) { value ? write("true") : write("false") }

    /// Writes bytes as hexadecimal digits.
    mutating func write(hex bytes: UnsafeRawBufferPointer) {
        let target = take(2 * bytes.count)
        for index in 0..<bytes.count {
            target.storeBytes(of: Self.digits(bytes[index]), toByteOffset: 2 * index, as: UInt16.self)
        }
    }

    /// Writes a hash as Bitcoin prints it.
    mutating func write(_ hash: Hash256) {
        let target = take(64)
        withUnsafeBytes(of: hash) { bytes in
            for index in 0..<32 {
                target.storeBytes(of: Self.digits(bytes[31 - index]), toByteOffset: 2 * index, as: UInt16.self)
            }
        }
    }

    /// The two digits of a byte, the first one in the lower half.
    @inline(__always)
    private static func digits(_ byte: UInt8) -> UInt16 {
        // Both halves at once: 9 and below become '0'…'9', the others, which carry into bit 4 when 6 is added, 'a'…'f'.
        let halves = UInt16(byte >> 4) | UInt16(byte & 15) << 8
        let letters = (halves &+ 0x0606) >> 4 & 0x0101
        return (halves &+ 0x3030 &+ letters &* 39).littleEndian
    }
}
