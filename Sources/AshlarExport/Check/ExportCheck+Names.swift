import Ashlar

extension ExportCheck {
    /// The names that events of the log have.
    private struct Names {
        /// Those of events that have rows.
        var kept: Set<[UInt8]> = []
        /// Those of all events that were exported, undone ones included.
        var all: Set<[UInt8]> = []
    }

    /// Compares the tables of names, whose numbers are the target's own: all names that events have must be there, once, and no others.
    mutating func checkNames(_ log: ExportedLog, _ report: inout CheckReport) throws(ExportError) {
        var (models, types) = (Names(), Names())
        try log.eachEvent(includingUndone: true) { (event) throws(ExportError) in
            let isKept = log.isSelected(event.sequence, event.height)
            let (model, type) = (Array(event.model.utf8), Array(event.type.utf8))
            models.all.insert(model)
            types.all.insert(type)
            guard isKept else { return }
            models.kept.insert(model)
            types.kept.insert(type)
        }
        self.models = try check("models", models, &report)
        self.types = try check("types", types, &report)
    }

    private func check(
        _ table: String, _ names: Names, _ report: inout CheckReport
    ) throws(ExportError) -> [Int64: [UInt8]] {
        var found: [Int64: [UInt8]] = [:]
        do throws(SQLFailure) {
            for row in try target.rows("SELECT id, name FROM \(table)") {
                if let id = row[0].integer, let name = row[1].text { found[id] = Array(name.utf8) }
            }
        } catch {
            throw .database(target: target.name, error)
        }
        report.tables += 1
        func add(_ key: String, _ problem: CheckReport.Problem) {
            report.differences.append(CheckReport.Difference(table: table, key: key, problem: problem))
        }
        let missing = names.kept.subtracting(found.values).min { $0.lexicographicallyPrecedes($1) }
        if let missing {
            add("name \(String(decoding: missing, as: UTF8.self))", .missing)
        } else if let (id, name) = found.filter({ !names.all.contains($0.value) }).min(by: { $0.key < $1.key }) {
            add("id \(id), name \(String(decoding: name, as: UTF8.self))", .unexpected)
        }
        return found
    }
}
