/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickers: every period, never early, dropped when nobody takes them.
 */
#include "rn_check.h"

/* n ticks take at least n periods, and each value is a time of the clock. */
static void ticks_come_every_period(void)
{
    const int64_t period = 2 * RN_MS;
    int64_t start = rn_now();
    struct rn_timer *ticker = rn_ticker_make(period);
    int64_t last = 0;

    for (int i = 1; i <= 10; i++) {
        int64_t at = 0;

        CHECK(rn_recv(rn_timer_chan(ticker), &at));
        CHECK(at > last && at <= rn_now());
        CHECK_MSG(at - start >= i * period, "tick %d is early", i);
        last = at;
    }
    rn_timer_free(ticker);
}

/* Ticks that nobody took do not pile up: one is there, not fifty. */
static void missed_ticks_are_dropped(void)
{
    struct rn_timer *ticker = rn_ticker_make(100 * RN_US);
    int waiting = 0;

    rn_sleep(5 * RN_MS);
    while (rn_try_recv(rn_timer_chan(ticker), NULL) == RN_OK)
        waiting++;
    CHECK_MSG(waiting <= 2, "%d ticks were waiting", waiting);
    CHECK(rn_recv(rn_timer_chan(ticker), NULL));
    rn_timer_free(ticker);
}

/* Reset changes the period, stop ends the ticks, reset starts them again. */
static void reset_and_stop(void)
{
    struct rn_timer *ticker = rn_ticker_make(60 * RN_S);
    int64_t set = rn_now();

    CHECK(rn_timer_reset(ticker, RN_MS));
    for (int i = 1; i <= 3; i++) {
        CHECK(rn_recv(rn_timer_chan(ticker), NULL));
        CHECK(rn_now() - set >= i * RN_MS);
    }
    CHECK(rn_now() - set < 50 * RN_S);
    CHECK(rn_timer_stop(ticker));
    CHECK(!rn_timer_stop(ticker));
    CHECK_EQ_INT(
        rn_recv_until(rn_deadline(4 * RN_MS), rn_timer_chan(ticker), NULL),
        RN_TIMEOUT);
    CHECK(!rn_timer_reset(ticker, RN_MS));
    CHECK(rn_recv(rn_timer_chan(ticker), NULL));
    CHECK(rn_recv(rn_timer_chan(ticker), NULL));
    rn_timer_free(ticker);
}

struct watcher {
    rn_receiver(int64_t) ticks;
    struct rn_ctx *ctx;
    _Atomic(int) *seen;
    struct rn_waitgroup *all;
};

static void watch(struct watcher *own)
{
    int64_t at = 0;

    while (rn_recv_ctx(own->ctx, own->ticks, &at) == RN_OK) {
        CHECK(at > 0);
        atomic_fetch_add(own->seen, 1);
    }
    rn_waitgroup_done(own->all);
}

/* Ten goroutines share a ticker: each tick goes to one of them. */
static void ticker_is_shared(void)
{
    int64_t start = rn_now();
    struct rn_timer *ticker = rn_ticker_make(RN_MS);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_waitgroup all = {0};
    _Atomic(int) seen = 0;
    int64_t taken;

    rn_waitgroup_add(&all, 10);
    for (int i = 0; i < 10; i++)
        rn_go(watch, (struct watcher){rn_timer_chan(ticker), ctx, &seen, &all});
    while (atomic_load(&seen) < 10)
        rn_sleep(RN_MS);
    rn_ctx_cancel(ctx);
    rn_waitgroup_wait(&all);
    taken = rn_now() - start;
    CHECK_MSG(atomic_load(&seen) <= taken / RN_MS, "%d ticks in %lld ms",
              atomic_load(&seen), (long long)(taken / RN_MS));
    rn_ctx_release(ctx);
    rn_timer_free(ticker);
}

/* Freed while it ticks: no tick afterwards, nothing is left. */
static void free_stops_it(void)
{
    for (int i = 0; i < rn_check_rounds(300) + 3; i++) {
        struct rn_timer *ticker = rn_ticker_make(10 * RN_US);

        if (i % 3 == 0)
            rn_sleep(i % 30 * RN_US);
        rn_timer_free(ticker);
    }
}

RN_CHECK_MAIN(ticks_come_every_period, missed_ticks_are_dropped, reset_and_stop,
              ticker_is_shared, free_stops_it)
