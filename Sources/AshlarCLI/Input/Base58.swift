/// Base58 with Bitcoin's alphabet: a number in base 58, after one `1` for each leading zero byte.
enum Base58 {
    private static let alphabet: StaticString = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

    /// The value of each character, or 255.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for index in 0..<58 { table[Int(alphabet.utf8Start[index])] = UInt8(index) }
        return table
    }()

    /// Decodes a text that stands for at most `maximumBytes` bytes.
    ///
    /// Every such text is the only one for its bytes, so whatever decodes also comes back the same.
    static func decode(_ text: RawSpan, maximumBytes: Int) throws(HashProblem) -> [UInt8] {
        // A character stands for at least log2(58) / 8 > 0.73 bytes: longer texts need not be tried.
        guard text.byteCount <= maximumBytes * 100 / 73 + 1 else { throw .tooLong(limit: maximumBytes) }
        var zeros = 0
        var number: [UInt8] = []  // base 256, lowest digit first
        for offset in 0..<text.byteCount {
            let value = values[Int(text.unsafeLoad(fromByteOffset: offset, as: UInt8.self))]
            guard value != 255 else { throw .wrongCharacter(offset: offset) }
            if value == 0, zeros == offset {
                zeros += 1
            } else {
                appendDigit(value, base: 58, to: &number, base: 256)
            }
        }
        guard zeros + number.count <= maximumBytes else { throw .tooLong(limit: maximumBytes) }
        return [UInt8](repeating: 0, count: zeros) + number.reversed()
    }

    /// Encodes bytes.
    static func encode(_ bytes: [UInt8]) -> String {
        let zeros = bytes.prefix { $0 == 0 }.count
        var number: [UInt8] = []  // base 58, lowest digit first
        for byte in bytes.dropFirst(zeros) { appendDigit(byte, base: 256, to: &number, base: 58) }
        var text = String(repeating: "1", count: zeros)
        for digit in number.reversed() { text.unicodeScalars.append(Unicode.Scalar(alphabet.utf8Start[Int(digit)])) }
        return text
    }

    /// Sets `number`, written in `base`, to itself times `factor` plus `digit`.
    private static func appendDigit(_ digit: UInt8, base factor: Int, to number: inout [UInt8], base: Int) {
        var carry = Int(digit)
        for index in number.indices {
            carry += Int(number[index]) * factor
            number[index] = UInt8(carry % base)
            carry /= base
        }
        while carry > 0 {
            number.append(UInt8(carry % base))
            carry /= base
        }
    }
}
