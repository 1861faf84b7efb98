// RocksDB and LevelDB, one value a block, keyed by height in big-endian order. Their C interfaces are the same but for
// the prefix and the options. Both check the checksums of what they read.
#include <stdlib.h>

#include "Blob.h"

#ifdef PEER_ROCKSDB
#include <rocksdb/c.h>
#define DB(name) rocksdb_##name
#else
#include <leveldb/c.h>
#define DB(name) leveldb_##name
#endif

// Blocks in one batch of a bulk load.
enum { bulkBlocks = 64 };

typedef struct {
    const Workload *workload;
    SyncPolicy sync;
    DB(t) *db;
    DB(options_t) *options;
    DB(writeoptions_t) *writing;
    DB(readoptions_t) *reading, *scanning;
    DB(writebatch_t) *batch;
    unsigned char *value;
    uint64_t pending;
} Store;

static void check(char *problem) {
    if (problem) fail("%s", problem);
}

static void put_key(uint64_t height, char *key) {
    uint64_t swapped = __builtin_bswap64(height);
    memcpy(key, &swapped, 8);
}

static uint64_t key_height(const char *key) {
    uint64_t swapped;
    memcpy(&swapped, key, 8);
    return __builtin_bswap64(swapped);
}

#ifdef PEER_ROCKSDB
static void set_options(Store *store, const char *variant) {
    rocksdb_options_set_compression(store->options, strcmp(variant, "lz4") ? rocksdb_no_compression : rocksdb_lz4_compression);
    rocksdb_options_set_write_buffer_size(store->options, 128 << 20);
    rocksdb_options_set_max_write_buffer_number(store->options, 4);
    rocksdb_options_set_target_file_size_base(store->options, 256 << 20);
    rocksdb_options_increase_parallelism(store->options, 2);
    rocksdb_options_set_max_open_files(store->options, -1);
    rocksdb_options_set_wal_bytes_per_sync(store->options, 0);
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_size(table, 16 << 10);
    rocksdb_block_based_options_set_format_version(table, 5);
    rocksdb_block_based_options_set_no_block_cache(table, 1);
    rocksdb_options_set_block_based_table_factory(store->options, table);
    rocksdb_readoptions_set_readahead_size(store->scanning, 2 << 20);
    // A bulk load needs no log: what counts is that all of it is there in the end.
    rocksdb_writeoptions_disable_WAL(store->writing, store->sync == syncAtEnd);
}
#else
static void set_options(Store *store, const char *variant) {
    (void)variant;
    leveldb_options_set_compression(store->options, leveldb_no_compression);
    leveldb_options_set_write_buffer_size(store->options, 128 << 20);
    leveldb_options_set_max_file_size(store->options, 256 << 20);
    leveldb_options_set_block_size(store->options, 16 << 10);
    leveldb_options_set_max_open_files(store->options, 2000);
}
#endif

static void *store_open(const Opening *opening) {
    Store *store = calloc(1, sizeof *store);
    store->workload = opening->workload;
    store->sync = opening->sync;
    store->value = malloc(blob_bytes(opening->workload));
    store->options = DB(options_create)();
    store->writing = DB(writeoptions_create)();
    store->reading = DB(readoptions_create)();
    store->scanning = DB(readoptions_create)();
    store->batch = DB(writebatch_create)();
    DB(options_set_create_if_missing)(store->options, (unsigned char)opening->creates);
    DB(writeoptions_set_sync)(store->writing, opening->sync == syncEach);
    DB(readoptions_set_verify_checksums)(store->reading, 1);
    DB(readoptions_set_verify_checksums)(store->scanning, 1);
    DB(readoptions_set_fill_cache)(store->scanning, 0);
    set_options(store, opening->variant);
    char *problem = NULL;
    store->db = DB(open)(store->options, opening->directory, &problem);
    check(problem);
    return store;
}

