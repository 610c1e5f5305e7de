/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers fire once, in order, never early, and none is lost.
 */
#include "rn_check.h"

struct slot {
    int64_t after;
    int place;
    rn_sender(int) out;
};

static void wait_on_timer(struct slot *own)
{
    int64_t set = rn_now();
    struct rn_timer *timer = rn_timer_make(own->after);
    int64_t at = 0;

    CHECK(rn_recv(rn_timer_chan(timer), &at));
    CHECK(at - set >= own->after);
    CHECK(rn_now() >= at);
    rn_timer_free(timer);
    rn_send(own->out, own->place);
}

/* 13 timers set in a mixed order fire in the order of their times. */
static void timers_fire_in_order(void)
{
    static const int slots[] = {5, 3, 6, 6, 6, 1, 1, 2, 7, 9, 4, 8, 0};
    const int64_t unit = rn_check_simulated() ? RN_MS : 20 * RN_MS;
    rn_chan(int) out = rn_chan_make(int, 13);
    int last = 0;
    int got = 0;

    for (int i = 0; i < 13; i++)
        rn_go(wait_on_timer,
              (struct slot){slots[i] * unit, slots[i], rn_send_end(out)});
    for (int i = 0; i < 13; i++) {
        CHECK(rn_recv(out, &got));
        /* A machine that stalls lets several come due at once. */
        if (rn_check_simulated())
            CHECK_MSG(got >= last, "slot %d fired after slot %d", got, last);
        CHECK(got >= 0 && got <= 9);
        last = got;
    }
    rn_chan_free(out);
}

/* It fires once; then its channel stays silent. */
static void timer_fires_once(void)
{
    struct rn_timer *timer = rn_timer_make(10 * RN_US);

    CHECK(rn_recv(rn_timer_chan(timer), NULL));
    CHECK_EQ_INT(rn_recv_until(rn_deadline(RN_MS), rn_timer_chan(timer), NULL),
                 RN_TIMEOUT);
    CHECK(!rn_timer_stop(timer));
    rn_timer_free(timer);
    rn_timer_free(NULL);
}

/* A timer fires though nobody receives yet; the value is kept. */
static void value_waits_for_the_receiver(void)
{
    int64_t set = rn_now();
    struct rn_timer *timer = rn_timer_make(10 * RN_US);
    int64_t at = 0;

    rn_sleep(RN_MS);
    CHECK_EQ_INT(
        rn_recv_until(rn_deadline(60 * RN_S), rn_timer_chan(timer), &at),
        RN_OK);
    CHECK(at - set >= 10 * RN_US);
    rn_timer_free(timer);
}

static void fired(void *arg)
{
    atomic_fetch_add((_Atomic(int) *)arg, 1);
}

/* Zero and negative mean at once, and are never missed: new, reset, function.
 */
static void zero_timers_are_never_lost(void)
{
    const int count = rn_check_rounds(5000);
    struct rn_timer *again = rn_timer_make(0);
    _Atomic(int) calls = 0;

    CHECK(rn_recv(rn_timer_chan(again), NULL));
    for (int i = 0; i < count; i++) {
        struct rn_timer *timer = rn_timer_make(i % 2 ? 0 : -RN_S);
        struct rn_timer *call;

        CHECK(rn_recv(rn_timer_chan(timer), NULL));
        rn_timer_free(timer);
        rn_timer_reset(again, 0);
        CHECK(rn_recv(rn_timer_chan(again), NULL));
        call = rn_after_func(0, fired, &calls);
        while (atomic_load(&calls) <= i)
            rn_sleep(RN_US);
        rn_timer_free(call);
    }
    rn_timer_free(again);
}

/* Very long times do not wrap round to now. */
static void huge_times_do_not_fire(void)
{
    struct rn_timer *never = rn_timer_make(INT64_MAX);
    struct rn_timer *ages = rn_timer_make(INT64_MAX - 1);
    struct rn_timer *slow = rn_ticker_make(INT64_MAX);
    struct rn_timer *soon = rn_timer_make(RN_MS);
    struct rn_case cases[] = {
        rn_case_recv(rn_timer_chan(never), NULL),
        rn_case_recv(rn_timer_chan(ages), NULL),
        rn_case_recv(rn_timer_chan(slow), NULL),
        rn_case_recv(rn_timer_chan(soon), NULL),
    };

    CHECK_EQ_INT(rn_select(cases, 4), 3);
    CHECK(rn_timer_stop(never));
    rn_timer_free(never);
    rn_timer_free(ages);
    rn_timer_free(slow);
    rn_timer_free(soon);
}

struct chain {
    int left;
    struct rn_timer *timer;
    rn_chan(int) done;
};

static void rearm(void *arg)
{
    struct chain *chain = arg;

    CHECK(rn_task_id() > 1);
    rn_yield();
    if (--chain->left == 0)
        rn_send(chain->done, 1);
    else
        rn_timer_reset(chain->timer, 10 * RN_US);
}

/* rn_after_func runs in a goroutine, which may park and set it anew. */
static void function_may_set_it_anew(void)
{
    struct chain chain = {.left = 10, .done = rn_chan_make(int, 0)};

    chain.timer = rn_after_func(RN_S, rearm, &chain);
    CHECK(rn_timer_chan(chain.timer) == NULL);
    CHECK(rn_timer_reset(chain.timer, 10 * RN_US));
    rn_recv(chain.done, NULL);
    CHECK_EQ_INT(chain.left, 0);
    while (rn_task_count() > 1)
        rn_yield();
    rn_timer_free(chain.timer);
    rn_chan_free(chain.done);
}

/* Thousands of timers over a few milliseconds: every one fires. */
static void many_timers_fire_and_none_is_lost(void)
{
    const int count = rn_check_rounds(5000) + 10;
    struct rn_timer **timers = calloc((size_t)count, sizeof(*timers));
    struct rn_timer **calls = calloc((size_t)count, sizeof(*calls));
    _Atomic(int) called = 0;

    for (int i = 0; i < count; i++) {
        int64_t after = (int64_t)i * 7919 % count * 5 * RN_MS / count;

        timers[i] = rn_timer_make(after);
        calls[i] = rn_after_func(after, fired, &called);
    }
    for (int i = 0; i < count; i++)
        CHECK(rn_recv(rn_timer_chan(timers[i]), NULL));
    while (atomic_load(&called) < count)
        rn_sleep(100 * RN_US);
    for (int i = 0; i < count; i++) {
        rn_timer_free(timers[i]);
        rn_timer_free(calls[i]);
    }
    free(timers);
    free(calls);
}

RN_CHECK_MAIN(timers_fire_in_order, timer_fires_once,
              value_waits_for_the_receiver, zero_timers_are_never_lost,
              huge_times_do_not_fire, function_may_set_it_anew,
              many_timers_fire_and_none_is_lost)
