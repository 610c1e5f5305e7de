/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines and contexts of Mutex, RWMutex and WaitGroup: they end a wait, and
 * whatever they race with stays whole.
 */
#include "rn_check.h"

static void cancel_it(struct rn_ctx **own)
{
    rn_ctx_cancel(*own);
    rn_ctx_release(*own);
}

static void await_the_others(void)
{
    while (rn_task_count() > 1)
        rn_yield();
}

/* A context ends the wait for a mutex; done, it wins over a free one. */
static void context_ends_a_mutex_lock(void)
{
    struct rn_mutex mutex = {0};
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());

    CHECK_EQ_INT(rn_mutex_lock_ctx(ctx, &mutex), RN_OK);
    rn_go(cancel_it, rn_ctx_retain(ctx));
    CHECK_EQ_INT(rn_mutex_lock_ctx(ctx, &mutex), RN_CANCELED);
    rn_mutex_unlock(&mutex);
    CHECK_EQ_INT(rn_mutex_lock_ctx(ctx, &mutex), RN_CANCELED);
    CHECK(rn_mutex_try_lock(&mutex));
    rn_mutex_unlock(&mutex);
    await_the_others();
    rn_ctx_release(ctx);
}

/* A context's deadline ends the wait for a mutex with RN_TIMEOUT. */
static void context_deadline_ends_a_mutex_lock(void)
{
    struct rn_mutex mutex = {0};
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);

    rn_mutex_lock(&mutex);
    CHECK_EQ_INT(rn_mutex_lock_ctx(ctx, &mutex), RN_TIMEOUT);
    CHECK(rn_now() >= rn_ctx_deadline(ctx));
    rn_mutex_unlock(&mutex);
    rn_ctx_release(ctx);
}

