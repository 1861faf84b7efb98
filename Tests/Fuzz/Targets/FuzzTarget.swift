/// A decoder that takes whatever bytes there are: fuzzers feed it, and the tests feed it what fuzzers found.
///
/// It may refuse the bytes with an error. A crash, a hang, an allocation out of proportion, or a broken rule is a finding.
package struct FuzzTarget: Sendable {
    /// Its name, and that of the folder with its corpus.
    package let name: String
    private let body: @Sendable ([UInt8]) -> Void

    init(_ name: String, _ body: @escaping @Sendable ([UInt8]) -> Void) {
        self.name = name
        self.body = body
    }

    /// Decodes `bytes`.
    package func callAsFunction(_ bytes: [UInt8]) { body(bytes) }

    /// All of them.
    package static let all: [FuzzTarget] = [
        .segment, .salvage, .commit, .record, .footer, .note, .snapshot, .ingest, .bitcoin, .cursor, .easylayer,
    ]
}

/// Stops the process where a decoder broke a rule: to a fuzzer that is a finding.
func rule(_ isKept: Bool, _ what: String) {
    precondition(isKept, what)
}
