/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c: files on threads that may block (file.h).
 *
 * A call is a record on the caller's stack, which stays there while the caller
 * is parked in rn_block.
 *
 * Rejected: io_uring. It covers only some of these calls, many systems switch
 * it off (containers filter it out), so the threads would be needed as well;
 * and what is worth saving, reads of what is in memory, is had without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runnel/file.h>
#include <runnel/io.h>

#include "os.h"
#include "os_file.h"
#include "sched.h"

struct file_call {
    int64_t (*function)(struct file_call *call);
    const char *path;
    int fd;
    int flags;
    unsigned mode;
    void *to;
    const void *from;
    size_t size;
    int64_t offset;
    char **data;
    int fault; /* what an injected failure says; 0: it has none */
    int64_t result;
};

static void run(void *arg)
{
    struct file_call *call = arg;
    call->result = call->function(call);
}

static int64_t offload(struct file_call call)
{
    if (call.fault != 0 && schedule_call_fails())
        return call.fault;
    rn_block(run, &call);
    return call.result;
}

/* ---------------------------------------------------------- single calls */

static int64_t do_open(struct file_call *call)
{
    return os_file_open(call->path, call->flags, call->mode);
}

int rn_file_open(const char *path, int flags, unsigned mode)
{
    return (int)offload((struct file_call){.function = do_open,
                                           .path = path,
                                           .flags = flags,
                                           .mode = mode,
                                           .fault = -EMFILE});
}

static int64_t do_read(struct file_call *call)
{
    return os_file_read(call->fd, call->to, call->size, call->offset);
}

static int64_t read_at(int fd, void *data, size_t size, int64_t offset)
{
    sched_point();
    if (schedule_call_fails())
        return -EIO;
    int64_t got = os_file_read_cached(fd, data, size, offset);
    if (got >= 0)
        return got;
    return offload((struct file_call){.function = do_read,
                                      .fd = fd,
                                      .to = data,
                                      .size = size,
                                      .offset = offset});
}

int64_t rn_file_read_at(int fd, void *data, size_t size, int64_t offset)
{
    return offset < 0 ? RN_INVALID : read_at(fd, data, size, offset);
}

int64_t rn_file_read(int fd, void *data, size_t size)
{
    return read_at(fd, data, size, -1);
}

static int64_t do_write(struct file_call *call)
{
    const char *at = call->from;
    size_t left = call->size;
    int64_t offset = call->offset;
    while (left > 0) {
        int64_t put = os_file_write(call->fd, at, left, offset);
        if (put < 0)
            return put;
        at += put;
        left -= (size_t)put;
        if (offset >= 0)
            offset += put;
    }
    return RN_OK;
}

static int write_at(int fd, const void *data, size_t size, int64_t offset)
{
    return (int)offload((struct file_call){.function = do_write,
                                           .fault = -EIO,
                                           .fd = fd,
                                           .from = data,
                                           .size = size,
                                           .offset = offset});
}

int rn_file_write_at(int fd, const void *data, size_t size, int64_t offset)
{
    return offset < 0 ? RN_INVALID : write_at(fd, data, size, offset);
}

int rn_file_write(int fd, const void *data, size_t size)
{
    return write_at(fd, data, size, -1);
}

static int64_t do_sync(struct file_call *call)
{
    return os_file_sync(call->fd);
}

int rn_file_sync(int fd)
{
    return (int)offload(
        (struct file_call){.function = do_sync, .fd = fd, .fault = -EIO});
}

static int64_t do_size(struct file_call *call)
{
    struct os_file_stat stat;
    int status = os_file_stat(call->fd, NULL, &stat);
    return status < 0 ? status : stat.size;
}

int64_t rn_file_size(int fd)
{
    if (fd < 0)
        return -EBADF;
    return offload((struct file_call){.function = do_size, .fd = fd});
}

static int64_t do_close(struct file_call *call)
{
    return os_file_close(call->fd);
}

int rn_file_close(int fd)
{
    return (int)offload((struct file_call){.function = do_close, .fd = fd});
}

/* ------------------------------------------------------------- whole files */

/*
 * Reads on until the end, whatever the size was said to be: a file in /proc
 * says 0, another may grow. *data has room for `room` bytes and a NUL.
 */
