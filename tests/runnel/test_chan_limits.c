/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending and receiving with a deadline or a context: who wins, what is
 * returned, and that giving up leaves nothing behind.
 */
#include "rn_check.h"

struct late {
    rn_chan(int) chan;
    int64_t after;
    int value;
};

static void send_later(struct late *own)
{
    rn_sleep(own->after);
    rn_send(own->chan, own->value);
}

static void receive_later(struct late *own)
{
    rn_sleep(own->after);
    rn_recv(own->chan, NULL);
}

/* Nobody comes: RN_TIMEOUT, not before the deadline, and no trace. */
static void deadline_ends_a_wait(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    int64_t deadline = rn_deadline(2 * RN_MS);
    int place = 8;

    CHECK_EQ_INT(rn_recv_until(deadline, chan, &place), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    CHECK_EQ_INT(place, 8);
    deadline = rn_deadline(2 * RN_MS);
    CHECK_EQ_INT(rn_send_until(deadline, chan, 1), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    CHECK_EQ_INT(rn_try_recv(chan, &place), RN_AGAIN);
    CHECK_EQ_INT(rn_try_send(chan, 2), RN_AGAIN);
    rn_chan_free(chan);
}

/* A deadline that has passed returns at once. */
static void past_deadline_does_not_wait(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);

    CHECK_EQ_INT(rn_recv_until(0, chan, NULL), RN_TIMEOUT);
    CHECK_EQ_INT(rn_recv_until(rn_now() - RN_S, chan, NULL), RN_TIMEOUT);
    CHECK_EQ_INT(rn_send_until(rn_deadline(-5), chan, 1), RN_TIMEOUT);
    rn_chan_free(chan);
}

/* A channel that is ready wins over a deadline that has passed. */
static void ready_channel_wins_over_deadline(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    int got = 0;

    CHECK_EQ_INT(rn_send_until(0, chan, 6), RN_OK);
    CHECK_EQ_INT(rn_recv_until(0, chan, &got), RN_OK);
    CHECK_EQ_INT(got, 6);
    rn_close(chan);
    CHECK_EQ_INT(rn_recv_until(0, chan, &got), RN_CLOSED);
    CHECK_EQ_INT(got, 0);
    rn_chan_free(chan);
}

/* The partner comes in time: RN_OK and the value. */
static void partner_in_time_is_met(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    int got = 0;

    rn_go(send_later, (struct late){chan, RN_MS, 12});
    CHECK_EQ_INT(rn_recv_until(rn_deadline(60 * RN_S), chan, &got), RN_OK);
    CHECK_EQ_INT(got, 12);
    rn_go(receive_later, (struct late){.chan = chan, .after = RN_MS});
    CHECK_EQ_INT(rn_send_until(rn_deadline(60 * RN_S), chan, 1), RN_OK);
    rn_go(send_later, (struct late){chan, RN_MS, 13});
    CHECK_EQ_INT(rn_recv_until(RN_NEVER, chan, &got), RN_OK);
    CHECK_EQ_INT(got, 13);
    rn_check_settle();
    rn_chan_free(chan);
}

struct crossing {
    rn_chan(int) chan;
    int64_t deadline;
    struct rn_waitgroup *all;
    _Atomic(int) *sent;
    _Atomic(int) *received;
};

static void send_at_the_edge(struct crossing *own)
{
    if (rn_send_until(own->deadline, own->chan, 1) == RN_OK)
        atomic_fetch_add(own->sent, 1);
    rn_waitgroup_done(own->all);
}

static void receive_at_the_edge(struct crossing *own)
{
    int got = 0;

    rn_sleep_until(own->deadline);
    if (rn_recv_until(own->deadline, own->chan, &got) == RN_OK)
        atomic_fetch_add(own->received, got);
    rn_waitgroup_done(own->all);
}

/* A deadline racing a partner: either both did it or neither. */
static void racing_deadline_is_all_or_nothing(void)
{
    _Atomic(int) sent = 0;
    _Atomic(int) received = 0;

    for (int i = 0; i < rn_check_rounds(1000); i++) {
        struct rn_waitgroup all = {0};
        struct crossing crossing = {.chan = rn_chan_make(int, 0),
                                    .deadline = rn_deadline(20 * RN_US),
                                    .all = &all,
                                    .sent = &sent,
                                    .received = &received};

        rn_waitgroup_add(&all, 2);
        rn_go(send_at_the_edge, crossing);
        rn_go(receive_at_the_edge, crossing);
        rn_waitgroup_wait(&all);
        rn_chan_free(crossing.chan);
    }
    CHECK_EQ_INT(atomic_load(&sent), atomic_load(&received));
}

struct canceler {
    struct rn_ctx *ctx;
    int64_t after;
};

static void cancel_later(struct canceler *own)
{
    rn_sleep(own->after);
    rn_ctx_cancel(own->ctx);
    rn_ctx_release(own->ctx);
}

/* A context that is canceled ends the wait with RN_CANCELED. */
static void cancel_ends_a_wait(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    int place = 8;

    rn_go(cancel_later, (struct canceler){rn_ctx_retain(ctx), RN_MS});
    CHECK_EQ_INT(rn_recv_ctx(ctx, chan, &place), RN_CANCELED);
    CHECK_EQ_INT(place, 8);
    CHECK_EQ_INT(rn_send_ctx(ctx, chan, 1), RN_CANCELED);
    rn_ctx_release(ctx);

    ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_go(cancel_later, (struct canceler){rn_ctx_retain(ctx), RN_MS});
    CHECK_EQ_INT(rn_send_ctx(ctx, chan, 1), RN_CANCELED);
    rn_ctx_release(ctx);
    CHECK_EQ_INT(rn_try_recv(chan, &place), RN_AGAIN);
    rn_chan_free(chan);
}

/* A context's deadline ends the wait with RN_TIMEOUT. */
static void context_deadline_ends_a_wait(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);

    CHECK_EQ_INT(rn_recv_ctx(ctx, chan, NULL), RN_TIMEOUT);
    CHECK(rn_now() >= rn_ctx_deadline(ctx));
    CHECK_EQ_INT(rn_send_ctx(ctx, chan, 1), RN_TIMEOUT);
    rn_ctx_release(ctx);
    rn_chan_free(chan);
}

