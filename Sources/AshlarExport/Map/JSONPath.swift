/// Where a value stands in a JSON text: `$.args.topics[1]`, or `$` for all of it.
///
/// `.name` is the member of that name, up to the next `.` or `[`; `['name']` is one whose name may have anything in it but a
/// quotation mark of that kind; `[0]` is an element of an array, counted from 0.
package struct JSONPath: Sendable, Hashable {
    /// One step down.
    package enum Step: Sendable, Hashable {
        /// The member of this name (in UTF-8).
        case member([UInt8])
        /// The element of this number, counted from 0.
        case element(Int)
    }

    /// How many steps a path may have.
    package static let maximumSteps = 64

    /// The steps from the whole value down.
    package let steps: [Step]

    /// What a text that is no path ought to be.
    package struct Problem: Error, Hashable, Sendable {
        /// What is wrong, and what to do.
        package let message: String
    }

    /// The path that a text stands for.
    package init(_ text: String) throws(Problem) {
        var rest = Array(text.utf8)[...]
        guard rest.popFirst() == UInt8(ascii: "$") else {
            throw Problem(message: "a path starts with `$`, as in `$.args.from[0]`")
        }
        var steps: [Step] = []
        while let next = rest.popFirst() {
            guard steps.count < Self.maximumSteps else {
                throw Problem(message: "a path has at most \(Self.maximumSteps) steps")
            }
            switch next {
            case UInt8(ascii: "."): steps.append(.member(try Self.name(&rest)))
            case UInt8(ascii: "["): steps.append(try Self.bracket(&rest))
            default: throw Problem(message: "`.name` or `[0]` must follow each part of a path")
            }
        }
        self.steps = steps
    }

    private static func name(_ rest: inout ArraySlice<UInt8>) throws(Problem) -> [UInt8] {
        let name = rest.prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "[") }
        guard !name.isEmpty else { throw Problem(message: "a name must follow each `.` of a path") }
        rest = rest.dropFirst(name.count)
        return Array(name)
    }

    private static func bracket(_ rest: inout ArraySlice<UInt8>) throws(Problem) -> Step {
        let step: Step
        if let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
            let name = rest.dropFirst().prefix { $0 != quote }
            rest = rest.dropFirst(name.count + 2)
            step = .member(Array(name))
        } else {
            let digits = rest.prefix { $0 != UInt8(ascii: "]") }
            guard digits.count <= 9, digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }), !digits.isEmpty else {
                throw Problem(
                    message: "`[` must be followed by the number of an element, or by a name in quotation marks")
            }
            rest = rest.dropFirst(digits.count)
            step = .element(digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
        }
        guard rest.popFirst() == UInt8(ascii: "]") else { throw Problem(message: "`]` is missing") }
        return step
    }
}
