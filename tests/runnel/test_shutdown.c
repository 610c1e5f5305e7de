/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graceful shutdown: what has begun finishes, within the grace; nothing begins
 * any more; then the rest is canceled. And the done channel, which needs no
 * library.
 */
#include "rn_check.h"

struct work {
    int64_t takes; /* RN_NEVER: until it is canceled */
    _Atomic(int) *finished;
    _Atomic(int) *canceled;
};

static void serve(struct rn_ctx *ctx, struct work *own)
{
    struct rn_case done = rn_case_done(ctx);
    int64_t until = own->takes == RN_NEVER ? RN_NEVER : rn_deadline(own->takes);

    if (rn_select_until(until, &done, 1) == 0)
        atomic_fetch_add(own->canceled, 1);
    else
        atomic_fetch_add(own->finished, 1);
}

/* What has begun finishes in its own time. */
static void work_finishes(void)
{
    struct rn_shutdown *shutdown = rn_shutdown_make(rn_ctx_background());
    _Atomic(int) finished = 0;
    _Atomic(int) canceled = 0;

    for (int i = 0; i < 10; i++)
        CHECK_EQ_INT(rn_shutdown_go(
                         shutdown, serve,
                         (struct work){i * 100 * RN_US, &finished, &canceled}),
                     RN_OK);
    CHECK_EQ_INT(rn_shutdown_finish(shutdown, 3600 * RN_S), RN_OK);
    CHECK_EQ_INT(atomic_load(&finished), 10);
    CHECK_EQ_INT(atomic_load(&canceled), 0);
    rn_check_alone();
}

/* After the grace the rest is canceled, and waited for. */
static void the_rest_is_canceled(void)
{
    struct rn_shutdown *shutdown = rn_shutdown_make(rn_ctx_background());
    _Atomic(int) finished = 0;
    _Atomic(int) canceled = 0;
    int64_t begin = rn_now();

    for (int i = 0; i < 6; i++)
        rn_shutdown_go(
            shutdown, serve,
            (struct work){i % 2 ? RN_NEVER : 0, &finished, &canceled});
    while (atomic_load(&finished) < 3)
        rn_sleep(RN_US);
    CHECK_EQ_INT(rn_shutdown_finish(shutdown, 5 * RN_MS), RN_TIMEOUT);
    CHECK_EQ_INT(atomic_load(&canceled), 3);
    CHECK(rn_now() - begin >= 5 * RN_MS);
    rn_check_alone();
}

/* Once it stops, nothing is taken in, by whomever it was told. */
static void nothing_begins_any_more(void)
{
    for (int by_parent = 0; by_parent < 2; by_parent++) {
        struct rn_ctx *parent = rn_ctx_with_cancel(rn_ctx_background());
        struct rn_shutdown *shutdown = rn_shutdown_make(parent);
        struct rn_ctx *stopping = rn_shutdown_ctx(shutdown);
        _Atomic(int) finished = 0;
        _Atomic(int) canceled = 0;
        struct work work = {RN_MS, &finished, &canceled};

        CHECK_EQ_INT(rn_shutdown_go(shutdown, serve, work), RN_OK);
        CHECK_EQ_INT(rn_ctx_err(stopping), RN_OK);
        if (by_parent)
            rn_ctx_cancel(parent);
        else
            rn_shutdown_stop(shutdown);
        CHECK_EQ_INT(rn_ctx_err(stopping), RN_CANCELED);
        CHECK_EQ_INT(rn_shutdown_go(shutdown, serve, work), RN_CANCELED);
        CHECK_EQ_INT(rn_shutdown_finish(shutdown, 3600 * RN_S), RN_OK);
        CHECK_EQ_INT(atomic_load(&finished), 1);
        CHECK_EQ_INT(rn_ctx_err(parent), by_parent ? RN_CANCELED : RN_OK);
        rn_ctx_release(parent);
        rn_check_alone();
    }
}

struct intake {
    struct rn_shutdown *shutdown;
    _Atomic(int) *begun;
    struct work work;
    struct rn_waitgroup *left;
};

static void take_in(struct intake *own)
{
    while (rn_shutdown_go(own->shutdown, serve, own->work) == RN_OK) {
        atomic_fetch_add(own->begun, 1);
        rn_sleep(RN_US);
    }
    rn_waitgroup_done(own->left);
}

