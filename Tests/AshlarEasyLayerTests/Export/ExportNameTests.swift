import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarTestSupport
import Testing

/// Names of models come from a store and can be anything.
@Suite struct ExportNameTests {
    func store(_ models: [String], undone: [String] = []) throws -> RoundTrip {
        let trip = RoundTrip()
        func events(_ models: [String]) -> [Event] {
            models.map { Event(model: $0, type: "t", payload: Array("1".utf8)) }
        }
        try trip.make { writer in
            _ = try writer.append(Samples.block(0), events: events(models))
            _ = try writer.append(Samples.block(1), events: events(undone))
            try writer.rollback(toHeight: 0)
        }
        return trip
    }

    static let hostile = [
        "a b", "a\"; DROP TABLE x; --", "ä", "1a", "_a", "-a", "snapshots", "Snapshots", "OUTBOX", "sqlite_stat1",
        "_ashlar_export", "0x6de037ef9ad2725eb40118bb1702ebb27e4aeb24", String(repeating: "x", count: 61), "a.b",
        "\u{7F}", "\"",
        "IDX_outbox_id",
    ]

    @Test(arguments: hostile)
    func aNameThatDoesNotFitIsRefusedOrRenamed(name: String) throws {
        let trip = try store([name, "fine"])
        #expect(refusal { try trip.export() } == "badName")
        trip.options.renames = [.init(model: name, table: "b")]
        try trip.run { $0 == name ? "b" : $0 }
        trip.options.renames = [.init(model: name, table: "fine")]
        #expect(refusal { try trip.export(replaces: true) } == "badName")
    }

    @Test func allThatDoNotFitGetNames() throws {
        let trip = try store(Self.hostile + ["a_b", "A_B"])
        trip.options.fitsNames = true
        let report = try trip.export()
        let names = Dictionary(
            uniqueKeysWithValues: report.tables.compactMap { table in table.model.map { ($0, table.name) } })
        #expect(names.count == Self.hostile.count + 2)
        #expect(Set(names.values.map { $0.lowercased() }).count == names.count)
        #expect(names["a b"] == "a_b_2" && names["a_b"] == "a_b" && names["A_B"] == "A_B_4")
        #expect(names["0x6de037ef9ad2725eb40118bb1702ebb27e4aeb24"] == "m_0x6de037ef9ad2725eb40118bb1702ebb27e4aeb24")
        let back = try trip.importBack()
        expectSame(try StoreContents(Store.open(at: trip.storePath)) { names[$0] ?? $0 }, try StoreContents(back))
    }

    @Test(arguments: [
        "select", "table", "order", "a-b", "x_id_seq", "PK_x", "Index", String(repeating: "z", count: 60),
    ])
    func wordsOfSQLAreNamesLikeOthers(name: String) throws { try store([name, "x"]).run() }

    @Test func namesOfKeysMustDiffer() throws {
        #expect(refusal { try self.store(["a-b", "a_b"]).export() } == "badName")
        #expect(refusal { try self.store(["x", "X"]).export() } == "badName")
        #expect(refusal { try self.store(["network"]).export() } == "badName")
        let other = try store(["network"])
        other.options.networkModel = "chain"
        #expect(try other.run().network == "chain")
    }

    @Test func modelsOfUndoneBlocksAloneHaveNoTable() throws {
        let trip = try store(["a"], undone: ["not a name", "b"])
        #expect(try trip.run().tables.map(\.name) == ["a", "network"])
    }

    @Test func aTypeCanBeAnything() throws {
        let trip = RoundTrip()
        try trip.make { writer in
            let event = Event(model: "a", type: "a \"'; ä\u{308}\u{202E}", payload: Array("1".utf8))
            _ = try writer.append(Samples.block(0), events: [event])
        }
        try trip.run()
    }

    @Test func aPayloadThatIsNotJSONIsNamed() throws {
        for payload in ["", "{", "\u{0}", "nul", "{}{}"] {
            let trip = RoundTrip()
            try trip.make { writer in
                _ = try writer.append(Samples.block(0), events: Samples.events(0))
                _ = try writer.append(
                    Samples.block(1), events: [Event(model: "a", type: "t", payload: Array(payload.utf8))])
            }
            guard case .refused("notJSON", let reason) = exportProblem({ try trip.export() }) else {
                Issue.record("\(payload) was taken")
                continue
            }
            #expect(reason.contains("event 0 of commit 2 at height 1, of the model \"a\""))
            trip.options.takesAnyPayload = true
            try trip.run()
        }
    }
}
