/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole_file.h: a file at once, in memory; only the goroutine waits for the
 * disk.
 */
#ifndef WHOLE_FILE_H
#define WHOLE_FILE_H

#include <stddef.h>

struct whole_file {
    unsigned char *data; /* for free; a NUL follows the bytes */
    size_t size;
};

/* A gigabyte at most (-EFBIG). RN_OK or a negative status. Parks. */
int whole_file_read(const char *path, struct whole_file *out);

/*
 * Writes beside it and renames, so that path is the old file or the new one,
 * whatever happens. RN_OK or a negative status. Parks.
 */
int whole_file_write(const char *path, const struct whole_file *file);

#endif
