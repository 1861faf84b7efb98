import AshlarEasyLayer
import AshlarTestSupport
import CAshlarZlib
import Testing

@Suite struct EasyLayerPayloadTests {
    @Test(arguments: [0, 1, 100, 1023, 1024, 1025, 70_000, 1_000_000])
    func inflatesWhatWasDeflated(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let payload = EasyLayerPayload(limit: count)
        #expect(try payload.plain(deflated(bytes), isCompressed: true) == bytes)
        #expect(try EasyLayerPayload().plain(deflated(bytes), isCompressed: true) == bytes)
        #expect(try payload.plain(bytes, isCompressed: false) == bytes)
    }

    @Test func stopsAtTheLimit() {
        let bomb = deflated([UInt8](repeating: 0, count: 1 << 20))
        #expect(failure(EasyLayerPayload(limit: 1 << 20), bomb) == nil)
        #expect(failure(EasyLayerPayload(limit: (1 << 20) - 1), bomb) == .tooLarge(limit: (1 << 20) - 1))
        #expect(failure(EasyLayerPayload(limit: 10), bomb) == .tooLarge(limit: 10))
        #expect(throws: EasyLayerPayloadProblem.tooLarge(limit: 3)) {
            try EasyLayerPayload(limit: 3).plain([1, 2, 3, 4], isCompressed: false)
        }
    }

    @Test func hostileBytesGiveErrors() {
        let whole = deflated(Array("{\"a\":[1,2,3],\"b\":\"some text that is long enough\"}".utf8))
        let payload = EasyLayerPayload(limit: 4096)
        #expect(failure(payload, []) == .cutOff)
        for count in 1..<whole.count { #expect(failure(payload, Array(whole[..<count])) != nil) }
        #expect(failure(payload, whole + [0, 0]) == .trailingBytes(2))
        #expect(failure(payload, Array("{}".utf8)) == .damaged)
        for index in whole.indices {
            for bit in 0..<8 {
                var bytes = whole
                bytes[index] ^= 1 << UInt8(bit)
                // A flipped bit may still be a stream of other framing, but never of other content.
                if let plain = try? payload.plain(bytes, isCompressed: true) {
                    #expect(plain == (try? payload.plain(whole, isCompressed: true)))
                }
            }
        }
        #expect(failure(payload, [0x78, 0xBB, 0, 0, 0, 1]) == .needsDictionary)
    }

    private func failure(_ payload: EasyLayerPayload, _ bytes: [UInt8]) -> EasyLayerPayloadProblem? {
        do throws(EasyLayerPayloadProblem) {
            _ = try payload.plain(bytes, isCompressed: true)
            return nil
        } catch {
            return error
        }
    }
}
