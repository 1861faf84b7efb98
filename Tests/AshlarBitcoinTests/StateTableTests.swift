import Ashlar
import AshlarBitcoin
import AshlarTestSupport
import Foundation
import Testing

@Suite("Bitcoin balances in SQL")
struct StateTableTests {
    @Test("state_utxo has the balances of the model: the richest are one query")
    func balances() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.mainnet)
        _ = try index(directory, .mainnet).get()
        let file = directory.path + "/out.db"
        for command in [["sqlite"], ["check"]] {
            let result = try IndexProcess(
                ["store", "export"] + command + [directory.store, file, "--state-tables"], in: directory
            ).end()
            #expect(result.status == 0, "\(result.output) \(result.error)")
        }
        let projected = try Projection(try Store.open(at: directory.store)).add(UnspentModel())
        let state = try projected.state(at: 4_312).state
        #expect(
            try ask(file, "SELECT sum(balance), sum(outputs), count(*) FROM state_utxo") == [
                "\(state.sums.unspent)|\(state.outputs.count)|\(state.balances.count)"
            ])
        let top = state.top(5).map { "\($0.script)|\($0.balance.value)|\($0.balance.outputs)" }
        let query = "SELECT lower(hex(script)), balance, outputs FROM state_utxo ORDER BY balance DESC, script LIMIT 5"
        #expect(try ask(file, query) == top)
    }

    /// What the `sqlite3` shell answers.
    private func ask(_ database: String, _ query: String) throws -> [String] {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sqlite3", database, query]
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").map(String.init)
    }
}
