// Runs one workload on the peer that it is linked with, in a process of its own, and prints a line of JSON.
//
//     peer-NAME WORKLOAD dir=DIR [variant=V] [blocks=N] [events=N] [payload=N] [models=N] [seed=N] [lookups=N]
//
// Nothing but the work itself is inside the clock: payloads are made before, and what was read is checked behind it.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "Peer.h"

typedef struct {
    const char *name, *directory, *variant;
    uint64_t blocks, lookups, undone, repeats;
    uint64_t events, payload, models, seed;
} Options;

void fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(4);
}

char *path_in(const char *directory, const char *name) {
    char *path = NULL;
    if (asprintf(&path, "%s/%s", directory, name) < 0) fail("no memory");
    return path;
}

static Options parse(int count, char **arguments) {
    Options options = {NULL, NULL, "", 500, 20000, 100, 5, 200, 200, 8, 1};
    if (count < 3) fprintf(stderr, "usage: %s WORKLOAD dir=DIR [NAME=VALUE …]\n", arguments[0]), exit(64);
    options.name = arguments[1];
    struct { const char *name; uint64_t *value; } numbers[] = {
        {"blocks=", &options.blocks}, {"lookups=", &options.lookups}, {"undone=", &options.undone},
        {"repeats=", &options.repeats}, {"events=", &options.events}, {"payload=", &options.payload},
        {"models=", &options.models}, {"seed=", &options.seed}};
    for (int index = 2; index < count; index++) {
        const char *argument = arguments[index];
        int known = 0;
        for (size_t each = 0; each < sizeof numbers / sizeof *numbers; each++) {
            size_t length = strlen(numbers[each].name);
            if (strncmp(argument, numbers[each].name, length)) continue;
            *numbers[each].value = strtoull(argument + length, NULL, 10);
            known = 1;
        }
        if (!strncmp(argument, "dir=", 4)) options.directory = argument + 4, known = 1;
        if (!strncmp(argument, "variant=", 8)) options.variant = argument + 8, known = 1;
        // What only Ashlar's driver knows is for it alone.
        if (!known && strncmp(argument, "segment=", 8)) fprintf(stderr, "unknown: %s\n", argument), exit(64);
    }
    if (!options.directory) fprintf(stderr, "dir= is missing\n"), exit(64);
    return options;
}

static void report(const Options *options, uint64_t count, uint64_t nanoseconds, const char *more) {
    printf("{\"workload\":\"%s\",\"count\":%llu,\"seconds\":%.9f,\"processorSeconds\":%.9f,\"anonymousBytes\":%llu%s}\n",
           options->name, (unsigned long long)count, (double)nanoseconds / 1e9, (double)processor_nanoseconds() / 1e9,
           (unsigned long long)anonymous_bytes(), more);
    fflush(stdout);
}

static void require(Digest found, Digest expected) {
    if (peer.isBare) return;
    if (found.events != expected.events || found.sum != expected.sum) {
        fail("read %llu events with the sum %llx, but expected %llu with %llx", (unsigned long long)found.events,
             (unsigned long long)found.sum, (unsigned long long)expected.events, (unsigned long long)expected.sum);
    }
}

static void *open_store(const Options *options, const Workload *workload, int creates, SyncPolicy sync) {
    Opening opening = {options->directory, creates, sync, workload, options->variant};
    return peer.open(&opening);
}

// Appends all blocks to a new store. With `dies`, the process ends right behind it as if it were killed.
static void run_append(const Options *options, const Workload *workload, SyncPolicy sync, int dies) {
    void *store = open_store(options, workload, 1, sync);
    uint64_t start = clock_start();
    for (uint64_t height = 0; height < options->blocks; height++) peer.append(store, height, 0);
    peer.finish(store);
    uint64_t end = clock_stop();
    report(options, options->blocks * options->events, end - start, "");
    if (dies && peer.kill) peer.kill(store);
    if (dies) kill(getpid(), SIGKILL);
    peer.close(store);
}

// What the store takes once it was opened and closed: a log that is no longer needed is then gone.
static void run_disk(const Options *options, const Workload *workload) {
    void *store = open_store(options, workload, 0, syncNever);
    uint64_t bytes = peer.bytes ? peer.bytes(store) : 0;
    peer.close(store);
    if (!peer.bytes) bytes = directory_bytes(options->directory);
    char more[64];
    snprintf(more, sizeof more, ",\"bytes\":%llu", (unsigned long long)bytes);
    report(options, options->blocks * options->events, 0, more);
}

static void run_scan(const Options *options, const Workload *workload) {
    void *store = open_store(options, workload, 0, syncNever);
    Digest found = {0, 0};
    uint64_t start = clock_start();
    peer.scan(store, &found);
    uint64_t end = clock_stop();
    require(found, workload_expected(workload, 0, options->blocks, -1));
    report(options, options->blocks * options->events, end - start, "");
    peer.close(store);
}

static void run_model(const Options *options, const Workload *workload) {
    void *store = open_store(options, workload, 0, syncNever);
    Digest found = {0, 0};
    uint64_t start = clock_start();
    peer.model(store, 3, &found);
    uint64_t end = clock_stop();
    require(found, workload_expected(workload, 0, options->blocks, 3));
    report(options, found.events, end - start, "");
    peer.close(store);
}

