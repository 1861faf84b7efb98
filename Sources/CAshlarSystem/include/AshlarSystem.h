// System calls that the Swift overlay of the C library does not show.

#ifndef ASHLAR_SYSTEM_H
#define ASHLAR_SYSTEM_H

/// Exchanges what stands at two paths of one file system, in one step; 0, or -1 with `errno`.
int ashlar_exchange(const char *path, const char *other);

/// Gives what stands at a path another one, at which nothing may stand; 0, or -1 with `errno`.
int ashlar_rename_new(const char *path, const char *other);

/// Lets an empty open file share all bytes of another one, each to go its own way from there (a reflink); 0, or -1 with `errno`.
int ashlar_clone(int target, int source);

#endif
