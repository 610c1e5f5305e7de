/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h: how far an import is, as one line for a terminal.
 *
 *     12,000 rows, 48,210 rows/s, 31 %, 4 s left
 */
#ifndef SLUICE_PROGRESS_H
#define SLUICE_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
    uint64_t rows;     /* settled so far: loaded or rejected */
    uint64_t rejected; /* of these */
    uint64_t position; /* bytes of the file that were read */
    uint64_t size;     /* bytes in all; 0: not known */
    int64_t elapsed;   /* nanoseconds */
};

#define PROGRESS_LINE_MAX 128

/* Writes the line, terminated, without a line feed; returns its length. */
size_t progress_line(const struct progress *now, char out[PROGRESS_LINE_MAX]);

#endif