static int compare_numbers(const void *left, const void *right) {
    uint64_t first = *(const uint64_t *)left, second = *(const uint64_t *)right;
    return (first > second) - (first < second);
}

static void run_random(const Options *options, const Workload *workload) {
    void *store = open_store(options, workload, 0, syncNever);
    uint64_t *heights = malloc(options->lookups * sizeof *heights), *taken = malloc(options->lookups * sizeof *taken);
    if (!heights || !taken) fail("no memory");
    uint64_t state = options->seed + 77;
    for (uint64_t index = 0; index < options->lookups; index++) heights[index] = workload_random(&state) % options->blocks;
    Digest found = {0, 0}, expected = {0, 0};
    uint64_t start = clock_start(), last = start;
    for (uint64_t index = 0; index < options->lookups; index++) {
        peer.block(store, heights[index], &found);
        uint64_t now = clock_nanoseconds();
        taken[index] = now - last;
        last = now;
    }
    clock_stop();
    for (uint64_t index = 0; index < options->lookups; index++) {
        Digest one = workload_expected(workload, heights[index], heights[index] + 1, -1);
        expected.events += one.events;
        expected.sum += one.sum;
    }
    require(found, expected);
    qsort(taken, options->lookups, sizeof *taken, compare_numbers);
    char more[128];
    snprintf(more, sizeof more, ",\"p50\":%.9f,\"p99\":%.9f", (double)taken[options->lookups / 2] / 1e9,
             (double)taken[options->lookups * 99 / 100] / 1e9);
    report(options, options->lookups, last - start, more);
    peer.close(store);
}

// How long it takes until the store has shown its highest block and can be appended to. What was not synced may be lost
// when a process is killed; how much is reported.
static void run_open(const Options *options, const Workload *workload) {
    uint64_t start = clock_start();
    void *store = open_store(options, workload, 0, syncNever);
    uint64_t blocks = peer.blocks(store);
    uint64_t end = clock_stop();
    int killed = !strcmp(options->name, "open-killed");
    if (killed ? blocks > options->blocks : blocks != options->blocks) {
        fail("%llu blocks, not %llu", (unsigned long long)blocks, (unsigned long long)options->blocks);
    }
    char more[64];
    snprintf(more, sizeof more, ",\"lostBlocks\":%llu", (unsigned long long)(options->blocks - blocks));
    report(options, options->blocks, end - start, more);
    peer.close(store);
}

// Undoes blocks and appends another one on what is left, several times; gives the median.
static void run_undo(const Options *options, const Workload *workload, SyncPolicy sync) {
    void *store = open_store(options, workload, 0, sync);
    if (peer.blocks(store) < options->undone * options->repeats) fail("too few blocks to undo");
    uint64_t taken[64];
    uint64_t repeats = options->repeats < 64 ? options->repeats : 64, kept = peer.blocks(store);
    for (uint64_t index = 0; index < repeats; index++) {
        kept -= options->undone;
        uint64_t start = clock_nanoseconds();
        peer.undo(store, kept);
        peer.append(store, kept, (uint32_t)index + 1 + (sync == syncEach ? 64 : 0));
        if (sync == syncNever) peer.finish(store);
        taken[index] = clock_nanoseconds() - start;
        kept++;
    }
    if (peer.blocks(store) != kept) fail("undoing left %llu blocks", (unsigned long long)peer.blocks(store));
    Digest found = {0, 0};
    peer.block(store, kept - 1, &found);
    require(found, workload_expected(workload, kept - 1, kept, -1));
    qsort(taken, repeats, sizeof *taken, compare_numbers);
    report(options, options->undone, taken[repeats / 2], "");
    peer.close(store);
}

int main(int count, char **arguments) {
    Options options = parse(count, arguments);
    Workload workload = workload_make(options.blocks, (uint32_t)options.events, (uint32_t)options.payload,
                                      (uint32_t)options.models, options.seed);
    const char *name = options.name;
    if (!strcmp(name, "append")) run_append(&options, &workload, syncNever, 0);
    else if (!strcmp(name, "kill")) run_append(&options, &workload, syncNever, 1);
    else if (!strcmp(name, "durable")) run_append(&options, &workload, syncEach, 0);
    else if (!strcmp(name, "bulk")) run_append(&options, &workload, syncAtEnd, 0);
    else if (!strcmp(name, "scan")) run_scan(&options, &workload);
    else if (!strcmp(name, "model")) run_model(&options, &workload);
    else if (!strcmp(name, "random")) run_random(&options, &workload);
    else if (!strcmp(name, "open") || !strcmp(name, "open-killed")) run_open(&options, &workload);
    else if (!strcmp(name, "disk")) run_disk(&options, &workload);
    else if (!strcmp(name, "undo")) run_undo(&options, &workload, syncNever);
    else if (!strcmp(name, "undo-synced")) run_undo(&options, &workload, syncEach);
    else return fprintf(stderr, "unknown workload: %s\n", name), 64;
    return 0;
}
