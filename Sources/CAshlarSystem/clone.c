#include "AshlarSystem.h"

#include <errno.h>

#ifdef __linux__
#include <linux/fs.h>
#include <sys/ioctl.h>
#endif

int ashlar_clone(int target, int source) {
#ifdef FICLONE
    return ioctl(target, FICLONE, source);
#else
    (void)target;
    (void)source;
    errno = EOPNOTSUPP;
    return -1;
#endif
}
