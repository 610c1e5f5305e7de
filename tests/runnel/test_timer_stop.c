/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stop and reset tell the truth, and no value of an earlier setting is received
 * after either.
 */
#include "rn_check.h"

/* Stopped in time: true, then false, and nothing arrives. */
static void stop_in_time_is_true(void)
{
    struct rn_timer *timer = rn_timer_make(200 * RN_MS);

    CHECK(rn_timer_stop(timer));
    CHECK(!rn_timer_stop(timer));
    CHECK_EQ_INT(rn_recv_until(rn_deadline(RN_MS), rn_timer_chan(timer), NULL),
                 RN_TIMEOUT);
    CHECK_EQ_INT(rn_try_recv(rn_timer_chan(timer), NULL), RN_AGAIN);
    rn_timer_free(timer);
}

/* After stop, a value that had fired but was not taken is gone. */
static void stop_leaves_no_stale_value(void)
{
    for (int i = 0; i < 10; i++) {
        struct rn_timer *timer = rn_timer_make(RN_US);

        rn_sleep(i * 100 * RN_US);
        rn_timer_stop(timer);
        CHECK_EQ_INT(rn_try_recv(rn_timer_chan(timer), NULL), RN_AGAIN);
        rn_timer_free(timer);
    }
}

/* After reset, what arrives belongs to the new setting. */
static void reset_leaves_no_stale_value(void)
{
    for (int i = 0; i < 10; i++) {
        struct rn_timer *timer = rn_timer_make(RN_US);
        int64_t set;
        int64_t at = 0;

        rn_sleep(i * 100 * RN_US);
        set = rn_now();
        rn_timer_reset(timer, RN_MS);
        CHECK(rn_recv(rn_timer_chan(timer), &at));
        CHECK_MSG(at - set >= RN_MS, "a value of the earlier setting");
        rn_timer_free(timer);
    }
}

/* Reset of a set timer is true and moves it; of one that fired, false. */
static void reset_moves_and_rearms(void)
{
    struct rn_timer *timer = rn_timer_make(60 * RN_S);
    int64_t set = rn_now();

    CHECK(rn_timer_reset(timer, RN_MS));
    CHECK(rn_recv(rn_timer_chan(timer), NULL));
    CHECK(rn_now() - set < 50 * RN_S);
    CHECK(!rn_timer_reset(timer, RN_MS));
    CHECK(rn_recv(rn_timer_chan(timer), NULL));
    CHECK(!rn_timer_reset(timer, 60 * RN_S));
    CHECK(rn_timer_reset(timer, 60 * RN_S));
    CHECK(rn_timer_stop(timer));
    CHECK(!rn_timer_reset(timer, 60 * RN_S));
    rn_timer_free(timer);
}

/* Moving a timer earlier, again and again, never loses it. */
static void moved_earlier_is_not_lost(void)
{
    for (int round = 0; round < rn_check_rounds(50); round++) {
        struct rn_timer *timer = rn_timer_make(60 * RN_S);

        for (int i = 20; i > 0; i--)
            CHECK(rn_timer_reset(timer, i * RN_S));
        rn_timer_reset(timer, 10 * RN_US);
        CHECK_EQ_INT(
            rn_recv_until(rn_deadline(30 * RN_S), rn_timer_chan(timer), NULL),
            RN_OK);
        rn_timer_free(timer);
    }
}

/* 100 timers moved earlier and later at random: all fire. */
static void random_moves_lose_none(void)
{
    struct rn_timer *timers[100];
    uint32_t state = 7;

    for (int i = 0; i < 100; i++)
        timers[i] = rn_timer_make(RN_S + i * RN_MS);
    for (int i = 0; i < rn_check_rounds(5000); i++) {
        state = state * 1664525u + 1013904223u;
        CHECK(rn_timer_reset(timers[(state >> 8) % 100],
                             20 * RN_S + (int64_t)(state >> 16) * RN_US));
    }
    for (int i = 0; i < 100; i++)
        rn_timer_reset(timers[i], (int64_t)(i * 37 % 100) * 20 * RN_US);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ_INT(rn_recv_until(rn_deadline(30 * RN_S),
                                   rn_timer_chan(timers[i]), NULL),
                     RN_OK);
        rn_timer_free(timers[i]);
    }
}

