/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_cancel.c: stop what runs, and learn what became of a transaction.
 *
 * Both run in the offload with waits of their own (env == NULL): an import that
 * was canceled can no longer wait, and yet must say exactly what is in the
 * table.
 *
 * libpq 15 cancels over a connection of its own, blocking and without a time
 * limit; a postmaster that is stopped holds it for ever. So it gets a thread,
 * which is left behind when it does not come back in time.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load/pg.h"

#define NSECS_PER_SECOND  INT64_C(1000000000)
#define NSECS_PER_MSECOND INT64_C(1000000)

#define CANCEL_AGAIN_NS (200 * NSECS_PER_MSECOND)

/* Shared by the thread and the one who waits for it; the last one frees. */
struct canceler {
    PGcancel *cancel;
    sem_t done;
    atomic_int owners;
};

static void canceler_release(struct canceler *c)
{
    /* acq_rel: the one who frees sees all that the other did. */
    if (atomic_fetch_sub_explicit(&c->owners, 1, memory_order_acq_rel) > 1)
        return;
    PQfreeCancel(c->cancel);
    sem_destroy(&c->done);
    free(c);
}

static void *cancel_thread(void *arg)
{
    struct canceler *c = arg;
    char reason[256];
    /* Whether it was heard shows in how the query ends. */
    (void)PQcancel(c->cancel, reason, sizeof(reason));
    sem_post(&c->done);
    canceler_release(c);
    return NULL;
}

static void cancel_query(PGconn *conn, int64_t deadline_ns)
{
    struct canceler *c = calloc(1, sizeof(*c));
    if (!c)
        return;
    sem_init(&c->done, 0, 0);
    atomic_init(&c->owners, 2);
    c->cancel = PQgetCancel(conn);
    pthread_t thread;
    if (!c->cancel || pthread_create(&thread, NULL, cancel_thread, c) != 0) {
        canceler_release(c);
        canceler_release(c);
        return;
    }
    pthread_detach(thread);
    struct timespec until = {.tv_sec = deadline_ns / NSECS_PER_SECOND,
                             .tv_nsec = deadline_ns % NSECS_PER_SECOND};
    /* Interrupted or timed out is all the same: the answer tells. */
    (void)sem_clockwait(&c->done, CLOCK_MONOTONIC, &until);
    canceler_release(c);
}

/*
 * The server forgets a cancel that comes before the query has begun: so one is
 * sent again while no answer comes. What became of the query pg_collect tells.
 */
static void cancel_until_answered(struct pg *pg)
{
    int64_t end = pg->deadline_ns;
    do {
        cancel_query(pg->conn, end);
        int64_t again = pg_now_ns() + CANCEL_AGAIN_NS;
        pg->deadline_ns = again < end ? again : end;
        while (PQisBusy(pg->conn) && pg_wait(pg, SINK_READ) > 0 &&
               PQconsumeInput(pg->conn))
            ;
    } while (PQisBusy(pg->conn) && PQstatus(pg->conn) == CONNECTION_OK &&
             pg_now_ns() < end);
    pg->deadline_ns = end;
}

struct stop {
    struct pg *pg;
    struct pg_answer *answer;
};

/* Fails the COPY that is under way; false when there is none. */
static bool end_copy(struct pg *pg)
{
    struct pg_error error = {.fault = PG_FINE};
    return PQputCopyEnd(pg->conn, "the import was stopped") > 0 &&
           pg_flush(pg, &error) == 0;
}

static void stop_blocking(void *arg)
{
    struct stop *stop = arg;
    struct pg *pg = stop->pg;
    struct pg_error error = {.fault = PG_FINE};
    pg->env = NULL;
    pg->deadline_ns = pg_now_ns() + PG_STOP_SECONDS * NSECS_PER_SECOND;

    if (!pg->lost && !end_copy(pg) &&
        PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE) {
        cancel_until_answered(pg);
        (void)pg_collect(pg, NULL, stop->answer, &error);
        /* The query may have become a COPY before the cancel came. */
        if (stop->answer->copy_in && !end_copy(pg))
            pg->lost = true;
    }
    if (!pg->lost && PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE) {
        stop->answer->copy_in = false;
        (void)pg_collect(pg, NULL, stop->answer, &error);
    }
    if (!pg->lost && PQtransactionStatus(pg->conn) != PQTRANS_IDLE &&
        pg_run(pg, "ROLLBACK", stop->answer, &error) < 0)
        pg->lost = true;
}

void pg_stop(struct pg *pg, struct pg_answer *answer)
{
    struct stop stop = {pg, answer};
    const struct sink_env *env = pg->env;
    pg_offload(env, stop_blocking, &stop);
    pg->env = env;
    pg->deadline_ns = 0;
}

struct settle {
    const char *target;
    const char *xid;
    enum pg_fate fate;
};

/* True when the server gave a final answer. */
static bool ask_fate(struct settle *settle, int64_t deadline_ns)
{
    struct issue ignored;
    struct pg *pg;
    if (pg_open(&pg, settle->target, NULL, &ignored) < 0)
        return false;
    pg->deadline_ns = deadline_ns;
    struct pg_answer answer = {0};
    struct pg_error error;
    bool final = false;
    if (pg_run_params(pg, "SELECT pg_catalog.pg_xact_status($1::xid8)", 1,
                      &settle->xid, &answer, &error) == 0 &&
        answer.tuples && PQntuples(answer.tuples) == 1) {
        const char *status = PQgetvalue(answer.tuples, 0, 0);
        final = strcmp(status, "in progress") != 0;
        if (strcmp(status, "committed") == 0)
            settle->fate = PG_FATE_COMMITTED;
        else if (strcmp(status, "aborted") == 0)
            settle->fate = PG_FATE_ABORTED;
    }
    pg_answer_clear(&answer);
    pg_close(pg);
    return final;
}

static void settle_blocking(void *arg)
{
    struct settle *settle = arg;
    int64_t deadline_ns = pg_now_ns() + PG_SETTLE_SECONDS * NSECS_PER_SECOND;
    /* A server that restarts, or an old session that still runs: ask again. */
    int64_t pause_ns = 20 * NSECS_PER_MSECOND;
    while (!ask_fate(settle, deadline_ns)) {
        if (pg_now_ns() + pause_ns >= deadline_ns)
            return;
        struct timespec pause = {.tv_sec = pause_ns / NSECS_PER_SECOND,
                                 .tv_nsec = pause_ns % NSECS_PER_SECOND};
        nanosleep(&pause, NULL);
        if (pause_ns < NSECS_PER_SECOND)
            pause_ns *= 2;
    }
}

/*
 * A crash may lose an unflushed transaction and give its id to another one; a
 * status asked after it can then be the other's. Only rows that name their
 * import tell these apart, which is what a ledger in the database is for.
 */
enum pg_fate pg_settle(const char *target, const struct sink_env *env,
                       const char *xid)
{
    struct settle settle = {target, xid, PG_FATE_UNKNOWN};
    pg_offload(env, settle_blocking, &settle);
    return settle.fate;
}
