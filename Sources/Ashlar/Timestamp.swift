/// A point in time in microseconds since 1970-01-01 00:00 UTC.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970 UTC; negative before.
    public var microseconds: Int64

    /// The time this many microseconds after 1970 UTC.
    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The time this many seconds after 1970 UTC, as block headers give it; clamped to what 64 bits of microseconds hold.
    public init(seconds: Int64) {
        let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? .min : .max) : value
    }

    /// Whether the left time is earlier.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
}
