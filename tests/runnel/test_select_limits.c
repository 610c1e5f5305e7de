/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Selects that end by a deadline or a context.
 */
#include "rn_check.h"

/* Nothing happens: RN_TIMEOUT, never early, and no waiter is left. */
static void deadline_ends_a_select(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    int place = 1;
    int value = 2;
    struct rn_case cases[] = {
        rn_case_recv(chan, &place),
        rn_case_send(chan, &value),
    };
    int64_t deadline = rn_deadline(2 * RN_MS);

    CHECK_EQ_INT(rn_select_until(deadline, cases, 2), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    CHECK_EQ_INT(rn_select_until(0, cases, 2), RN_TIMEOUT);
    CHECK_EQ_INT(rn_select_until(rn_deadline(RN_US), NULL, 0), RN_TIMEOUT);
    CHECK_EQ_INT(rn_try_send(chan, 1), RN_AGAIN);
    CHECK_EQ_INT(rn_try_recv(chan, &place), RN_AGAIN);
    CHECK_EQ_INT(place, 1);
    rn_chan_free(chan);
}

/* A case that is ready wins over a deadline that has passed. */
static void ready_case_wins_over_deadline(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    int got = 0;
    struct rn_case cases[] = {rn_case_recv(chan, &got)};

    rn_send(chan, 5);
    CHECK_EQ_INT(rn_select_until(0, cases, 1), 0);
    CHECK_EQ_INT(got, 5);
    rn_chan_free(chan);
}

struct later {
    rn_chan(int) chan;
    struct rn_ctx *ctx;
    int64_t after;
};

static void send_later(struct later *own)
{
    rn_sleep(own->after);
    rn_send(own->chan, 1);
}

static void cancel_later(struct later *own)
{
    rn_sleep(own->after);
    rn_ctx_cancel(own->ctx);
    rn_ctx_release(own->ctx);
}

/* Something happens in time: its index. */
static void case_in_time_is_taken(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    rn_chan(int) idle = rn_chan_make(int, 0);
    struct rn_case cases[] = {
        rn_case_recv(idle, NULL),
        rn_case_recv(chan, NULL),
    };

    rn_go(send_later, (struct later){.chan = chan, .after = RN_MS});
    CHECK_EQ_INT(rn_select_until(rn_deadline(60 * RN_S), cases, 2), 1);
    rn_go(send_later, (struct later){.chan = chan, .after = RN_MS});
    CHECK_EQ_INT(rn_select_until(RN_NEVER, cases, 2), 1);
    rn_chan_free(chan);
    rn_chan_free(idle);
}

/* A canceled context is a case: parked or already done, in each kind of call.
 */
static void done_case_hears_cancel(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_chan(int) idle = rn_chan_make(int, 0);
    struct rn_case cases[] = {rn_case_recv(idle, NULL), rn_case_done(ctx)};

    CHECK_EQ_INT(rn_try_select(cases, 2), RN_AGAIN);
    CHECK_EQ_INT(rn_select_until(rn_deadline(RN_US), cases, 2), RN_TIMEOUT);
    rn_go(cancel_later,
          (struct later){.ctx = rn_ctx_retain(ctx), .after = RN_MS});
    CHECK_EQ_INT(rn_select(cases, 2), 1);
    CHECK_EQ_INT(rn_ctx_err(ctx), RN_CANCELED);
    CHECK_EQ_INT(rn_try_select(cases, 2), 1);
    CHECK_EQ_INT(rn_select_until(0, cases, 2), 1);
    rn_ctx_release(ctx);
    rn_chan_free(idle);
}

/* The deadline of a context ends a select too. */
static void done_case_hears_the_deadline(void)
{
    struct rn_ctx *parent = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    struct rn_ctx *ctx = rn_ctx_with_cancel(parent);
    struct rn_case cases[] = {rn_case_done(ctx)};

    CHECK_EQ_INT(rn_select(cases, 1), 0);
    CHECK_EQ_INT(rn_ctx_err(ctx), RN_TIMEOUT);
    CHECK(rn_now() >= rn_ctx_deadline(ctx));
    rn_ctx_release(ctx);
    rn_ctx_release(parent);
}

/* Several contexts in one select: the one that is done is taken. */
static void done_cases_tell_which(void)
{
    struct rn_ctx *ctxs[3];
    struct rn_case cases[4];

    for (int i = 0; i < 3; i++) {
        ctxs[i] = rn_ctx_with_cancel(rn_ctx_background());
        cases[i] = rn_case_done(ctxs[i]);
    }
    cases[3] = rn_case_done(rn_ctx_background());
    rn_go(cancel_later,
          (struct later){.ctx = rn_ctx_retain(ctxs[1]), .after = RN_US});
    CHECK_EQ_INT(rn_select(cases, 4), 1);
    CHECK_EQ_INT(rn_ctx_err(ctxs[0]), RN_OK);
    CHECK_EQ_INT(rn_ctx_err(ctxs[2]), RN_OK);
    for (int i = 0; i < 3; i++)
        rn_ctx_release(ctxs[i]);
}

/* A timer's channel is a case like another. */
static void timer_is_a_case(void)
{
    struct rn_timer *timer = rn_timer_make(RN_MS);
    rn_chan(int) idle = rn_chan_make(int, 0);
    int64_t at = 0;
    struct rn_case cases[] = {
        rn_case_recv(idle, NULL),
        rn_case_recv(rn_timer_chan(timer), &at),
    };

    CHECK_EQ_INT(rn_select(cases, 2), 1);
    CHECK(cases[1].ok);
    CHECK(at > 0 && at <= rn_now());
    rn_timer_free(timer);
    rn_chan_free(idle);
}

RN_CHECK_MAIN(deadline_ends_a_select, ready_case_wins_over_deadline,
              case_in_time_is_taken, done_case_hears_cancel,
              done_case_hears_the_deadline, done_cases_tell_which,
              timer_is_a_case)
