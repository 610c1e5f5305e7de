/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os_file.c: os_file.h on Linux. By the C library's wrappers: unlike sockets,
 * files are used on threads that the race detector sees for what they are.
 */
#include "os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

noinline int os_file_open(const char *path, int flags, unsigned mode)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, (mode_t)mode);
    while (fd < 0 && errno == EINTR);
    return fd >= 0 ? fd : -errno;
}

noinline int os_file_stat(int fd, const char *path, struct os_file_stat *out)
{
    struct stat found;
    if ((fd >= 0 ? fstat(fd, &found) : stat(path, &found)) != 0)
        return -errno;
    *out = (struct os_file_stat){.size = found.st_size,
                                 .mode = found.st_mode & 07777,
                                 .is_plain = S_ISREG(found.st_mode)};
    return 0;
}

noinline int64_t os_file_read(int fd, void *data, size_t size, int64_t offset)
{
    ssize_t got;
    do
        got = offset < 0 ? read(fd, data, size) : pread(fd, data, size, offset);
    while (got < 0 && errno == EINTR);
    return got >= 0 ? got : -errno;
}

noinline int64_t os_file_read_cached(int fd, void *data, size_t size,
                                     int64_t offset)
{
    struct iovec piece = {data, size};
    ssize_t got = preadv2(fd, &piece, 1, offset < 0 ? -1 : offset, RWF_NOWAIT);
    return got >= 0 ? got : -errno;
}

noinline int64_t os_file_write(int fd, const void *data, size_t size,
                               int64_t offset)
{
    ssize_t put;
    do
        put =
            offset < 0 ? write(fd, data, size) : pwrite(fd, data, size, offset);
    while (put < 0 && errno == EINTR);
    return put >= 0 ? put : -errno;
}

noinline int os_file_sync(int fd)
{
    return fsync(fd) == 0 ? 0 : -errno;
}

noinline int os_file_chmod(int fd, unsigned mode)
{
    return fchmod(fd, (mode_t)mode) == 0 ? 0 : -errno;
}

noinline int os_file_close(int fd)
{
    /* Interrupted, it is closed all the same. */
    return close(fd) == 0 || errno == EINTR ? 0 : -errno;
}

noinline int os_file_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 ? 0 : -errno;
}

noinline int os_file_unlink(const char *path)
{
    return unlink(path) == 0 ? 0 : -errno;
}
