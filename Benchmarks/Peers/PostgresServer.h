// A PostgreSQL server of the driver's own, on a private socket; it ends with the driver.
#ifndef ASHLAR_BENCH_POSTGRES_SERVER_H
#define ASHLAR_BENCH_POSTGRES_SERVER_H
#include <sys/types.h>

typedef struct {
    pid_t process;
    char socketDirectory[64];
} PostgresServer;

// Starts the server whose data are in `directory`/data, which are made if `creates` says so; returns without waiting for it.
PostgresServer postgres_start(const char *directory, int creates);
// Whether it still runs.
int postgres_runs(const PostgresServer *server);
// Ends it with a checkpoint, or as a crash would.
void postgres_stop(PostgresServer *server, int crashes);

#endif
