import AshlarCLI
import AshlarFormat
import Testing

@Suite("Block line")
struct BlockLineTests {
    static let whole =
        #"{"height":7,"hash":"0a0b","parent":"0a0a","timestamp":1700000000,"requestId":"r","#
        + #""events":[{"model":"utxo","type":"output.created","payload": { "a" : [1, 2.50] } ,"timestamp":-1,"#
        + #""requestId":"own"},{"model":"m\u0041","type":"t\/é","payload":null}]}"#

    @Test("a block line gives the block and its events, payloads byte for byte")
    func readsBlock() {
        let result = parseLine(Self.whole)
        guard case .block(let block) = result.line else {
            Issue.record("\(String(describing: result.error))")
            return
        }
        #expect(block.header == BlockHeader(hash: [0x0A, 0x0B], parent: [0x0A, 0x0A], height: 7))
        #expect(block.timestamp == 1_700_000_000_000_000)
        #expect(result.requestId == "r")
        #expect(
            result.events == [
                PlainEvent(
                    model: "utxo", type: "output.created", payload: #"{ "a" : [1, 2.50] }"#, timestamp: -1_000_000,
                    requestId: "own"),
                PlainEvent(model: "mA", type: "t/é", payload: "null"),
            ])
    }

    @Test("members may stand in any order, extra ones are ignored, null optional ones count as absent")
    func ignoresExtras() {
        let result = parseLine(
            #"{"slot":[1,{"height":3}],"events":[{"payload":"x","extra":{"model":1},"type":"t","key":1,"model":"m","#
                + #""requestId":null,"timestamp":null}],"key":5,"timestamp":0,"branch":"stale","parent":"00","#
                + ##""hash":"01","height":0,"requestId":null,"toHeight":"x"}"##)
        #expect(result.error == nil)
        #expect(result.events == [PlainEvent(model: "m", type: "t", payload: "\"x\"")])
        #expect(result.requestId == nil)
    }

    @Test("a block without events is a block")
    func readsEmptyBlock() {
        let result = parseLine(#"{"height":0,"hash":"01","parent":"00","timestamp":0,"events":[]}"#)
        #expect(result.error == nil)
        #expect(result.events.isEmpty)
    }

    @Test("floating events come with their key, time and request id")
    func readsFloating() {
        let result = parseLine(
            ##"{"key":"k\u00e9","floating":[{"model":"mempool","type":"tx","payload":1}],"timestamp":3,"requestId":"q"}"##
        )
        guard case .floating(let floating) = result.line else {
            Issue.record("\(String(describing: result.error))")
            return
        }
        #expect(floating.timestamp == 3_000_000)
        #expect(result.key == "ké")
        #expect(result.requestId == "q")
        #expect(result.events == [PlainEvent(model: "mempool", type: "tx", payload: "1")])
    }

    @Test("a rollback gives the height to go back to", arguments: [-1, 0, 41, Int64.max - 1])
    func readsRollback(_ height: Int64) {
        let result = parseLine("{\"rollback\":{\"toHeight\":\(height),\"why\":\"x\"},\"requestId\":\"q\"}")
        guard case .rollback(let toHeight, _) = result.line else {
            Issue.record("\(String(describing: result.error))")
            return
        }
        #expect(toHeight == height)
        #expect(result.requestId == "q")
    }

    @Test("a line that is cut off anywhere is refused as cut off, with its line number")
    func refusesCutLines() {
        let bytes = Array(Self.whole.utf8)
        for length in 0..<bytes.count {
            let result = parseLine(Array(bytes[..<length]), number: 12)
            #expect(result.error == .cutOff(InputPosition(line: 12, column: length + 1)), "\(length)")
        }
    }

    @Test("a line with any byte changed is read or refused, never worse")
    func survivesChangedBytes() {
        var generator = SeededGenerator(seed: 1)
        let bytes = Array(Self.whole.utf8)
        for _ in 0..<20_000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let byte = UInt8.random(in: 0...255, using: &generator)
                let offset = Int.random(in: 0..<changed.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: changed[offset] = byte
                case 1: changed.insert(byte, at: offset)
                default: changed.remove(at: offset)
                }
            }
            let result = parseLine(changed)
            #expect((result.line == nil) != (result.error == nil))
        }
    }

    @Test("the first hash of a new store settles the notation, and later ones must follow it")
    func settlesNotation() {
        let line = #"{"height":0,"hash":"0xab","parent":"PARENT","timestamp":0,"events":[]}"#
        let good = parseLine(line.replacing("PARENT", with: "0x00"), notation: nil)
        #expect(good.error == nil && good.notation == .prefixedHex)
        let bad = parseLine(line.replacing("PARENT", with: "00"), notation: nil)
        #expect(
            bad.error
                == .badHash(
                    InputPosition(line: 1, column: 36), field: "parent", notation: "lower-case hex after 0x",
                    .missingPrefix))
    }

    @Test("one parser reads many lines, and keeps nothing of the one before")
    func reusesParser() throws {
        var parser = LineParser(notation: .hex)
        let block = Array(Self.whole.utf8)
        let other = Array(##"{"floating":[{"model":"x\u0041","type":"t","payload":1}]}"##.utf8)
        for _ in 0..<3 {
            _ = try parser.parse(block.span.bytes, lineNumber: 1)
            #expect(parser.events.count == 2)
            _ = try parser.parse(other.span.bytes, lineNumber: 2)
            #expect(parser.events.count == 1)
            #expect(parser.string(of: parser.events[0].model, in: other.span.bytes) == "xA")
        }
    }
}
