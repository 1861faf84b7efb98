import AshlarJSON

/// A 64-bit digest of the value that a JSON text stands for; nil if it is not JSON, or nested deeper than a payload may be.
///
/// It is the same for the text that was written and for what a database makes of it: white space, the order of members, the
/// spelling of escapes and of numbers (`1e2` and `100`, `1.50` and `1.5`) make no difference; anything else does, a minus
/// before a zero, too. If an object names a member twice, both count, in any order.
///
/// Every part of a value has a hash that starts from a seed of its kind (`TextHash`). An array mixes its elements' hashes in
/// order, an object adds up those of its members, each mixed from name and value. Numbers go by sign, digits without the
/// zeros at both ends, and the power of ten of the last one. Two values differ in their digest but for one case in 2⁶⁴, as long as
/// nobody looks for such a case: it finds mistakes, not forgeries.
///
/// - Complexity: O(*n*) in the length of the text; nothing is allocated.
package func canonicalDigest(json: borrowing RawSpan) -> UInt64? {
    var scanner = JSONScanner(copy json, maximumDepth: PayloadClassifier.maximumDepth)
    do throws(JSONError) {
        _ = try scanner.peek()
        let digest = try scanner.digest()
        try scanner.finish()
        return digest
    } catch {
        return nil
    }
}

/// What the hash of a value starts from.
private enum Seed {
    static let string: UInt64 = 0x5354_5249_4E47_0001
    static let name: UInt64 = 0x4E41_4D45_0000_0002
    static let number: UInt64 = 0x4E55_4D42_4552_0003
    static let array: UInt64 = 0x4152_5241_5900_0004
    static let object: UInt64 = 0x4F42_4A45_4354_0005
    static let word: UInt64 = 0x574F_5244_0000_0006
}

extension JSONScanner {
    /// The digest of the value that starts at `position`, which is then consumed.
    fileprivate mutating func digest() throws(JSONError) -> UInt64 {
        let first = byte(position)
        switch first {
        case UInt8(ascii: "\""):
            let string = try scanString()
            return TextHash.hash(string, self, seed: Seed.string)
        case UInt8(ascii: "{"): return try objectDigest()
        case UInt8(ascii: "["): return try arrayDigest()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let start = position
            _ = try scanNumber()
            return numberDigest(start..<position)
        default:
            _ = try skipValue()
            return TextHash.finish(TextHash.mix(Seed.word, UInt64(first)))
        }
    }

    private mutating func objectDigest() throws(JSONError) -> UInt64 {
        try enter()
        var (sum, count): (UInt64, UInt64) = (0, 0)
        var isFirst = true
        while let key = try nextKey(&isFirst) {
            let name = TextHash.hash(key, self, seed: Seed.name)
            _ = try peek()
            sum &+= TextHash.finish(TextHash.mix(name, try digest()))
            count &+= 1
        }
        return TextHash.finish(TextHash.mix(TextHash.mix(Seed.object, sum), count))
    }

    private mutating func arrayDigest() throws(JSONError) -> UInt64 {
        try enter()
        var (state, count): (UInt64, UInt64) = (Seed.array, 0)
        var isFirst = true
        while try nextElement(&isFirst) {
            _ = try peek()
            state = TextHash.mix(state, try digest())
            count &+= 1
        }
        return TextHash.finish(TextHash.mix(state, count))
    }

    private func numberDigest(_ range: Range<Int>) -> UInt64 {
        let number = JSONNumber(range, self)
        var hash = TextHash(seed: Seed.number)
        hash.add(number.isNegative ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        for offset in number.digits where byte(offset) != UInt8(ascii: ".") { hash.add(byte(offset)) }
        guard !number.isZero else { return hash.value }
        return TextHash.finish(TextHash.mix(hash.value, UInt64(bitPattern: number.scale)))
    }
}
