/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h: one job, as the files that keep, run and show it know it.
 *
 *     store.c     jobs on disk
 *     job_run.c   one import from its start to its end
 *     jobs.c      the queue, and who may run (jobs_internal.h: and beside it)
 *     job_json.c  jobs as clients see them
 *
 * Who may write: what the client asked for never changes. `state`, `attempt`
 * and all below "shown" change under the lock of jobs_internal.h. While a job
 * is live or `busy`, one goroutine owns it (whoever submits, runs, cancels or
 * retries it): the owner alone writes it to the store, and so may read it
 * without the lock.
 */
#ifndef SLUICE_JOB_H
#define SLUICE_JOB_H

#include "serve/jobs.h"

/* The first rejects are shown while the import runs. */
#define JOB_SAMPLES 20

struct job {
    char id[JOB_ID_SIZE];
    int64_t created_ms; /* since 1970; 0: not yet */
    int64_t started_ms;
    int64_t ended_ms;

    /* What the client asked for; NULL and 0: sluice chooses. */
    char *client;
    char *name;
    uint64_t size;
    char *target; /* its name */
    char *table;
    char *sheet;
    char *preset;
    char separator;
    char **maps;
    size_t map_count;
    bool has_method;
    enum load_method method;

    enum job_state state;
    unsigned attempt; /* from 1 */

    /*
     * What orders jobs: versions (jobs_internal.h), which never go back, as a
     * clock can. `ended` is 0 while it is live, and after a crash until it is
     * known.
     */
    uint64_t made;
    uint64_t ended;

    /* Shown. */
    uint64_t version; /* of the last change */
    struct progress progress;
    uint64_t by_code[ISSUE_REFUSED + 1]; /* rejects by their reason */
    struct issue *samples;               /* JOB_SAMPLES of them, or NULL */
    size_t sample_count;
    bool has_result; /* the figures below mean something */
    uint64_t total;
    uint64_t success;
    uint64_t errors;
    uint64_t unsettled;
    uint64_t resumed;
    int64_t duration;
    char *label;       /* the target without its password; NULL: not yet */
    char *sheet_shown; /* that was read; NULL: not yet */
    struct issue error;

    /* jobs_internal.h's own. */
    size_t target_index;
    uint64_t spooled;   /* bytes that its upload counts in the spool */
    bool busy;          /* being written, by its owner */
    bool owes_lines;    /* it succeeded, and its ledger was not dropped */
    bool cancel;        /* somebody asked for it */
    bool awaited;       /* jobs_wait is still to come */
    struct rn_ctx *ctx; /* of the running import */
    struct job *next;   /* newer before older */
    struct job *changed_before; /* in the order of versions */
    struct job *changed_after;
    struct job *next_waiting; /* of the same client */
    struct job *next_turn;    /* the next client's first */
};

struct job *job_new(void);
void job_free(struct job *job); /* NULL is allowed */

/*
 * What the request asks for, under a new name, busy; NULL when memory is out.
 * `target` is the name of a target.
 */
struct job *job_make(const struct job_request *request, const char *target);

/* Sets every figure to what it is before the first row. */
void job_reset(struct job *job);

/* What an import that has ended says; false when memory is out. */
bool job_take_result(struct job *job, const struct import_result *result);

/* Takes the first rejects from the file that keeps them, if it can. */
void job_read_samples(struct job *job, const char *path);

int64_t job_now_ms(void);

#endif
