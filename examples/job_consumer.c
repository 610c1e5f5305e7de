/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_consumer.c: workers with a connection each, and one that listens.
 *
 * A notice that comes between a look at the table and the wait is not lost: the
 * number of notices is taken before the look.
 */
#include "job_consumer.h"

#include <stdio.h>
#include <string.h>

#include "common/example.h"

static void add_one(struct consumer *consumer, uint64_t *number)
{
    rn_mutex_lock(&consumer->lock);
    ++*number;
    rn_mutex_unlock(&consumer->lock);
}

/* A job that was claimed, to the end of its transaction; 0 or negative. */
static int work(struct rn_ctx *ctx, struct pg_go *pg, const struct job *job,
                struct consumer *consumer)
{
    const struct rn_backoff backoff = {.first_ns =
                                           consumer->options.backoff_ms * RN_MS,
                                       .max_ns = 3600 * RN_S,
                                       .jitter = 0.5};
    char why[PG_GO_ERROR_MAX];

    /* As if somebody else had to be asked; called off, it is not done. */
    int status = example_sleep(ctx, consumer->options.work_ms * RN_MS);
    if (status != RN_OK)
        return status;
    status = job_work(pg, job);
    if (status == 0) {
        status = job_finish(pg, job);
        if (status == 0)
            add_one(consumer, &consumer->done);
        return status;
    }
    if (status < 0)
        return status;
    strcpy(why, pg->error);
    int64_t failed = job->failed + 1;
    bool bury = failed >= consumer->options.tries;
    int64_t ms = rn_backoff_ns(&backoff, (unsigned)failed) / RN_MS;
    status = bury ? job_bury(pg, job, why) : job_again(pg, job, why, ms);
    if (status == 0) {
        printf("job %lld, try %lld: %s%s\n", (long long)job->number,
               (long long)failed, why, bury ? ", a dead letter now" : "");
        add_one(consumer, bury ? &consumer->dead : &consumer->again);
    }
    return status;
}

/* Until there may be something to do. */
static void wait_for_notice(struct rn_ctx *ctx, struct consumer *consumer,
                            uint64_t seen, int64_t ms)
{
    struct rn_ctx *until = rn_ctx_with_timeout(ctx, ms * RN_MS);

    rn_mutex_lock(&consumer->lock);
    while (consumer->notices == seen &&
           rn_cond_wait_ctx(until, &consumer->notified, &consumer->lock) ==
               RN_OK)
        ;
    rn_mutex_unlock(&consumer->lock);
    rn_ctx_release(until);
}

static int consume_all(struct rn_ctx *ctx, struct consumer *consumer,
                       struct pg_go *pg)
{
    struct job job;
    int64_t jobs, due_ms;

    while (rn_ctx_err(ctx) == RN_OK) {
        rn_mutex_lock(&consumer->lock);
        uint64_t seen = consumer->notices; /* before the look, or one is lost */
        rn_mutex_unlock(&consumer->lock);
        int found = job_claim(pg, &job);
        int status = found < 0   ? found
                     : found > 0 ? work(ctx, pg, &job, consumer)
                                 : job_next(pg, &jobs, &due_ms);
        if (status < 0)
            return status;
        if (found == 0 && consumer->options.drain && jobs == 0)
            return RN_CANCELED; /* for the others, too */
        if (found == 0)
            wait_for_notice(ctx, consumer, seen,
                            due_ms >= 0 && due_ms < consumer->options.poll_ms
                                ? due_ms
                                : consumer->options.poll_ms);
    }
    return RN_OK;
}

static int consume(struct rn_ctx *ctx, struct consumer **own)
{
    struct pg_go pg;
    int status = pg_go_open(&pg, (*own)->options.database);

    if (status == 0)
        status = consume_all(ctx, *own, &pg);
    if (status == -1)
        example_error("%s", pg.error);
    pg_go_close(&pg);
    return status;
}

/* Passes notices on. */
static int listen_all(struct rn_ctx *ctx, struct consumer **own)
{
    struct consumer *consumer = *own;
    struct pg_go pg;
    int status = pg_go_open(&pg, (*own)->options.database);

    if (status == 0)
        status = job_table_listen(&pg);
    while (status == 0) {
        add_one(consumer, &consumer->notices);
        rn_cond_broadcast(&consumer->notified);
        status = pg_go_notified(ctx, &pg);
    }
    if (status == -1)
        example_error("%s", pg.error);
    pg_go_close(&pg);
    return status == -1 ? -1 : RN_OK;
}

int job_consume(struct rn_ctx *ctx, struct consumer *consumer)
{
    struct rn_group *group = rn_group_make(ctx, 0);

    rn_group_go(group, listen_all, consumer);
    for (int64_t i = 0; i < consumer->options.workers; i++)
        rn_group_go(group, consume, consumer);
    return rn_group_wait(group) == -1 ? -1 : 0;
}
