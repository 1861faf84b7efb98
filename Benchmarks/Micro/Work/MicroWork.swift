/// One hot path, prepared so that it can be run any number of times.
package struct MicroWork: Sendable {
    /// What it is called on the command line and in the file of counts.
    package let name: String
    /// What one operation is.
    package let unit: String
    /// Operations in one iteration.
    package let operations: Int
    /// Makes what the iterations work on, and gives the iteration.
    package let prepare: @Sendable () throws -> () throws -> Void

    /// All of them, from the smallest part to the whole.
    package static let all: [MicroWork] = [
        checksum, frameEncode, frameDecode, lookup, append, scan, recovery, snapshotWrite, snapshotLoad,
    ]
}

/// What goes wrong only if the engine is broken.
struct Wrong: Error {
    let what: String
}

/// Keeps a value from being optimised away.
@inline(never)
func use<Value>(_ value: Value) {}
