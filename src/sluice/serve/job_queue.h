/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_queue.h: jobs that wait, fair to their clients.
 *
 * Clients take turns: the one that was served goes to the end of the ring, so
 * that a thousand files of one do not stand before the single one of another.
 * Each client's own jobs keep their order.
 *
 * The caller's lock protects it. Jobs are borrowed while they wait.
 */
#ifndef SLUICE_JOB_QUEUE_H
#define SLUICE_JOB_QUEUE_H

#include "serve/job.h"

struct job_queue {
    struct job *turns; /* the first job of each client that has one */
};

/* Appends the job to its client's. */
void job_queue_add(struct job_queue *queue, struct job *job);

/* Takes out a job that waits. */
void job_queue_remove(struct job_queue *queue, struct job *job);

/*
 * Takes out the next that may run: the first client's whose turn it is and
 * that has one. NULL: none may.
 */
struct job *job_queue_take(struct job_queue *queue,
                           bool (*may_run)(void *arg, const struct job *job),
                           void *arg);

#endif
