import AshlarCLI
import Glibc
import Synchronization
import Testing

/// A line copied out of its reader.
struct PlainTextLine: Hashable {
    var text: String
    var number: Int
    var start: Int64
    var end: Int64
    var isTerminated = true
}

@Suite("Line reader")
struct LineReaderTests {
    static let text = "one\n\n  \ntwo\r\nthree is longer\n\r\nfour"
    static let lines = [
        PlainTextLine(text: "one", number: 1, start: 0, end: 4),
        PlainTextLine(text: "two", number: 4, start: 8, end: 13),
        PlainTextLine(text: "three is longer", number: 5, start: 13, end: 29),
        PlainTextLine(text: "four", number: 7, start: 31, end: 35, isTerminated: false),
    ]

    @Test(
        "lines come with their numbers and offsets, however small the buffer", arguments: [1, 2, 3, 5, 8, 16, 1 << 20])
    func readsLines(_ bufferSize: Int) {
        let directory = TemporaryDirectory()
        let path = directory.file("plain", Array(Self.text.utf8))
        let result = readAll(path, bufferSize: bufferSize)
        #expect(result.lines == Self.lines)
        #expect(result.error == nil)
    }

    @Test("gzip is read like plain text, in one member or many, with padding or without", arguments: [1, 3, 1 << 20])
    func readsGzip(_ bufferSize: Int) {
        let directory = TemporaryDirectory()
        let path = directory.path
        _ = directory.file("a", Array(Self.text.utf8.prefix(10)))
        _ = directory.file("empty", [])
        _ = directory.file("b", Array(Self.text.utf8.dropFirst(10)))
        shell("cd \(path) && gzip -c a > a.gz && gzip -c b > b.gz && gzip -c empty > e.gz && cat a b | gzip -c > one")
        shell("cd \(path) && cat a.gz e.gz b.gz > many && (cat many; head -c 1000 /dev/zero) > padded")
        for name in ["one", "many", "padded"] {
            let result = readAll("\(path)/\(name)", bufferSize: bufferSize)
            #expect(result.lines == Self.lines, "\(name)")
            #expect(result.error == nil, "\(name)")
        }
    }

