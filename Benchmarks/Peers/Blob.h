// A block as one value: a head and its events, one behind the other. What a clever user of a key-value store would write.
//
// Invariants: no checksum in it (a store that has its own checks it); sizes are bounded before they are used.
#ifndef ASHLAR_BENCH_BLOB_H
#define ASHLAR_BENCH_BLOB_H
#include "Peer.h"

typedef struct {
    uint64_t height;
    int64_t time;  // µs since 1970
    unsigned char hash[workloadHashBytes];
    unsigned char parent[workloadHashBytes];
    uint32_t count;
    uint32_t bytes;  // of the events behind the head
    uint32_t crc, crcOfHead;  // of the raw files alone
} BlobHead;

typedef struct {
    uint32_t length;
    uint16_t model, type;
} BlobEvent;

static inline size_t blob_bytes(const Workload *workload) {
    return sizeof(BlobHead) + workload->eventsPerBlock * (sizeof(BlobEvent) + workload->payloadBytes);
}

static inline BlobHead blob_head(const Workload *workload, uint64_t height, uint32_t fork, uint32_t bytes) {
    BlobHead head = {.height = height, .time = workload_time(height), .count = workload->eventsPerBlock, .bytes = bytes};
    workload_hash((int64_t)height, fork, head.hash);
    workload_hash((int64_t)height - 1, 0, head.parent);
    return head;
}

// Writes the block to `target`, which has room for `blob_bytes`.
static inline void blob_encode(const Workload *workload, uint64_t height, uint32_t fork, unsigned char *target) {
    BlobHead head = blob_head(workload, height, fork, (uint32_t)(blob_bytes(workload) - sizeof head));
    memcpy(target, &head, sizeof head);
    target += sizeof head;
    for (uint32_t ordinal = 0; ordinal < workload->eventsPerBlock; ordinal++) {
        uint32_t slot = workload_slot(workload, height, ordinal);
        BlobEvent event = {workload->payloadBytes, workload->modelOf[slot], workload->typeOf[slot]};
        memcpy(target, &event, sizeof event);
        memcpy(target + sizeof event, workload_payload(workload, slot), workload->payloadBytes);
        target += sizeof event + workload->payloadBytes;
    }
}

// Takes the events of a block into the digest; of one model, or of all if `model` is negative.
static inline void blob_digest(const void *value, size_t bytes, int model, Digest *digest) {
    BlobHead head;
    if (bytes < sizeof head) fail("a block of %zu bytes", bytes);
    memcpy(&head, value, sizeof head);
    if (head.bytes != bytes - sizeof head) fail("a block of a wrong size");
    const unsigned char *next = (const unsigned char *)value + sizeof head, *end = (const unsigned char *)value + bytes;
    while (next < end) {
        BlobEvent event;
        if ((size_t)(end - next) < sizeof event) fail("an event that is cut off");
        memcpy(&event, next, sizeof event);
        next += sizeof event;
        if ((size_t)(end - next) < event.length) fail("an event that is cut off");
        if (model < 0 || event.model == model) digest_add(digest, head.height, next, event.length);
        next += event.length;
    }
}

#endif
