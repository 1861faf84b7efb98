import Ashlar
import AshlarCLI
import Testing

@Suite(
    "Following recorded forks",
    .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"))
struct FollowDataTests {
    @Test(
        "the steps of the first Ethereum blocks undo and take up again what is known of them, and end at the tip",
        arguments: [(ForkChoice.Rule.newest, 1_123, 160), (.longest, 726, 0)])
    func ethereum(rule: ForkChoice.Rule, undone: Int, readopted: Int) throws {
        let directory = TemporaryDirectory()
        let plain = directory.path + "/plain.jsonl"
        shell("zstd -dcq '\(SharedData.directory ?? "")/eth/mainnet-forks-0-4199.jsonl.zst' > '\(plain)'")
        _ = try ingest(directory.store, [plain]) { $0.rule = rule }.get()
        let store = try Store.open(at: directory.store)
        var options = SubscriptionOptions()
        options.stopsAtEnd = true
        options.batchEvents = 100
        var follower = try store.follow(options: options)
        var chain: [StoredBlock] = []
        var (undoneCount, readoptedCount, events) = (0, 0, 0)
        while let batch = try follower.next() {
            for step in batch.steps {
                switch step.content {
                case .applied(let applied):
                    events += applied.events.count
                    guard step.isFirst else { continue }
                    #expect(chain.isEmpty || chain.last?.block.hash == applied.block.block.parent)
                    chain.append(applied.block)
                    readoptedCount += applied.isReadopted ? 1 : 0
                case .undone(let blocks):
                    for block in blocks.blocks { #expect(chain.popLast()?.sequence == block.sequence) }
                    undoneCount += blocks.blocks.count
                case .floating: Issue.record("there are none")
                }
            }
        }
        #expect(undoneCount == undone && readoptedCount == readopted)
        let canonical = try store.view().blocks().map { try $0.get() }
        #expect(chain == canonical)
        #expect(chain.count == 4_200 && events >= 2 * 4_200)
    }
}
