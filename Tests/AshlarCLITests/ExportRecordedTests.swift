import AshlarTestSupport
import Foundation
import Testing

@Suite("Exporting all recorded chains")
struct ExportRecordedTests {
    private static let files = [
        "btc/mainnet-0-4312.events.jsonl.zst", "btc/mainnet-831328-831331.events.jsonl.zst",
        "btc/mainnet-forks-822528-824999.jsonl.zst", "btc/mainnet-singles-363703-574200.events.jsonl.zst",
        "btc/mainnet-tips-777617-799999.jsonl.zst", "btc/reorg-btcd-8.events.jsonl.zst",
        "btc/stale-branch-656477-656478.events.jsonl.zst", "eth/evm-singles-dev.events.jsonl.zst",
        "eth/mainnet-17686110-17686120.events.jsonl.zst", "eth/mainnet-forks-0-4199.jsonl.zst",
        "other/cosmos-singles-dev.events.jsonl.zst", "other/polkadot-singles.events.jsonl.zst",
        "other/solana-254170887.events.jsonl.zst",
    ]

    @Test(
        "both databases say what the log says",
        .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"),
        arguments: files)
    func recorded(file: String) throws {
        let directory = TemporaryDirectory()
        let (store, lines) = (directory.path + "/store", directory.path + "/lines.jsonl")
        let path = try #require(SharedData.directory) + "/" + file
        let zstd = Process()
        zstd.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        zstd.arguments = ["zstd", "-dq", path, "-o", lines]
        try zstd.run()
        zstd.waitUntilExit()
        let ingest = try Tool.run("ingest", store, lines, "--on-unlinked", "skip")
        #expect(ingest.status == 0, "\(ingest.error)")
        let schema = file.filter { $0.isLetter || $0.isNumber }
        let server = try PostgresServer.shared().url()
        for (target, options) in [(directory.path + "/out.db", []), (server, ["--schema-name", schema])] {
            let kind = options.isEmpty ? "sqlite" : "postgres"
            let export = try Tool.run(["export", kind, store, target, "--json"] + options)
            #expect(export.status == 0, "\(export.error)")
            let check = try Tool.run(["export", "check", store, target, "--json"] + options)
            #expect(check.status == 0, "\(check.text) \(check.error)")
        }
    }
}
