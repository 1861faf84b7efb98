/// What brings a target of an earlier layout to the next one.
///
/// To change the layout: raise `ExportSchema.version`, append a step here, and keep dumps of targets of the layout before in
/// `Tests/Fixtures`. A step that was released stays as it is: where it creates a table of `ExportSchema` that changes later, it keeps the
/// table as it was.
package struct SchemaMigration: Sendable {
    /// The layout it starts from.
    let from: Int64
    /// Names that it gives to what it adds, which nothing in the target may have.
    let names: [String]
    /// Its statements, the new number of the layout not among them.
    let statements: @Sendable (any SQLSyntax) -> [String]

    /// All steps, in order.
    static let steps = [adding([ExportSchema.ownTables, ExportSchema.snapshots], from: 1)]

    /// The lowest layout that a target can have.
    package static let oldest: Int64 = 1

    /// The steps from a layout to the present one.
    static func steps(from version: Int64) -> ArraySlice<SchemaMigration> { steps[...].drop { $0.from < version } }

    /// The statement that gives the target the number of the layout it has then.
    var stamp: String { "UPDATE ashlar_meta SET schema_version = \(from + 1) WHERE id = 1" }

    /// All statements from a layout to the present one in one transaction, each ending in a semicolon.
    package static func script(from version: Int64, for syntax: any SQLSyntax) -> String {
        let statements = steps(from: version).flatMap { $0.statements(syntax) + [$0.stamp] }
        return (["BEGIN"] + statements + ["COMMIT"]).map { $0 + ";\n" }.joined()
    }

    /// A step that adds tables and nothing else.
    private static func adding(_ tables: [Table], from version: Int64) -> SchemaMigration {
        SchemaMigration(from: version, names: tables.flatMap { [$0.name] + $0.indexes.map(\.name) }) { syntax in
            tables.map(syntax.createStatement) + ExportSchema.indexStatements(tables)
        }
    }
}
