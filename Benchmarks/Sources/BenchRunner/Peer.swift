/// One contestant: a driver program, and which of its variants.
struct Peer: Sendable {
    let name: String
    let title: String
    let program: String
    let variant: String
    let workloads: Set<Workload>
    /// Whether it takes so long that it runs in some rounds only.
    var isSlow = false

    private static let common: Set<Workload> = [
        .append, .durable, .bulk, .scan, .random, .model, .open, .kill, .openKilled, .disk, .undo, .undoSynced,
    ]
    private static let onlyAshlar: Set<Workload> = [
        .pipelined, .scanTwoThreads, .scanAsync, .absent, .openKilledWritable,
    ]

    /// What all ratios refer to.
    static let reference = "raw-record"

    static let all: [Peer] = [
        Peer(
            name: "ashlar", title: "Ashlar", program: "peer-ashlar", variant: "none",
            workloads: common.union(onlyAshlar)),
        Peer(
            name: "ashlar-lz4", title: "Ashlar, LZ4", program: "peer-ashlar", variant: "lz4",
            workloads: [.append, .bulk, .scan, .random, .model, .disk]),
        Peer(
            name: reference, title: "raw C, CRC an event", program: "peer-raw", variant: "record", workloads: common),
        Peer(
            name: "raw-block", title: "raw C, CRC a block", program: "peer-raw", variant: "block", workloads: common),
        Peer(
            name: "raw-prezeroed", title: "raw C, zeros ahead", program: "peer-raw", variant: "prezeroed",
            workloads: [.durable]),
        Peer(
            name: "bare", title: "bare calls (limit)", program: "peer-bare", variant: "",
            workloads: [.append, .durable, .bulk, .scan, .random]),
        Peer(name: "lmdb", title: "LMDB blob", program: "peer-lmdb", variant: "", workloads: common),
        Peer(
            name: "lmdb-writemap", title: "LMDB blob, write map", program: "peer-lmdb", variant: "writemap",
            // It reads as the other one does.
            workloads: [.append, .durable, .bulk]),
        Peer(
            name: "rocksdb-lz4", title: "RocksDB LZ4 blob", program: "peer-rocksdb", variant: "lz4", workloads: common),
        Peer(name: "rocksdb", title: "RocksDB blob", program: "peer-rocksdb", variant: "none", workloads: common),
        Peer(name: "leveldb", title: "LevelDB blob", program: "peer-leveldb", variant: "", workloads: common),
        Peer(name: "sqlite-blob", title: "SQLite blob", program: "peer-sqlite", variant: "blob", workloads: common),
        Peer(name: "sqlite-lean", title: "SQLite lean", program: "peer-sqlite", variant: "lean", workloads: common),
        Peer(
            name: "sqlite-easylayer", title: "SQLite, EasyLayer-like", program: "peer-sqlite", variant: "easylayer",
            workloads: common, isSlow: true),
        Peer(
            name: "postgres-copy", title: "PostgreSQL COPY", program: "peer-postgres", variant: "copy",
            workloads: common, isSlow: true),
        Peer(
            name: "postgres-insert", title: "PostgreSQL INSERT", program: "peer-postgres", variant: "insert",
            // It reads what COPY reads.
            workloads: [.append, .durable, .bulk], isSlow: true),
    ]
}
