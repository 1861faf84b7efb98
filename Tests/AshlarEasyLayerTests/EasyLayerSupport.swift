import AshlarEasyLayer

extension EasyLayerImport {
    /// Runs until it is over, or until it wrote so many commits.
    func run(into path: String, commits: UInt64) throws(EasyLayerError) -> EasyLayerReport {
        var written: UInt64 = 0
        return try run(into: path, shouldStop: { written >= commits }, report: { written = $0.commits })
    }
}

/// What a call fails with; nil if it does not.
func problem(_ body: () throws -> Void) -> EasyLayerError? {
    do {
        try body()
        return nil
    } catch {
        return error as? EasyLayerError
    }
}
