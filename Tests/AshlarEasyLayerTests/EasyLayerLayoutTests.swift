import AshlarEasyLayer
import AshlarSQLite
import AshlarTestSupport
import Testing

@Suite struct EasyLayerLayoutTests {
    @Test func findsModelsByTheirColumns() throws {
        let folder = EasyLayerFolder()
        let database = try folder.database("one.db")
        for name in ["network", "Address-balances", "z_9"] { try database.createModel(name) }
        try database.execute("CREATE TABLE other (id integer, version integer)")
        try database.execute(
            """
            CREATE TABLE snapshots ("id" integer, "aggregateId" text, "blockHeight" integer, "version" integer,
            "payload" blob, "isCompressed" boolean, "createdAt" bigint);
            CREATE TABLE outbox ("id" integer, "aggregateId" text, "eventType" text, "eventVersion" integer,
            "requestId" text, "blockHeight" integer, "payload" blob, "timestamp" bigint, "isCompressed" boolean,
            "uncompressedBytes" integer);
            """)
        let layout = try EasyLayerLayout(of: database)
        #expect(layout.models == ["Address-balances", "network", "z_9"])
        #expect(layout.hasSnapshots)
        #expect(layout.hasOutbox)
    }

    @Test func anEmptyDatabaseHasNothing() throws {
        let folder = EasyLayerFolder()
        let layout = try EasyLayerLayout(of: try folder.database("one.db"))
        #expect(layout.models.isEmpty)
        #expect(!layout.hasSnapshots)
        #expect(!layout.hasOutbox)
    }

    @Test func refusesNamesNoModelMayHave() throws {
        for name in ["9lives", "a\"\"b", "schön", "with space", String(repeating: "x", count: 61)] {
            let folder = EasyLayerFolder()
            let database = try folder.database("one.db")
            try database.createModel(name)
            guard case .layout = problem({ _ = try EasyLayerLayout(of: database) }) else {
                Issue.record("\(name) was taken")
                continue
            }
        }
        #expect(EasyLayerLayout.isModelName(String(repeating: "x", count: 60)))
        #expect(!EasyLayerLayout.isModelName(""))
    }

    @Test func refusesATableOfTheLayoutThatMissesAColumn() throws {
        let folder = EasyLayerFolder()
        let database = try folder.database("one.db")
        try database.execute("CREATE TABLE outbox (id integer)")
        let found = problem { _ = try EasyLayerLayout(of: database) }
        #expect(found?.description.contains("`outbox` misses the columns aggregateId, blockHeight") == true)
    }
}
