/// Numbers as people read them.
package enum NumberText {
    /// A number with a comma between groups of three digits.
    package static func grouped(_ value: Int) -> String {
        var digits = Array(String(value.magnitude))
        for index in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: index) }
        return (value < 0 ? "-" : "") + String(digits)
    }

    /// A number that is not negative, with a fixed count of decimals.
    package static func decimals(_ value: Double, _ count: Int) -> String {
        var factor = 1
        for _ in 0..<count { factor *= 10 }
        let scaled = Int((max(0, min(value, 1e12)) * Double(factor)).rounded())
        let rest = String(scaled % factor)
        return "\(scaled / factor)." + String(repeating: "0", count: count - rest.count) + rest
    }

    /// Titles and values in two columns, a line each.
    package static func table(_ rows: [(title: String, value: String)]) -> String {
        let width = rows.map(\.title.count).max() ?? 0
        return rows.map { $0.title + String(repeating: " ", count: width - $0.title.count + 2) + $0.value + "\n" }
            .joined()
    }

    /// How far a run is and how fast it goes: the height, if there is one, and blocks and events a second.
    package static func speed(height: Int64?, blocks: Int, events: Int, seconds: Double) -> String {
        func rate(_ count: Int) -> String { grouped(seconds > 0 ? Int(Double(count) / seconds) : 0) }
        let place = height.map { "height \(grouped(Int($0)))  " } ?? ""
        return place + "\(rate(blocks)) blocks/s  \(rate(events)) events/s"
    }

    /// How much of a whole is done, and the time that the rest will take at this speed; nothing if neither can be told.
    package static func rest(seconds: Double, from start: Int64, to done: Int64, of total: Int64) -> String {
        guard total > 0, done > start, done <= total else { return "" }
        let left = Int(min(seconds * Double(total - done) / Double(done - start), 1e9))
        let hours = left >= 3_600 ? "\(left / 3_600) h " : ""
        return "  \(Int(100 * Double(done) / Double(total)))%  \(hours)\(left / 60 % 60) min \(left % 60) s left"
    }
}
