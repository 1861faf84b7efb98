// The ceiling: one file of blocks, an array of their offsets in memory, and nothing else: no forks, no model directory,
// no recovery beyond cutting what does not check. Variants: `record` has a CRC for each event, `block` one for each
// block, `prezeroed` is `record` with zeros written ahead of the tail while durable.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "AshlarChecksum.h"
#include "Blob.h"

typedef struct {
    uint32_t length, crc;
    uint16_t model, type;
    uint32_t ordinal;
} RawEvent;

enum { chunkBytes = 1 << 20, zeroStep = 1 << 20 };

typedef struct {
    const Workload *workload;
    SyncPolicy sync;
    int file, perBlock, zeroes;
    char *indexPath;
    uint64_t *offsets, count, room;  // offsets[count] is where the next block goes
    uint64_t zeroed;                 // bytes of the file that are written with zeros or more
    unsigned char *buffer;
    size_t fill, blockBytes;
} Raw;

static void put(Raw *raw, const void *bytes, size_t count, uint64_t offset) {
    if (pwrite(raw->file, bytes, count, (off_t)offset) != (ssize_t)count) fail("pwrite");
}

static void note_end(Raw *raw, uint64_t end) {
    if (raw->count + 2 > raw->room) {
        raw->room = raw->room * 2 + 1024;
        raw->offsets = realloc(raw->offsets, raw->room * sizeof *raw->offsets);
        if (!raw->offsets) fail("no memory");
        raw->offsets[0] = 0;
    }
    raw->offsets[++raw->count] = end;
}

static void flush(Raw *raw) {
    put(raw, raw->buffer, raw->fill, raw->offsets[raw->count] - raw->fill);
    raw->fill = 0;
}

// Checks a block in memory; 0 if it is none.
static size_t check_block(const Raw *raw, const unsigned char *bytes, size_t room, int all) {
    BlobHead head;
    if (room < sizeof head) return 0;
    memcpy(&head, bytes, sizeof head);
    uint32_t crc = head.crcOfHead;
    head.crcOfHead = 0;
    if (crc != ashlar_crc32(0, &head, sizeof head) || head.bytes > room - sizeof head) return 0;
    bytes += sizeof head;
    if (all && raw->perBlock && head.crc != ashlar_crc32(0, bytes, head.bytes)) return 0;
    for (size_t at = 0; all && !raw->perBlock && at < head.bytes;) {
        RawEvent event;
        memcpy(&event, bytes + at, sizeof event);
        at += sizeof event;
        if (event.length > head.bytes - at) return 0;
        if (event.crc != ashlar_crc32(ashlar_crc32_length(event.length), bytes + at, event.length)) return 0;
        at += event.length;
    }
    return sizeof head + head.bytes;
}

// After a kill every byte is checked; what does not check is cut off.
static void recover(Raw *raw) {
    struct stat status;
    if (fstat(raw->file, &status)) fail("fstat");
    uint64_t size = (uint64_t)status.st_size, offset = 0;
    while (offset < size) {
        ssize_t found = pread(raw->file, raw->buffer, chunkBytes, (off_t)offset);
        if (found < 0) fail("pread");
        size_t position = 0, step;
        while ((step = check_block(raw, raw->buffer + position, (size_t)found - position, 1)) > 0) {
            position += step;
            note_end(raw, offset + position);
        }
        if (position == 0) break;
        offset += position;
    }
    if (offset < size && ftruncate(raw->file, (off_t)offset)) fail("ftruncate");
}

static int load_index(Raw *raw) {
    int file = open(raw->indexPath, O_RDONLY);
    if (file < 0) return 0;
    struct stat status;
    if (fstat(file, &status)) fail("fstat");
    raw->room = (uint64_t)status.st_size / sizeof *raw->offsets;
    raw->count = raw->room - 1;
    raw->offsets = malloc((size_t)status.st_size);
    if (!raw->offsets || read(file, raw->offsets, (size_t)status.st_size) != status.st_size) fail("%s", raw->indexPath);
    close(file);
    return 1;
}

static void *raw_open(const Opening *opening) {
    Raw *raw = calloc(1, sizeof *raw);
    raw->workload = opening->workload;
    raw->sync = opening->sync;
    raw->perBlock = !strcmp(opening->variant, "block");
    raw->zeroes = !strcmp(opening->variant, "prezeroed");
    raw->blockBytes = sizeof(BlobHead) + raw->workload->eventsPerBlock
        * ((raw->perBlock ? sizeof(BlobEvent) : sizeof(RawEvent)) + raw->workload->payloadBytes);
    raw->buffer = malloc(chunkBytes + raw->blockBytes);
    raw->indexPath = path_in(opening->directory, "index");
    raw->file = open(path_in(opening->directory, "log"), O_RDWR | (opening->creates ? O_CREAT | O_EXCL : 0), 0600);
    if (raw->file < 0) fail("%s/log", opening->directory);
    // Written once, so that the first appends do not pay for the kernel's pages.
    memset(raw->buffer, 0, chunkBytes + raw->blockBytes);
    if (!opening->creates && load_index(raw)) return raw;
    note_end(raw, 0), raw->count = 0;
    if (!opening->creates) recover(raw);
    return raw;
}

static uint64_t raw_blocks(void *store) {
    Raw *raw = store;
    uint64_t start = raw->offsets[raw->count - 1];
    size_t bytes = raw->offsets[raw->count] - start;
    if (pread(raw->file, raw->buffer, bytes, (off_t)start) != (ssize_t)bytes) fail("pread");
    if (check_block(raw, raw->buffer, bytes, 1) != bytes) fail("damaged");
    return raw->count;
}

