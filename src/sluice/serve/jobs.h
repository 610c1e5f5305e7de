/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.h: imports that wait, run, end, and are remembered.
 *
 * A job is one import: an uploaded file, options, a target, and whoever asked
 * for it. Jobs wait in a queue that is fair per client, run a few at a time,
 * and are kept with their results in a state directory:
 *
 *     STATE/jobs.sqlite      every job, its options and its result
 *     STATE/spool/ID         the upload, until the job has ended well
 *     STATE/rejects/ID       its rejected rows
 *
 *                submit            a place is free            all rows settled
 *        ────────────▶ queued ───────────────▶ running ─────────▶ succeeded
 *                       ▲  │ cancel               │ │
 *                 retry │  ▼                      │ └─ an error ─▶ failed
 *                     canceled ◀── cancel ────────┤
 *                                                 └─ the program ends ─▶
 *                                                              interrupted
 *
 * failed, canceled and interrupted jobs can be retried: every batch wrote into
 * the target's ledger (load/ledger.h) as it was committed, so that a retry
 * loads what is missing and nothing twice.
 *
 *     struct jobs *jobs;
 *     if (jobs_open(&jobs, &options, &why) < 0) ...
 *     char id[JOB_ID_SIZE];
 *     if (jobs_submit(jobs, &request, id, &why) == JOBS_OK)
 *         jobs_wait(ctx, jobs, id, &outcome);
 *     jobs_stop(jobs);
 *     jobs_close(jobs);
 *
 * Goroutines of any worker may call everything here; calls park while another
 * one changes the jobs or the state directory is written. Imports run libpq
 * and libxlsxwriter on goroutines of the usual stack size: start the runtime
 * with .stack_size = JOBS_STACK or more.
 */
#ifndef SLUICE_JOBS_H
#define SLUICE_JOBS_H

#include <runnel/context.h>

#include "import.h"
#include "serve/upload.h"

#define JOBS_STACK   ((size_t)256 * 1024)
#define JOB_ID_SIZE  33 /* 32 hexadecimal digits and the end */
#define JOB_TEXT_MAX 256

enum job_state {
    JOB_QUEUED,
    JOB_RUNNING,
    JOB_SUCCEEDED, /* every row is loaded or rejected */
    JOB_FAILED,
    JOB_CANCELED,
    JOB_INTERRUPTED /* the program ended before the job did */
};
#define JOB_STATES 6

/* "queued", ... */
const char *job_state_name(enum job_state state);
/* It waits or runs: more will come. */
bool job_state_is_live(enum job_state state);

enum jobs_status {
    JOBS_OK = 0,
    JOBS_NOT_FOUND = -1, /* no job, or no target, of that name */
    JOBS_FULL = -2,      /* the queue's bound is met: try later */
    JOBS_WRONG = -3,     /* not in this state */
    JOBS_STOPPING = -4,  /* nothing new starts */
    JOBS_FAILED = -5     /* *why says */
};

struct job_target {
    const char *name; /* what clients say */
    const char *dsn;  /* what only the server knows */
};

/* Borrowed for the call of jobs_open, which copies. */
struct jobs_options {
    const char *state; /* directory; made when missing, mode 0700 */
    const struct job_target *targets; /* the first is the default */
    size_t target_count;
    unsigned running;     /* imports at once; 0: JOBS_RUNNING */
    unsigned waiting;     /* in the queue at most; 0: JOBS_WAITING */
    unsigned keep;        /* the last that ended; 0: JOBS_KEPT */
    unsigned uploads;     /* received at once; 0: UPLOADS_AT_ONCE */
    unsigned looks;       /* previews and reports made at once; 0: JOBS_LOOKS */
    int64_t look_ns;      /* that a preview may take; 0: JOBS_LOOK_NS */
    uint64_t spool_bytes; /* of uploads at once; 0: JOBS_SPOOL_BYTES */
    uint64_t rejects_bytes; /* of one import; 0: JOBS_REJECTS_BYTES */
};
#define JOBS_RUNNING       4
#define JOBS_WAITING       1000
#define JOBS_KEPT          1000 /* a page shows hundreds */
#define JOBS_LOOKS         4
#define JOBS_LOOK_NS       (30 * RN_S)
#define JOBS_SPOOL_BYTES   (UINT64_C(32) << 30) /* 64 of the largest */
#define JOBS_REJECTS_BYTES (UINT64_C(1) << 30)  /* millions of rows */

struct jobs;

/*
 * Opens the state directory (one program at a time), shows jobs that an
 * earlier program left running as interrupted, starts those that waited, and
 * removes uploads that belong to no job. -1 with *why. Parks.
 */
int jobs_open(struct jobs **jobs, const struct jobs_options *options,
              struct issue *why);
/*
 * Starts no more, calls off what runs, and returns when that has ended: as
 * interrupted, with every committed row in the ledger. Parks.
 */
void jobs_stop(struct jobs *jobs);
/* After jobs_stop, when nobody calls any more. */
void jobs_close(struct jobs *jobs);

/* Where upload_receive is to put what it receives; borrowed. */
struct upload_spool *jobs_spool(struct jobs *jobs);

/* Borrowed for the call of jobs_submit, which copies. NULL and 0: choose. */
struct job_request {
    const char *client;    /* who is served in turn with others */
    struct upload *upload; /* received into jobs_spool */
    const char *target;    /* name of a target */
    const char *table;
    const char *sheet;
    const char *preset;
    char separator;
    const char *const *maps; /* as import_options has them */
    size_t map_count;
    bool has_method;
    enum load_method method;
    bool awaited; /* jobs_wait will be called: its result is kept until then */
};

/*
 * Queues an import. JOBS_OK: the job and its upload are on disk, and `id` is
 * its name. Otherwise nothing is kept: JOBS_FULL, JOBS_NOT_FOUND (the target),
 * JOBS_STOPPING, JOBS_FAILED with *why. Clearing the upload is the caller's in
 * any case. Parks.
 */
int jobs_submit(struct jobs *jobs, const struct job_request *request,
                char id[JOB_ID_SIZE], struct issue *why);

/* How a job ended, for whoever waited. */
struct job_outcome {
    enum job_state state;
    enum load_method method;
    uint64_t total;
    uint64_t success;
    uint64_t errors;
    int64_t duration;   /* nanoseconds */
    struct issue error; /* code ISSUE_NONE when it succeeded */
};

/*
 * Parks until the job has ended: JOBS_OK with *outcome, JOBS_NOT_FOUND (also
 * when it is removed meanwhile), or RN_CANCELED or RN_TIMEOUT of the context:
 * the job goes on.
 */
int jobs_wait(struct rn_ctx *ctx, struct jobs *jobs, const char *id,
              struct job_outcome *outcome);

/*
 * Cancels a job that waits or runs; of one that has ended, removes all that is
 * kept. JOBS_OK, JOBS_NOT_FOUND. Returns before a running import has ended.
 */
int jobs_cancel(struct jobs *jobs, const char *id);
int jobs_remove(struct jobs *jobs, const char *id); /* JOBS_WRONG: is live */
/* JOBS_OK, JOBS_NOT_FOUND, JOBS_WRONG, JOBS_FULL, JOBS_STOPPING. */
int jobs_retry(struct jobs *jobs, const char *id);

#endif