/* When context and channel are both ready, the context wins. */
static void done_context_wins_over_channel(void)
{
    rn_chan(int) chan = rn_chan_make(int, 2);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    int got = 4;

    rn_send(chan, 1);
    rn_ctx_cancel(ctx);
    CHECK_EQ_INT(rn_recv_ctx(ctx, chan, &got), RN_CANCELED);
    CHECK_EQ_INT(got, 4);
    CHECK_EQ_INT(rn_send_ctx(ctx, chan, 2), RN_CANCELED);
    CHECK_EQ_INT(rn_chan_len(chan), 1);
    rn_ctx_release(ctx);
    rn_chan_free(chan);
}

/* A live context does not get in the way; closed is RN_CLOSED. */
static void live_context_lets_values_pass(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 60 * RN_S);
    int got = 0;

    rn_go(send_later, (struct late){chan, RN_US, 3});
    CHECK_EQ_INT(rn_recv_ctx(ctx, chan, &got), RN_OK);
    CHECK_EQ_INT(got, 3);
    rn_go(receive_later, (struct late){.chan = chan, .after = RN_US});
    CHECK_EQ_INT(rn_send_ctx(ctx, chan, 3), RN_OK);
    CHECK_EQ_INT(rn_ctx_err(ctx), RN_OK);
    rn_go(send_later, (struct late){chan, RN_US, 5});
    CHECK_EQ_INT(rn_recv_ctx(rn_ctx_background(), chan, &got), RN_OK);
    CHECK_EQ_INT(got, 5);
    rn_check_settle();
    rn_close(chan);
    CHECK_EQ_INT(rn_recv_ctx(ctx, chan, &got), RN_CLOSED);
    CHECK_EQ_INT(got, 0);
    rn_ctx_cancel(ctx);
    rn_ctx_release(ctx);
    rn_chan_free(chan);
}

RN_CHECK_MAIN(deadline_ends_a_wait, past_deadline_does_not_wait,
              ready_channel_wins_over_deadline, partner_in_time_is_met,
              racing_deadline_is_all_or_nothing, cancel_ends_a_wait,
              context_deadline_ends_a_wait, done_context_wins_over_channel,
              live_context_lets_values_pass)
