package import AshlarJSON

/// A place in the input: which line, and which byte of it.
package struct InputPosition: Hashable, Sendable, CustomStringConvertible {
    /// The line's number, counted from 1.
    package var line: Int
    /// The byte in the line, counted from 1.
    package var column: Int

    /// Makes a position from a line number and a byte number, both counted from 1.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package var description: String { "line \(line), byte \(column)" }
}

/// Everything that can be wrong with the input of a command: one type, so that a command handles one.
///
/// What each case says to the user stands in `InputError+Message.swift`.
package enum InputError: Error, Hashable, Sendable {
    /// The line ends in the middle of a value.
    case cutOff(InputPosition)
    /// The bytes are not JSON.
    case malformed(InputPosition, JSONProblem)
    /// A field has a value of another kind than it must have.
    case wrongType(InputPosition, field: String, expected: String)
    /// A field that must be there is not.
    case missingField(InputPosition, field: String, of: String)
    /// An object names the same member twice.
    case duplicateKey(InputPosition, key: String)
    /// A line is a mixture of a block, floating events and a rollback.
    case mixedLine(InputPosition, first: String, second: String)
    /// A line is none of the things it can be.
    case unknownLine(InputPosition)
    /// An integer is outside of what its field can hold.
    case outOfRange(InputPosition, field: String, allowed: ClosedRange<Int64>)
    /// A hash is not written in the notation of the store.
    case badHash(InputPosition, field: String, notation: String, HashProblem)
    /// A text or payload is longer than its field can hold.
    case tooLong(InputPosition, field: String, length: Int, limit: Int)
    /// A text that must have at least one byte has none.
    case empty(InputPosition, field: String)
    /// A name has a byte 0 in it.
    case containsNUL(InputPosition, field: String)
    /// A line has more events than one commit can hold.
    case tooManyEvents(InputPosition, limit: Int)

    /// A line is longer than the reader may hold.
    case lineTooLong(path: String, line: Int, limit: Int)
    /// The operating system refused something.
    case io(path: String, operation: String, errno: Int32)
    /// A gzip stream is damaged or not complete.
    case gzip(path: String, offset: Int64, GzipProblem)
    /// The input is shorter than the place to resume at.
    case shorterThanResumePoint(path: String, length: Int64, offset: Int64)

    /// A block's height does not follow its parent's.
    case heightDoesNotFollow(line: Int, height: Int64, parentHeight: Int64, gapsAllowed: Bool)
    /// A hash came again with another parent or height.
    case contradictsKnownBlock(line: Int, height: Int64, knownHeight: Int64)
    /// A rollback goes below the final height.
    case rollbackBelowFinal(line: Int, toHeight: Int64, finalHeight: Int64)
    /// The blocks kept aside need more memory than they may have.
    case sideBlocksTooLarge(line: Int, bytes: Int, limit: Int)
}

/// What is wrong with a gzip stream.
package enum GzipProblem: Hashable, Sendable {
    /// The file ends before the stream does.
    case truncated
    /// The compressed data or its checksum is wrong.
    case damaged
    /// Something that is neither gzip nor zeros follows a complete stream.
    case trailingBytes
    /// The decompressor got no memory.
    case outOfMemory
}

/// What is wrong with the text of a hash.
package enum HashProblem: Error, Hashable, Sendable {
    /// There is no text.
    case empty
    /// It stands for more bytes than a hash can have.
    case tooLong(limit: Int)
    /// It has an odd number of hex digits.
    case oddLength
    /// It does not start with `0x`.
    case missingPrefix
    /// It starts with `0x`.
    case unexpectedPrefix
    /// It has a hex digit in the other case, counted from 0.
    case wrongCase(offset: Int)
    /// It has a character that the notation does not have, counted from 0.
    case wrongCharacter(offset: Int)
}
