/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenarios_timer.c: sleep, timers, tickers.
 */
#include "scenarios.h"

struct clockwork {
    struct rn_timer *timer;
    struct rn_waitgroup done;
    int64_t due;
    _Atomic(int) fired;
    _Atomic(int) stopped;
    _Atomic(int) order;
};

static void sleep_in_turn(struct part *own)
{
    struct clockwork *work = own->state;
    int64_t until = rn_deadline(own->me * RN_MS);
    rn_sleep_until(until);
    HOLDS(rn_now() == until); /* virtual: to the nanosecond */
    HOLDS(++work->order == own->me);
    rn_waitgroup_done(&work->done);
}

static int sleepers_wake_in_order(void *arg)
{
    static const int turns[] = {5, 2, 7, 1, 6, 3, 4};
    struct clockwork work = {0};
    (void)arg;
    rn_waitgroup_add(&work.done, 7);
    for (int i = 0; i < 7; i++)
        rn_go(sleep_in_turn, (struct part){&work, turns[i]});
    rn_waitgroup_wait(&work.done);
    HOLDS(work.order == 7);
    return 0;
}

/* Half of the timers go before they are due, from all over the heap. */
static int stopped_timers_disturb_no_others(void *arg)
{
    struct rn_timer *timers[12];
    int64_t start = rn_now();
    (void)arg;
    for (int i = 0; i < 12; i++)
        timers[i] = rn_timer_make((1 + (i * 7) % 12) * RN_MS);
    for (int i = 0; i < 12; i += 2)
        HOLDS(rn_timer_stop(timers[i]));
    for (int i = 1; i < 12; i += 2) {
        int64_t when = 0;
        HOLDS(rn_recv(rn_timer_chan(timers[i]), &when));
        HOLDS(when == start + (1 + (i * 7) % 12) * RN_MS);
    }
    for (int i = 0; i < 12; i++)
        rn_timer_free(timers[i]);
    return 0;
}

static int timer_fires_once_and_not_early(void *arg)
{
    struct rn_timer *timer = rn_timer_make(5 * RN_MS);
    int64_t due = rn_deadline(5 * RN_MS);
    int64_t when = 0;
    (void)arg;
    HOLDS(rn_recv_until(due - 1, rn_timer_chan(timer), &when) == RN_TIMEOUT);
    HOLDS(rn_recv(rn_timer_chan(timer), &when) && when == due);
    rn_sleep(RN_S);
    HOLDS(rn_try_recv(rn_timer_chan(timer), &when) == RN_AGAIN);
    HOLDS(!rn_timer_stop(timer));
    rn_timer_free(timer);
    return 0;
}

static void stop_at_last(struct clockwork **own)
{
    struct clockwork *work = *own;
    rn_sleep_until(work->due);
    work->stopped += rn_timer_stop(work->timer);
    rn_waitgroup_done(&work->done);
}

static void take_tick(struct clockwork **own)
{
    struct clockwork *work = *own;
    work->fired += rn_recv_until(work->due + RN_MS, rn_timer_chan(work->timer),
                                 NULL) == RN_OK;
    rn_waitgroup_done(&work->done);
}

/* Stopped when it is due: it fires, or the stop says that it kept it. */
static int stop_or_fire(void *arg)
{
    struct clockwork work = {.due = rn_deadline(RN_MS)};
    (void)arg;
    work.timer = rn_timer_make(RN_MS);
    rn_waitgroup_add(&work.done, 3);
    rn_go(stop_at_last, &work);
    rn_go(take_tick, &work);
    rn_go(stop_at_last, &work);
    rn_waitgroup_wait(&work.done);
    HOLDS(work.stopped <= 1);
    HOLDS(work.fired + work.stopped <= 1);
    HOLDS(rn_try_recv(rn_timer_chan(work.timer), NULL) == RN_AGAIN);
    rn_timer_free(work.timer);
    return 0;
}

static int nothing_old_after_a_stop(void *arg)
{
    struct rn_timer *timer = rn_timer_make(RN_MS);
    (void)arg;
    rn_sleep(2 * RN_MS); /* it has fired; nobody took it */
    HOLDS(!rn_timer_stop(timer));
    HOLDS(rn_try_recv(rn_timer_chan(timer), NULL) == RN_AGAIN);
    rn_timer_free(timer);
    return 0;
}

