/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h: some rows of a sheet, with all that they need, in one arena.
 *
 * A batch goes from the reader to a worker and back, again and again; whoever
 * received it owns it. It ends at a number of rows or of bytes, whichever comes
 * first: by rows, so that every batch costs the database about the same; by
 * bytes, so that a sheet of long texts does not take all memory.
 */
#ifndef SLUICE_BATCH_H
#define SLUICE_BATCH_H

#include "arena.h"
#include "read/read.h"

struct batch {
    uint64_t sequence;     /* from 0, in the order of the sheet */
    struct arena arena;    /* cells, texts, and what the worker adds */
    struct cell_row *rows; /* count of them; all text lasts as long as this */
    size_t count;
    size_t capacity;
};

/* An empty batch; NULL when memory is out. */
struct batch *batch_new(void);
void batch_free(struct batch *batch); /* NULL is allowed */

/*
 * Empties the batch and fills it from the sheet. 1: filled, there may be more;
 * 0: the sheet has ended (the batch may hold its last rows); -1 with *why: the
 * sheet cannot be read on (the batch holds the rows before).
 */
int batch_fill(struct batch *batch, struct sheet *sheet, size_t max_rows,
               size_t max_bytes, struct issue *why);

#endif
