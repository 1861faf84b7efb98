import AshlarCLI
import AshlarFormat
import Testing

@Suite("Block line refusals")
struct BlockLineRefusalTests {
    private static func at(_ column: Int) -> InputPosition { InputPosition(line: 1, column: column) }

    private static func block(_ member: String, events: String = "[]") -> String {
        var members = [
            "height": "1", "hash": "\"01\"", "parent": "\"00\"", "timestamp": "5", "requestId": "\"r\"",
            "events": events,
        ]
        let name = member.prefix { $0 != "=" }
        members[String(name)] = member.contains("=") ? String(member.dropFirst(name.count + 1)) : nil
        let order = ["height", "hash", "parent", "timestamp", "requestId", "events"]
        return "{" + order.compactMap { key in members[key].map { "\"\(key)\":\($0)" } }.joined(separator: ",") + "}"
    }

    private static func event(_ members: String) -> String {
        block("", events: "[{" + members + "}]")
    }

    @Test("a block that misses a field is refused", arguments: ["height", "hash", "parent", "timestamp", "events"])
    func missingField(_ field: String) {
        #expect(parseLine(Self.block(field)).error == .missingField(Self.at(1), field: field, of: "the block"))
    }

    @Test(
        "a field of the wrong kind is refused",
        arguments: [
            ("height=\"1\"", "height", "an integer", 11), ("height=1.0", "height", "an integer", 11),
            ("height=null", "height", "an integer", 11), ("hash=1", "hash", "a string", 20),
            ("parent=null", "parent", "a string", 34), ("timestamp=1e9", "timestamp", "an integer", 51),
            ("requestId=7", "requestId", "a string", 65), ("events={}", "events", "an array", 78),
            ("events=[1]", "an event", "an object", 79),
        ])
    func wrongType(_ member: String, _ field: String, _ expected: String, _ column: Int) {
        #expect(
            parseLine(Self.block(member)).error == .wrongType(Self.at(column), field: field, expected: expected))
    }

    @Test(
        "a number out of range is refused",
        arguments: [
            ("height=-1", "height"), ("height=9223372036854775807", "height"),
            ("height=1" + String(repeating: "0", count: 30), "height"),
            ("timestamp=9223372036855", "timestamp"), ("timestamp=-9223372036855", "timestamp"),
        ])
    func outOfRange(_ member: String, _ expected: String) {
        guard case .outOfRange(_, let field, _) = parseLine(Self.block(member)).error else {
            Issue.record("accepted")
            return
        }
        #expect(field == expected)
    }

    @Test(
        "a hash that is not in the store's notation is refused",
        arguments: [
            ("hash=\"0AB0\"", HashProblem.wrongCase(offset: 1)), ("hash=\"0xab\"", .unexpectedPrefix),
            ("hash=\"\"", .empty),
            ("parent=\"\"", .empty), ("hash=\"abc\"", .oddLength),
            ("hash=\"" + String(repeating: "ab", count: 65) + "\"", .tooLong(limit: 64)),
        ])
    func badHash(_ member: String, _ expected: HashProblem) {
        guard case .badHash(_, _, _, let problem) = parseLine(Self.block(member)).error else {
            Issue.record("accepted")
            return
        }
        #expect(problem == expected)
    }

    @Test(
        "an event that misses a field is refused",
        arguments: [
            ("\"type\":\"t\",\"payload\":1", "model"), ("\"model\":\"m\",\"payload\":1", "type"),
            ("\"model\":\"m\",\"type\":\"t\"", "payload"), ("", "model"),
        ])
    func missingEventField(_ members: String, _ field: String) {
        guard case .missingField(_, let missing, "the event") = parseLine(Self.event(members)).error else {
            Issue.record("accepted")
            return
        }
        #expect(missing == field)
    }

    @Test("a name must have 1 to 255 bytes and no U+0000", arguments: ["model", "type", "requestId"])
    func names(_ field: String) {
        func error(_ value: String) -> InputError? {
            var members = ["model": "m", "type": "t", "requestId": "r"]
            members[field] = value
            let text = members.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
            return parseLine(Self.event(text + ",\"payload\":1")).error
        }
        #expect(error(String(repeating: "x", count: 255)) == nil)
        #expect(error(String(repeating: "\\u00e9", count: 127)) == nil)
        guard case .tooLong(_, field, 256, 255) = error(String(repeating: "x", count: 256)) else {
            Issue.record("too long accepted")
            return
        }
        guard case .tooLong(_, field, 256, 255) = error(String(repeating: "\\u00e9", count: 128)) else {
            Issue.record("too long accepted")
            return
        }
        guard case .empty(_, field) = error("") else {
            Issue.record("empty accepted")
            return
        }
        guard field != "requestId" else { return }
        guard case .containsNUL(_, field) = error("a\\u0000b") else {
            Issue.record("NUL accepted")
            return
        }
    }

    @Test("a payload over the limit is refused, one at the limit is not")
    func payloadLimit() {
        let limits = LineLimits(payload: 10)
        func line(_ payload: String) -> String { Self.event("\"model\":\"m\",\"type\":\"t\",\"payload\": \(payload) ") }
        #expect(parseLine(line("\"12345678\""), limits: limits).error == nil)
        guard case .tooLong(_, "payload", 11, 10) = parseLine(line("\"123456789\""), limits: limits).error else {
            Issue.record("accepted")
            return
        }
    }

    @Test("more events than a commit can hold are refused")
    func eventLimit() {
        let event = #"{"model":"m","type":"t","payload":1}"#
        let limits = LineLimits(events: 2)
        #expect(parseLine(Self.block("events=[\(event),\(event)]"), limits: limits).error == nil)
        guard
            case .tooManyEvents(_, 2) = parseLine(Self.block("events=[\(event),\(event),\(event)]"), limits: limits)
                .error
        else {
            Issue.record("accepted")
            return
        }
    }

    @Test(
        "a member that stands twice is refused, also when it means nothing or is written with escapes",
        arguments: [
            (#"{"height":1,"height":1}"#, "height", 13), (#"{"height":1,"h\u0065ight":1}"#, "height", 13),
            (#"{"x":1,"y":2,"x":3}"#, "x", 14), (#"{"x":1,"\u0078":3}"#, "x", 8),
            (#"{"events":[{"model":"m","model":"m"}]}"#, "model", 25), (#"{"events":[{"q":1,"q":1}]}"#, "q", 19),
            (#"{"rollback":{"toHeight":1,"toHeight":1}}"#, "toHeight", 27),
        ])
    func duplicateKeys(_ line: String, _ key: String, _ column: Int) {
        #expect(parseLine(line).error == .duplicateKey(Self.at(column), key: key))
    }

    @Test("a duplicate among very many members is found, and in good time")
    func manyMembers() {
        let names = (0..<50_000).map { "\"member\($0)\":1" }.joined(separator: ",")
        #expect(parseLine("{\(names)}").error == .unknownLine(Self.at(1)))
        guard case .duplicateKey(_, "member30000") = parseLine("{\(names),\"member30000\":2}").error else {
            Issue.record("accepted")
            return
        }
    }

    @Test("the same member may stand in a payload twice, because a payload is not interpreted")
    func payloadKeepsDuplicates() {
        let result = parseLine(Self.event(#""model":"m","type":"t","payload":{"a":1,"a":"\ud800"}"#))
        #expect(result.events.first?.payload == #"{"a":1,"a":"\ud800"}"#)
    }

    @Test(
        "a mixture of a block, floating events and a rollback is refused",
        arguments: [
            #"{"events":[],"floating":[]}"#, #"{"floating":[],"events":[]}"#,
            #"{"height":1,"rollback":{"toHeight":1}}"#,
            #"{"floating":[],"rollback":{"toHeight":1}}"#, #"{"floating":[],"hash":"00"}"#,
        ])
    func mixtures(_ line: String) {
        guard case .mixedLine = parseLine(line).error else {
            Issue.record("accepted")
            return
        }
    }

    @Test("a line that is nothing known is refused", arguments: ["{}", #"{"timestamp":1}"#, #"{"key":"k"}"#])
    func unknownLines(_ line: String) {
        #expect(parseLine(line).error == .unknownLine(Self.at(1)))
    }

    @Test(
        "a message says where, what and what to do",
        arguments: [
            (#"{"height":-1}"#, "line 9, byte 11: `height` must be from 0 to 9223372036854775806"),
            (
                #"{"height":1"#,
                "line 9, byte 12: the line ends in the middle of a value; it was cut off, so fetch or write it again"
            ),
            ("[]", "line 9, byte 1: `the line` must be an object"),
            (#"{"height":1,}"#, "line 9, byte 13: not valid JSON: expected a value after `,`, found `}`"),
        ])
    func messages(_ line: String, _ expected: String) {
        #expect(parseLine(line, number: 9).error?.description == expected)
    }
}
