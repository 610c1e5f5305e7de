/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools: every job once, results as they come or in order; errors, cancel and
 * drops leave nothing behind.
 */
#include "rn_check.h"

enum { JOBS = 200, WORKERS = 5 };

struct jobs {
    rn_sender(int) out;
    int count;
};

/* Sends 0 .. count-1 and closes; gives up when the group is done. */
static int send_jobs(struct rn_ctx *ctx, struct jobs *own)
{
    int status = RN_OK;

    for (int i = 0; i < own->count && status == RN_OK; i++)
        status = rn_send_ctx(ctx, own->out, i);
    rn_close(own->out);
    return status;
}

/* What a pool's functions share. */
struct state {
    _Atomic(int) running;
    _Atomic(int) most;
    _Atomic(int) done;
    int fails_at; /* the job that fails, or -1 */
};

static void enter(struct state *state)
{
    int running = atomic_fetch_add(&state->running, 1) + 1;
    int most = atomic_load(&state->most);

    while (running > most &&
           !atomic_compare_exchange_weak(&state->most, &most, running))
        continue;
    if (rn_draw(3) == 0)
        rn_sleep(rn_draw(20) * RN_US);
    else
        rn_yield();
}

static int twice(struct rn_ctx *ctx, struct state *state, int *job, long *out)
{
    CHECK(ctx);
    enter(state);
    *out = 2L * *job;
    atomic_fetch_add(&state->done, 1);
    atomic_fetch_sub(&state->running, 1);
    return *job == state->fails_at ? -7 : RN_OK;
}

static int count(struct rn_ctx *ctx, struct state *state, int *job)
{
    CHECK(ctx && *job >= 0);
    enter(state);
    atomic_fetch_add(&state->done, 1);
    atomic_fetch_sub(&state->running, 1);
    return *job == state->fails_at ? -7 : RN_OK;
}

/* Each job has its result, once; never more than the workers run at once. */
static void every_job_once(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 8);
    rn_chan(long) results = rn_group_chan(group, long, 8);
    struct state state = {.fails_at = -1};
    bool seen[JOBS] = {false};
    int total = 0;

    rn_pool_map(group, WORKERS, jobs, results, twice, &state);
    rn_group_go(group, send_jobs, (struct jobs){rn_send_end(jobs), JOBS});
    rn_range (long, result, results) {
        CHECK(result % 2 == 0 && result / 2 < JOBS && !seen[result / 2]);
        seen[result / 2] = true;
        total++;
    }
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    CHECK_EQ_INT(total, JOBS);
    CHECK(atomic_load(&state.most) <= WORKERS);
    rn_check_alone();
}

/* In order, although the jobs take their time. */
static void ordered_results(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 8);
    rn_chan(long) results = rn_group_chan(group, long, 0);
    struct state state = {.fails_at = -1};
    long expected = 0;

    rn_pool_map_ordered(group, WORKERS, jobs, results, twice, &state);
    rn_group_go(group, send_jobs, (struct jobs){rn_send_end(jobs), JOBS});
    rn_range (long, result, results) {
        CHECK_EQ_INT(result, expected);
        expected += 2;
    }
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    CHECK_EQ_INT(expected, 2 * JOBS);
    CHECK(atomic_load(&state.most) <= WORKERS);
    rn_check_alone();
}

struct gate {
    rn_receiver(char) opened;
};

static int first_waits(struct rn_ctx *ctx, struct gate *gate, int *job,
                       int *out)
{
    *out = *job;
    return *job > 0 ? RN_OK : rn_recv_ctx(ctx, gate->opened, NULL);
}

/*
 * A slow first job holds results back, and the jobs only when the window is
 * full: then as many have been taken as it has places.
 */
static void slow_job_holds_back_a_window(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 0);
    rn_chan(int) results = rn_group_chan(group, int, 0);
    rn_chan(char) opened = rn_group_chan(group, char, 0);
    struct gate gate = {rn_recv_end(opened)};
    int expected = 0;
    int result;

    rn_pool_map_ordered(group, 2, jobs, results, first_waits, &gate);
    for (int i = 0; i < 64; i++)
        rn_send(jobs, i);
    CHECK_EQ_INT(rn_try_recv(results, &result), RN_AGAIN);
    rn_check_settle();
    CHECK_EQ_INT(rn_try_send(jobs, 64), RN_AGAIN);
    rn_send(opened, 0);
    rn_close(jobs);
    rn_range (int, got, results)
        CHECK_EQ_INT(got, expected++);
    CHECK_EQ_INT(expected, 64);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
}

