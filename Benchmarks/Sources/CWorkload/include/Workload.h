// The workload that all drivers share: what a block holds, what reading it back must give, and what a driver prints.
//
// Invariants: the same options give the same bytes in every driver; nothing here knows a store.
#ifndef ASHLAR_BENCH_WORKLOAD_H
#define ASHLAR_BENCH_WORKLOAD_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Payloads are drawn from a pool of this many, so that they lie neither in the first cache levels nor all in one place.
enum { workloadPoolCount = 65536, workloadHashBytes = 32, workloadTypes = 16 };

typedef struct {
    uint64_t blocks;         // blocks in the store
    uint32_t eventsPerBlock;
    uint32_t payloadBytes;   // of each event
    uint32_t models;
    unsigned char *pool;     // workloadPoolCount payloads, one behind the other
    unsigned char *modelOf;  // for each payload of the pool
    unsigned char *typeOf;
    uint64_t *sumOf;         // payload sums of the pool, to know what must come back
} Workload;

// What was read: how many events, and a sum over each payload byte and the height of the block it came in.
typedef struct {
    uint64_t events;
    uint64_t sum;
} Digest;

// Makes the pool. Ends the process if there is no memory.
Workload workload_make(uint64_t blocks, uint32_t eventsPerBlock, uint32_t payloadBytes, uint32_t models, uint64_t seed);

// What reading blocks first ..< end must give; of one model, or of all if `model` is negative.
Digest workload_expected(const Workload *workload, uint64_t first, uint64_t end, int model);

// A small generator with a period of 2^64: splitmix64.
static inline uint64_t workload_random(uint64_t *state) {
    uint64_t value = *state += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

// Which payload of the pool the event has.
static inline uint32_t workload_slot(const Workload *workload, uint64_t height, uint32_t ordinal) {
    return (uint32_t)((height * workload->eventsPerBlock + ordinal) % workloadPoolCount);
}

static inline const unsigned char *workload_payload(const Workload *workload, uint32_t slot) {
    return workload->pool + (size_t)slot * workload->payloadBytes;
}

static inline int64_t workload_time(uint64_t height) { return (1600000000 + (int64_t)height * 12) * 1000000; }

// The hash of the block at `height`; `fork` tells blocks apart that replace each other. −1 is what block 0 stands on.
static inline void workload_hash(int64_t height, uint32_t fork, unsigned char *hash) {
    uint64_t state = (uint64_t)height * 0x9e3779b97f4a7c15u + fork;
    for (int word = 0; word < workloadHashBytes / 8; word++) {
        uint64_t value = workload_random(&state);
        memcpy(hash + word * 8, &value, 8);
    }
}

// The sum of all bytes of a payload, taken as words of 8 bytes.
static inline uint64_t payload_sum(const void *payload, size_t bytes) {
    const unsigned char *next = payload;
    uint64_t sum = 0, word;
    for (; bytes >= 8; bytes -= 8, next += 8) {
        memcpy(&word, next, 8);
        sum += word;
    }
    word = 0;
    memcpy(&word, next, bytes);
    return sum + word;
}

// Takes an event into the digest: reads each byte of its payload.
static inline void digest_add(Digest *digest, uint64_t height, const void *payload, size_t bytes) {
    digest->events++;
    digest->sum += payload_sum(payload, bytes) * (2 * height + 1);
}

// Nanoseconds of the monotonic clock.
uint64_t clock_nanoseconds(void);
// Starts and stops the measurement of a process, which has one; each gives the nanoseconds of the monotonic clock.
uint64_t clock_start(void);
uint64_t clock_stop(void);
// Nanoseconds that the processors spent in all threads of this process between the two.
uint64_t processor_nanoseconds(void);
// Bytes of anonymous memory that this process has now.
uint64_t anonymous_bytes(void);
// Bytes of all files below `path`.
uint64_t directory_bytes(const char *path);
// Writes everything that the file system of `path` still has in memory to its disk.
void sync_file_system(const char *path);

#endif
