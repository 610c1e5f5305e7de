/* SPDX-License-Identifier: Apache-2.0 */
/* log_block.c: the work of the pipeline, without the pipeline. */
#include "log_block.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/example.h"

void log_blocks_free(struct block *blocks, size_t count)
{
    for (size_t i = 0; blocks && i < count; i++) {
        free(blocks[i].lines);
        free(blocks[i].kept);
    }
    free(blocks);
}

struct block *log_blocks_make(size_t count)
{
    struct block *blocks = calloc(count, sizeof(*blocks));

    for (size_t i = 0; blocks && i < count; i++) {
        blocks[i].lines = malloc(LINE_INPUT_SIZE + 1);
        blocks[i].kept = malloc(2 * LINE_INPUT_SIZE + 2);
        if (!blocks[i].lines || !blocks[i].kept) {
            log_blocks_free(blocks, count);
            blocks = NULL;
        }
    }
    return blocks;
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

void log_totals_add(struct log_totals *totals, const struct block *block)
{
    totals->lines += block->line_count;
    totals->kept += block->kept_count;
    totals->bad += block->bad_count;
}

void log_totals_print(const struct log_totals *totals, uint64_t bytes,
                      int64_t start)
{
    double megabytes = (double)bytes / 1e6;
    double seconds = example_ms_since(start) / 1e3;
    double cpu = (double)clock() / CLOCKS_PER_SEC;

    example_error("%llu lines, %llu kept, %llu not understood; %.0f MB in "
                  "%.2f s: %.0f MB/s, %.0f MB per second of a CPU",
                  (unsigned long long)totals->lines,
                  (unsigned long long)totals->kept,
                  (unsigned long long)totals->bad, megabytes, seconds,
                  megabytes / seconds, megabytes / cpu);
}
