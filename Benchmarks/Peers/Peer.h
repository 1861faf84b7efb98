// What a driver has to know of its store; `Driver.c` has `main` and measures.
//
// Invariants: a peer only stores and reads; it takes no time and knows no workload's name. What cannot go on ends the
// process with a message.
#ifndef ASHLAR_BENCH_PEER_H
#define ASHLAR_BENCH_PEER_H
#include <stdint.h>

#include "Workload.h"

typedef enum {
    syncNever,  // each block whole or not at all, at memory speed; nothing is synced
    syncEach,   // each block synced before the next one comes
    syncAtEnd,  // bulk: any grouping; everything synced by `finish`
} SyncPolicy;

typedef struct {
    const char *directory;  // is there, and is the store's own
    int creates;
    SyncPolicy sync;
    const Workload *workload;
    const char *variant;    // of the peer, from the command line
} Opening;

typedef struct {
    // Opens or creates the store, and is then ready to read and to append.
    void *(*open)(const Opening *opening);
    // The number of blocks, once the highest one was read.
    uint64_t (*blocks)(void *store);
    // Appends the block at `height`; `fork` goes into its hash.
    void (*append)(void *store, uint64_t height, uint32_t fork);
    // Ends a run of appends: hands over what is buffered; syncs if the policy is `syncAtEnd`.
    void (*finish)(void *store);
    // Reads all events in the order of the chain.
    void (*scan)(void *store, Digest *digest);
    // Reads one block.
    void (*block)(void *store, uint64_t height, Digest *digest);
    // Reads the events of one model.
    void (*model)(void *store, uint32_t model, Digest *digest);
    // Keeps the lowest `blocks`; becomes visible and durable with the next append.
    void (*undo)(void *store, uint64_t blocks);
    // Bytes on disk, if not simply those of the directory; NULL otherwise.
    uint64_t (*bytes)(void *store);
    void (*close)(void *store);
    // Ends the store as a crash would, if it lives in processes of its own; NULL otherwise.
    void (*kill)(void *store);
    // Reads without looking at what was read: a limit, not a store.
    int isBare;
} Peer;

// The one that this driver is linked with.
extern const Peer peer;

// Prints what was attempted and the reason, and ends the process.
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

// `directory`/`name`, in memory that is never freed.
char *path_in(const char *directory, const char *name);

#endif
