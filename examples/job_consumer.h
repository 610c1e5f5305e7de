/* SPDX-License-Identifier: Apache-2.0 */
/* job_consumer.h: takes jobs out of the table and does several at once. */
#ifndef JOB_CONSUMER_H
#define JOB_CONSUMER_H

#include "job_table.h"

struct consumer_options {
    const char *database;
    int64_t workers;    /* jobs at once, with a connection each */
    int64_t tries;      /* before a job is a dead letter */
    int64_t backoff_ms; /* after the first failure; doubled by each */
    int64_t poll_ms;    /* how often to look though nobody said anything */
    int64_t work_ms;    /* that a job takes besides */
    bool drain;         /* end when no job is left */
};

struct consumer {
    struct consumer_options options;
    uint64_t done, again, dead; /* jobs, tries that failed, dead letters */
    /* Internal; the lock is for what can change. */
    struct rn_mutex lock;
    struct rn_cond notified;
    uint64_t notices;
};

/*
 * Consumes until the context is done, or with `drain` no job is left. 0; -1
 * after a message: no database, or it is lost. Jobs under way are then taken
 * back. Parks.
 */
int job_consume(struct rn_ctx *ctx, struct consumer *consumer);

#endif
