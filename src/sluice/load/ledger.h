/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.h: which rows of an import are settled for good.
 *
 * A ledger is a table of the target database, sluice_ledger. Whoever loads
 * rows of an import that has a name writes, in the transaction that commits
 * them, which rows of the sheet these were and which of them were refused:
 *
 *     import | first | last | loaded | rejects
 *
 * So a batch is in the table if and only if its line is in the ledger, whatever
 * dies and whenever: a second run of the same import passes over the rows that
 * are settled, and reports what was refused among them as the first run did.
 * The rows from `first` to `last` are loaded or refused, every one of them.
 * What was refused outside of such a range is found again when it is read
 * again.
 *
 * A session of a database can outlive the program that it worked for. Opening
 * the ledger ends those of an earlier run, so that what is not in it then will
 * never be in the table.
 *
 * The lines of an import are dropped when its result is known to whoever could
 * run it again.
 */
#ifndef SLUICE_LEDGER_H
#define SLUICE_LEDGER_H

#include "issue.h"

#define LEDGER_TABLE "sluice_ledger"

struct load_outcome;
struct outbuf;

struct ledger_range {
    uint64_t first;
    uint64_t last;
    uint64_t loaded;
    char *rejects; /* lines (issueline.h); NULL when nothing was refused */
};

/* What an earlier run settled: ranges in ascending order, not overlapping. */
struct ledger {
    struct ledger_range *ranges;
    size_t count;
    size_t capacity;
};

/* Appends a copy; false when memory is out. */
bool ledger_add(struct ledger *ledger, uint64_t first, uint64_t last,
                uint64_t loaded, const char *rejects);
void ledger_clear(struct ledger *ledger);

/* A walk through the rows of a sheet, in their order. */
struct ledger_cursor {
    const struct ledger *ledger; /* NULL: nothing is settled */
    size_t at;                   /* the next range, or the one that we are in */
    bool inside;
};

/*
 * Is the row settled? *entered is the range that begins with it, otherwise
 * NULL.
 */
bool ledger_covers(struct ledger_cursor *cursor, uint64_t row,
                   const struct ledger_range **entered);

/*
 * Adds what a range's lines say to the outcome. False when memory is out or a
 * line cannot be read.
 */
bool ledger_recall(const struct ledger_range *range,
                   struct load_outcome *outcome);

/*
 * Writes the lines of those rejects whose row lies in [first, last]; a failed
 * buffer tells that memory is out.
 */
void ledger_write_rejects(struct outbuf *out,
                          const struct load_outcome *outcome, uint64_t first,
                          uint64_t last);

#endif
