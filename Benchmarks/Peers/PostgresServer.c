#define _GNU_SOURCE
#include "PostgresServer.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "Peer.h"

// The newest server that the machine has.
static const char *programs(void) {
    static char found[256];
    glob_t paths;
    if (glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &paths) || paths.gl_pathc == 0) fail("there is no PostgreSQL server");
    snprintf(found, sizeof found, "%s", paths.gl_pathv[paths.gl_pathc - 1]);
    *strrchr(found, '/') = 0;
    globfree(&paths);
    return found;
}

// It does not run as root: root becomes the user that Debian's package made.
static const struct passwd *user(void) {
    if (geteuid() != 0) return NULL;
    const struct passwd *found = getpwnam("postgres");
    if (!found) fail("there is no user postgres");
    return found;
}

static void own(const char *path) {
    const struct passwd *owner = user();
    if (owner && chown(path, owner->pw_uid, owner->pw_gid)) fail("%s: chown", path);
}

static pid_t start(const char *log, char *const *arguments) {
    const struct passwd *owner = user();
    pid_t process = fork();
    if (process != 0) return process;
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644), input = open("/dev/null", O_RDONLY);
    dup2(input, 0), dup2(output, 1), dup2(output, 2);
    if (owner && (setgroups(0, NULL) || setgid(owner->pw_gid) || setuid(owner->pw_uid))) _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    setenv("LC_ALL", "C", 1);
    execv(arguments[0], arguments);
    _exit(1);
}

static void make_data(const char *directory, char *data, const char *log) {
    if (mkdir(data, 0700)) fail("%s: mkdir", data);
    own(data);
    char *arguments[] = {path_in(programs(), "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", NULL};
    pid_t process = start(log, arguments);
    int status;
    if (waitpid(process, &status, 0) != process || status != 0) {
        fail("initdb fails, see %s; the user postgres must be able to reach %s", log, directory);
    }
}

PostgresServer postgres_start(const char *directory, int creates) {
    PostgresServer server = {0, "/tmp/ashlar-bench-XXXXXX"};
    if (!mkdtemp(server.socketDirectory)) fail("mkdtemp");
    own(server.socketDirectory);
    char *data = path_in(directory, "data"), *log = path_in(directory, "server.log");
    if (creates) make_data(directory, data, log);
    char *arguments[] = {
        path_in(programs(), "postgres"), "-D", data, "-k", server.socketDirectory, "-c", "listen_addresses=",
        "-c", "shared_buffers=1GB", "-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "max_wal_size=8GB",
        "-c", "wal_buffers=64MB", "-c", "checkpoint_timeout=60min", "-c", "autovacuum=off", "-c", "jit=off",
        "-c", "max_connections=8", "-c", "logging_collector=off", NULL};
    server.process = start(log, arguments);
    return server;
}

int postgres_runs(const PostgresServer *server) { return waitpid(server->process, NULL, WNOHANG) == 0; }

void postgres_stop(PostgresServer *server, int crashes) {
    kill(server->process, crashes ? SIGQUIT : SIGINT);
    waitpid(server->process, NULL, 0);
    rmdir(server->socketDirectory);
}