static int keep_even(struct rn_ctx *ctx, void *state, int *job, int *out)
{
    CHECK(ctx && !state);
    rn_yield();
    *out = *job;
    return *job % 2 ? RN_SKIP : RN_OK;
}

static void skip(bool ordered)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 3);
    rn_chan(int) results = rn_group_chan(group, int, 3);
    int sum = 0;
    int last = -2;

    if (ordered)
        rn_pool_map_ordered(group, 3, jobs, results, keep_even, NULL);
    else
        rn_pool_map(group, 3, jobs, results, keep_even, NULL);
    rn_group_go(group, send_jobs, (struct jobs){rn_send_end(jobs), 100});
    rn_range (int, result, results) {
        CHECK(!ordered || result == last + 2);
        last = result;
        sum += result;
    }
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    CHECK_EQ_INT(sum, 2450);
}

/* RN_SKIP: no result for that job. */
static void skipped_jobs_have_no_result(void)
{
    skip(false);
    skip(true);
}

/* A pool without results. */
static void each_job_is_handled(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 0);
    struct state state = {.fails_at = -1};

    rn_pool_each(group, WORKERS, jobs, count, &state);
    for (int i = 0; i < JOBS; i++)
        rn_send(jobs, i);
    rn_close(jobs);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    CHECK_EQ_INT(atomic_load(&state.done), JOBS);
    rn_check_alone();
}

static void fail_at(int job, bool ordered)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 2);
    rn_chan(long) results = rn_group_chan(group, long, 2);
    struct state state = {.fails_at = job};
    long expected = 0;

    if (ordered)
        rn_pool_map_ordered(group, WORKERS, jobs, results, twice, &state);
    else
        rn_pool_map(group, WORKERS, jobs, results, twice, &state);
    rn_group_go(group, send_jobs, (struct jobs){rn_send_end(jobs), 1 << 30});
    rn_range (long, result, results) {
        CHECK(result != 2L * job);
        CHECK(!ordered || result == expected);
        expected += 2;
    }
    CHECK_EQ_INT(rn_group_wait(group), -7);
    CHECK(!ordered || expected <= 2L * job);
    rn_check_alone();
}

/*
 * The first error ends an endless stream of jobs; in order, no result of a
 * later job comes out.
 */
static void error_ends_the_pool(void)
{
    fail_at(0, false);
    fail_at(30, false);
    fail_at(0, true);
    fail_at(30, true);
}

/* A pool whose results nobody takes ends when it is canceled. */
static void cancel_ends_the_pool(void)
{
    for (int ordered = 0; ordered < 2; ordered++) {
        struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
        struct rn_group *group = rn_group_make(ctx, 0);
        rn_chan(int) jobs = rn_group_chan(group, int, 2);
        rn_chan(long) results = rn_group_chan(group, long, 2);
        struct state state = {.fails_at = -1};

        if (ordered)
            rn_pool_map_ordered(group, WORKERS, jobs, results, twice, &state);
        else
            rn_pool_map(group, WORKERS, jobs, results, twice, &state);
        rn_group_go(group, send_jobs,
                    (struct jobs){rn_send_end(jobs), 1 << 30});
        CHECK_EQ_INT(rn_group_wait(group), RN_TIMEOUT);
        rn_ctx_release(ctx);
        rn_check_alone();
    }
}

struct box {
    int *content;
};

static _Atomic(int) boxes;

static void drop_box(struct box *box)
{
    atomic_fetch_sub(&boxes, 1);
    free(box->content);
}

static int box_up(struct rn_ctx *ctx, struct state *state, int *job,
                  struct box *box)
{
    CHECK(ctx);
    enter(state);
    box->content = malloc(sizeof(*box->content));
    *box->content = *job;
    atomic_fetch_add(&boxes, 1);
    return RN_OK;
}

