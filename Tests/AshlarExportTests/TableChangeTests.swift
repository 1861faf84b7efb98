import Ashlar
import AshlarExport
import AshlarExportTestSupport
import AshlarSQLite
import AshlarTestSupport
import Testing

@Suite("Changed maps and states, in SQLite")
struct TableChangeTests {
    let folder = Folder()
    let trial: ChangeTrial

    init() throws { trial = try ChangeTrial(in: folder.path, seed: 51, steps: 150) }

    private func target(_ name: String = "target.db") throws -> SQLiteTarget {
        try SQLiteTarget(path: folder.file(name), create: true)
    }

    private func fresh(_ wanted: ChangeTrial.Wanted, _ name: String) throws -> [String] {
        let target = try target(name)
        try trial.export(wanted, into: target)
        return try trial.contents(wanted, target)
    }

    @Test("each change is refused unless it is asked for, and then the target is as a fresh one")
    func course() throws {
        let target = try target()
        try trial.export(ChangeTrial.course[0], into: target)
        for (place, wanted) in ChangeTrial.course.enumerated().dropFirst() {
            #expect(refusal { try trial.export(wanted, into: target) } == "otherTables")
            #expect(refusal { _ = try trial.check(wanted, target) } == "otherTables")
            try trial.export(wanted, into: target) { $0.changesTables = true }
            let report = try trial.check(wanted, target)
            #expect(report.isSound, "step \(place): \(report)")
            #expect(try trial.contents(wanted, target) == fresh(wanted, "fresh-\(place).db"), "step \(place)")
            #expect(try trial.export(wanted, into: target).rows == 0)
        }
        #expect(try target.value("SELECT count(*) FROM sqlite_master WHERE tbl_name IN ('t', 'second')") == .integer(0))
        #expect(try target.value("SELECT count(*) FROM ashlar_tables") == .integer(0))
    }