static void reset_at_last(struct clockwork **own)
{
    struct clockwork *work = *own;
    rn_sleep_until(work->due);
    rn_timer_reset(work->timer, 3 * RN_MS);
    int64_t when = 0;
    HOLDS(rn_recv(rn_timer_chan(work->timer), &when));
    HOLDS(when == work->due + 3 * RN_MS); /* not one of before */
    rn_waitgroup_done(&work->done);
}

static int nothing_old_after_a_reset(void *arg)
{
    struct clockwork work = {.due = rn_deadline(RN_MS)};
    (void)arg;
    work.timer = rn_timer_make(RN_MS);
    rn_waitgroup_add(&work.done, 1);
    rn_go(reset_at_last, &work);
    rn_waitgroup_wait(&work.done);
    rn_timer_free(work.timer);
    return 0;
}

static int ticks_never_pile_up(void *arg)
{
    struct rn_timer *ticker = rn_ticker_make(RN_MS);
    int64_t start = rn_now();
    int64_t when = 0;
    (void)arg;
    rn_sleep(5 * RN_MS + RN_US);
    HOLDS(rn_chan_len(rn_timer_chan(ticker)) == 1);
    HOLDS(rn_recv(rn_timer_chan(ticker), &when) && when == start + RN_MS);
    HOLDS(rn_recv(rn_timer_chan(ticker), &when) && when == start + 6 * RN_MS);
    HOLDS(rn_timer_stop(ticker));
    rn_sleep(RN_S);
    HOLDS(rn_try_recv(rn_timer_chan(ticker), &when) == RN_AGAIN);
    rn_timer_free(ticker);
    return 0;
}

static void count_up(void *arg)
{
    struct clockwork *work = arg;
    work->fired++;
}

static int function_runs_or_is_stopped(void *arg)
{
    struct clockwork work = {.due = rn_deadline(RN_MS)};
    (void)arg;
    work.timer = rn_after_func(RN_MS, count_up, &work);
    rn_waitgroup_add(&work.done, 2);
    rn_go(stop_at_last, &work);
    rn_go(stop_at_last, &work);
    rn_waitgroup_wait(&work.done);
    settle();
    HOLDS(work.fired + work.stopped == 1);
    rn_timer_free(work.timer);
    return 0;
}

static void free_at_last(struct clockwork **own)
{
    rn_sleep_until((*own)->due);
    rn_timer_free((*own)->timer);
    rn_waitgroup_done(&(*own)->done);
}

static int free_meets_fire(void *arg)
{
    struct clockwork work = {.due = rn_deadline(RN_MS)};
    struct clockwork ticks = {.due = rn_deadline(RN_MS)};
    (void)arg;
    work.timer = rn_after_func(RN_MS, count_up, &work);
    ticks.timer = rn_ticker_make(RN_MS / 2);
    rn_waitgroup_add(&work.done, 1);
    rn_waitgroup_add(&ticks.done, 1);
    rn_go(free_at_last, &work);
    rn_go(free_at_last, &ticks);
    rn_waitgroup_wait(&work.done);
    rn_waitgroup_wait(&ticks.done);
    settle();
    HOLDS(work.fired <= 1);
    return 0;
}

static int timeouts_of_zero_are_now(void *arg)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    int64_t start = rn_now();
    (void)arg;
    HOLDS(rn_recv_until(rn_deadline(0), chan, NULL) == RN_TIMEOUT);
    HOLDS(rn_send_until(rn_deadline(-5), chan, 1) == RN_TIMEOUT);
    rn_sleep(0);
    rn_sleep(-1);
    struct rn_timer *timer = rn_timer_make(0);
    HOLDS(rn_recv(rn_timer_chan(timer), NULL));
    rn_timer_free(timer);
    HOLDS(rn_now() == start);
    rn_chan_free(chan);
    return 0;
}

const struct scenario timer_scenarios[] = {
    SCENARIO(sleepers_wake_in_order),
    SCENARIO(stopped_timers_disturb_no_others),
    SCENARIO(timer_fires_once_and_not_early),
    SCENARIO(stop_or_fire),
    SCENARIO(nothing_old_after_a_stop),
    SCENARIO(nothing_old_after_a_reset),
    SCENARIO(ticks_never_pile_up),
    SCENARIO(function_runs_or_is_stopped),
    SCENARIO(free_meets_fire),
    SCENARIO(timeouts_of_zero_are_now),
    SCENARIOS_END,
};
