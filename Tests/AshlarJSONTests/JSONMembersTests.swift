import AshlarJSON
import Testing

@Suite("JSON members and bytes")
struct JSONMembersTests {
    /// What a payload says under three names.
    private func read(_ text: String) throws(JSONError) -> (number: Int64, bytes: [UInt8], isTrue: Bool) {
        let bytes = Array(text.utf8)
        let members = try JSONMembers(bytes.span.bytes, ["number", "bytes", "flag"])
        return (try members.integer(0, most: 1_000), try members.hexadecimal(1, count: 2), members.isTrue(2))
    }

    @Test("members are found in any order, among others, the last of equal names")
    func found() throws {
        let found = try read(#" {"bytes":"aBfF" , "x":{"number":[1]}, "number":1, "flag": true,"number":1000 } "#)
        #expect(found.number == 1_000 && found.bytes == [0xAB, 0xFF] && found.isTrue)
        #expect(try !read(#"{"bytes":"0000","number":0,"flag":false}"#).isTrue)
        #expect(try !read(#"{"bytes":"0000","number":0}"#).isTrue)
    }

    @Test(
        "what is missing, of another kind, out of range or no JSON is refused",
        arguments: [
            "", "{", "[]", "{}", #"{"number":1}"#, #"{"bytes":"0000"}"#, #"{"number":-1,"bytes":"0000"}"#,
            #"{"number":1.5,"bytes":"0000"}"#, #"{"number":1001,"bytes":"0000"}"#, #"{"number":"","bytes":"0000"}"#,
            #"{"number":99999999999999999999,"bytes":"0000"}"#, #"{"number":1,"bytes":"000"}"#,
            #"{"number":1,"bytes":"00000"}"#, #"{"number":1,"bytes":"00x0"}"#, #"{"number":1,"bytes":"\u0030"}"#,
            #"{"number":1,"bytes":null}"#, #"{"number":1,"bytes":"0000"} 1"#, #"{"number":1 "bytes":"0000"}"#,
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try read(text) }
    }

    @Test("numbers and digits are written as they should be, beyond the first memory too")
    func written() {
        var json = JSONBytes()
        var expected = ""
        for value in [0, 9, 10, -1, 99, 100, .max, .min, 1_234_567_890] as [Int64] {
            json.write("<")
            json.write(value)
            expected += "<\(value)"
        }
        json.write(UInt64.max)
        expected += "\(UInt64.max)"
        let bytes = (0..<6_000).map { UInt8(truncatingIfNeeded: $0) }
        bytes.withUnsafeBytes { json.write(hex: $0) }
        for byte in bytes { expected += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        let text = json.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        #expect(text == expected)
        json.clear()
        let left = json.bytes.byteCount
        #expect(left == 0)
        #expect([UInt8](hex: "00fFaB".utf8) == [0, 0xFF, 0xAB] && [UInt8](hex: "0".utf8) == nil)
    }
}
