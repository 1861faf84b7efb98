import AshlarJSON
import Glibc

extension InputError: CustomStringConvertible {
    /// What a user reads: where it is, what is wrong, what to do about it.
    package var description: String {
        switch self {
        case .cutOff(let at), .malformed(let at, _), .wrongType(let at, _, _), .missingField(let at, _, _),
            .duplicateKey(let at, _), .mixedLine(let at, _, _), .unknownLine(let at), .outOfRange(let at, _, _),
            .badHash(let at, _, _, _), .tooLong(let at, _, _, _), .empty(let at, _), .containsNUL(let at, _),
            .tooManyEvents(let at, _):
            return "\(at): \(lineMessage)"
        case .lineTooLong, .io, .gzip, .shorterThanResumePoint:
            return sourceMessage
        case .heightDoesNotFollow(let line, _, _, _), .contradictsKnownBlock(let line, _, _),
            .rollbackBelowFinal(let line, _, _), .sideBlocksTooLarge(let line, _, _):
            return "line \(line): \(chainMessage)"
        }
    }

    /// What is wrong with the content of a line.
    private var lineMessage: String {
        switch self {
        case .cutOff:
            return "the line ends in the middle of a value; it was cut off, so fetch or write it again"
        case .malformed(_, let problem):
            return "not valid JSON: \(problem)"
        case .wrongType(_, let field, let expected):
            return "`\(field)` must be \(expected)"
        case .missingField(_, let field, let owner):
            return "\(owner) has no `\(field)`; add it"
        case .duplicateKey(_, let key):
            return "the member `\(key)` stands twice in one object; remove one"
        case .mixedLine(_, let first, let second):
            return "a line cannot have both `\(first)` and `\(second)`; write two lines"
        case .unknownLine:
            return "a line must be a block (with `height`, `hash`, `parent`, `timestamp`, `events`), "
                + "`floating` events, or a `rollback`"
        default:
            return limitMessage
        }
    }

    /// Which limit the content of a line breaks.
    private var limitMessage: String {
        switch self {
        case .outOfRange(_, let field, let allowed):
            return "`\(field)` must be from \(allowed.lowerBound) to \(allowed.upperBound)"
        case .badHash(_, let field, let notation, let problem):
            return "`\(field)` is not a hash in the store's notation (\(notation)): \(problem)"
        case .tooLong(_, let field, let length, let limit):
            return "`\(field)` has \(length) bytes, and at most \(limit) are allowed; shorten it"
        case .empty(_, let field):
            return "`\(field)` is empty; give it at least one byte, or leave it out if it is optional"
        case .containsNUL(_, let field):
            return "`\(field)` contains the character U+0000, which names cannot have; remove it"
        case .tooManyEvents(_, let limit):
            return "more than \(limit) events in one line; one commit cannot hold them, so write several lines"
        default:
            return ""
        }
    }

    /// What is wrong with the file or stream that the lines come from.
    private var sourceMessage: String {
        switch self {
        case .lineTooLong(let path, let line, let limit):
            return "\(path): line \(line) is longer than \(limit) bytes; split the block or raise the limit"
        case .io(let path, let operation, let code):
            return "\(path): cannot \(operation): \(String(cString: strerror(code))) (errno \(code))"
        case .gzip(let path, let offset, let problem):
            return "\(path): \(problem) (at byte \(offset) of the compressed file)"
        case .shorterThanResumePoint(let path, let length, let offset):
            return "\(path): has only \(length) bytes, but reading resumes at byte \(offset); "
                + "it is not the input that was read before, or it was cut"
        default:
            return ""
        }
    }

    /// What is wrong with a line's place in the chain.
    private var chainMessage: String {
        switch self {
        case .heightDoesNotFollow(_, let height, let parentHeight, let gapsAllowed):
            let rule = gapsAllowed ? "it must be greater" : "it must be one more (this store has no height gaps)"
            return "the block has height \(height), but its parent has \(parentHeight): \(rule)"
        case .contradictsKnownBlock(_, let height, let knownHeight):
            return "the block at height \(height) has the hash of a known block at height \(knownHeight), "
                + "but another height or parent; check where the line comes from"
        case .rollbackBelowFinal(_, let toHeight, let finalHeight):
            return "a rollback to height \(toHeight) goes below the final height \(finalHeight)"
        case .sideBlocksTooLarge(_, let bytes, let limit):
            return "the blocks kept aside need \(bytes) bytes, and may have \(limit); "
                + "set a finality depth so that old ones are dropped, or raise the limit"
        default:
            return ""
        }
    }
}

extension GzipProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated: "the gzip stream is cut off; fetch or write the file again"
        case .damaged: "the gzip stream is damaged; fetch or write the file again"
        case .trailingBytes: "something that is not gzip follows the gzip stream; cut it off"
        case .outOfMemory: "no memory to decompress"
        }
    }
}

extension HashProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "it is empty (the parent of a first block is usually all zeros)"
        case .tooLong(let limit): "it stands for more than \(limit) bytes"
        case .oddLength: "it has an odd number of digits"
        case .missingPrefix: "it does not start with `0x`"
        case .unexpectedPrefix: "it starts with `0x`"
        case .wrongCase(let offset): "character \(offset + 1) has the wrong case"
        case .wrongCharacter(let offset): "character \(offset + 1) does not belong to it"
        }
    }
}
