import Foundation

/// How often tests kill what they test: a dozen times, or as often as `ASHLAR_CRASH_ROUNDS` says in a soak.
package enum CrashRounds {
    /// The number of rounds.
    package static let count = ProcessInfo.processInfo.environment["ASHLAR_CRASH_ROUNDS"].flatMap(Int.init) ?? 12
    /// Whether more is asked for than a gate has time for.
    package static let isSoak = count > 12
}
