#define _GNU_SOURCE
#include "AshlarSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

// RENAME_NOREPLACE and RENAME_EXCHANGE; their header clashes with others in some C libraries.
#define NO_REPLACE 1
#define EXCHANGE 2

int ashlar_exchange(const char *path, const char *other) {
#ifdef SYS_renameat2
    return (int)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, other, EXCHANGE);
#else
    (void)path;
    (void)other;
    errno = ENOSYS;
    return -1;
#endif
}

int ashlar_rename_new(const char *path, const char *other) {
#ifdef SYS_renameat2
    return (int)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, other, NO_REPLACE);
#else
    (void)path;
    (void)other;
    errno = ENOSYS;
    return -1;
#endif
}
