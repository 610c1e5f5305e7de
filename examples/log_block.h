/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_block.h: many lines that travel together, and what is kept of them.
 */
#ifndef LOG_BLOCK_H
#define LOG_BLOCK_H

#include "common/line_input.h"
#include "log_line.h"

struct block {
    char *lines; /* LINE_INPUT_SIZE */
    size_t size;
    char *kept; /* what they became; twice the size always is enough */
    size_t kept_size;
    uint64_t line_count, kept_count, bad_count;
};

/* NULL without memory. */
struct block *log_blocks_make(size_t count);
void log_blocks_free(struct block *blocks, size_t count); /* or NULL */

/* Keeps the lines of a level and above as "[time] LEVEL: message". */
void log_block_filter(struct block *block, enum log_level least);

struct log_totals {
    uint64_t lines, kept, bad;
};

void log_totals_add(struct log_totals *totals, const struct block *block);
/* How much it was, and how fast, on standard error. */
void log_totals_print(const struct log_totals *totals, uint64_t bytes,
                      int64_t start);

#endif
