/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_run.h: runs the import of one job.
 */
#ifndef SLUICE_JOB_RUN_H
#define SLUICE_JOB_RUN_H

#include <runnel/sync.h>

#include "serve/job.h"
#include "serve/store.h"

/* Where a job runs: what whoever keeps the jobs lends it. */
struct job_place {
    struct store *store;
    const char *dsn;
    const char *upload;     /* path of the file */
    const char *rejects;    /* path that the rejected rows are written to */
    uint64_t rejects_bytes; /* that it may have */
    struct table_locks *table_locks; /* of the target */
    const bool *stopping;  /* under the lock: why the context is done */
    struct rn_mutex *lock; /* of what is shown of the job */
    /* Called under the lock: something that is shown has changed. */
    void (*changed)(void *arg, struct job *job);
    void *arg;
};

/*
 * Runs the import to its end and writes that into the store. Returns the state
 * in which it ended. Parks.
 */
enum job_state job_run(struct job *job, const struct job_place *place);

/* Once, before the first job runs. */
void job_metrics_register(void);

#endif
