import ArgumentParser
package import Ashlar
import AshlarFormat

/// A range as the command line has it: `A..B` (or `A...B`) with both ends in it, `A..`, `..B`, or `A` alone.
package enum RangeArgument {
    /// Reads a range of heights.
    package static func heights(_ text: String) throws -> ClosedRange<Int64> {
        try parse(text, in: 0...Limits.height, "heights such as 100..200, 100.. or ..200") { bound in
            Int64(bound).map { $0...$0 }
        }
    }

    /// Reads a range of versions or sequences.
    package static func numbers(_ text: String) throws -> ClosedRange<UInt64> {
        try parse(text, in: 0...UInt64.max, "numbers such as 100..200, 100.. or ..200") { bound in
            UInt64(bound).map { $0...$0 }
        }
    }

    /// Reads a range of times; each end covers all that it names, so `2024-01-01..2024-01-31` is the whole month.
    package static func times(_ text: String) throws -> ClosedRange<Timestamp> {
        let all = Timestamp(microseconds: .min)...Timestamp(microseconds: .max)
        return try parse(
            text, in: all, "times such as 2024-01-01..2024-01-31, 2024-01-01T12:00:00Z.. or microseconds",
            TimeText.parse)
    }

    private static func parse<Bound: Comparable>(
        _ text: String, in all: ClosedRange<Bound>, _ expected: String, _ bound: (Substring) -> ClosedRange<Bound>?
    ) throws -> ClosedRange<Bound> {
        let (lower, upper) = split(text)
        let first = lower.isEmpty && upper?.isEmpty == false ? all : bound(lower)
        let last = upper.map { $0.isEmpty ? all : bound($0) } ?? first
        guard let first, let last else { throw ValidationError("`\(text)` is no range of \(expected)") }
        guard first.lowerBound <= last.upperBound else {
            throw ValidationError("`\(text)` ends before it begins; put the lower end first")
        }
        guard all.contains(first.lowerBound), all.contains(last.upperBound) else {
            throw ValidationError("`\(text)` is no range of \(expected)")
        }
        return first.lowerBound...last.upperBound
    }

    /// The two ends; no second one if the text is not a range.
    private static func split(_ text: String) -> (Substring, Substring?) {
        var rest = text[...]
        while let dot = rest.firstIndex(of: ".") {
            let next = text.index(after: dot)
            guard next < text.endIndex, text[next] == "." else {
                rest = text[next...]
                continue
            }
            let upper = text[text.index(after: next)...]
            return (text[..<dot], upper.first == "." ? upper.dropFirst() : upper)
        }
        return (text[...], nil)
    }
}
