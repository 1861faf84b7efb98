/// Numbers for names, as the target has them: given at first use, never again for another name.
struct NameNumbers: Sendable {
    private var numbers: [[UInt8]: Int64]
    private var next: Int64
    /// By the small numbers that a follower gives names.
    private var known: [Int64?] = []

    init(_ numbers: [[UInt8]: Int64] = [:]) {
        self.numbers = numbers
        next = (numbers.values.max() ?? 0) + 1
    }

    /// The number of a name; a new one goes into `rows`.
    @inline(__always)
    mutating func number(_ index: Int, _ name: @autoclosure () -> String, _ rows: inout RowBuffer) -> Int64 {
        if index < known.count, let number = known[index] { return number }
        return learn(index, name(), &rows)
    }

    @inline(never)
    private mutating func learn(_ index: Int, _ name: String, _ rows: inout RowBuffer) -> Int64 {
        let key = Array(name.utf8)
        let number: Int64
        if let old = numbers[key] {
            number = old
        } else {
            number = next
            next += 1
            numbers[key] = number
            rows.append(number)
            rows.append(text: name)
        }
        while known.count <= index { known.append(nil) }
        known[index] = number
        return number
    }
}
