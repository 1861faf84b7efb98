// The ceiling: a bare C loop that frames, checksums, writes and reads the same kind of bytes with the same CRC kernel and the same
// 1 MiB I/O calls as the store, and keeps nothing else: no order, no index, no forks, no recovery.
//
//     raw EVENTS FILE
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "AshlarChecksum.h"

enum { poolSize = 65536, chunkBytes = 1 << 20, headBytes = 16 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void check(int ok, const char *what) {
    if (ok) return;
    perror(what);
    exit(1);
}

// Payloads of 120 to 280 random bytes, one behind the other; ends[i] is where the i-th ends.
static unsigned char *makePool(int *ends) {
    unsigned char *pool = malloc(poolSize * 300L);
    check(pool != NULL, "malloc");
    uint32_t state = 1;
    long offset = 0;
    for (int index = 0; index < poolSize; index++) {
        state = state * 1103515245u + 12345u;
        int length = 120 + (int)((state >> 8) % 161);
        for (int byte = 0; byte < length; byte++) {
            state = state * 1664525u + 1013904223u;
            pool[offset++] = (unsigned char)(state >> 24);
        }
        ends[index] = (int)offset;
    }
    return pool;
}

static long append(int file, int events, const unsigned char *pool, const int *ends, unsigned char *buffer) {
    long offset = 0, start = 0;
    size_t fill = 0;
    for (int event = 0, next = 0; event < events; event++) {
        uint32_t length = (uint32_t)(ends[next] - start);
        uint32_t crc = ashlar_crc32_copy(ashlar_crc32_length(length), buffer + fill + headBytes, pool + start, length);
        uint32_t head[4] = {length, crc, (uint32_t)event, (uint32_t)event & 15};
        memcpy(buffer + fill, head, headBytes);
        fill += headBytes + length;
        start = ends[next];
        if (++next == poolSize) next = 0, start = 0;
        if (fill >= chunkBytes - 512) {
            check(pwrite(file, buffer, fill, offset) == (ssize_t)fill, "pwrite");
            offset += (long)fill;
            fill = 0;
        }
    }
    check(pwrite(file, buffer, fill, offset) == (ssize_t)fill, "pwrite");
    return offset + (long)fill;
}

static long scan(int file, long size, unsigned char *buffer) {
    long events = 0;
    for (long offset = 0; offset < size;) {
        ssize_t count = pread(file, buffer, chunkBytes, offset);
        check(count > 0, "pread");
        ssize_t position = 0;
        while (position + headBytes <= count) {
            uint32_t head[4];
            memcpy(head, buffer + position, headBytes);
            if (position + headBytes + (ssize_t)head[0] > count) break;
            uint32_t crc = ashlar_crc32(ashlar_crc32_length(head[0]), buffer + position + headBytes, head[0]);
            if (crc != head[1]) fprintf(stderr, "damaged\n"), exit(1);
            events++;
            position += headBytes + (ssize_t)head[0];
        }
        offset += position;
    }
    return events;
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: raw EVENTS FILE\n"), 64;
    int events = atoi(arguments[1]);
    static int ends[poolSize];
    unsigned char *pool = makePool(ends);
    unsigned char *buffer = malloc(chunkBytes + 4096);
    int file = open(arguments[2], O_RDWR | O_CREAT | O_EXCL, 0600);
    check(buffer != NULL && file >= 0, arguments[2]);
    double start = now();
    long size = append(file, events, pool, ends, buffer);
    double appended = now();
    long found = scan(file, size, buffer);
    double scanned = now();
    unlink(arguments[2]);
    printf("raw C: append %.2f M events/s, scan %.2f M events/s\n", events / (appended - start) / 1e6,
           (double)found / (scanned - appended) / 1e6);
    return found == events ? 0 : 1;
}
