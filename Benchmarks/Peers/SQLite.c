// SQLite in WAL mode, in exclusive locking mode. Variants: `blob` has one row a block; `lean` one row an event under
// (height, ordinal); `easylayer` a table for each model with EasyLayer's columns, its unique key and its index.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "Blob.h"

typedef enum { blob, lean, easylayer } Layout;

enum { maxModels = 64 };

typedef struct {
    const Workload *workload;
    SyncPolicy sync;
    Layout layout;
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *putBlock, *putEvent[maxModels], *byHeight[maxModels];
    int isOpen;
    uint64_t pending, bulkBlocks, versions[maxModels];
    unsigned char *value;
} Store;

static void check(Store *store, int code) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) fail("SQLite: %s", sqlite3_errmsg(store->db));
}

static void execute(Store *store, const char *sql) { check(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL)); }

static sqlite3_stmt *prepare(Store *store, const char *sql) {
    sqlite3_stmt *statement = NULL;
    check(store, sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    return statement;
}

static void run(Store *store, sqlite3_stmt *statement) {
    check(store, sqlite3_step(statement));
    check(store, sqlite3_reset(statement));
}

static sqlite3_stmt *prepare_for(Store *store, const char *format, uint32_t model) {
    char sql[512];
    snprintf(sql, sizeof sql, format, model);
    return prepare(store, sql);
}

static void create_tables(Store *store) {
    if (store->layout == blob) return execute(store, "CREATE TABLE blocks (height INTEGER PRIMARY KEY, value BLOB NOT NULL)");
    execute(store, "CREATE TABLE blocks (height INTEGER PRIMARY KEY, hash BLOB NOT NULL, parent BLOB NOT NULL, time INTEGER NOT NULL)");
    if (store->layout == lean) {
        execute(store, "CREATE TABLE events (id INTEGER PRIMARY KEY, model INTEGER NOT NULL, type INTEGER NOT NULL, payload BLOB NOT NULL)");
    }
    for (uint32_t model = 0; store->layout == easylayer && model < store->workload->models; model++) {
        char sql[1024];
        snprintf(sql, sizeof sql,
                 "CREATE TABLE model%u (id integer PRIMARY KEY AUTOINCREMENT, version integer NOT NULL, requestId varchar,"
                 " type varchar NOT NULL, payload blob NOT NULL, blockHeight integer, isCompressed boolean NOT NULL DEFAULT 0,"
                 " timestamp bigint NOT NULL, UNIQUE (version, requestId));"
                 "CREATE INDEX model%u_height ON model%u (blockHeight)", model, model, model);
        execute(store, sql);
    }
}

static void prepare_all(Store *store) {
    store->begin = prepare(store, "BEGIN");
    store->commit = prepare(store, "COMMIT");
    if (store->layout == blob) {
        store->putBlock = prepare(store, "INSERT INTO blocks VALUES (?, ?)");
        store->byHeight[0] = prepare(store, "SELECT value FROM blocks WHERE height = ?");
        return;
    }
    store->putBlock = prepare(store, "INSERT INTO blocks VALUES (?, ?, ?, ?)");
    if (store->layout == lean) {
        // A height's events are the ids from height << 20 on.
        store->putEvent[0] = prepare(store, "INSERT INTO events VALUES (?, ?, ?, ?)");
        store->byHeight[0] = prepare(store, "SELECT payload FROM events WHERE id >= ?1 << 20 AND id < (?1 + 1) << 20");
    }
    for (uint32_t model = 0; store->layout == easylayer && model < store->workload->models; model++) {
        store->putEvent[model] = prepare_for(
            store, "INSERT INTO model%u (version, requestId, type, payload, blockHeight, isCompressed, timestamp)"
                   " VALUES (?, ?, ?, ?, ?, 0, ?)", model);
        store->byHeight[model] = prepare_for(store, "SELECT payload FROM model%u WHERE blockHeight = ?", model);
        sqlite3_stmt *last = prepare_for(store, "SELECT max(version) FROM model%u", model);
        check(store, sqlite3_step(last));
        store->versions[model] = (uint64_t)sqlite3_column_int64(last, 0);
        sqlite3_finalize(last);
    }
}

static void *sqlite_open(const Opening *opening) {
    Store *store = calloc(1, sizeof *store);
    store->workload = opening->workload;
    store->sync = opening->sync;
    store->layout = !strcmp(opening->variant, "lean") ? lean : !strcmp(opening->variant, "easylayer") ? easylayer : blob;
    store->bulkBlocks = 100;
    store->value = malloc(blob_bytes(opening->workload));
    if (opening->workload->models > maxModels) fail("too many models");
    check(store, sqlite3_open_v2(path_in(opening->directory, "db"), &store->db,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
    if (opening->creates) execute(store, store->layout == blob ? "PRAGMA page_size=16384" : "PRAGMA page_size=8192");
    execute(store, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA cache_size=-131072;"
                   "PRAGMA mmap_size=17179869184; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=4000");
    execute(store, opening->sync == syncEach ? "PRAGMA synchronous=FULL" : opening->sync == syncNever
        ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=NORMAL");
    if (opening->creates) create_tables(store);
    prepare_all(store);
    return store;
}

static int64_t number(Store *store, const char *sql) {
    sqlite3_stmt *statement = prepare(store, sql);
    check(store, sqlite3_step(statement));
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void begin(Store *store) {
    if (!store->isOpen) run(store, store->begin);
    store->isOpen = 1;
}

static void commit(Store *store) {
    if (store->isOpen) run(store, store->commit);
    store->isOpen = 0;
    store->pending = 0;
}

static void put_head(Store *store, uint64_t height, uint32_t fork) {
    BlobHead head = blob_head(store->workload, height, fork, 0);
    sqlite3_bind_int64(store->putBlock, 1, (int64_t)height);
    sqlite3_bind_blob(store->putBlock, 2, head.hash, sizeof head.hash, SQLITE_STATIC);
    sqlite3_bind_blob(store->putBlock, 3, head.parent, sizeof head.parent, SQLITE_STATIC);
    sqlite3_bind_int64(store->putBlock, 4, head.time);
    run(store, store->putBlock);
}

static void put_lean(Store *store, uint64_t height, uint32_t ordinal, uint32_t slot) {
    sqlite3_stmt *put = store->putEvent[0];
    sqlite3_bind_int64(put, 1, (int64_t)(height << 20 | ordinal));
    sqlite3_bind_int(put, 2, store->workload->modelOf[slot]);
    sqlite3_bind_int(put, 3, store->workload->typeOf[slot]);
    sqlite3_bind_blob(put, 4, workload_payload(store->workload, slot), (int)store->workload->payloadBytes, SQLITE_STATIC);
    run(store, put);
}

static void put_easylayer(Store *store, uint64_t height, uint32_t slot) {
    static const char types[workloadTypes][8] = {
        "Type0", "Type1", "Type2", "Type3", "Type4", "Type5", "Type6", "Type7", "Type8", "Type9", "Type10", "Type11",
        "Type12", "Type13", "Type14", "Type15"};
    uint32_t model = store->workload->modelOf[slot];
    sqlite3_stmt *put = store->putEvent[model];
    char request[24];
    int length = snprintf(request, sizeof request, "block-%llu", (unsigned long long)height);
    sqlite3_bind_int64(put, 1, (int64_t)++store->versions[model]);
    sqlite3_bind_text(put, 2, request, length, SQLITE_STATIC);
    sqlite3_bind_text(put, 3, types[store->workload->typeOf[slot]], -1, SQLITE_STATIC);
    sqlite3_bind_blob(put, 4, workload_payload(store->workload, slot), (int)store->workload->payloadBytes, SQLITE_STATIC);
    sqlite3_bind_int64(put, 5, (int64_t)height);
    sqlite3_bind_int64(put, 6, workload_time(height) / 1000);
    run(store, put);
}

static void sqlite_append(void *opened, uint64_t height, uint32_t fork) {
    Store *store = opened;
    begin(store);
    if (store->layout == blob) {
        blob_encode(store->workload, height, fork, store->value);
        sqlite3_bind_int64(store->putBlock, 1, (int64_t)height);
        sqlite3_bind_blob(store->putBlock, 2, store->value, (int)blob_bytes(store->workload), SQLITE_STATIC);
        run(store, store->putBlock);
    } else {
        put_head(store, height, fork);
        for (uint32_t ordinal = 0; ordinal < store->workload->eventsPerBlock; ordinal++) {
            uint32_t slot = workload_slot(store->workload, height, ordinal);
            if (store->layout == lean) put_lean(store, height, ordinal, slot);
            else put_easylayer(store, height, slot);
        }
    }
    if (store->sync != syncAtEnd || ++store->pending == store->bulkBlocks) commit(store);
}

static void sqlite_finish(void *opened) {
    Store *store = opened;
    commit(store);
    // Synced are the log's pages when they are moved into the database, and the database after that.
    if (store->sync == syncAtEnd) execute(store, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static void digest_rows(Store *store, sqlite3_stmt *statement, uint64_t height, Digest *digest) {
    sqlite3_bind_int64(statement, 1, (int64_t)height);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const void *payload = sqlite3_column_blob(statement, 0);
        size_t bytes = (size_t)sqlite3_column_bytes(statement, 0);
        if (store->layout == blob) blob_digest(payload, bytes, -1, digest);
        else digest_add(digest, height, payload, bytes);
    }
    check(store, code);
    sqlite3_reset(statement);
}

static void sqlite_block(void *opened, uint64_t height, Digest *digest) {
    Store *store = opened;
    uint32_t tables = store->layout == easylayer ? store->workload->models : 1;
    for (uint32_t table = 0; table < tables; table++) digest_rows(store, store->byHeight[table], height, digest);
}

static uint64_t sqlite_blocks(void *opened) {
    Store *store = opened;
    uint64_t blocks = (uint64_t)number(store, "SELECT max(height) FROM blocks") + 1;
    Digest digest = {0, 0};
    sqlite_block(store, blocks - 1, &digest);
    return blocks;
}

// Rows of (height, payload); of the blob layout, blocks.
static void walk(Store *store, const char *sql, int model, Digest *digest) {
    sqlite3_stmt *statement = prepare(store, sql);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const void *value = sqlite3_column_blob(statement, 1);
        size_t bytes = (size_t)sqlite3_column_bytes(statement, 1);
        if (store->layout == blob) blob_digest(value, bytes, model, digest);
        else digest_add(digest, (uint64_t)sqlite3_column_int64(statement, 0), value, bytes);
    }
    check(store, code);
    sqlite3_finalize(statement);
}

static void walk_model(Store *store, uint32_t model, Digest *digest) {
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT blockHeight, payload FROM model%u ORDER BY id", model);
    walk(store, sql, -1, digest);
}

static void sqlite_scan(void *opened, Digest *digest) {
    Store *store = opened;
    if (store->layout == blob) walk(store, "SELECT height, value FROM blocks ORDER BY height", -1, digest);
    if (store->layout == lean) walk(store, "SELECT id >> 20, payload FROM events ORDER BY id", -1, digest);
    // One table after the other, as EasyLayer reads them: there is no order across models.
    for (uint32_t model = 0; store->layout == easylayer && model < store->workload->models; model++) walk_model(store, model, digest);
}

static void sqlite_model(void *opened, uint32_t model, Digest *digest) {
    Store *store = opened;
    if (store->layout == blob) walk(store, "SELECT height, value FROM blocks ORDER BY height", (int)model, digest);
    if (store->layout == easylayer) walk_model(store, model, digest);
    if (store->layout == lean) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT id >> 20, payload FROM events WHERE model = %u ORDER BY id", model);
        walk(store, sql, -1, digest);
    }
}

static void sqlite_undo(void *opened, uint64_t blocks) {
    Store *store = opened;
    char sql[128];
    begin(store);
    snprintf(sql, sizeof sql, "DELETE FROM blocks WHERE height >= %llu", (unsigned long long)blocks);
    execute(store, sql);
    if (store->layout == lean) {
        snprintf(sql, sizeof sql, "DELETE FROM events WHERE id >= %llu", (unsigned long long)blocks << 20);
        execute(store, sql);
    }
    for (uint32_t model = 0; store->layout == easylayer && model < store->workload->models; model++) {
        snprintf(sql, sizeof sql, "DELETE FROM model%u WHERE blockHeight >= %llu", model, (unsigned long long)blocks);
        execute(store, sql);
    }
}

static void sqlite_close(void *opened) {
    Store *store = opened;
    commit(store);
    sqlite3_stmt *statement;
    while ((statement = sqlite3_next_stmt(store->db, NULL))) sqlite3_finalize(statement);
    check(store, sqlite3_close(store->db));
}

const Peer peer = {
    .open = sqlite_open, .blocks = sqlite_blocks, .append = sqlite_append, .finish = sqlite_finish, .scan = sqlite_scan,
    .block = sqlite_block, .model = sqlite_model, .undo = sqlite_undo, .close = sqlite_close,
};
