/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_reader.h: the beginning of a pipeline: files, one after the other, become
 * blocks of lines. A file that cannot be read is named, and the rest goes on.
 */
#ifndef LOG_READER_H
#define LOG_READER_H

#include "log_block.h"

struct log_reader {
    rn_chan(struct block *) empty;
    char **paths; /* the next one; NULL after the last */
    bool opened;
    struct line_input input;
    uint64_t bytes, too_long, failed;
};

/* A function for rn_source: the next block, from those that are empty. */
int log_reader_next(struct rn_ctx *ctx, struct log_reader *reader,
                    struct block **block);

/* After the source has ended, however it did. */
void log_reader_close(struct rn_ctx *ctx, struct log_reader *reader);

#endif
