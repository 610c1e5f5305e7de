/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os_file.h: system calls on files, in the manner of os.h; most of them block.
 */
#ifndef RUNNEL_OS_FILE_H
#define RUNNEL_OS_FILE_H

#include "base.h"

/* Of the file behind a descriptor, or a path (fd < 0). */
struct os_file_stat {
    int64_t size;
    unsigned mode;
    bool is_plain;
};

int os_file_open(const char *path, int flags, unsigned mode);
int os_file_stat(int fd, const char *path, struct os_file_stat *out);
/* offset < 0: at the position. */
int64_t os_file_read(int fd, void *data, size_t size, int64_t offset);
/* The same of what is in memory; -EAGAIN (or another status) when it is not. */
int64_t os_file_read_cached(int fd, void *data, size_t size, int64_t offset);
int64_t os_file_write(int fd, const void *data, size_t size, int64_t offset);
int os_file_sync(int fd);
int os_file_chmod(int fd, unsigned mode);
int os_file_close(int fd);
int os_file_rename(const char *from, const char *to);
int os_file_unlink(const char *path);

#endif
