/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_block.h: many lines that travel together, and what is kept of them.
 */
#ifndef LOG_BLOCK_H
#define LOG_BLOCK_H

#include <runnel/runnel.h>

#include "log_input.h"
#include "log_line.h"

struct block {
    char *lines; /* LOG_LINES_SIZE */
    size_t size;
    char *kept; /* what they became; twice the size always is enough */
    size_t kept_size;
    uint64_t line_count, kept_count, bad_count;
    rn_chan(bool) done; /* says that it was filtered; capacity 1 */
};

/* False without memory; log_block_free in both cases. */
bool log_block_make(struct block *block);
void log_block_free(struct block *block);

/* Keeps the lines of a level and above as "[time] LEVEL: message". */
void log_block_filter(struct block *block, enum log_level least);

#endif
