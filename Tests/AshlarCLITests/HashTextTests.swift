import AshlarCLI
import AshlarFormat
import Testing

@Suite("Hash text")
struct HashTextTests {
    @Test(
        "a hash comes out as it went in",
        arguments: [
            ("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", HashNotation.hex),
            ("0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3", .prefixedHex),
            ("A65977CD5DE91116F6B0A2C04D8AB30D31C8997DABF2A7F61DDB287B4B3703DB", .upperHex),
            ("5GG5pzTbH6KgZM54M9XWfBNmBupQuZXdQxoZRRQXHcpM", .base58),
            ("9BMHTdybcGah8PWtCzu8tVFDBXmiEHZZDf3FaZ651Nf", .base58),
            ("11111111111111111111111111111111", .base58), ("1", .base58), ("2", .base58), ("00", .hex),
            ("0x00", .prefixedHex),
        ])
    func roundTrips(_ text: String, _ notation: HashNotation) throws {
        let bytes = try HashText.decode(text, as: notation)
        #expect(HashText.encode(bytes, as: notation) == text)
    }

    @Test("every length of hash comes out as it went in, in every notation", arguments: HashNotation.allCases)
    func roundTripsBytes(_ notation: HashNotation) throws {
        var generator = SeededGenerator(seed: 58)
        for length in 1...64 {
            for leadingZeros in [0, 1, length / 2, length] {
                var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                for index in 0..<leadingZeros { bytes[index] = 0 }
                let text = HashText.encode(bytes, as: notation)
                #expect(try HashText.decode(text, as: notation) == bytes)
            }
            let highest = [UInt8](repeating: 255, count: length)
            #expect(try HashText.decode(HashText.encode(highest, as: notation), as: notation) == highest)
        }
    }

    @Test("base58 has the known values")
    func knownBase58() throws {
        #expect(try HashText.decode("StV1DL6CwTryKyV", as: .base58) == Array("hello world".utf8))
        #expect(HashText.encode([0, 0, 0x28, 0x7F, 0xB4, 0xCD], as: .base58) == "11233QC4")
    }

    @Test(
        "a text that would not come out as it went in is refused",
        arguments: [
            ("", HashNotation.hex, HashProblem.empty), ("", .base58, .empty), ("0x", .prefixedHex, .empty),
            ("abc", .hex, .oddLength), ("0xabc", .prefixedHex, .oddLength), ("aB", .hex, .wrongCase(offset: 1)),
            ("Ab", .upperHex, .wrongCase(offset: 1)), ("0xAB", .prefixedHex, .wrongCase(offset: 2)),
            ("0Xab", .prefixedHex, .missingPrefix), ("ab", .prefixedHex, .missingPrefix),
            ("0xab", .hex, .unexpectedPrefix),
            ("0xAB", .upperHex, .unexpectedPrefix), ("0g", .hex, .wrongCharacter(offset: 1)),
            ("ab ", .hex, .wrongCharacter(offset: 2)),
            ("0abc", .base58, .wrongCharacter(offset: 0)), ("aIb", .base58, .wrongCharacter(offset: 1)),
            ("aO", .base58, .wrongCharacter(offset: 1)), ("al", .base58, .wrongCharacter(offset: 1)),
            ("é", .base58, .wrongCharacter(offset: 0)),
            (String(repeating: "ab", count: 65), .hex, .tooLong(limit: 64)),
            (String(repeating: "1", count: 65), .base58, .tooLong(limit: 64)),
            (String(repeating: "z", count: 88), .base58, .tooLong(limit: 64)),
            (String(repeating: "z", count: 100_000), .base58, .tooLong(limit: 64)),
        ])
    func refuses(_ text: String, _ notation: HashNotation, _ expected: HashProblem) {
        do {
            _ = try HashText.decode(text, as: notation)
            Issue.record("decoded")
        } catch {
            #expect(error == expected)
        }
    }

    @Test(
        "the first hash of a new store decides the notation",
        arguments: [
            ("0xab", HashNotation.prefixedHex), ("0xAB", .prefixedHex), ("00ab", .hex), ("1234", .hex),
            ("00AB", .upperHex),
            ("123", .base58), ("aB", .base58), ("5GG5pzTbH6KgZM54M9XWfBNmBupQuZXdQxoZRRQXHcpM", .base58), ("", .base58),
        ])
    func detects(_ text: String, _ expected: HashNotation) {
        #expect(HashNotation.detect(from: text) == expected)
    }

    @Test("the raw values are those of the segment header")
    func rawValues() {
        #expect(HashNotation.allCases.map(\.rawValue) == [0, 1, 2, 3])
        #expect(HashNotation(rawValue: 3) == .base58)
    }
}
