import Glibc

/// Where a value stands between the two ends of an axis.
struct PlotScale {
    /// Places to label, in ascending order; the last one is the end of the axis.
    let marks: [Double]
    private let isLogarithmic: Bool

    /// An axis from 0 to a round number not below the highest value.
    init(linear values: [Double]) {
        let highest = max(values.max() ?? 0, 1e-9)
        // 1, 2 or 5 times a power of ten: the smallest that needs at most five steps.
        let power = pow(10, floor(log10(highest / 5)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 * 5 >= highest } ?? highest
        let count = max(1, Int((highest / step).rounded(.up)))
        marks = (0...count).map { Double($0) * step }
        isLogarithmic = false
    }

    /// An axis over the powers of ten around all values; values of 0 stand at its beginning.
    init(logarithmic values: [Double]) {
        let positive = values.filter { $0 > 0 }
        let (lowest, highest) = (positive.min() ?? 1, max(positive.max() ?? 10, 1e-9))
        var start = 1e-9
        while start * 10 <= lowest { start *= 10 }
        var marks = [start]
        while marks[marks.count - 1] < highest || marks.count < 2 { marks.append(marks[marks.count - 1] * 10) }
        self.marks = marks
        isLogarithmic = true
    }

    /// From 0 to 1.
    func place(of value: Double) -> Double {
        guard let first = marks.first, let last = marks.last else { return 0 }
        guard isLogarithmic else { return min(max(value / last, 0), 1) }
        guard value > first else { return 0 }
        return min(log10(value / first) / log10(last / first), 1)
    }
}
