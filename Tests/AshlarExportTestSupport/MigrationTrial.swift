package import Ashlar
package import AshlarExport

/// What the tests of migrations do to a target of either database that holds a golden export of layout 1.
package struct MigrationTrial: Sendable {
    /// The golden export.
    package let golden: Golden
    /// The store it is of.
    package let store: Store
    package let options: ExportOptions
    package let states: [StateTable]

    /// The trial of one golden export, whose store is copied into a folder.
    package init(_ golden: Golden, in folder: String) throws {
        self.golden = golden
        store = try golden.store(in: folder)
        options = try golden.options()
        states = try golden.states()
    }

    /// Exports into a target.
    @discardableResult
    package func export(
        into target: any ExportTarget, _ change: (inout ExportOptions) -> Void = { _ in }
    ) throws(ExportError) -> ExportProgress {
        var options = options
        change(&options)
        return try Exporter(store, into: target, options: options, states: states).run()
    }

    /// Compares a target with the log.
    package func check(_ target: any ExportTarget) throws(ExportError) -> CheckReport {
        var check = try ExportCheck(store, target, options, states: states)
        return try check.run()
    }

    /// What stands in a target, whatever its layout is.
    package func contents(of target: any ExportTarget) throws(SQLFailure) -> [String] {
        try AshlarExportTestSupport.contents(of: target, options, states)
    }

    /// The layout that a target says it has.
    package func version(of target: any ExportTarget) throws(SQLFailure) -> Int64? {
        try target.value("SELECT schema_version FROM ashlar_meta WHERE id = 1")?.integer
    }

    /// Cuts a migration off at each call that would change the target in turn, until one gets through; gives what stood in the target each
    /// time, and how many calls it took.
    package func cutOff(_ target: any ExportTarget) throws -> (left: Set<[String]>, calls: Int) {
        var left: Set<[String]> = []
        var calls = 0
        while true {
            let cut = CutOffTarget(target, after: calls)
            do throws(ExportError) {
                try export(into: cut)
                return (left, calls)
            } catch {
                guard case .database(_, let failure) = error, failure.code == "test" else { throw error }
                cut.rollback()
                left.insert(try contents(of: target))
            }
            calls += 1
        }
    }
}
