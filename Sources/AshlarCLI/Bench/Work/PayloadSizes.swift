import ArgumentParser
import Glibc

/// How long the payloads of a synthetic workload are.
enum PayloadSizes: Sendable, Hashable {
    /// All alike.
    case fixed(Int)
    /// Every length from the lowest to the highest equally often.
    case uniform(ClosedRange<Int>)
    /// Many short ones and few long ones: half of them up to the median, their logarithms spread normally with `sigma`.
    case lognormal(median: Int, sigma: Double)
    /// As the events of eleven recorded blocks of Ethereum: `recordedQuantiles`.
    case recorded

    /// The longest payload that is made, in bytes.
    static let longest = 16 << 20

    /// Shares of events, and the bytes of JSON that such a share of the 6,884 events of mainnet's blocks 17686110 to 17686120 does not exceed.
    static let recordedQuantiles: [(share: Double, bytes: Double)] = [
        (0, 124), (0.01, 130), (0.05, 229), (0.1, 230), (0.2, 237), (0.25, 246), (0.3, 247), (0.35, 394), (0.4, 408),
        (0.45, 417), (0.5, 528), (0.6, 534), (0.7, 539), (0.8, 544), (0.85, 552), (0.9, 720), (0.95, 810), (0.98, 936),
        (0.99, 946), (0.995, 979), (0.999, 1_935), (1, 5_578),
    ]

    /// A length for the next payload.
    func next(using random: inout SplitMix) -> Int {
        switch self {
        case .fixed(let bytes): bytes
        case .uniform(let range): Int.random(in: range, using: &random)
        case .lognormal(let median, let sigma):
            Int(min(max(Double(median) * exp(sigma * Self.normal(&random)), 1), Double(Self.longest)).rounded())
        case .recorded: Self.recorded(at: Double.random(in: 0..<1, using: &random))
        }
    }

    /// A number of the standard normal distribution, by the method of Box and Muller.
    private static func normal(_ random: inout SplitMix) -> Double {
        let first = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &random)
        return (-2 * log(first)).squareRoot() * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
    }

    private static func recorded(at share: Double) -> Int {
        let index = max(1, recordedQuantiles.firstIndex { $0.share > share } ?? recordedQuantiles.count - 1)
        let (low, high) = (recordedQuantiles[index - 1], recordedQuantiles[index])
        return Int((low.bytes + (high.bytes - low.bytes) * (share - low.share) / (high.share - low.share)).rounded())
    }
}

extension PayloadSizes: CustomStringConvertible {
    /// Reads `200`, `120..280`, `lognormal:200`, `lognormal:200:0.8` or `recorded`.
    static func parse(_ text: String) throws -> PayloadSizes {
        let words = text.split(separator: ":", omittingEmptySubsequences: false)
        let bounds = text.split(separator: ".", omittingEmptySubsequences: false)
        if text == "recorded" { return .recorded }
        if let bytes = length(text) { return .fixed(bytes) }
        if words.first == "lognormal", (2...3).contains(words.count), let median = length(words[1]),
            let sigma = words.count == 3 ? Double(words[2]) : 0.6, (0...4).contains(sigma)
        {
            return .lognormal(median: median, sigma: sigma)
        }
        if bounds.count == 3, bounds[1].isEmpty, let low = length(bounds[0]), let high = length(bounds[2]), low <= high
        {
            return .uniform(low...high)
        }
        throw ValidationError(
            "`--payload \(text)` says no lengths; give bytes from 1 to \(longest), such as 200, 120..280, lognormal:200:0.8 or recorded"
        )
    }

    private static func length(_ text: some StringProtocol) -> Int? {
        Int(text).flatMap { (1...longest).contains($0) ? $0 : nil }
    }

    /// As it is written on the command line.
    var description: String {
        switch self {
        case .fixed(let bytes): "\(bytes)"
        case .uniform(let range): "\(range.lowerBound)..\(range.upperBound)"
        case .lognormal(let median, let sigma): "lognormal:\(median):\(sigma)"
        case .recorded: "recorded"
        }
    }
}
