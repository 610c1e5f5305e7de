/* SPDX-License-Identifier: Apache-2.0 */
/* log_block.c: the work of the pipeline, without the pipeline. */
#include "log_block.h"

#include <stdlib.h>
#include <string.h>

bool log_block_make(struct block *block)
{
    block->lines = malloc(LOG_LINES_SIZE + 1);
    block->kept = malloc(2 * LOG_LINES_SIZE + 2);
    block->done = rn_chan_make(bool, 1);
    return block->lines && block->kept;
}

void log_block_free(struct block *block)
{
    free(block->lines);
    free(block->kept);
    rn_chan_free(block->done);
}

/* "[time] LEVEL: message" at `to`, and where it ends. */
static char *format(char *to, const struct log_line *line)
{
    *to++ = '[';
    to = mempcpy(to, line->time.text, line->time.size);
    to = stpcpy(stpcpy(to, "] "), log_level_name(line->level));
    to = mempcpy(stpcpy(to, ": "), line->message.text, line->message.size);
    if (line->status.size > 0)
        to = mempcpy(stpcpy(to, " -> "), line->status.text, line->status.size);
    *to++ = '\n';
    return to;
}

void log_block_filter(struct block *block, enum log_level least)
{
    const char *at = block->lines;
    const char *end = at + block->size;
    char *to = block->kept;

    block->line_count = block->kept_count = block->bad_count = 0;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        struct log_line line;
        block->line_count++;
        if (!log_line_parse(at, (size_t)(line_end - at), &line)) {
            block->bad_count++;
        } else if (line.level >= least) {
            to = format(to, &line);
            block->kept_count++;
        }
        at = line_end + 1;
    }
    block->kept_size = (size_t)(to - block->kept);
}
