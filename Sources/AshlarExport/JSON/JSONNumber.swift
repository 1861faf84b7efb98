import AshlarJSON

/// The parts of a number in a JSON text, for those who ask for its value without computing it.
struct JSONNumber {
    /// Whether a minus stands before it.
    let isNegative: Bool
    /// From the first digit that is not 0 to the last, with the point if one is between them; empty if it is zero.
    let digits: Range<Int>
    /// The exponent as written; from ±10¹⁷ on, the last digits are gone.
    let exponent: Int64
    /// Which power of ten the last of `digits` stands for.
    let scale: Int64

    /// Whether all its digits are 0.
    var isZero: Bool { digits.isEmpty }

    /// Takes apart a number that was checked.
    init(_ range: Range<Int>, _ scanner: borrowing JSONScanner) {
        let bytes = scanner.bytes
        func byte(_ offset: Int) -> UInt8 { bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
        var offset = range.lowerBound
        isNegative = byte(offset) == UInt8(ascii: "-")
        if isNegative { offset += 1 }
        var (first, last, point): (Int?, Int, Int?) = (nil, offset, nil)
        while offset < range.upperBound, byte(offset) | 0x20 != UInt8(ascii: "e") {
            if byte(offset) == UInt8(ascii: ".") {
                point = offset
            } else if byte(offset) != UInt8(ascii: "0") {
                first = first ?? offset
                last = offset
            }
            offset += 1
        }
        digits = first.map { $0..<last + 1 } ?? last..<last
        let mantissaEnd = offset
        var power: Int64 = 0
        var isSmall = false
        for index in offset..<range.upperBound where index > mantissaEnd {
            if byte(index) == UInt8(ascii: "-") { isSmall = true }
            guard byte(index) &- UInt8(ascii: "0") < 10, power < 100_000_000_000_000_000 else { continue }
            power = power * 10 + Int64(byte(index) - UInt8(ascii: "0"))
        }
        exponent = isSmall ? -power : power
        // Digits behind the point count downwards from it, those before it upwards.
        let end = point ?? mantissaEnd
        scale = exponent + Int64(last > end ? end - last : end - 1 - last)
    }
}