    @Test("what would be done is said in the refusal")
    func named() throws {
        let target = try target()
        try trial.export(ChangeTrial.course[5], into: target)
        #expect {
            try trial.export(ChangeTrial.course[7], into: target)
        } throws: { error in
            guard case .refused("otherTables", let message)? = error as? ExportError else { return false }
            return message.contains("drop the table t") && !message.contains("second")
        }
        #expect {
            try trial.export(ChangeTrial.course[4], into: target)
        } throws: { error in
            guard case .refused("otherTables", let message)? = error as? ExportError else { return false }
            return message.contains("in the table t add the column whole, make its rows anew")
                && message.contains("drop the table second")
        }
    }

    @Test("cut off at any call, a change leaves the tables as they were, or as they are to be", arguments: [3, 4, 6])
    func cutOff(step: Int) throws {
        let (before, after) = (ChangeTrial.course[step], ChangeTrial.course[step + 1])
        let target = try target()
        try trial.export(before, into: target)
        let old = try trial.contents(before, target)
        var calls = 0
        while true {
            let cut = CutOffTarget(target, after: calls)
            do {
                try trial.export(after, into: cut) { $0.changesTables = true }
                break
            } catch let error as ExportError {
                guard case .database(_, let failure) = error, failure.code == "test" else { throw error }
                cut.rollback()
            }
            let isOld = refusal { _ = try trial.check(after, target) } == "otherTables"
            if isOld {
                #expect(try trial.contents(before, target) == old)
                #expect(try trial.check(before, target).isSound)
            } else {
                #expect(try trial.check(after, target).isSound)
            }
            calls += 1
        }
        #expect(calls > 8)
        #expect(try trial.contents(after, target) == fresh(after, "fresh.db"))
    }

    @Test("told to stop midway, nothing is changed; and it tells how far it is")
    func stopped() throws {
        let target = try target()
        try trial.export(ChangeTrial.course[0], into: target)
        let wanted = ChangeTrial.course[3]
        let old = try trial.contents(ChangeTrial.course[0], target)
        let stop = Locked(0)
        try trial.export(wanted, into: target, { $0.changesTables = true }, shouldStop: { stop.countDown() })
        #expect(try trial.contents(ChangeTrial.course[0], target) == old)
        var phases: [ExportProgress.Phase] = []
        try trial.export(wanted, into: target, { $0.changesTables = true }, report: { phases.append($0.phase) })
        #expect(phases.contains(.table("t", sequence: trial.store.sequence)) && phases.contains(.states(height: 0)))
        #expect(try trial.check(wanted, target).isSound)
    }

    @Test("users' indexes and views on what stays are kept, and on what goes named")
    func users() throws {
        let target = try target()
        let course = ChangeTrial.course
        try trial.export(course[2], into: target)
        try target.execute(
            """
            CREATE INDEX my_text ON t (text);
            CREATE VIEW my_view AS SELECT text, sequence FROM canonical_t
            """)
        // Columns come: both stay.
        try trial.export(course[3], into: target) { $0.changesTables = true }
        #expect(try target.value("SELECT count(*) FROM my_view") != .integer(0))
        #expect(try target.value("SELECT 1 FROM sqlite_master WHERE name = 'my_text'") != nil)
        // Columns that neither needs go: both stay.
        try trial.export(course[5], into: target) { $0.changesTables = true }
        #expect(try target.value("SELECT count(*) FROM my_view") != .integer(0))
        #expect(try target.value("SELECT 1 FROM sqlite_master WHERE name = 'my_text'") != nil)
        func isNamed(_ name: String, _ wanted: ChangeTrial.Wanted) -> Bool {
            do { try trial.export(wanted, into: target) { $0.changesTables = true } } catch {
                guard case .refused("inTheWay", let message)? = error as? ExportError else { return false }
                return message.contains(name)
            }
            return false
        }
        #expect(isNamed("my_text", course[7]))
        let withoutText = ChangeTrial.Wanted([ChangeTrial.table("t", ChangeTrial.column("n", "$.n", "text"))])
        #expect(isNamed("my_text", withoutText))
        try target.execute("DROP INDEX my_text")
        #expect(isNamed("my_view", course[7]))
        #expect(isNamed("my_view", withoutText))
        #expect(try trial.check(course[5], target).isSound)
        try target.execute("DROP VIEW my_view; CREATE TABLE third (a)")
        #expect(
            isNamed("third", ChangeTrial.Wanted([ChangeTrial.table("third", ChangeTrial.column("n", "$.n", "text"))])))
        try trial.export(course[7], into: target) { $0.changesTables = true }
        #expect(try trial.check(course[7], target).isSound)
    }

    @Test("where somebody else changes the tables, rows are made anew all the same")
    func manual() throws {
        let target = try target()
        try trial.export(ChangeTrial.course[1], into: target)
        let wanted = ChangeTrial.course[3]
        func change() throws {
            try trial.export(wanted, into: target) { ($0.changesTables, $0.managesSchema) = (true, false) }
        }
        #expect(refusal { try change() } == "missingTables")
        try target.execute(
            """
            ALTER TABLE t ADD COLUMN whole TEXT;
            CREATE TABLE state_event_counts (model TEXT, type TEXT, events INTEGER, PRIMARY KEY (model, type)) STRICT
            """)
        try change()
        #expect(try trial.check(wanted, target).isSound)
    }

    @Test("a map says the same whatever its file looks like, and another one otherwise")
    func canonicalText() throws {
        func text(_ json: String) throws -> [String] {
            try TableMap(json: Array(json.utf8).span.bytes, file: "map").tables.map(\.canonicalText)
        }
        let plain = """
            {"name":"t","model":"*","type":"a\\"\\u0000","onMisfit":"null","columns":[\
            {"name":"a","path":"$.a.b[0]","type":"timestamp","unit":"seconds","index":true},\
            {"name":"b","path":"$['x.y']['[\\"']","type":"text"},{"name":"c","path":"$[\\"'.\\"]","type":"json"}]}
            """
        let spaced = """
            { "tables" : [ {"columns":[{"index":true,"type":"timestamp","path":"$['a'][\\"b\\"][0]","name":"a"},
              {"name":"b","path":"$[\\"x.y\\"]['[\\"']","type":"text","index":false},
              {"name":"c","path":"$[\\"'.\\"]","type":"json"}], "type":"\\u0061\\"\\u0000", "name":"t", "model":"*"} ] }
            """
        #expect(try text(spaced) == [plain])
        #expect(try text("{\"tables\":[\(plain)]}") == [plain])
        #expect(try text("{\"tables\":[\(plain.replacingOccurrences("seconds", "microseconds"))]}") != [plain])
    }
}

extension String {
    fileprivate func replacingOccurrences(_ old: String, _ new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
