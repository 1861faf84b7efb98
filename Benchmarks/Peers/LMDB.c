// LMDB, one value a block, keyed by height. It has no checksums; reads are pointers into its map. The variant `writemap`
// writes into the map too.
#include <lmdb.h>
#include <stdlib.h>

#include "Blob.h"

// Blocks in one transaction of a bulk load.
enum { bulkBlocks = 64 };

typedef struct {
    const Workload *workload;
    SyncPolicy sync;
    MDB_env *env;
    MDB_dbi table;
    MDB_txn *writing, *reading;
    uint64_t pending;
} Store;

static void check(int code, const char *what) {
    if (code) fail("%s: %s", what, mdb_strerror(code));
}

static void *lmdb_open(const Opening *opening) {
    Store *store = calloc(1, sizeof *store);
    store->workload = opening->workload;
    store->sync = opening->sync;
    check(mdb_env_create(&store->env), "mdb_env_create");
    check(mdb_env_set_mapsize(store->env, (size_t)64 << 30), "mdb_env_set_mapsize");
    unsigned flags = opening->sync == syncEach ? 0 : MDB_NOSYNC;
    if (!strcmp(opening->variant, "writemap")) flags |= MDB_WRITEMAP;
    check(mdb_env_open(store->env, opening->directory, flags, 0600), "mdb_env_open");
    MDB_txn *transaction;
    check(mdb_txn_begin(store->env, NULL, 0, &transaction), "mdb_txn_begin");
    check(mdb_dbi_open(transaction, NULL, MDB_INTEGERKEY | (opening->creates ? MDB_CREATE : 0), &store->table), "mdb_dbi_open");
    check(mdb_txn_commit(transaction), "mdb_txn_commit");
    return store;
}

static MDB_txn *reader(Store *store) {
    if (!store->reading) check(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->reading), "mdb_txn_begin");
    return store->reading;
}

static MDB_txn *writer(Store *store) {
    if (store->reading) mdb_txn_abort(store->reading), store->reading = NULL;
    if (!store->writing) check(mdb_txn_begin(store->env, NULL, 0, &store->writing), "mdb_txn_begin");
    return store->writing;
}

static void commit(Store *store) {
    if (store->writing) check(mdb_txn_commit(store->writing), "mdb_txn_commit");
    store->writing = NULL;
    store->pending = 0;
}

static uint64_t lmdb_blocks(void *opened) {
    Store *store = opened;
    MDB_cursor *cursor;
    MDB_val key, value;
    check(mdb_cursor_open(reader(store), store->table, &cursor), "mdb_cursor_open");
    check(mdb_cursor_get(cursor, &key, &value, MDB_LAST), "mdb_cursor_get");
    mdb_cursor_close(cursor);
    Digest digest = {0, 0};
    blob_digest(value.mv_data, value.mv_size, -1, &digest);
    uint64_t height;
    memcpy(&height, key.mv_data, sizeof height);
    return height + 1;
}

static void lmdb_append(void *opened, uint64_t height, uint32_t fork) {
    Store *store = opened;
    MDB_val key = {sizeof height, &height}, value = {blob_bytes(store->workload), NULL};
    check(mdb_put(writer(store), store->table, &key, &value, MDB_APPEND | MDB_RESERVE), "mdb_put");
    blob_encode(store->workload, height, fork, value.mv_data);
    if (store->sync != syncAtEnd || ++store->pending == bulkBlocks) commit(store);
}

static void lmdb_finish(void *opened) {
    Store *store = opened;
    commit(store);
    if (store->sync == syncAtEnd) check(mdb_env_sync(store->env, 1), "mdb_env_sync");
}

static void walk(Store *store, int model, Digest *digest) {
    MDB_cursor *cursor;
    MDB_val key, value;
    check(mdb_cursor_open(reader(store), store->table, &cursor), "mdb_cursor_open");
    int code;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        blob_digest(value.mv_data, value.mv_size, model, digest);
    }
    if (code != MDB_NOTFOUND) check(code, "mdb_cursor_get");
    mdb_cursor_close(cursor);
}

static void lmdb_scan(void *store, Digest *digest) { walk(store, -1, digest); }

static void lmdb_model(void *store, uint32_t model, Digest *digest) { walk(store, (int)model, digest); }

static void lmdb_block(void *opened, uint64_t height, Digest *digest) {
    Store *store = opened;
    MDB_val key = {sizeof height, &height}, value;
    check(mdb_get(reader(store), store->table, &key, &value), "mdb_get");
    blob_digest(value.mv_data, value.mv_size, -1, digest);
}

static void lmdb_undo(void *opened, uint64_t blocks) {
    Store *store = opened;
    MDB_cursor *cursor;
    MDB_val key = {sizeof blocks, &blocks}, value;
    check(mdb_cursor_open(writer(store), store->table, &cursor), "mdb_cursor_open");
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    for (; code == 0; code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) check(mdb_cursor_del(cursor, 0), "mdb_cursor_del");
    if (code != MDB_NOTFOUND) check(code, "mdb_cursor_get");
    mdb_cursor_close(cursor);
}

static void lmdb_close(void *opened) {
    Store *store = opened;
    commit(store);
    if (store->reading) mdb_txn_abort(store->reading);
    mdb_env_close(store->env);
}

const Peer peer = {
    .open = lmdb_open, .blocks = lmdb_blocks, .append = lmdb_append, .finish = lmdb_finish, .scan = lmdb_scan,
    .block = lmdb_block, .model = lmdb_model, .undo = lmdb_undo, .close = lmdb_close,
};
