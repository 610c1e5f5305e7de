/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logs.c: a pipeline. Read log files, keep the errors, print them in one form.
 *
 *     log_reader ─ read ──▶ filter 1..N ── kept, in order ──▶ print_block
 *         ▲                                                       │
 *         └────────────────────── empty ──────────────────────────┘
 *
 * Lines travel in blocks of a megabyte, as many as were made at the start: a
 * slow stage makes the others wait, and memory stays what it is, however long
 * the files are. Look at filter_all: a source, a pool of filters that keeps the
 * order, and the loop that prints; a stage is a function of one value, and who
 * is free takes the next.
 *
 *     logs access.log service.json old.log.gz
 *     journal | logs --least WARN -
 */
#include <stdio.h>
#include <string.h>

#include "common/example.h"
#include "log_reader.h"

static const char *least_name = "ERROR";
static int64_t filters;
static bool stats;
static enum log_level least;

static int filter(struct rn_ctx *ctx, void *state, struct block **read,
                  struct block **kept)
{
    (void)ctx;
    (void)state;
    log_block_filter(*read, least);
    *kept = *read;
    return RN_OK;
}

/* Where a thread may block: standard output may be a pipe that is full. */
static void print_block(void *arg)
{
    struct block *block = arg;

    fwrite(block->kept, 1, block->kept_size, stdout);
    fflush(stdout);
}

static void filter_all(struct rn_ctx *ctx, struct log_reader *reader,
                       struct log_totals *totals)
{
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(struct block *) read = rn_group_chan(group, struct block *, 1);
    rn_chan(struct block *) kept = rn_group_chan(group, struct block *, 1);

    rn_source(group, read, log_reader_next, reader);
    rn_pool_map_ordered(group, (size_t)filters, read, kept, filter, NULL);
    rn_range (struct block *, block, kept) {
        log_totals_add(totals, block);
        if (block->kept_size > 0 && !ferror(stdout))
            rn_block(print_block, block);
        if (ferror(stdout)) /* nobody reads on: the reader stops */
            rn_ctx_cancel(rn_group_ctx(group));
        rn_send(reader->empty, block);
    }
    rn_group_wait(group);
    log_reader_close(ctx, reader);
    totals->bad += reader->too_long;
    totals->lines += reader->too_long;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    if (!log_level_of((struct slice){least_name, strlen(least_name)}, &least)) {
        example_error("\"%s\" is not a level", least_name);
        return 2;
    }
    if (filters == 0)
        filters = rn_procs();
    int64_t start = rn_now();
    size_t count = 2 * (size_t)filters + 2;
    struct block *blocks = log_blocks_make(count);
    struct log_reader reader = {.empty = rn_chan_make(struct block *, count),
                                .paths = argv};
    struct log_totals totals = {0};

    for (size_t i = 0; blocks && i < count; i++)
        rn_send(reader.empty, &blocks[i]);
    if (blocks)
        filter_all(ctx, &reader, &totals);
    else
        example_error("not enough memory for %zu blocks", count);
    if (stats)
        log_totals_print(&totals, reader.bytes, start);
    else if (totals.bad > 0)
        example_error("%llu of %llu lines not understood",
                      (unsigned long long)totals.bad,
                      (unsigned long long)totals.lines);
    rn_chan_free(reader.empty);
    log_blocks_free(blocks, count);
    return !blocks || reader.failed > 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"least", "LEVEL", "the least level that is kept", .text = &least_name},
        {"filters", "N", "goroutines that filter; 0: one a CPU",
         .number = &filters, 0, 64},
        {"stats", NULL, "how much, how fast, on standard error",
         .flag = &stats},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){
            .usage = "[--least LEVEL] [--stats] FILE...",
            .about = "Keeps the errors of log files in common or JSON format,\n"
                     "plain or gzip; - is standard input.",
            .options = options,
            .min_arguments = 1,
            .max_arguments = -1,
            .run = run});
}
