/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line_input.h: the lines of a file, many at a time, unpacked when it is gzip;
 * a plain file is read where a thread may block, a pipe or terminal is
 * waited for.
 */
#ifndef LINE_INPUT_H
#define LINE_INPUT_H

#include <runnel/runnel.h>
#include <zlib.h>

struct line_input {
    int fd;
    bool polls;         /* a pipe: wait for it, do not block */
    bool begun;         /* the first bytes have told what it is */
    bool packed;        /* gzip, told by its first bytes and not by its name */
    bool inside;        /* a gzip member has begun and not ended */
    unsigned char *raw; /* as read; `held` bytes from `next` are left */
    unsigned char *next;
    size_t held;
    z_stream stream;
    char *rest; /* of the line that the last lines ended in */
    size_t rest_size;
    bool skipping;     /* inside a line that is too long */
    uint64_t bytes;    /* read so far, unpacked */
    uint64_t too_long; /* lines that were skipped */
};

/* What lines are read into; a longer line is skipped. */
#define LINE_INPUT_SIZE ((size_t)1024 * 1024)

/* "-" is standard input. RN_OK or a negative status; close it only if opened.*/
int line_input_open(struct line_input *input, const char *path);

/*
 * Reads whole lines, each with its line end, into LINE_INPUT_SIZE bytes; as many
 * as there are now when it is a pipe. Parks. Their bytes in *size; 1, or 0
 * after the last of them (*size may be 0 or not in both cases), the context's
 * status, or another: -EBADMSG for gzip that is broken or cut off.
 */
int line_input_lines(struct rn_ctx *ctx, struct line_input *input, char *lines,
                     size_t *size);

void line_input_close(struct line_input *input);

#endif