static void encode_records(Raw *raw, uint64_t height, unsigned char *target) {
    const Workload *workload = raw->workload;
    for (uint32_t ordinal = 0; ordinal < workload->eventsPerBlock; ordinal++) {
        uint32_t slot = workload_slot(workload, height, ordinal), length = workload->payloadBytes;
        uint32_t crc = ashlar_crc32_copy(ashlar_crc32_length(length), target + sizeof(RawEvent),
                                         workload_payload(workload, slot), length);
        RawEvent event = {length, crc, workload->modelOf[slot], workload->typeOf[slot], ordinal};
        memcpy(target, &event, sizeof event);
        target += sizeof event + length;
    }
}

static void encode(Raw *raw, uint64_t height, uint32_t fork, unsigned char *target) {
    BlobHead head = blob_head(raw->workload, height, fork, (uint32_t)(raw->blockBytes - sizeof head));
    if (raw->perBlock) {
        blob_encode(raw->workload, height, fork, target);
        head.crc = ashlar_crc32(0, target + sizeof head, head.bytes);
    } else {
        encode_records(raw, height, target + sizeof head);
    }
    head.crcOfHead = ashlar_crc32(0, &head, sizeof head);
    memcpy(target, &head, sizeof head);
}

static void write_zeros(Raw *raw, uint64_t end) {
    static unsigned char zeros[zeroStep];
    while (raw->zeroed < end) {
        put(raw, zeros, zeroStep, raw->zeroed);
        raw->zeroed += zeroStep;
    }
}

static void raw_append(void *store, uint64_t height, uint32_t fork) {
    Raw *raw = store;
    encode(raw, height, fork, raw->buffer + raw->fill);
    raw->fill += raw->blockBytes;
    note_end(raw, raw->offsets[raw->count] + raw->blockBytes);
    if (raw->sync != syncEach) {
        if (raw->fill >= chunkBytes) flush(raw);
        return;
    }
    if (raw->zeroes) write_zeros(raw, raw->offsets[raw->count]);
    flush(raw);
    if (fdatasync(raw->file)) fail("fdatasync");
}

static void raw_finish(void *store) {
    Raw *raw = store;
    flush(raw);
    if (raw->sync == syncAtEnd && fdatasync(raw->file)) fail("fdatasync");
}

// Goes through the events of a block. Those wanted are checked by their own CRC; a block's CRC is checked whatever is wanted.
static void digest_block(const Raw *raw, const unsigned char *bytes, size_t count, int model, Digest *digest) {
    if (raw->perBlock) {
        if (check_block(raw, bytes, count, 1) != count) fail("damaged");
        return blob_digest(bytes, count, model, digest);
    }
    if (check_block(raw, bytes, count, 0) != count) fail("damaged");
    uint64_t height;
    memcpy(&height, bytes, sizeof height);
    for (size_t at = sizeof(BlobHead); at < count;) {
        RawEvent event;
        memcpy(&event, bytes + at, sizeof event);
        at += sizeof event;
        if (event.length > count - at) fail("damaged");
        if (model < 0 || event.model == model) {
            uint32_t crc = ashlar_crc32(ashlar_crc32_length(event.length), bytes + at, event.length);
            if (crc != event.crc) fail("damaged");
            digest_add(digest, height, bytes + at, event.length);
        }
        at += event.length;
    }
}

static void walk(Raw *raw, int model, Digest *digest) {
    for (uint64_t next = 0; next < raw->count;) {
        uint64_t start = raw->offsets[next], end = next + 1;
        while (end < raw->count && raw->offsets[end + 1] - start <= chunkBytes) end++;
        size_t bytes = raw->offsets[end] - start;
        if (pread(raw->file, raw->buffer, bytes, (off_t)start) != (ssize_t)bytes) fail("pread");
        for (; next < end; next++) {
            digest_block(raw, raw->buffer + (raw->offsets[next] - start), raw->offsets[next + 1] - raw->offsets[next],
                         model, digest);
        }
    }
}

static void raw_scan(void *store, Digest *digest) { walk(store, -1, digest); }

static void raw_model(void *store, uint32_t model, Digest *digest) { walk(store, (int)model, digest); }

static void raw_block(void *store, uint64_t height, Digest *digest) {
    Raw *raw = store;
    uint64_t start = raw->offsets[height];
    size_t bytes = raw->offsets[height + 1] - start;
    if (pread(raw->file, raw->buffer, bytes, (off_t)start) != (ssize_t)bytes) fail("pread");
    digest_block(raw, raw->buffer, bytes, -1, digest);
}

static void raw_undo(void *store, uint64_t blocks) {
    Raw *raw = store;
    raw->count = blocks;
    if (ftruncate(raw->file, (off_t)raw->offsets[blocks])) fail("ftruncate");
}

static void raw_close(void *store) {
    Raw *raw = store;
    if (raw->fill) flush(raw);
    size_t bytes = (raw->count + 1) * sizeof *raw->offsets;
    int index = open(raw->indexPath, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (index < 0 || write(index, raw->offsets, bytes) != (ssize_t)bytes) fail("%s", raw->indexPath);
    close(index);
    close(raw->file);
}

const Peer peer = {
    .open = raw_open, .blocks = raw_blocks, .append = raw_append, .finish = raw_finish, .scan = raw_scan,
    .block = raw_block, .model = raw_model, .undo = raw_undo, .close = raw_close,
};
