// PostgreSQL: a row an event under (height, ordinal), an index by model, and a row a block. Variants: `copy` writes by
// COPY in binary format, `insert` by a prepared INSERT an event in pipeline mode. One transaction a block.
#define _GNU_SOURCE
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "Blob.h"
#include "PostgresServer.h"

// Blocks in one transaction of a bulk load.
enum { bulkBlocks = 50, sqlBytes = 1 << 14 };

typedef struct {
    const Workload *workload;
    SyncPolicy sync;
    PostgresServer server;
    PGconn *connection;
    int copies, created;
    unsigned char *rows;    // of a COPY
    size_t fill;
    char *sql;              // what comes before the COPY
    size_t sqlFill;
    uint64_t pending, undoTo;
} Store;

static void check(Store *store, int ok) {
    if (!ok) fail("PostgreSQL: %s", PQerrorMessage(store->connection));
}

static void execute(Store *store, const char *sql) {
    PGresult *result = PQexec(store->connection, sql);
    check(store, PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK);
    PQclear(result);
}

static uint64_t number(Store *store, const char *sql) {
    PGresult *result = PQexec(store->connection, sql);
    check(store, PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1);
    uint64_t value = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return value;
}

static void connect_to(Store *store) {
    char target[256];
    snprintf(target, sizeof target, "host=%s user=postgres dbname=postgres", store->server.socketDirectory);
    for (;;) {
        store->connection = PQconnectdb(target);
        if (PQstatus(store->connection) == CONNECTION_OK) return;
        if (!postgres_runs(&store->server)) fail("the server has ended; see its log");
        PQfinish(store->connection);
        usleep(1000);
    }
}

