/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs_internal.h: all jobs, as the files that keep them know each other.
 *
 *     jobs_places.c  targets, folders, and places for looks
 *     jobs_list.c    the list, its lock, and whom a change is told
 *     jobs_ledger.c  what is to be dropped from the targets' ledgers
 *     jobs_keep.c    which of those that ended are kept
 *     jobs_watch.c   watches, and who waits for an end
 *     jobs.c         the queue, and who may run
 *     jobs_open.c    what an earlier program left; the end
 *
 * One lock protects everything that is shared; it is held for moments, never
 * while a file or the store is written. The list holds every job, newest
 * first. Invariants under the lock:
 *
 *  1. A job is in its client's queue if and only if it is JOB_QUEUED and not
 *     busy.
 *  2. `running` counts the goroutines that run a job; each target counts its
 *     own. A job starts when there is a place in both.
 *  3. A job that is live or busy is not removed; its owner alone writes it to
 *     the store (job.h).
 *  4. A job that is awaited or watched is removed on demand only (jobs_remove),
 *     and not for there being too many.
 *  5. `version` grows with every change; a job's is that of its last one. It
 *     grows across restarts as well (store_open), whatever the clock says, and
 *     orders jobs: by when they were made, changed, and ended.
 *  6. Every job is in two lists: newest first by `made`, and in the order of
 *     `version`, so that what changed since one is found at the end.
 */
#ifndef SLUICE_JOBS_INTERNAL_H
#define SLUICE_JOBS_INTERNAL_H

#include <runnel/sync.h>

#include "serve/job_folder.h"
#include "serve/job_queue.h"
#include "serve/jobs_view.h"
#include "serve/store.h"
#include "table_locks.h"

struct place {
    struct job_target target;
    unsigned running;
    unsigned limit; /* 0: none */
    struct table_locks tables;
    struct lines *owed; /* of its ledger, to be dropped */
    bool paying;        /* a goroutine does */
};

struct jobs {
    struct rn_mutex lock;
    struct store *store;
    struct job_folder folder;
    struct place *places;
    size_t place_count;
    struct job_target *targets; /* as jobs_targets shows them */
    unsigned running_max;
    unsigned waiting_max;
    unsigned keep;
    uint64_t rejects_bytes; /* of one job */
    struct upload_spool spool;
    struct rn_semaphore looks; /* places for previews and reports */
    int64_t look_ns;

    struct job *newest;
    struct job *changed_first; /* least recently */
    struct job *changed_last;
    struct job_queue queue;
    unsigned running;
    unsigned waiting;
    uint64_t version;
    uint64_t removals;
    bool stopping;
    struct rn_ctx *ctx; /* of all that run */
    struct rn_waitgroup runners;
    struct jobs_watch *watches;
};

/* --- jobs_places.c -------------------------------------------------------- */

/* Where its upload is; owned, NULL when memory is out. */
char *jobs_upload_path(const struct jobs *jobs, const struct job *job);
/* False, and *index behind the last, when no target bears the name. */
bool jobs_find_place(const struct jobs *jobs, const char *name, size_t *index);

/* --- jobs_list.c ---------------------------------------------------------- */

void jobs_lock(struct jobs *jobs);
void jobs_unlock(struct jobs *jobs);

/* The others of this file under the lock. */
struct job *jobs_find(const struct jobs *jobs, const char *id);
/* Something that is shown has changed: whoever watches is kicked. */
void jobs_changed(struct jobs *jobs, struct job *job);
/* From now on it is found; its version is that of its last change, or a new
 * one. */
void jobs_insert(struct jobs *jobs, struct job *job);
/* Nobody finds the job any more. */
void jobs_unlink(struct jobs *jobs, struct job *job);

/* --- jobs_ledger.c -------------------------------------------------------- */

/* Under the lock: the lines of an import that nobody will run again. */
void jobs_owe_lines(struct jobs *jobs, const char *id, size_t place);
/* Under the lock: drops them, in a goroutine that jobs->runners counts. */
void jobs_pay_lines(struct jobs *jobs, size_t place);
void jobs_forget_lines(struct place *place);

/* --- jobs_keep.c ---------------------------------------------------------- */

/* By the job's owner. Parks: a large file takes time to remove. */
void jobs_remove_upload(struct jobs *jobs, struct job *job);
/* Forgets the oldest of more than are kept. Parks. */
void jobs_prune(struct jobs *jobs);

/* --- jobs.c --------------------------------------------------------------- */

/* Under the lock: the job waits. */
void jobs_enqueue(struct jobs *jobs, struct job *job);
/* Under the lock: starts all that may run. */
void jobs_start_waiting(struct jobs *jobs);
void jobs_register_metrics(struct jobs *jobs);

#endif
