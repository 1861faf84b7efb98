#define _GNU_SOURCE
#include "Workload.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void *reserve(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory) fprintf(stderr, "no memory for the workload\n"), exit(4);
    return memory;
}

static size_t put_text(unsigned char *payload, size_t at, size_t end, const char *text) {
    while (*text && at < end) payload[at++] = (unsigned char)*text++;
    return at;
}

static size_t put_hex(unsigned char *payload, size_t at, size_t end, uint64_t *state, int digits) {
    uint64_t word = 0;
    for (int digit = 0; digit < digits && at < end; digit++) {
        if (digit % 16 == 0) word = workload_random(state);
        payload[at++] = (unsigned char)"0123456789abcdef"[word & 15];
        word >>= 4;
    }
    return at;
}

// JSON as an indexer has it: keys and a token that occur again and again, addresses and hashes that do not.
static void put_payload(unsigned char *payload, size_t bytes, uint64_t *state) {
    uint64_t token = 0x70c3 + workload_random(state) % 64;
    size_t at = put_text(payload, 0, bytes, "{\"token\":\"0x");
    at = put_hex(payload, at, bytes, &token, 40);
    at = put_text(payload, at, bytes, "\",\"from\":\"0x");
    at = put_hex(payload, at, bytes, state, 40);
    at = put_text(payload, at, bytes, "\",\"amount\":\"");
    at = put_hex(payload, at, bytes, state, 16);
    at = put_text(payload, at, bytes, "\",\"tx\":\"0x");
    if (bytes >= at + 2) {
        at = put_hex(payload, at, bytes - 2, state, (int)(bytes - 2 - at));
        put_text(payload, at, bytes, "\"}");
    }
}

Workload workload_make(uint64_t blocks, uint32_t eventsPerBlock, uint32_t payloadBytes, uint32_t models, uint64_t seed) {
    Workload made = {blocks, eventsPerBlock, payloadBytes, models, NULL, NULL, NULL, NULL};
    made.pool = reserve((size_t)workloadPoolCount * payloadBytes);
    made.modelOf = reserve(workloadPoolCount);
    made.typeOf = reserve(workloadPoolCount);
    made.sumOf = reserve(workloadPoolCount * sizeof *made.sumOf);
    for (uint32_t slot = 0; slot < workloadPoolCount; slot++) {
        unsigned char *payload = made.pool + (size_t)slot * payloadBytes;
        put_payload(payload, payloadBytes, &seed);
        uint64_t kind = workload_random(&seed);
        made.modelOf[slot] = (unsigned char)(kind % models);
        made.typeOf[slot] = (unsigned char)((kind >> 32) % workloadTypes);
        made.sumOf[slot] = payload_sum(payload, payloadBytes);
    }
    return made;
}

Digest workload_expected(const Workload *workload, uint64_t first, uint64_t end, int model) {
    Digest digest = {0, 0};
    for (uint64_t height = first; height < end; height++) {
        for (uint32_t ordinal = 0; ordinal < workload->eventsPerBlock; ordinal++) {
            uint32_t slot = workload_slot(workload, height, ordinal);
            if (model >= 0 && workload->modelOf[slot] != model) continue;
            digest.events++;
            digest.sum += workload->sumOf[slot] * (2 * height + 1);
        }
    }
    return digest;
}

static uint64_t nanoseconds_of(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t clock_nanoseconds(void) { return nanoseconds_of(CLOCK_MONOTONIC); }

static uint64_t processorAtStart, processorSpent;

uint64_t clock_start(void) {
    processorAtStart = nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID);
    return clock_nanoseconds();
}

uint64_t clock_stop(void) {
    uint64_t now = clock_nanoseconds();
    processorSpent = nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID) - processorAtStart;
    return now;
}

uint64_t processor_nanoseconds(void) { return processorSpent; }

uint64_t anonymous_bytes(void) {
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) return 0;
    char line[256];
    unsigned long long kilobytes = 0;
    while (fgets(line, sizeof line, status)) {
        if (sscanf(line, "RssAnon: %llu kB", &kilobytes) == 1) break;
    }
    fclose(status);
    return kilobytes * 1024;
}

static uint64_t walked;

static int add_size(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)path, (void)place;
    if (kind == FTW_F) walked += (uint64_t)status->st_size;
    return 0;
}

uint64_t directory_bytes(const char *path) {
    walked = 0;
    nftw(path, add_size, 32, FTW_PHYS);
    return walked;
}

void sync_file_system(const char *path) {
    int directory = open(path, O_RDONLY | O_DIRECTORY);
    if (directory < 0) return;
    syncfs(directory);
    close(directory);
}
