/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.h: move every row of a sheet into a table.
 *
 * What to move where has been decided (import.c); here is how it runs.
 */
#ifndef SLUICE_PIPELINE_H
#define SLUICE_PIPELINE_H

#include <runnel/context.h>

#include "load/sink.h"
#include "read/read.h"
#include "report/progress.h"
#include "shape/validate.h"

/* How a method runs; pipeline_pace chooses, options may override. */
struct pace {
    enum load_method method;
    unsigned workers;   /* at most; sessions are opened as they are needed */
    size_t batch_rows;  /* at most */
    size_t batch_bytes; /* at most */
    size_t jobs;        /* batches that may wait for a worker */
    /* Begin with small batches and one worker; another for so many rows. */
    uint64_t grow_rows; /* 0: all workers from the start */
};

/*
 * `bare`: the table has no indexes to keep. `workers` and `batch_rows`: 0 means
 * what is best for the method.
 */
struct pace pipeline_pace(enum load_method method, const struct sink *sink,
                          bool bare, unsigned workers, size_t batch_rows);

struct pipeline {
    struct sheet *sheet; /* after its header */
    struct sink *sink;
    const struct shape *shape;
    struct pace pace;
    /* What an earlier run has settled is passed over; NULL: nothing is. */
    const struct ledger *settled;
    /* Called for every rejected row, in row order; < 0 with *why ends it. */
    int (*on_reject)(void *arg, const struct issue *reject, struct issue *why);
    /* Called about ten times a second; NULL: never. */
    void (*on_progress)(void *arg, const struct progress *now);
    void *arg;
};

struct pipeline_counts {
    uint64_t read;   /* rows of the sheet, without the header */
    uint64_t loaded; /* in the table for good */
    uint64_t rejected;
    uint64_t unknown; /* sent to be committed, not answered */
    uint64_t passed;  /* of those read, settled by an earlier run; the others
                         count these as well */
};

/*
 * Runs until the sheet has ended, something fails, or the context is done. A
 * failure cancels the context: the sink is to wait with it as well.
 * Returns 0 when every row that was read is loaded or rejected; -1 with *why
 * (ISSUE_CANCELED for the context). The counts are exact in either case.
 * Parks; every goroutine it starts has ended when it returns.
 */
int pipeline_run(struct rn_ctx *ctx, const struct pipeline *pipeline,
                 struct pipeline_counts *counts, struct issue *why);

#endif