/* Both sides of an RWMutex give up at a deadline and hold nothing then. */
static void deadline_ends_both_sides(void)
{
    struct rn_rwmutex rw = {0};
    int64_t deadline = rn_deadline(RN_MS);

    CHECK_EQ_INT(rn_rwmutex_rlock_until(0, &rw), RN_OK);
    CHECK_EQ_INT(rn_rwmutex_lock_until(0, &rw), RN_TIMEOUT);
    CHECK_EQ_INT(rn_rwmutex_lock_until(deadline, &rw), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    rn_rwmutex_runlock(&rw);
    CHECK_EQ_INT(rn_rwmutex_lock_until(0, &rw), RN_OK);
    CHECK_EQ_INT(rn_rwmutex_rlock_until(0, &rw), RN_TIMEOUT);
    deadline = rn_deadline(RN_MS);
    CHECK_EQ_INT(rn_rwmutex_rlock_until(deadline, &rw), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    rn_rwmutex_unlock(&rw);
    CHECK(rn_rwmutex_try_lock(&rw));
    rn_rwmutex_unlock(&rw);
}

/* A context ends the wait for either side of an RWMutex. */
static void context_ends_both_sides(void)
{
    struct rn_rwmutex rw = {0};
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *other = rn_ctx_with_cancel(rn_ctx_background());

    CHECK_EQ_INT(rn_rwmutex_rlock_ctx(ctx, &rw), RN_OK);
    rn_go(cancel_it, rn_ctx_retain(ctx));
    CHECK_EQ_INT(rn_rwmutex_lock_ctx(ctx, &rw), RN_CANCELED);
    CHECK_EQ_INT(rn_rwmutex_rlock_ctx(ctx, &rw), RN_CANCELED);
    rn_rwmutex_runlock(&rw);
    CHECK_EQ_INT(rn_rwmutex_lock_ctx(other, &rw), RN_OK);
    rn_go(cancel_it, rn_ctx_retain(other));
    CHECK_EQ_INT(rn_rwmutex_rlock_ctx(other, &rw), RN_CANCELED);
    rn_rwmutex_unlock(&rw);
    CHECK(rn_rwmutex_try_lock(&rw));
    rn_rwmutex_unlock(&rw);
    await_the_others();
    rn_ctx_release(ctx);
    rn_ctx_release(other);
}

struct side {
    struct rn_rwmutex *rw;
    rn_sender(int) got;
    _Atomic(bool) *gone;
};

static void read_it(struct side *own)
{
    rn_rwmutex_rlock(own->rw);
    rn_send(own->got, 1);
    rn_rwmutex_runlock(own->rw);
}

static void write_until(struct side *own)
{
    CHECK_EQ_INT(rn_rwmutex_lock_until(rn_deadline(5 * RN_MS), own->rw),
                 RN_TIMEOUT);
    atomic_store(own->gone, true);
}

/* A writer that gives up lets in the readers that it kept out. */
static void writer_that_gives_up_lets_readers_in(void)
{
    struct rn_rwmutex rw = {0};
    rn_chan(int) got = rn_chan_make(int, 0);
    _Atomic(bool) gone = false;

    rn_rwmutex_rlock(&rw);
    rn_go(write_until, (struct side){&rw, rn_send_end(got), &gone});
    /* Until it waits; a machine that stalls may miss that. */
    while (!atomic_load(&gone) && rn_rwmutex_try_rlock(&rw)) {
        rn_rwmutex_runlock(&rw);
        rn_yield();
    }
    for (int i = 0; i < 3; i++)
        rn_go(read_it, (struct side){&rw, rn_send_end(got), &gone});
    for (int i = 0; i < 3; i++)
        rn_recv(got, NULL); /* while this one still reads */
    rn_rwmutex_runlock(&rw);
    await_the_others();
    CHECK(rn_rwmutex_try_lock(&rw));
    rn_rwmutex_unlock(&rw);
    rn_chan_free(got);
}

struct edge {
    struct rn_rwmutex *rw;
    int64_t deadline;
    _Atomic(int) *writers;
    _Atomic(int) *readers;
    bool writes;
    struct rn_waitgroup *all;
};

static void pass_at_the_edge(struct edge *own)
{
    if (own->writes) {
        if (rn_rwmutex_lock_until(own->deadline, own->rw) == RN_OK) {
            CHECK_EQ_INT(atomic_fetch_add(own->writers, 1), 0);
            CHECK_EQ_INT(atomic_load(own->readers), 0);
            rn_yield();
            atomic_fetch_sub(own->writers, 1);
            rn_rwmutex_unlock(own->rw);
        }
    } else if (rn_rwmutex_rlock_until(own->deadline, own->rw) == RN_OK) {
        atomic_fetch_add(own->readers, 1);
        CHECK_EQ_INT(atomic_load(own->writers), 0);
        rn_yield();
        atomic_fetch_sub(own->readers, 1);
        rn_rwmutex_runlock(own->rw);
    }
    rn_waitgroup_done(own->all);
}

/* Deadlines of readers and writers that race the unlock lose no lock. */
static void racing_deadlines_lose_no_side(void)
{
    struct rn_rwmutex rw = {0};
    _Atomic(int) writers = 0;
    _Atomic(int) readers = 0;

    for (int i = 0; i < rn_check_rounds(500); i++) {
        struct rn_waitgroup all = {0};
        int64_t deadline = rn_deadline(20 * RN_US);
        struct edge edge = {&rw, deadline, &writers, &readers, false, &all};

        if (i % 2)
            rn_rwmutex_lock(&rw);
        else
            rn_rwmutex_rlock(&rw);
        rn_waitgroup_add(&all, 7);
        for (int k = 0; k < 6; k++) {
            edge.writes = k % 2 == 0;
            edge.deadline = deadline + k * RN_US;
            rn_go(pass_at_the_edge, edge);
        }
        edge.deadline = RN_NEVER; /* hangs when somebody is forgotten */
        edge.writes = i % 4 < 2;
        rn_go(pass_at_the_edge, edge);
        rn_sleep_until(deadline);
        if (i % 2)
            rn_rwmutex_unlock(&rw);
        else
            rn_rwmutex_runlock(&rw);
        rn_waitgroup_wait(&all);
        CHECK(rn_rwmutex_try_lock(&rw));
        rn_rwmutex_unlock(&rw);
    }
}

/* A context ends the wait for a WaitGroup; the group works afterwards. */
static void context_ends_a_group_wait(void)
{
    struct rn_waitgroup group = {0};
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());

    CHECK_EQ_INT(rn_waitgroup_wait_ctx(ctx, &group), RN_OK);
    rn_waitgroup_add(&group, 1);
    rn_go(cancel_it, rn_ctx_retain(ctx));
    CHECK_EQ_INT(rn_waitgroup_wait_ctx(ctx, &group), RN_CANCELED);
    rn_waitgroup_done(&group);
    CHECK_EQ_INT(rn_waitgroup_wait_ctx(ctx, &group), RN_CANCELED);
    rn_waitgroup_wait(&group);
    await_the_others();
    rn_ctx_release(ctx);
}

struct locker {
    struct rn_mutex *mutex;
    struct rn_ctx *ctx;
    _Atomic(int) *inside;
    struct rn_waitgroup *all;
};

static void lock_with_context(struct locker *own)
{
    if (rn_mutex_lock_ctx(own->ctx, own->mutex) == RN_OK) {
        CHECK_EQ_INT(atomic_fetch_add(own->inside, 1), 0);
        rn_yield();
        atomic_fetch_sub(own->inside, 1);
        rn_mutex_unlock(own->mutex);
    }
    rn_waitgroup_done(own->all);
}

/* A cancel that races the unlock: no lock is lost, none is doubled. */
static void racing_cancel_loses_no_lock(void)
{
    struct rn_mutex mutex = {0};
    _Atomic(int) inside = 0;

    for (int i = 0; i < rn_check_rounds(500); i++) {
        struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
        struct rn_waitgroup all = {0};

        rn_mutex_lock(&mutex);
        rn_waitgroup_add(&all, 4);
        for (int k = 0; k < 4; k++)
            rn_go(lock_with_context,
                  (struct locker){&mutex, ctx, &inside, &all});
        rn_go(cancel_it, rn_ctx_retain(ctx));
        rn_yield();
        rn_mutex_unlock(&mutex);
        rn_waitgroup_wait(&all);
        CHECK(rn_mutex_try_lock(&mutex));
        rn_mutex_unlock(&mutex);
        rn_ctx_release(ctx);
    }
    await_the_others();
}

struct rush {
    struct rn_rwmutex rw;
    struct rn_waitgroup readers;
    _Atomic(bool) over;
};

static void write_all_the_time(struct rush **own)
{
    while (!atomic_load(&(*own)->over)) {
        rn_rwmutex_lock(&(*own)->rw);
        rn_rwmutex_unlock(&(*own)->rw);
    }
}

static void read_within_limits(struct rush **own)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    int64_t deadline = rn_deadline(3600 * RN_S);

    for (int i = 0; i < 100; i++) {
        if (CHECK_EQ_INT(rn_rwmutex_rlock_ctx(ctx, &(*own)->rw), RN_OK))
            rn_rwmutex_runlock(&(*own)->rw);
        if (CHECK_EQ_INT(rn_rwmutex_rlock_until(deadline, &(*own)->rw), RN_OK))
            rn_rwmutex_runlock(&(*own)->rw);
    }
    rn_ctx_release(ctx);
}

/* Readers with a limit that does not come get in beside writers in a rush. */
static void limited_readers_get_in(void)
{
    struct rush rush = {0};
    struct rush *all = &rush;

    for (int i = 0; i < 2; i++) {
        rn_go(write_all_the_time, all);
        rn_waitgroup_go(&rush.readers, read_within_limits, all);
    }
    rn_waitgroup_wait(&rush.readers);
    atomic_store(&rush.over, true);
    await_the_others();
}

RN_CHECK_MAIN(context_ends_a_mutex_lock, context_deadline_ends_a_mutex_lock,
              deadline_ends_both_sides, context_ends_both_sides,
              writer_that_gives_up_lets_readers_in,
              racing_deadlines_lose_no_side, context_ends_a_group_wait,
              racing_cancel_loses_no_lock, limited_readers_get_in)
