import AshlarJSON

/// A JSON scanner over one line of the input, whose errors say which line it is.
///
/// Every method does what the one of the same name of `JSONScanner` does.
struct LineScanner: ~Escapable {
    /// The number of the line, counted from 1.
    let line: Int
    private var json: JSONScanner

    /// Makes a scanner over a line that starts at an offset.
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, line: Int, at position: Int = 0) {
        self.line = line
        json = JSONScanner(bytes, at: position)
    }

    /// The line.
    var bytes: RawSpan {
        @_lifetime(copy self)
        @inline(__always)
        get { json.bytes }
    }

    /// The offset of the next byte to look at.
    @inline(__always)
    var position: Int { json.position }

    /// Where an offset is, as people count.
    func place(_ offset: Int) -> InputPosition { InputPosition(line: line, column: offset + 1) }
}

extension LineScanner {
    @inline(__always)
    mutating func openObject(_ field: String) throws(InputError) {
        do throws(JSONError) { try json.openObject(field) } catch { throw InputError(error, line: line) }
    }

    @inline(__always)
    mutating func openArray(_ field: String) throws(InputError) {
        do throws(JSONError) { try json.openArray(field) } catch { throw InputError(error, line: line) }
    }

    @inline(__always)
    mutating func nextKey(_ isFirst: inout Bool) throws(InputError) -> JSONString? {
        do throws(JSONError) { return try json.nextKey(&isFirst) } catch { throw InputError(error, line: line) }
    }

    @inline(__always)
    mutating func nextElement(_ isFirst: inout Bool) throws(InputError) -> Bool {
        do throws(JSONError) { return try json.nextElement(&isFirst) } catch { throw InputError(error, line: line) }
    }

    @inline(__always)
    mutating func skipValue() throws(InputError) -> Range<Int> {
        do throws(JSONError) { return try json.skipValue() } catch { throw InputError(error, line: line) }
    }

    @inline(__always)
    mutating func skipNull() throws(InputError) -> Bool {
        do throws(JSONError) { return try json.skipNull() } catch { throw InputError(error, line: line) }
    }

    @inline(__always)
    mutating func string(_ field: String) throws(InputError) -> JSONString {
        do throws(JSONError) { return try json.string(field) } catch { throw InputError(error, line: line) }
    }

    @inline(__always)
    mutating func integer(_ field: String, in allowed: ClosedRange<Int64>) throws(InputError) -> Int64 {
        do throws(JSONError) {
            return try json.integer(field, in: allowed)
        } catch {
            throw InputError(error, line: line)
        }
    }

    mutating func finish() throws(InputError) {
        do throws(JSONError) { try json.finish() } catch { throw InputError(error, line: line) }
    }

    func decode(_ string: JSONString, into output: inout [UInt8]) throws(InputError) {
        do throws(JSONError) { try json.decode(string, into: &output) } catch { throw InputError(error, line: line) }
    }

    func text(_ string: JSONString) throws(InputError) -> String {
        do throws(JSONError) { return try json.text(string) } catch { throw InputError(error, line: line) }
    }
}

extension InputError {
    /// What is wrong with the JSON text that a line is.
    @inline(never)
    init(_ error: JSONError, line: Int) {
        let place = InputPosition(line: line, column: error.offset + 1)
        self =
            switch error {
            case .cutOff: .cutOff(place)
            case .malformed(_, let problem): .malformed(place, problem)
            case .wrongType(_, let field, let expected): .wrongType(place, field: field, expected: expected)
            case .outOfRange(_, let field, let allowed): .outOfRange(place, field: field, allowed: allowed)
            }
    }
}
