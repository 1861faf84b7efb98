import ArgumentParser
import Ashlar

/// The exit codes of the tool, as `ashlar help` documents them.
enum ExitCodes {
    /// Damage: the store is corrupt, or `verify` found something.
    static let damaged: Int32 = 1
    /// The input, or what was asked for, was refused; nothing of it was taken.
    static let refused: Int32 = 2
    /// Another process has the store open for writing.
    static let inUse: Int32 = 3
    /// The system failed: no permission, disk full, I/O error.
    static let system: Int32 = 4
    /// Stopped by a signal at a block boundary.
    static let interrupted: Int32 = 130

    /// The exit code that goes with an error of the store.
    static func code(for error: StoreError) -> Int32 {
        switch error {
        case .corrupt, .removed, .viewExpired: damaged
        case .inUse: inUse
        case .inputOutput, .poisoned, .closed: system
        default: refused
        }
    }
}