static uint64_t store_blocks(void *opened) {
    Store *store = opened;
    DB(iterator_t) *iterator = DB(create_iterator)(store->db, store->reading);
    DB(iter_seek_to_last)(iterator);
    if (!DB(iter_valid)(iterator)) fail("it is empty");
    size_t size;
    uint64_t height = key_height(DB(iter_key)(iterator, &size));
    const char *value = DB(iter_value)(iterator, &size);
    Digest digest = {0, 0};
    blob_digest(value, size, -1, &digest);
    DB(iter_destroy)(iterator);
    return height + 1;
}

static void write_batch(Store *store) {
    char *problem = NULL;
    DB(write)(store->db, store->writing, store->batch, &problem);
    check(problem);
    DB(writebatch_clear)(store->batch);
    store->pending = 0;
}

static void store_append(void *opened, uint64_t height, uint32_t fork) {
    Store *store = opened;
    char key[8];
    put_key(height, key);
    blob_encode(store->workload, height, fork, store->value);
    DB(writebatch_put)(store->batch, key, sizeof key, (const char *)store->value, blob_bytes(store->workload));
    if (store->sync != syncAtEnd || ++store->pending == bulkBlocks) write_batch(store);
}

static void store_finish(void *opened) {
    Store *store = opened;
    if (store->sync != syncAtEnd) return;
#ifdef PEER_ROCKSDB
    char *problem = NULL;
    write_batch(store);
    rocksdb_flushoptions_t *flushing = rocksdb_flushoptions_create();
    rocksdb_flush(store->db, flushing, &problem);
    check(problem);
#else
    // LevelDB has no flush: an empty batch with sync makes its log durable, which makes everything before it so.
    DB(writeoptions_set_sync)(store->writing, 1);
    write_batch(store);
#endif
}

static void walk(Store *store, int model, Digest *digest) {
    DB(iterator_t) *iterator = DB(create_iterator)(store->db, store->scanning);
    for (DB(iter_seek_to_first)(iterator); DB(iter_valid)(iterator); DB(iter_next)(iterator)) {
        size_t size;
        const char *value = DB(iter_value)(iterator, &size);
        blob_digest(value, size, model, digest);
    }
    char *problem = NULL;
    DB(iter_get_error)(iterator, &problem);
    check(problem);
    DB(iter_destroy)(iterator);
}

static void store_scan(void *store, Digest *digest) { walk(store, -1, digest); }

static void store_model(void *store, uint32_t model, Digest *digest) { walk(store, (int)model, digest); }

static void store_block(void *opened, uint64_t height, Digest *digest) {
    Store *store = opened;
    char key[8], *problem = NULL;
    put_key(height, key);
    size_t size;
#ifdef PEER_ROCKSDB
    rocksdb_pinnableslice_t *slice = rocksdb_get_pinned(store->db, store->reading, key, sizeof key, &problem);
    check(problem);
    if (!slice) fail("no block %llu", (unsigned long long)height);
    const char *value = rocksdb_pinnableslice_value(slice, &size);
    blob_digest(value, size, -1, digest);
    rocksdb_pinnableslice_destroy(slice);
#else
    char *value = leveldb_get(store->db, store->reading, key, sizeof key, &size, &problem);
    check(problem);
    if (!value) fail("no block %llu", (unsigned long long)height);
    blob_digest(value, size, -1, digest);
    leveldb_free(value);
#endif
}

static void store_undo(void *opened, uint64_t blocks) {
    Store *store = opened;
    uint64_t end = store_blocks(store);
    for (uint64_t height = blocks; height < end; height++) {
        char key[8];
        put_key(height, key);
        DB(writebatch_delete)(store->batch, key, sizeof key);
    }
}

static void store_close(void *opened) { DB(close)(((Store *)opened)->db); }

const Peer peer = {
    .open = store_open, .blocks = store_blocks, .append = store_append, .finish = store_finish, .scan = store_scan,
    .block = store_block, .model = store_model, .undo = store_undo, .close = store_close,
};
