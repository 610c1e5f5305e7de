/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logs.c: a pipeline. Read log files, keep the errors, print them in one form.
 *
 *     read_files ── jobs ──▶ filter 1..N ── block->done ─┐
 *         │                                              ▼
 *         └────────────── order ──────────────────▶ print_all ── empty ──▶ back
 *
 * Lines travel in blocks of a megabyte, as many as were made at the start: a
 * slow stage makes the others wait, and memory stays what it is, however long
 * the files are. Look at how the order is kept with several filters: each block
 * goes into two channels, one for whoever is free and one in which the printer
 * waits for them one by one.
 *
 *     logs access.log service.json old.log.gz
 *     journal | logs --least WARN -
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/example.h"
#include "log_block.h"

static const char *least_name = "ERROR";
static int64_t filters;
static bool stats;
static enum log_level least;

struct reader {
    rn_receiver(struct block *) empty;
    rn_sender(struct block *) jobs;
    rn_sender(struct block *) order;
    char **paths;
    int count;
    uint64_t bytes, too_long, failed;
};

/* All lines of an opened file, block by block. */
static int read_blocks(struct rn_ctx *ctx, struct reader *reader,
                       struct log_input *input)
{
    int more = 1;

    while (more > 0) {
        struct block *block;
        int status = rn_recv_ctx(ctx, reader->empty, &block);
        if (status != RN_OK)
            return status;
        more = log_input_lines(ctx, input, block->lines, &block->size);
        rn_send(reader->order, block); /* has room for all blocks */
        rn_send(reader->jobs, block);
    }
    return more;
}

static int read_files(struct rn_ctx *ctx, struct reader **own)
{
    struct reader *reader = *own;

    for (int i = 0; i < reader->count && rn_ctx_err(ctx) == RN_OK; i++) {
        struct log_input input;
        int status = log_input_open(&input, reader->paths[i]);
        if (status == RN_OK) {
            status = read_blocks(ctx, reader, &input);
            reader->bytes += input.bytes;
            reader->too_long += input.too_long;
            log_input_close(&input);
        }
        if (status < 0 && rn_ctx_err(ctx) == RN_OK) {
            reader->failed++;
            example_error("%s: %s", reader->paths[i],
                          status == -EBADMSG ? "broken or cut off gzip"
                                             : rn_status_text(status));
        }
    }
    rn_close(reader->jobs);
    rn_close(reader->order);
    return RN_OK;
}

static int filter(struct rn_ctx *ctx, rn_receiver(struct block *) *jobs)
{
    (void)ctx; /* what was read is also printed */
    rn_range (struct block *, block, *jobs) {
        log_block_filter(block, least);
        rn_send(block->done, true);
    }
    return RN_OK;
}

/* Where a thread may block: standard output may be a pipe that is full. */
static void print_block(void *arg)
{
    struct block *block = arg;

    fwrite(block->kept, 1, block->kept_size, stdout);
    fflush(stdout);
}

struct totals {
    uint64_t lines, kept, bad;
};

static void print_all(struct rn_ctx *ctx, rn_receiver(struct block *) order,
                      rn_sender(struct block *) empty, struct totals *totals)
{
    rn_range (struct block *, block, order) {
        rn_recv(block->done, NULL);
        totals->lines += block->line_count;
        totals->kept += block->kept_count;
        totals->bad += block->bad_count;
        if (block->kept_size > 0 && !ferror(stdout))
            rn_block(print_block, block);
        if (ferror(stdout))
            rn_ctx_cancel(ctx); /* nobody reads on: the reader stops */
        rn_send(empty, block);
    }
}

static void print_stats(const struct reader *reader,
                        const struct totals *totals, int64_t start)
{
    double megabytes = (double)reader->bytes / 1e6;
    double seconds = example_ms_since(start) / 1e3;
    double cpu = (double)clock() / CLOCKS_PER_SEC;

    example_error("%llu lines, %llu kept, %llu not understood; %.0f MB in "
                  "%.2f s: %.0f MB/s, %.0f MB per second of a CPU",
                  (unsigned long long)totals->lines,
                  (unsigned long long)totals->kept,
                  (unsigned long long)totals->bad, megabytes, seconds,
                  megabytes / seconds, megabytes / cpu);
}

static int run(struct rn_ctx *outer, int argc, char **argv)
{
    if (!log_level_of((struct slice){least_name, strlen(least_name)}, &least)) {
        example_error("\"%s\" is not a level", least_name);
        return 2;
    }
    if (filters == 0)
        filters = rn_procs();
    int64_t start = rn_now();
    size_t count = 2 * (size_t)filters + 2, made = 0;
    struct block *blocks = calloc(count, sizeof(*blocks));
    rn_chan(struct block *) empty = rn_chan_make(struct block *, count);
    rn_chan(struct block *) jobs = rn_chan_make(struct block *, count);
    rn_chan(struct block *) order = rn_chan_make(struct block *, count);
    struct rn_ctx *ctx = rn_ctx_with_cancel(outer);
    struct reader reader = {rn_recv_end(empty),
                            rn_send_end(jobs),
                            rn_send_end(order),
                            argv,
                            argc,
                            0,
                            0,
                            0};
    struct totals totals = {0};

    while (blocks && made < count && log_block_make(&blocks[made]))
        rn_send(empty, &blocks[made++]);
    if (made == count) {
        struct rn_group *group = rn_group_make(ctx, 0);
        rn_group_go(group, read_files, &reader);
        for (int64_t i = 0; i < filters; i++)
            rn_group_go(group, filter, rn_recv_end(jobs));
        print_all(ctx, rn_recv_end(order), rn_send_end(empty), &totals);
        rn_group_wait(group);
        totals.bad += reader.too_long;
        totals.lines += reader.too_long;
    } else {
        example_error("not enough memory for %zu blocks", count);
    }
    if (stats)
        print_stats(&reader, &totals, start);
    else if (totals.bad > 0)
        example_error("%llu of %llu lines not understood",
                      (unsigned long long)totals.bad,
                      (unsigned long long)totals.lines);
    for (size_t i = 0; blocks && i < count; i++)
        log_block_free(&blocks[i]);
    free(blocks);
    rn_ctx_release(ctx);
    rn_chan_free(empty);
    rn_chan_free(jobs);
    rn_chan_free(order);
    return made < count || reader.failed > 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"least", "LEVEL", "the least level that is kept", .text = &least_name},
        {"filters", "N", "goroutines that filter; 0: one a CPU",
         .number = &filters, .max = 64},
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
