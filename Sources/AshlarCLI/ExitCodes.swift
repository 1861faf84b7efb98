import ArgumentParser
import Ashlar

/// The exit codes of the tool, as `ashlar help` documents them.
package enum ExitCodes {
    /// Damage: the store is corrupt, or `verify` found something.
    static let damaged: Int32 = 1
    /// The input, or what was asked for, was refused; nothing of it was taken.
    static let refused: Int32 = 2
    /// Another process has the store open for writing, or acknowledges under the consumer's name.
    static let inUse: Int32 = 3
    /// The system failed: no permission, disk full, I/O error.
    static let system: Int32 = 4
    /// The command line itself is wrong.
    static let usage: Int32 = 64
    /// Stopped by a signal at a block boundary.
    static let interrupted: Int32 = 130

    /// The section of the help about them.
    package static let help = """
        EXIT CODES
          0    done; also if the reader of the output went away
          1    damage: the store is corrupt, `verify` found something, or `salvage`
               or --degraded had to leave something out
          2    refused: input or request not possible; nothing of it was done
          3    another process has the store open for writing, or the consumer in use
          4    the system failed: no permission, disk full, I/O error
          64   the command line is wrong
          130  stopped by a signal at a block boundary

        An error is one line on the standard error output. With --json it is
        {"error":{"code":…,"message":…}}, whose code is a stable word such as
        notAStore, corrupt or inUse.
        """

    /// The exit code that goes with an error of the store.
    static func code(for error: StoreError) -> Int32 {
        switch error {
        case .corrupt, .lost, .removed, .viewExpired, .tailLost: damaged
        case .inUse, .consumerInUse: inUse
        case .inputOutput, .poisoned, .closed: system
        default: refused
        }
    }
}