/* A storm of new work is cut at one moment: begun is begun. */
static void begun_is_finished(void)
{
    struct rn_shutdown *shutdown = rn_shutdown_make(rn_ctx_background());
    struct rn_waitgroup left = {0};
    _Atomic(int) begun = 0;
    _Atomic(int) finished = 0;
    _Atomic(int) canceled = 0;
    struct work work = {2 * RN_US, &finished, &canceled};

    rn_waitgroup_add(&left, 4);
    for (int i = 0; i < 4; i++)
        rn_go(take_in, (struct intake){shutdown, &begun, work, &left});
    rn_sleep(100 * RN_US);
    rn_shutdown_stop(shutdown);
    rn_waitgroup_wait(&left);
    CHECK_EQ_INT(rn_shutdown_finish(shutdown, 3600 * RN_S), RN_OK);
    CHECK_EQ_INT(atomic_load(&finished), atomic_load(&begun));
    rn_check_alone();
}

static void crash(struct rn_ctx *ctx, int *own)
{
    CHECK(ctx);
    rn_panic("request %d", *own);
}

static void serve_a_crash(void *arg)
{
    struct rn_shutdown *shutdown = rn_shutdown_make(rn_ctx_background());
    struct work work = {RN_MS, arg, arg};

    rn_shutdown_go(shutdown, crash, 3);
    rn_shutdown_go(shutdown, serve, work);
    rn_shutdown_finish(shutdown, 3600 * RN_S);
}

/* A panic ends its own work only, and comes out at the end. */
static void panic_waits_for_the_end(void)
{
    _Atomic(int) finished = 0;
    struct rn_panic panic;

    CHECK_EQ_INT(rn_try(serve_a_crash, &finished, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "request 3");
    CHECK_EQ_INT(atomic_load(&finished), 1);
    rn_check_alone();
}

static rn_key(int) server_key;

static void read_value(struct rn_ctx *ctx, int **own)
{
    **own = *rn_ctx_value(ctx, &server_key);
}

/* The work sees the values of the context it was made from. */
static void values_travel_along(void)
{
    int number = 17;
    int seen = 0;
    struct rn_ctx *ctx =
        rn_ctx_with_value(rn_ctx_background(), &server_key, &number);
    struct rn_shutdown *shutdown = rn_shutdown_make(ctx);

    CHECK_EQ_INT(rn_shutdown_go(shutdown, read_value, &seen), RN_OK);
    CHECK_EQ_INT(rn_shutdown_finish(shutdown, 3600 * RN_S), RN_OK);
    CHECK_EQ_INT(seen, 17);
    rn_ctx_release(ctx);
    rn_check_alone();
}

struct waiter {
    rn_receiver(char) done;
    rn_receiver(int) jobs;
    _Atomic(int) *handled;
    struct rn_waitgroup *left;
};

static void work_until_done(struct waiter *own)
{
    for (bool going = true; going;) {
        struct rn_case cases[] = {
            rn_case_recv(own->done, NULL),
            rn_case_recv(own->jobs, NULL),
        };

        going = rn_select(cases, 2) == 1;
        atomic_fetch_add(own->handled, going);
    }
    rn_waitgroup_done(own->left);
}

/* The done channel: closing it tells all who listen, once and for ever. */
static void closing_tells_all(void)
{
    rn_chan(char) done = rn_chan_make(char, 0);
    rn_chan(int) jobs = rn_chan_make(int, 0);
    struct rn_waitgroup left = {0};
    _Atomic(int) handled = 0;

    rn_waitgroup_add(&left, 4);
    for (int i = 0; i < 4; i++)
        rn_go(work_until_done,
              (struct waiter){rn_recv_end(done), rn_recv_end(jobs), &handled,
                              &left});
    for (int i = 0; i < 20; i++)
        rn_send(jobs, i);
    rn_close(done);
    rn_waitgroup_wait(&left);
    CHECK_EQ_INT(atomic_load(&handled), 20);
    rn_chan_free(done);
    rn_chan_free(jobs);
    rn_check_alone();
}

RN_CHECK_MAIN(work_finishes, the_rest_is_canceled, nothing_begins_any_more,
              begun_is_finished, panic_waits_for_the_end, values_travel_along,
              closing_tells_all)