/* What a canceled pool had made is dropped, wherever it was. */
static void canceled_results_are_dropped(void)
{
    for (int ordered = 0; ordered < 2; ordered++) {
        struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
        rn_chan(int) jobs = rn_group_chan(group, int, 2);
        rn_chan(struct box) results = rn_group_chan(group, struct box, 3);
        struct state state = {0};
        struct box box;

        rn_chan_set_drop(results, drop_box);
        atomic_store(&boxes, 0);
        if (ordered)
            rn_pool_map_ordered(group, 3, jobs, results, box_up, &state);
        else
            rn_pool_map(group, 3, jobs, results, box_up, &state);
        rn_group_go(group, send_jobs,
                    (struct jobs){rn_send_end(jobs), 1 << 30});
        for (int i = 0; i < 10; i++) {
            CHECK(rn_recv(results, &box));
            drop_box(&box);
        }
        rn_ctx_cancel(rn_group_ctx(group));
        CHECK_EQ_INT(rn_group_wait(group), RN_CANCELED);
        CHECK_EQ_INT(atomic_load(&boxes), 0);
    }
}

struct held {
    rn_chan(char) made; /* a result was, but that of the first job */
};

static int box_up_but_first(struct rn_ctx *ctx, struct held *held, int *job,
                            struct box *box)
{
    for (int i = 0; i < 4 && *job == 0; i++)
        rn_recv(held->made, NULL);
    if (*job == 0)
        return -2;
    box_up(ctx, &(struct state){0}, job, box);
    return rn_send_ctx(ctx, held->made, 0);
}

/* Results that were held back by a job that then failed are dropped. */
static void held_results_are_dropped(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 5);
    rn_chan(struct box) results = rn_group_chan(group, struct box, 0);
    struct held held = {rn_group_chan(group, char, 8)};

    rn_chan_set_drop(results, drop_box);
    atomic_store(&boxes, 0);
    rn_pool_map_ordered(group, 2, jobs, results, box_up_but_first, &held);
    for (int i = 0; i < 5; i++)
        rn_send(jobs, i);
    CHECK(!rn_recv(results, NULL));
    CHECK_EQ_INT(rn_group_wait(group), -2);
    CHECK_EQ_INT(atomic_load(&boxes), 0);
}

static int panic_at(struct rn_ctx *ctx, struct state *state, int *job,
                    long *out)
{
    *out = *job;
    enter(state);
    if (*job == state->fails_at)
        rn_panic("job %d is rotten", *job);
    return rn_ctx_err(ctx);
}

struct rotten {
    bool ordered;
    int received;
};

static void run_rotten(void *arg)
{
    struct rotten *rotten = arg;
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 2);
    rn_chan(long) results = rn_group_chan(group, long, 2);
    struct state state = {.fails_at = 20};

    if (rotten->ordered)
        rn_pool_map_ordered(group, WORKERS, jobs, results, panic_at, &state);
    else
        rn_pool_map(group, WORKERS, jobs, results, panic_at, &state);
    rn_group_go(group, send_jobs, (struct jobs){rn_send_end(jobs), 1 << 30});
    rn_range (long, result, results)
        rotten->received++;
    rn_group_wait(group);
}

/*
 * A panic ends the pool as an error does: the results end, the jobs end, and
 * who waits for the group gets the panic.
 */
static void panic_is_contained(void)
{
    for (int ordered = 0; ordered < 2; ordered++) {
        struct rotten rotten = {.ordered = ordered};
        struct rn_panic panic;

        CHECK_EQ_INT(rn_try(run_rotten, &rotten, &panic), RN_PANICKED);
        CHECK_EQ_STR(panic.text, "job 20 is rotten");
        CHECK(!ordered || rotten.received <= 20);
        rn_check_alone();
    }
}

RN_CHECK_MAIN(every_job_once, ordered_results, slow_job_holds_back_a_window,
              skipped_jobs_have_no_result, each_job_is_handled,
              error_ends_the_pool, cancel_ends_the_pool,
              canceled_results_are_dropped, held_results_are_dropped,
              panic_is_contained)
