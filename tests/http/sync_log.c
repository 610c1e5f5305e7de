/* SPDX-License-Identifier: Apache-2.0 */
/* sync_log.c: fsync writes a line to $SYNC_LOG, the path; to be preloaded. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int fd)
{
    char link[40];
    char path[4096];
    const char *log = getenv("SYNC_LOG");
    long status = syscall(SYS_fsync, fd);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    int out = log ? open(log, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
    if (out >= 0 && len > 0 && status == 0) {
        path[len] = '\n';
        (void)!write(out, path, (size_t)len + 1);
    }
    if (out >= 0)
        close(out);
    return (int)status;
}
