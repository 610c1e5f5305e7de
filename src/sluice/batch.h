/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h: some rows of a sheet, with all that they need, in one arena.
 *
 * A batch goes from the reader to a worker and back, again and again; whoever
 * received it owns it. It ends at a number of rows or of bytes, whichever comes
 * first: by rows, so that every batch costs the database about the same; by
 * bytes, so that a sheet of long texts does not take all memory.
 *
 * Rows that the ledger calls settled are passed over. A batch ends where such
 * rows begin, so that what it settles itself is again one run of rows.
 */
#ifndef SLUICE_BATCH_H
#define SLUICE_BATCH_H

#include "arena.h"
#include "load/ledger.h"
#include "read/read.h"

/* Ranges with rejects that one batch passes over at most. */
#define BATCH_PASSED_MAX 8

struct batch {
    uint64_t sequence;     /* from 0, in the order of the sheet */
    struct arena arena;    /* cells, texts, and what the worker adds */
    struct cell_row *rows; /* count of them; all text lasts as long as this */
    size_t count;
    size_t capacity;
    /* What was passed over while it was filled. */
    uint64_t passed_rows;
    uint64_t passed_loaded; /* of ranges that are not listed below */
    const struct ledger_range *passed[BATCH_PASSED_MAX];
    size_t passed_count;
};

/* An empty batch; NULL when memory is out. */
struct batch *batch_new(void);
void batch_free(struct batch *batch); /* NULL is allowed */

/*
 * Empties the batch and fills it from the sheet. 1: filled, there may be more;
 * 0: the sheet has ended (the batch may hold its last rows); -1 with *why: the
 * sheet cannot be read on (the batch holds the rows before).
 */
int batch_fill(struct batch *batch, struct sheet *sheet,
               struct ledger_cursor *settled, size_t max_rows, size_t max_bytes,
               struct issue *why);

#endif