    @Test("a gzip file that is cut anywhere is an error and never an end")
    func refusesCutGzip() {
        let directory = TemporaryDirectory()
        let plain = directory.file("plain", Array(Self.text.utf8))
        shell("gzip -kn \(plain)")
        let whole = contents(of: plain + ".gz")
        for length in 2..<whole.count {
            let path = directory.file("cut", Array(whole[..<length]))
            let result = readAll(path)
            #expect(
                result.error == .gzip(path: path, offset: Int64(length), .truncated), "\(length)")
        }
    }

    @Test("a damaged gzip file, or one with something behind it, is an error")
    func refusesDamagedGzip() {
        let directory = TemporaryDirectory()
        let plain = directory.file("plain", Array(Self.text.utf8))
        shell("gzip -kn \(plain)")
        let whole = contents(of: plain + ".gz")
        for offset in [2, 12, whole.count - 8, whole.count - 1] {
            var damaged = whole
            damaged[offset] ^= 0x55
            let path = directory.file("damaged", damaged)
            guard case .gzip(_, _, .damaged) = readAll(path).error else {
                Issue.record("byte \(offset) accepted")
                continue
            }
        }
        for tail in [[0x41], [0, 0, 0x41]] as [[UInt8]] {
            let path = directory.file("tail", whole + tail)
            let result = readAll(path)
            guard case .gzip(_, _, .trailingBytes) = result.error else {
                Issue.record("tail accepted")
                continue
            }
        }
    }

    @Test("large input comes through whole, plain and compressed")
    func readsLarge() {
        let directory = TemporaryDirectory()
        var generator = SeededGenerator(seed: 7)
        var content: [UInt8] = []
        var expected = 0
        for _ in 0..<3000 {
            let length = Int.random(in: 1...4000, using: &generator)
            content += (0..<length).map { _ in UInt8.random(in: 0x21...0x7E, using: &generator) } + [0x0A]
            expected += 1
        }
        let path = directory.file("large", content)
        shell("gzip -k1 \(path)")
        for name in [path, path + ".gz"] {
            for bufferSize in [4096, 1 << 20] {
                let result = readAll(name, bufferSize: bufferSize)
                #expect(result.error == nil)
                #expect(result.lines.count == expected)
                #expect(result.lines.map { $0.text + "\n" }.joined().utf8.elementsEqual(content))
                #expect(result.lines.last?.end == Int64(content.count))
            }
        }
    }

    @Test("reading resumes at an offset, in plain files by going there and in others by reading up to it")
    func resumes() {
        let directory = TemporaryDirectory()
        let plain = directory.file("plain", Array(Self.text.utf8))
        shell("gzip -k \(plain) && mkfifo \(plain).fifo")
        for path in [plain, plain + ".gz"] {
            for (index, line) in Self.lines.enumerated() {
                let result = readAll(path, bufferSize: 4, from: line.end, linesBefore: line.number)
                #expect(result.lines == Array(Self.lines[(index + 1)...]), "\(path) \(index)")
                #expect(result.error == nil)
            }
            let beyond = readAll(path, from: 36)
            #expect(beyond.error == .shorterThanResumePoint(path: path, length: 35, offset: 36))
        }
    }

    @Test("a line longer than the limit is refused, one of the limit is not", arguments: [1, 4, 5, 6, 64])
    func limitsLines(_ bufferSize: Int) {
        let directory = TemporaryDirectory()
        for lineEnd in ["\n", "\r\n", ""] {
            let good = directory.file("good", Array("ab\n12345\(lineEnd)".utf8))
            #expect(readAll(good, bufferSize: bufferSize, maximumLine: 5).lines.map(\.text) == ["ab", "12345"])
            let bad = directory.file("bad", Array("ab\n123456\(lineEnd)".utf8))
            let result = readAll(bad, bufferSize: bufferSize, maximumLine: 5)
            #expect(result.lines.map(\.text) == ["ab"])
            #expect(result.error == .lineTooLong(path: bad, line: 2, limit: 5))
        }
    }

    @Test("an error of the operating system is an error and never an end")
    func reportsErrors() {
        let directory = TemporaryDirectory()
        let missing = readAll(directory.path + "/missing")
        #expect(missing.error == .io(path: directory.path + "/missing", operation: "open", errno: ENOENT))
        #expect(
            missing.error?.description
                == "\(directory.path)/missing: cannot open: No such file or directory (errno 2)")
        #expect(readAll(directory.path).error == .io(path: directory.path, operation: "read", errno: EISDIR))
    }

    @Test("an empty file has no lines", arguments: ["", "\n", "\r\n\n", "  "])
    func readsEmpty(_ content: String) {
        let directory = TemporaryDirectory()
        let result = readAll(directory.file("empty", Array(content.utf8)))
        #expect(result.lines.isEmpty && result.error == nil)
    }

    @Test("a reader that waits for a pipe stops when asked to, and goes on later without losing a byte")
    func stops() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        // A command that another test starts must not hold the writing end open.
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        let counter = StopCounter()
        var reader = try LineReader(path: "/dev/fd/\(ends[0])", shouldStop: { counter.shouldStop() })
        _ = write(ends[1], "{\"a", 3)
        let (early, wasStopped) = (try next(&reader), reader.wasStopped)
        #expect(early == nil && wasStopped)
        _ = write(ends[1], "\":1}\nx", 6)
        close(ends[1])
        counter.disable()
        let later = [try next(&reader), try next(&reader), try next(&reader)]
        let isStoppedAtEnd = reader.wasStopped
        #expect(later == ["{\"a\":1}", "x", nil] && !isStoppedAtEnd)
        close(ends[0])
    }

    private func next(_ reader: inout LineReader) throws(InputError) -> String? {
        try reader.advance() ? text(reader.line) : nil
    }

    private func text(_ line: InputTextLine) -> String {
        line.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func readAll(
        _ path: String, bufferSize: Int = 1 << 20, maximumLine: Int = 1 << 30, from offset: Int64? = nil,
        linesBefore: Int = 0
    ) -> (lines: [PlainTextLine], error: InputError?) {
        var lines: [PlainTextLine] = []
        do throws(InputError) {
            var reader = try LineReader(path: path, bufferSize: bufferSize, maximumLine: maximumLine)
            if let offset { _ = try reader.skip(toOffset: offset, linesBefore: linesBefore) }
            while try reader.advance() {
                let line = reader.line
                lines.append(
                    PlainTextLine(
                        text: text(line), number: line.number, start: line.startOffset, end: line.endOffset,
                        isTerminated: line.isTerminated))
            }
            return (lines, nil)
        } catch {
            return (lines, error)
        }
    }
}

/// Says stop from the fourth time on that it is asked, until it is disabled.
final class StopCounter: Sendable {
    private let asked = Atomic<Int>(0)
    private let isDisabled = Atomic<Bool>(false)

    func shouldStop() -> Bool {
        let count = asked.wrappingAdd(1, ordering: .relaxed).newValue
        return count > 3 && !isDisabled.load(ordering: .relaxed)
    }

    func disable() { isDisabled.store(true, ordering: .relaxed) }
}
