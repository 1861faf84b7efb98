import Testing

@testable import AshlarFormat

@Suite("The derivation note")
struct DerivationNoteTests {
    /// The worked example of `format-spec/derivation.md`.
    private static let example = DerivationNote(
        sourceID: StoreID(high: 0x7766_5544_3322_1100, low: 0xFFEE_DDCC_BBAA_9988), name: Array("select".utf8),
        version: 1,
        parameters: Array("drop \"utxo\"".utf8))

    @Test("its bytes are those of the specification")
    func example() throws {
        let bytes = Self.example.encoded()
        #expect(
            Hex.string(bytes)
                == "4153484c4152445600112233445566778899aabbccddeeff010000000000000006000000"
                + "0b00000073656c65637464726f7020227574786f228f1968ea")
        #expect(try DerivationNote(decoding: bytes.span.bytes) == Self.example)
    }

    @Test("any flipped bit, missing byte or further byte makes it invalid [DRV-1]")
    func damage() {
        let bytes = Self.example.encoded()
        func isValid(_ bytes: [UInt8]) -> Bool { (try? DerivationNote(decoding: bytes.span.bytes)) != nil }
        for bit in 0..<8 * bytes.count {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!isValid(damaged), "bit \(bit)")
        }
        for count in 0..<bytes.count { #expect(!isValid(Array(bytes.prefix(count)))) }
        #expect(!isValid(bytes + [0]))
    }
}
