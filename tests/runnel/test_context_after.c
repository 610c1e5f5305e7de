/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rn_ctx_after_func: runs once when the context is done, or never.
 */
#include "rn_check.h"

struct called {
    _Atomic(int) calls;
    uint64_t task;
    rn_chan(char) done;
};

static void call(void *arg)
{
    struct called *called = arg;

    atomic_fetch_add(&called->calls, 1);
    called->task = rn_task_id();
    rn_close(called->done);
}

static struct called open_called(void)
{
    return (struct called){.done = rn_chan_make(char, 0)};
}

static void close_called(struct called *called)
{
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(called->done);
}

/* After cancel it runs once, in a goroutine of its own, not before. */
static void runs_once_after_cancel(void)
{
    struct called called = open_called();
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *after = rn_ctx_after_func(ctx, call, &called);

    rn_check_settle();
    CHECK_EQ_INT(atomic_load(&called.calls), 0);
    rn_ctx_cancel(ctx);
    rn_recv(called.done, NULL);
    CHECK(called.task != rn_task_id());
    rn_ctx_cancel(ctx);
    rn_ctx_cancel(after);
    CHECK(!rn_ctx_stop(after));
    rn_ctx_release(after);
    rn_ctx_release(ctx);
    close_called(&called);
    CHECK_EQ_INT(atomic_load(&called.calls), 1);
}

/* A deadline starts it too, here or further up. */
static void runs_after_a_deadline(void)
{
    struct called called = open_called();
    struct rn_ctx *top = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    struct rn_ctx *ctx = rn_ctx_with_cancel(top);
    struct rn_ctx *after = rn_ctx_after_func(ctx, call, &called);

    rn_recv(called.done, NULL);
    CHECK(rn_now() >= rn_ctx_deadline(ctx));
    CHECK_EQ_INT(rn_ctx_err(ctx), RN_TIMEOUT);
    rn_ctx_release(after);
    rn_ctx_release(ctx);
    rn_ctx_release(top);
    close_called(&called);
}

/* On a context that is done it runs at once. */
static void runs_at_once_when_done(void)
{
    struct called called = open_called();
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 0);
    struct rn_ctx *after = rn_ctx_after_func(ctx, call, &called);

    rn_recv(called.done, NULL);
    CHECK(!rn_ctx_stop(after));
    rn_ctx_release(after);
    rn_ctx_release(ctx);
    close_called(&called);
}

/* Stopped in time: true, then false, and it never runs. */
static void stopped_is_never_called(void)
{
    struct called called = open_called();
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *after = rn_ctx_after_func(ctx, call, &called);

    CHECK(rn_ctx_stop(after));
    CHECK(!rn_ctx_stop(after));
    rn_ctx_cancel(ctx);
    rn_ctx_release(after);
    rn_ctx_release(ctx);
    rn_check_settle();
    CHECK_EQ_INT(atomic_load(&called.calls), 0);
    close_called(&called);
}

/* Released while nothing has happened: nothing runs, nothing is left. */
static void released_is_not_called(void)
{
    struct called called = open_called();
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());

    rn_ctx_release(rn_ctx_after_func(ctx, call, &called));
    rn_ctx_cancel(ctx);
    rn_check_settle();
    CHECK_EQ_INT(atomic_load(&called.calls), 0);
    rn_ctx_release(ctx);
    rn_ctx_release(rn_ctx_after_func(rn_ctx_background(), call, &called));
    close_called(&called);
}

static void wait_for_door(void *arg)
{
    rn_recv(*(rn_chan(int) *)arg, NULL);
}

/* cancel does not wait for the function: it may take as long as it likes. */
static void cancel_does_not_wait_for_it(void)
{
    rn_chan(int) door = rn_chan_make(int, 0);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *after = rn_ctx_after_func(ctx, wait_for_door, &door);

    rn_ctx_cancel(ctx); /* hangs if it waited */
    rn_send(door, 1);
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(after);
    rn_ctx_release(ctx);
    rn_chan_free(door);
}

struct race {
    struct rn_ctx *ctx;
    struct rn_ctx *after;
    _Atomic(int) calls;
    _Atomic(int) stops;
};

static void count_call(void *arg)
{
    atomic_fetch_add(&((struct race *)arg)->calls, 1);
}

static void stop_it(struct race **own)
{
    if (rn_ctx_stop((*own)->after))
        atomic_fetch_add(&(*own)->stops, 1);
}

static void cancel_it(struct race **own)
{
    rn_ctx_cancel((*own)->ctx);
}

/* Stops that race the cancel: either one stop says true, or it runs, once. */
static void racing_stop_tells_the_truth(void)
{
    for (int round = 0; round < rn_check_rounds(1000); round++) {
        struct race race = {0};

        race.ctx = rn_ctx_with_cancel(rn_ctx_background());
        race.after = rn_ctx_after_func(race.ctx, count_call, &race);
        rn_go(stop_it, &race);
        rn_go(cancel_it, &race);
        rn_go(stop_it, &race);
        while (rn_task_count() > 1)
            rn_yield();
        CHECK_EQ_INT(atomic_load(&race.calls) + atomic_load(&race.stops), 1);
        rn_ctx_release(race.after);
        rn_ctx_release(race.ctx);
    }
}

struct many {
    struct rn_ctx *ctx;
    _Atomic(int) *calls; /* and stops */
};

static void count_many(void *arg)
{
    atomic_fetch_add((_Atomic(int) *)arg, 1);
}

static void add_functions(struct many *own)
{
    struct rn_ctx *afters[20];

    for (int i = 0; i < 20; i++)
        afters[i] = rn_ctx_after_func(own->ctx, count_many, own->calls);
    rn_ctx_wait(own->ctx);
    for (int i = 0; i < 20; i++) {
        if (rn_ctx_stop(afters[i]))
            atomic_fetch_add(own->calls, 1);
        rn_ctx_wait(afters[i]);
        rn_ctx_release(afters[i]);
    }
}

static void cancel_many(struct many *own)
{
    rn_ctx_cancel(own->ctx);
}

/* Functions added while the context is canceled: each runs or was stopped. */
static void adding_races_the_cancel(void)
{
    for (int round = 0; round < rn_check_rounds(200); round++) {
        struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
        _Atomic(int) calls = 0;

        rn_go(add_functions, (struct many){ctx, &calls});
        rn_go(add_functions, (struct many){ctx, &calls});
        rn_go(cancel_many, (struct many){ctx, &calls});
        while (rn_task_count() > 1)
            rn_yield();
        CHECK_EQ_INT(atomic_load(&calls), 40);
        rn_ctx_release(ctx);
    }
}

RN_CHECK_MAIN(runs_once_after_cancel, runs_after_a_deadline,
              runs_at_once_when_done, stopped_is_never_called,
              released_is_not_called, cancel_does_not_wait_for_it,
              racing_stop_tells_the_truth, adding_races_the_cancel)
