/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: jobs on disk, in a SQLite file with one writer.
 *
 * A job is one record: what orders it as columns, the rest as a JSON object
 * that only this program reads. Every call runs where it may block, and has
 * reached the disk when it returns. Calls may come from any goroutine; they
 * take turns.
 */
#ifndef SLUICE_STORE_H
#define SLUICE_STORE_H

#include "serve/job.h"

struct store;

/*
 * -1 with *why: cannot be opened, or another program has it open. *version is
 * above every one that an earlier program used, of which each record bears one
 * and there are VERSIONS_A_START at most beside.
 */
#define VERSIONS_A_START (INT64_C(1) << 32)
int store_open(struct store **store, const char *path, uint64_t *version,
               struct issue *why);
void store_close(struct store *store); /* NULL is allowed */

/*
 * Keeps the job as it is now, but in `state`; replaces what was there. 0, or -1
 * with *why.
 */
int store_put(struct store *store, const struct job *job, enum job_state state,
              struct issue *why);
int store_delete(struct store *store, const struct job *job, struct issue *why);

/*
 * An import that has succeeded, or is deleted after it began, may have lines in
 * its target's ledger: with the record it is written that they are to be
 * dropped, and here that they were, which need not reach the disk at once.
 */
void store_lines_dropped(struct store *store, const char *id);
/* Those whose lines are to be dropped. -1 with *why. */
int store_load_lines(struct store *store,
                     void (*give)(void *arg, const char *id,
                                  const char *target),
                     void *arg, struct issue *why);

/*
 * Every job, oldest first, given to the callback; a record that cannot be
 * understood is logged and passed over. -1 with *why when the list cannot be
 * read.
 */
int store_load(struct store *store, void (*give)(void *arg, struct job *job),
               void *arg, struct issue *why);

#endif