static int64_t read_to_end(int fd, char **data, size_t room, size_t limit)
{
    size_t size = 0;
    for (;;) {
        if (size == room) {
            if (room > limit)
                return -EFBIG;
            room = room > limit / 2 ? limit + 1 : 2 * room;
            char *more = realloc(*data, room + 1);
            if (!more)
                return RN_NOMEM;
            *data = more;
        }
        int64_t got = os_file_read(fd, *data + size, room - size, -1);
        if (got <= 0) {
            (*data)[size] = '\0';
            return got < 0 ? got : (int64_t)size;
        }
        size += (size_t)got;
    }
}

static int64_t do_read_all(struct file_call *call)
{
    /* One more than there should be tells that there is no more. */
    size_t limit = call->size < SSIZE_MAX - 2 ? call->size : SSIZE_MAX - 2;
    struct os_file_stat stat;
    char *data = NULL;
    int fd = os_file_open(call->path, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    int64_t result = os_file_stat(fd, NULL, &stat);
    if (result < 0)
        goto out;
    result = -EFBIG;
    if (stat.is_plain && (uint64_t)stat.size > limit)
        goto out;
    size_t room = stat.size > 0 ? (size_t)stat.size + 1 : 4096;
    if (room > limit + 1)
        room = limit + 1;
    result = RN_NOMEM;
    data = malloc(room + 1);
    if (!data)
        goto out;
    result = read_to_end(fd, &data, room, limit);
    if (result > 0 && (uint64_t)result > limit)
        result = -EFBIG;
    if (result >= 0) {
        *call->data = data;
        data = NULL;
    }
out:
    free(data);
    os_file_close(fd);
    return result;
}

int rn_file_read_all(const char *path, size_t limit, char **data, size_t *size)
{
    char *bytes;
    int64_t got = offload((struct file_call){.function = do_read_all,
                                             .path = path,
                                             .size = limit,
                                             .data = &bytes,
                                             .fault = RN_NOMEM});
    if (got < 0)
        return (int)got;
    *data = bytes;
    *size = (size_t)got;
    return RN_OK;
}

/* The new name is on the disk only when its folder is. */
static int sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length >= sizeof(folder))
        return -ENAMETOOLONG;
    memcpy(folder, path, length);
    folder[length] = '\0';
    if (length == 0)
        strcpy(folder, slash ? "/" : ".");
    int fd = os_file_open(folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fd;
    int status = os_file_sync(fd);
    os_file_close(fd);
    return status;
}

/* A name beside `path` that nobody has, opened. */
static int open_beside(const char *path, char *name, size_t size, unsigned mode)
{
    for (;;) {
        uint64_t bits = os_entropy();
        int length = snprintf(name, size, "%s.%012llx", path,
                              (unsigned long long)(bits >> 16));
        if (length < 0 || (size_t)length >= size)
            return -ENAMETOOLONG;
        int fd = os_file_open(name, O_WRONLY | O_CREAT | O_EXCL, mode);
        if (fd != -EEXIST)
            return fd;
    }
}

static int64_t do_write_all(struct file_call *call)
{
    char name[PATH_MAX];
    struct os_file_stat old;
    int found = os_file_stat(-1, call->path, &old);
    bool replaces = found == 0;
    if (!replaces && found != RN_NOT_FOUND)
        return found; /* its permissions are not known */
    if (replaces && !old.is_plain)
        return -EINVAL;
    call->fd = open_beside(call->path, name, sizeof(name), call->mode);
    if (call->fd < 0)
        return call->fd;
    int64_t status = do_write(call);
    if (status == 0 && replaces)
        status = os_file_chmod(call->fd, old.mode);
    if (status == 0)
        status = os_file_sync(call->fd);
    int closed = os_file_close(call->fd);
    if (status == 0)
        status = closed;
    if (status == 0)
        status = os_file_rename(name, call->path);
    if (status != 0) {
        os_file_unlink(name);
        return status;
    }
    return sync_folder(call->path);
}

int rn_file_write_all(const char *path, const void *data, size_t size,
                      unsigned mode)
{
    return (int)offload((struct file_call){.function = do_write_all,
                                           .fault = -ENOSPC,
                                           .path = path,
                                           .from = data,
                                           .size = size,
                                           .mode = mode,
                                           .offset = -1});
}
