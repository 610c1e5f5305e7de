/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.c: maps files. */
#include "read/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct issue *why, const char *what)
{
    int error = errno;
    char text[128];

    return issue_set(why, error == ENOENT ? ISSUE_NOT_FOUND : ISSUE_IO,
                     "cannot be %s: %s", what,
                     strerror_r(error, text, sizeof(text)));
}

int bytes_map(struct mapped_file *file, const char *path, struct issue *why)
{
    struct stat st;
    void *ptr = NULL;
    int result = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return fail(why, "opened");
    if (fstat(fd, &st) < 0) {
        fail(why, "read");
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        issue_set(why, ISSUE_IO, "is not a regular file");
        goto out;
    }
    if (st.st_size > 0)
        ptr = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (ptr == MAP_FAILED) {
        fail(why, "mapped");
        goto out;
    }
    *file = (struct mapped_file){.ptr = ptr, .len = (size_t)st.st_size};
    result = 0;
out:
    close(fd);
    return result;
}

void bytes_unmap(struct mapped_file *file)
{
    if (file->len > 0)
        munmap((void *)file->ptr, file->len);
    *file = (struct mapped_file){0};
}

void bytes_forget(const struct mapped_file *file, size_t from, size_t to)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t start = (from + page - 1) / page * page;
    size_t end = to / page * page;

    if (start < end && end <= file->len)
        madvise((void *)(file->ptr + start), end - start, MADV_DONTNEED);
}
