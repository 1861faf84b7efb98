// The limit: the same number of bytes as raw C with a CRC for each event, from and to buffers that stand ready, with the
// same I/O calls. Nothing is framed, checked or looked at.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "Blob.h"

enum { chunkBytes = 1 << 20 };

typedef struct {
    SyncPolicy sync;
    int file;
    unsigned char *buffer;
    size_t blockBytes, fill;
    uint64_t offset;
} Bare;

static void *bare_open(const Opening *opening) {
    Bare *bare = calloc(1, sizeof *bare);
    bare->sync = opening->sync;
    bare->blockBytes = sizeof(BlobHead) + opening->workload->eventsPerBlock * (16u + opening->workload->payloadBytes);
    bare->buffer = malloc(chunkBytes + bare->blockBytes);
    memset(bare->buffer, 0x5a, chunkBytes + bare->blockBytes);
    bare->file = open(path_in(opening->directory, "log"), O_RDWR | (opening->creates ? O_CREAT | O_EXCL : 0), 0600);
    if (bare->file < 0) fail("%s/log", opening->directory);
    return bare;
}

static void flush(Bare *bare) {
    if (pwrite(bare->file, bare->buffer, bare->fill, (off_t)bare->offset) != (ssize_t)bare->fill) fail("pwrite");
    bare->offset += bare->fill;
    bare->fill = 0;
}

static void bare_append(void *store, uint64_t height, uint32_t fork) {
    Bare *bare = store;
    (void)height, (void)fork;
    bare->fill += bare->blockBytes;
    if (bare->sync == syncEach || bare->fill >= chunkBytes) flush(bare);
    if (bare->sync == syncEach && fdatasync(bare->file)) fail("fdatasync");
}

static void bare_finish(void *store) {
    Bare *bare = store;
    flush(bare);
    if (bare->sync == syncAtEnd && fdatasync(bare->file)) fail("fdatasync");
}

static void bare_scan(void *store, Digest *digest) {
    Bare *bare = store;
    (void)digest;
    ssize_t found;
    for (off_t offset = 0; (found = pread(bare->file, bare->buffer, chunkBytes, offset)) > 0;) offset += found;
    if (found < 0) fail("pread");
}

static void bare_block(void *store, uint64_t height, Digest *digest) {
    Bare *bare = store;
    (void)digest;
    off_t offset = (off_t)(height * bare->blockBytes);
    if (pread(bare->file, bare->buffer, bare->blockBytes, offset) != (ssize_t)bare->blockBytes) fail("pread");
}

static void bare_close(void *store) { close(((Bare *)store)->file); }

const Peer peer = {
    .open = bare_open, .append = bare_append, .finish = bare_finish, .scan = bare_scan, .block = bare_block,
    .close = bare_close, .isBare = 1,
};