static void prepare(Store *store, const char *name, const char *sql) {
    PGresult *result = PQprepare(store->connection, name, sql, 0, NULL);
    check(store, PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
}

static void *postgres_open(const Opening *opening) {
    Store *store = calloc(1, sizeof *store);
    store->workload = opening->workload;
    store->sync = opening->sync;
    store->copies = strcmp(opening->variant, "insert") != 0;
    store->created = opening->creates;
    store->undoTo = UINT64_MAX;
    store->rows = malloc(bulkBlocks * opening->workload->eventsPerBlock * (64u + opening->workload->payloadBytes) + 64);
    store->sql = malloc(sqlBytes);
    store->server = postgres_start(opening->directory, opening->creates);
    connect_to(store);
    if (opening->creates) {
        execute(store, "CREATE TABLE blocks (height bigint PRIMARY KEY, hash bytea NOT NULL, parent bytea NOT NULL, time bigint NOT NULL);"
                       "CREATE TABLE events (height bigint NOT NULL, ordinal int NOT NULL, model smallint NOT NULL,"
                       " type smallint NOT NULL, payload bytea NOT NULL, PRIMARY KEY (height, ordinal));"
                       "CREATE INDEX events_model ON events (model, height, ordinal);"
                       // Random text: trying to compress each payload would cost time and gain nothing.
                       "ALTER TABLE events ALTER payload SET STORAGE EXTERNAL");
    }
    execute(store, opening->sync == syncEach ? "SET synchronous_commit = on" : "SET synchronous_commit = off");
    prepare(store, "put", "INSERT INTO events VALUES ($1::bigint, $2::int, $3::smallint, $4::smallint, $5::bytea)");
    prepare(store, "block", "SELECT payload FROM events WHERE height = $1::bigint ORDER BY ordinal");
    return store;
}

static void append_hex(Store *store, const unsigned char *bytes, size_t count) {
    for (size_t index = 0; index < count; index++) store->sqlFill += (size_t)sprintf(store->sql + store->sqlFill, "%02x", bytes[index]);
}

static void add_head(Store *store, uint64_t height, uint32_t fork) {
    BlobHead head = blob_head(store->workload, height, fork, 0);
    char *sql = store->sql;
    store->sqlFill += (size_t)sprintf(sql + store->sqlFill, "INSERT INTO blocks VALUES (%llu,'\\x", (unsigned long long)height);
    append_hex(store, head.hash, sizeof head.hash);
    store->sqlFill += (size_t)sprintf(sql + store->sqlFill, "','\\x");
    append_hex(store, head.parent, sizeof head.parent);
    store->sqlFill += (size_t)sprintf(sql + store->sqlFill, "',%lld);", (long long)head.time);
}

static void add_undo(Store *store) {
    if (store->undoTo == UINT64_MAX) return;
    store->sqlFill += (size_t)sprintf(
        store->sql + store->sqlFill, "DELETE FROM events WHERE height >= %llu; DELETE FROM blocks WHERE height >= %llu;",
        (unsigned long long)store->undoTo, (unsigned long long)store->undoTo);
    store->undoTo = UINT64_MAX;
}

static void put(Store *store, const void *bytes, size_t count) {
    memcpy(store->rows + store->fill, bytes, count);
    store->fill += count;
}

static void put16(Store *store, uint16_t value) { value = htobe16(value), put(store, &value, 2); }
static void put32(Store *store, uint32_t value) { value = htobe32(value), put(store, &value, 4); }
static void put64(Store *store, uint64_t value) { value = htobe64(value), put(store, &value, 8); }

static void add_rows(Store *store, uint64_t height) {
    const Workload *workload = store->workload;
    if (store->fill == 0) put(store, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    for (uint32_t ordinal = 0; ordinal < workload->eventsPerBlock; ordinal++) {
        uint32_t slot = workload_slot(workload, height, ordinal);
        put16(store, 5);
        put32(store, 8), put64(store, height);
        put32(store, 4), put32(store, ordinal);
        put32(store, 2), put16(store, workload->modelOf[slot]);
        put32(store, 2), put16(store, workload->typeOf[slot]);
        put32(store, workload->payloadBytes), put(store, workload_payload(workload, slot), workload->payloadBytes);
    }
}

// Takes results until there are no more; every one has to be good.
static void drain(Store *store) {
    PGresult *result;
    while ((result = PQgetResult(store->connection))) {
        check(store, PQresultStatus(result) == PGRES_COMMAND_OK);
        PQclear(result);
    }
}

// One round trip, and one transaction: the statements of a simple query are one unless told otherwise.
static void copy_out(Store *store) {
    put16(store, 0xffff);
    strcpy(store->sql + store->sqlFill, "COPY events FROM STDIN (FORMAT binary)");
    check(store, PQsendQuery(store->connection, store->sql));
    PGresult *result;
    for (int copying = 0; !copying;) {
        result = PQgetResult(store->connection);
        copying = PQresultStatus(result) == PGRES_COPY_IN;
        check(store, copying || PQresultStatus(result) == PGRES_COMMAND_OK);
        PQclear(result);
    }
    check(store, PQputCopyData(store->connection, (const char *)store->rows, (int)store->fill) == 1);
    check(store, PQputCopyEnd(store->connection, NULL) == 1);
    drain(store);
}

static void send_row(Store *store, uint64_t height, uint32_t ordinal) {
    uint32_t slot = workload_slot(store->workload, height, ordinal), order = htobe32(ordinal);
    uint64_t key = htobe64(height);
    uint16_t model = htobe16(store->workload->modelOf[slot]), type = htobe16(store->workload->typeOf[slot]);
    const char *values[] = {(const char *)&key, (const char *)&order, (const char *)&model, (const char *)&type,
                            (const char *)workload_payload(store->workload, slot)};
    const int lengths[] = {8, 4, 2, 2, (int)store->workload->payloadBytes}, formats[] = {1, 1, 1, 1, 1};
    check(store, PQsendQueryPrepared(store->connection, "put", 5, values, lengths, formats, 1));
}

// Statements between two syncs of a pipeline are one transaction.
static void insert_out(Store *store, uint64_t first, uint64_t end) {
    uint64_t sent = 0;
    check(store, PQenterPipelineMode(store->connection));
    for (char *next = store->sql, *stop; *next; next = stop + 1, sent++) {
        stop = strchr(next, ';');
        *stop = 0;
        check(store, PQsendQueryParams(store->connection, next, 0, NULL, NULL, NULL, NULL, 0));
    }
    for (uint64_t height = first; height < end; height++) {
        for (uint32_t ordinal = 0; ordinal < store->workload->eventsPerBlock; ordinal++, sent++) send_row(store, height, ordinal);
    }
    check(store, PQpipelineSync(store->connection));
    for (; sent > 0; sent--) drain(store);
    PGresult *result = PQgetResult(store->connection);
    check(store, PQresultStatus(result) == PGRES_PIPELINE_SYNC);
    PQclear(result);
    check(store, PQexitPipelineMode(store->connection));
}

static void send_pending(Store *store, uint64_t end) {
    if (store->pending == 0) return;
    if (store->copies) copy_out(store);
    else insert_out(store, end - store->pending, end);
    store->pending = store->fill = store->sqlFill = 0;
}

static uint64_t lastHeight;

static void postgres_append(void *opened, uint64_t height, uint32_t fork) {
    Store *store = opened;
    add_undo(store);
    add_head(store, height, fork);
    if (store->copies) add_rows(store, height);
    store->pending++;
    lastHeight = height;
    if (store->sync != syncAtEnd || store->pending == bulkBlocks) send_pending(store, height + 1);
}

static void postgres_finish(void *opened) {
    Store *store = opened;
    send_pending(store, lastHeight + 1);
    if (store->sync == syncAtEnd) execute(store, "CHECKPOINT");
}

static uint64_t get64(const char *bytes) {
    uint64_t value;
    memcpy(&value, bytes, 8);
    return be64toh(value);
}

// Rows of (height, payload), as a COPY in binary format: one piece a row, the head in front of the first.
static void walk(Store *store, const char *sql, Digest *digest) {
    PGresult *result = PQexec(store->connection, sql);
    check(store, PQresultStatus(result) == PGRES_COPY_OUT);
    PQclear(result);
    char *row;
    int bytes, first = 1;
    while ((bytes = PQgetCopyData(store->connection, &row, 0)) > 0) {
        const char *next = row + (first ? 19 : 0);
        if (row + bytes - next >= 2 + 4 + 8 + 4) digest_add(digest, get64(next + 6), next + 18, (size_t)(row + bytes - next - 18));
        first = 0;
        PQfreemem(row);
    }
    check(store, bytes == -1);
    drain(store);
}

static void postgres_scan(void *store, Digest *digest) {
    walk(store, "COPY (SELECT height, payload FROM events ORDER BY height, ordinal) TO STDOUT (FORMAT binary)", digest);
}

static void postgres_model(void *store, uint32_t model, Digest *digest) {
    char sql[160];
    snprintf(sql, sizeof sql,
             "COPY (SELECT height, payload FROM events WHERE model = %u ORDER BY height, ordinal) TO STDOUT (FORMAT binary)", model);
    walk(store, sql, digest);
}

static void postgres_block(void *opened, uint64_t height, Digest *digest) {
    Store *store = opened;
    uint64_t key = htobe64(height);
    const char *values[] = {(const char *)&key};
    const int lengths[] = {8}, formats[] = {1};
    PGresult *result = PQexecPrepared(store->connection, "block", 1, values, lengths, formats, 1);
    check(store, PQresultStatus(result) == PGRES_TUPLES_OK);
    int rows = PQntuples(result);
    for (int row = 0; row < rows; row++) digest_add(digest, height, PQgetvalue(result, row, 0), (size_t)PQgetlength(result, row, 0));
    PQclear(result);
}

static uint64_t postgres_blocks(void *opened) {
    Store *store = opened;
    uint64_t blocks = number(store, "SELECT max(height) + 1 FROM blocks");
    Digest digest = {0, 0};
    postgres_block(store, blocks - 1, &digest);
    return blocks;
}

static void postgres_undo(void *opened, uint64_t blocks) { ((Store *)opened)->undoTo = blocks; }

static uint64_t postgres_bytes(void *opened) {
    return number(opened, "SELECT pg_total_relation_size('events') + pg_total_relation_size('blocks')");
}

static void postgres_close(void *opened) {
    Store *store = opened;
    // What autovacuum would have done by the time that anyone reads.
    if (store->created) execute(store, "VACUUM ANALYZE");
    PQfinish(store->connection);
    postgres_stop(&store->server, 0);
}

static void postgres_kill(void *opened) { postgres_stop(&((Store *)opened)->server, 1); }

const Peer peer = {
    .open = postgres_open, .blocks = postgres_blocks, .append = postgres_append, .finish = postgres_finish,
    .scan = postgres_scan, .block = postgres_block, .model = postgres_model, .undo = postgres_undo,
    .bytes = postgres_bytes, .close = postgres_close, .kill = postgres_kill,
};
