/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drops: a channel hands on what nobody received, oldest first, and nothing
 * else. A group frees its channels and runs its last calls when all is done.
 */
#include "rn_check.h"

struct value {
    int number;
    char filling[20];
};

static struct {
    int count;
    int numbers[8];
} dropped;

static void note(struct value *value)
{
    dropped.numbers[dropped.count++ % 8] = value->number;
}

/* Buffered values, also those that wrapped round, in order. */
static void free_drops_what_is_buffered(void)
{
    rn_chan(struct value) chan = rn_chan_make(struct value, 4);

    dropped.count = 0;
    rn_chan_set_drop(chan, note);
    for (int i = 0; i < 6; i++) {
        rn_send(chan, {.number = i});
        if (i < 3)
            rn_recv(chan, NULL);
    }
    rn_close(chan);
    rn_chan_free(chan);
    CHECK_EQ_INT(dropped.count, 3);
    for (int i = 0; i < 3; i++)
        CHECK_EQ_INT(dropped.numbers[i], 3 + i);
}

/* Received values are the receiver's. */
static void received_values_are_not_dropped(void)
{
    rn_chan(struct value) chan = rn_chan_make(struct value, 4);
    struct value value = {0};

    dropped.count = 0;
    rn_chan_set_drop(rn_send_end(chan), note);
    rn_send(chan, {.number = 1});
    CHECK(rn_recv(chan, &value));
    rn_chan_free(chan);
    CHECK_EQ_INT(dropped.count, 0);
}

/* A sender that gave up drops its own; without a drop nothing happens. */
static void senders_drop_by_hand(void)
{
    rn_chan(struct value) chan = rn_chan_make(struct value, 0);
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 0);
    struct value value = {.number = 7};

    dropped.count = 0;
    rn_chan_drop(chan, &value);
    CHECK_EQ_INT(dropped.count, 0);
    rn_chan_set_drop(chan, note);
    if (rn_send_ctx(ctx, chan, value) < 0)
        rn_chan_drop(chan, &value);
    CHECK_EQ_INT(dropped.count, 1);
    CHECK_EQ_INT(dropped.numbers[0], 7);
    rn_chan_free(chan);
    rn_ctx_release(ctx);
}

static void send_from_afar(rn_sender(struct value) *own)
{
    rn_send(*own, {.number = 5});
}

/* What the sender wrote is seen by the drop. */
static void drop_sees_what_was_sent(void)
{
    rn_chan(struct value) chan = rn_chan_make(struct value, 1);

    dropped.count = 0;
    rn_chan_set_drop(chan, note);
    rn_go(send_from_afar, rn_send_end(chan));
    while (rn_chan_len(chan) == 0)
        rn_yield();
    rn_chan_free(chan);
    CHECK_EQ_INT(dropped.count, 1);
    CHECK_EQ_INT(dropped.numbers[0], 5);
    rn_check_alone();
}

/* A context ends a range over a channel that is never closed. */
static void range_ends_with_the_context(void)
{
    rn_chan(int) chan = rn_chan_make(int, 4);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    int sum = 0;

    for (int i = 1; i <= 4; i++)
        rn_send(chan, i);
    rn_range_ctx(int, n, ctx, chan)
    {
        sum += n;
        if (n == 3)
            rn_ctx_cancel(ctx);
    }
    CHECK_EQ_INT(sum, 6);
    rn_ctx_release(ctx);
    rn_chan_free(chan);
}

struct order {
    struct rn_group *group;
    _Atomic(int) ended;
    int calls[3];
    int count;
};

static int end_late(struct rn_ctx *ctx, struct order **own)
{
    CHECK(ctx);
    rn_sleep(10 * RN_US);
    atomic_fetch_add(&(*own)->ended, 1);
    return RN_OK;
}

static void call_third(void *arg)
{
    struct order *order = arg;

    order->calls[order->count++] = 3;
}

static void call_second(void *arg)
{
    struct order *order = arg;

    CHECK_EQ_INT(atomic_load(&order->ended), 3);
    order->calls[order->count++] = 2;
    rn_group_finally(order->group, call_third, order);
}

static void call_first(void *arg)
{
    struct order *order = arg;

    CHECK_EQ_INT(atomic_load(&order->ended), 3);
    order->calls[order->count++] = 1;
}

/* Last calls come after every function, newest first; they may add more. */
static void group_calls_come_last(void)
{
    struct order order = {.group = rn_group_make(rn_ctx_background(), 0)};
    rn_chan(struct value) chan = rn_group_chan(order.group, struct value, 2);

    dropped.count = 0;
    rn_chan_set_drop(chan, note);
    rn_send(chan, {.number = 1});
    rn_group_finally(order.group, call_second, &order);
    rn_group_finally(order.group, call_first, &order);
    for (int i = 0; i < 3; i++)
        rn_group_go(order.group, end_late, &order);
    CHECK_EQ_INT(rn_group_wait(order.group), RN_OK);
    CHECK_EQ_INT(order.count, 3);
    for (int i = 0; i < 3; i++)
        CHECK_EQ_INT(order.calls[i], i + 1);
    CHECK_EQ_INT(dropped.count, 1);
    rn_check_alone();
}

/* Draws are even enough, and below their bound. */
static void draws_are_even(void)
{
    const int rounds = rn_check_rounds(60000);
    int counts[6] = {0};

    for (int i = 0; i < rounds; i++) {
        uint32_t drawn = rn_draw(6);

        if (CHECK(drawn < 6))
            counts[drawn]++;
    }
    for (int i = 0; i < 6 && rounds > 1000; i++)
        CHECK(counts[i] > rounds / 12 && counts[i] < rounds / 3);
    CHECK_EQ_INT(rn_draw(1), 0);
}

RN_CHECK_MAIN(free_drops_what_is_buffered, received_values_are_not_dropped,
              senders_drop_by_hand, drop_sees_what_was_sent,
              range_ends_with_the_context, group_calls_come_last,
              draws_are_even)
