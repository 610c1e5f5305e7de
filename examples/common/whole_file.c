/* SPDX-License-Identifier: Apache-2.0 */
/* whole_file.c: reading and writing on threads that may block. */
#include "whole_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <runnel/runnel.h>

#define SIZE_LIMIT ((off_t)1 << 30)
#define PATH_LIMIT 4096

struct call {
    const char *path;
    struct whole_file *file;
    int status;
};

/* Until `size` bytes are there or the file ends; -errno. */
static int read_all(int fd, struct whole_file *file, size_t size)
{
    while (file->size < size) {
        ssize_t got = read(fd, file->data + file->size, size - file->size);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -errno;
        file->size += got > 0 ? (size_t)got : 0;
    }
    file->data[file->size] = '\0';
    return RN_OK;
}

static int read_descriptor(int fd, struct whole_file *out)
{
    struct stat stat;
    struct whole_file file = {NULL, 0};

    if (fstat(fd, &stat) != 0)
        return -errno;
    if (!S_ISREG(stat.st_mode))
        return S_ISDIR(stat.st_mode) ? -EISDIR : RN_INVALID;
    if (stat.st_size > SIZE_LIMIT)
        return -EFBIG;
    file.data = malloc((size_t)stat.st_size + 1);
    if (!file.data)
        return RN_NOMEM;
    int status = read_all(fd, &file, (size_t)stat.st_size);
    if (status == RN_OK)
        *out = file;
    else
        free(file.data);
    return status;
}

static void read_blocking(void *arg)
{
    struct call *call = arg;
    int fd = open(call->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        call->status = -errno;
        return;
    }
    call->status = read_descriptor(fd, call->file);
    close(fd);
}

int whole_file_read(const char *path, struct whole_file *out)
{
    struct call call = {path, out, RN_OK};

    rn_block(read_blocking, &call);
    return call.status;
}

static int write_all(int fd, const struct whole_file *file)
{
    for (size_t done = 0; done < file->size;) {
        ssize_t wrote = write(fd, file->data + done, file->size - done);
        if (wrote < 0 && errno != EINTR)
            return -errno;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return RN_OK;
}

static void write_blocking(void *arg)
{
    struct call *call = arg;
    char beside[PATH_LIMIT];
    int length = snprintf(beside, sizeof(beside), "%s.part", call->path);

    if (length >= (int)sizeof(beside)) {
        call->status = -ENAMETOOLONG;
        return;
    }
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        call->status = -errno;
        return;
    }
    call->status = write_all(fd, call->file);
    if (close(fd) != 0 && call->status == RN_OK)
        call->status = -errno;
    if (call->status == RN_OK && rename(beside, call->path) != 0)
        call->status = -errno;
    if (call->status != RN_OK)
        unlink(beside);
}

int whole_file_write(const char *path, const struct whole_file *file)
{
    struct whole_file copy = *file;
    struct call call = {path, &copy, RN_OK};

    rn_block(write_blocking, &call);
    return call.status;
}