struct race {
    int rounds;
    struct rn_waitgroup *all;
};

static void stop_at_expiry(struct race *own)
{
    for (int i = 0; i < own->rounds; i++) {
        struct rn_timer *timer = rn_timer_make(i % 20 * RN_US);
        bool taken;
        bool stopped;

        if (i % 2)
            rn_sleep(i % 20 * RN_US);
        else
            rn_yield();
        taken = rn_try_recv(rn_timer_chan(timer), NULL) == RN_OK;
        stopped = rn_timer_stop(timer);
        CHECK(!(taken && stopped));
        CHECK_EQ_INT(rn_try_recv(rn_timer_chan(timer), NULL), RN_AGAIN);
        rn_timer_free(timer);
    }
    rn_waitgroup_done(own->all);
}

/*
 * A stop that races the expiry: true means that no value was taken, and
 * afterwards none is left.
 */
static void racing_stop_tells_the_truth(void)
{
    struct rn_waitgroup all = {0};

    rn_waitgroup_add(&all, 20);
    for (int i = 0; i < 20; i++)
        rn_go(stop_at_expiry, (struct race){rn_check_rounds(500) + 5, &all});
    rn_waitgroup_wait(&all);
}

struct call {
    _Atomic(int) count;
};

static void count_call(void *arg)
{
    struct call *call = arg;

    atomic_fetch_add(&call->count, 1);
}

/* For rn_after_func: stopped means never called, not stopped called once. */
static void stopped_function_is_never_called(void)
{
    struct call call = {0};
    int expected = 0;

    for (int i = 0; i < rn_check_rounds(1000) + 10; i++) {
        struct rn_timer *timer =
            rn_after_func(i % 10 * RN_US, count_call, &call);

        if (i % 2)
            rn_sleep(i % 10 * RN_US);
        expected += !rn_timer_stop(timer);
        rn_timer_free(timer);
    }
    while (atomic_load(&call.count) < expected)
        rn_sleep(10 * RN_US);
    rn_sleep(RN_MS);
    CHECK_EQ_INT(atomic_load(&call.count), expected);
}

struct late {
    struct rn_timer *timer;
    _Atomic(int64_t) not_before;
    _Atomic(int) early;
    _Atomic(int) *calls;
};

static void note_call(void *arg)
{
    struct late *late = arg;

    late->early += rn_now() < late->not_before;
    atomic_fetch_add(late->calls, 1);
}

/* Many timers that are each moved later, twice: none fires early. */
static void moved_later_is_not_early(void)
{
    enum { TIMERS = 100 };
    static struct late all[TIMERS];
    _Atomic(int) calls = 0;
    int expected = TIMERS;

    for (int i = 0; i < TIMERS; i++) {
        all[i].calls = &calls;
        all[i].early = 0;
        all[i].not_before = rn_deadline(RN_MS);
        all[i].timer = rn_after_func(RN_MS, note_call, &all[i]);
    }
    for (int i = 0; i < 2 * TIMERS; i++) {
        struct late *late = &all[i % TIMERS];
        int64_t wait_ns = (2 + i % 7 + i / TIMERS) * RN_MS;
        int64_t deadline = rn_deadline(wait_ns);

        if (rn_timer_reset(late->timer, wait_ns)) {
            if (late->not_before)
                late->not_before = deadline;
        } else {
            late->not_before = 0; /* fired, perhaps not called: not judged */
            expected++;
        }
    }
    while (atomic_load(&calls) < expected)
        rn_sleep(100 * RN_US);
    for (int i = 0; i < TIMERS; i++) {
        CHECK_EQ_INT(all[i].early, 0);
        rn_timer_free(all[i].timer);
    }
}

RN_CHECK_MAIN(stop_in_time_is_true, stop_leaves_no_stale_value,
              reset_leaves_no_stale_value, reset_moves_and_rearms,
              moved_earlier_is_not_lost, random_moves_lose_none,
              moved_later_is_not_early, racing_stop_tells_the_truth,
              stopped_function_is_never_called)
