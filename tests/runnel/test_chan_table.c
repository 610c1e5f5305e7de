/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What send, receive and close do to a nil, open, full and closed channel, with
 * and without somebody waiting. (What panics is in test_panic_chan.c.)
 */
#include "rn_check.h"

static const size_t capacities[] = {0, 1, 2, 7};
#define CAPACITIES (sizeof(capacities) / sizeof(capacities[0]))

/* One side of a channel at work in a goroutine, and how far it came. */
struct side {
    rn_chan(int) chan;
    int value;
    _Atomic(bool) started;
    _Atomic(bool) done;
    bool ok;
    struct rn_waitgroup *all;
};

static void send_one(struct side **own)
{
    struct side *side = *own;

    atomic_store(&side->started, true);
    rn_send(side->chan, side->value);
    atomic_store(&side->done, true);
    if (side->all)
        rn_waitgroup_done(side->all);
}

static void receive_one(struct side **own)
{
    struct side *side = *own;

    atomic_store(&side->started, true);
    side->ok = rn_recv(side->chan, &side->value);
    atomic_store(&side->done, true);
    if (side->all)
        rn_waitgroup_done(side->all);
}

/* Sends 0, 1, 2, ... until the buffer is full. */
static void fill(rn_chan(int) chan)
{
    for (int i = 0; i < (int)rn_chan_cap(chan); i++)
        rn_send(chan, i);
}

static _Atomic(int) nil_passed;

static void send_to_nil(void)
{
    rn_chan(int) nil = NULL;

    rn_send(nil, 1);
    atomic_fetch_add(&nil_passed, 1);
}

/* A receive from a nil channel, with nothing else alive. */
static void receive_from_nil(void)
{
    rn_chan(int) nil = NULL;

    rn_recv(nil, NULL);
    atomic_fetch_add(&nil_passed, 1);
}

/* A nil channel is never ready; its senders and receivers wait for ever. */
static void nil_parks_for_ever(void)
{
    rn_chan(int) nil = NULL;
    int place = 7;

    atomic_store(&nil_passed, 0);
    rn_go_void(send_to_nil);
    rn_go_void(receive_from_nil);
    rn_check_settle();
    CHECK_EQ_INT(atomic_load(&nil_passed), 0);
    CHECK_EQ_INT(rn_try_send(nil, 1), RN_AGAIN);
    CHECK_EQ_INT(rn_try_recv(nil, &place), RN_AGAIN);
    CHECK_EQ_INT(rn_send_until(rn_deadline(RN_MS), nil, 1), RN_TIMEOUT);
    CHECK_EQ_INT(rn_recv_until(rn_deadline(RN_MS), nil, &place), RN_TIMEOUT);
    CHECK_EQ_INT(place, 7);
    CHECK_EQ_INT(rn_chan_len(nil), 0);
    CHECK_EQ_INT(rn_chan_cap(nil), 0);
}

/* A receiver on an open empty channel parks until somebody sends. */
static void empty_receive_parks_until_send(void)
{
    for (size_t c = 0; c < CAPACITIES; c++) {
        struct rn_waitgroup all = {0};
        struct side side = {.chan = rn_chan_make(int, capacities[c]),
                            .all = &all};

        rn_waitgroup_add(&all, 1);
        rn_go(receive_one, &side);
        rn_check_settle();
        CHECK(!atomic_load(&side.done));
        rn_send(side.chan, 42);
        rn_waitgroup_wait(&all);
        CHECK(side.ok);
        CHECK_EQ_INT(side.value, 42);
        CHECK_EQ_INT(rn_chan_len(side.chan), 0);
        rn_chan_free(side.chan);
    }
}

/* A sender to a full channel parks until there is a place, and keeps order. */
static void full_send_parks_until_receive(void)
{
    for (size_t c = 0; c < CAPACITIES; c++) {
        struct rn_waitgroup all = {0};
        struct side side = {.chan = rn_chan_make(int, capacities[c]),
                            .value = (int)capacities[c],
                            .all = &all};
        int got = -1;

        fill(side.chan);
        rn_waitgroup_add(&all, 1);
        rn_go(send_one, &side);
        rn_check_settle();
        CHECK(!atomic_load(&side.done));
        CHECK_EQ_INT(rn_chan_len(side.chan), capacities[c]);
        for (int i = 0; i <= (int)capacities[c]; i++) {
            CHECK(rn_recv(side.chan, &got));
            CHECK_EQ_INT(got, i);
        }
        rn_waitgroup_wait(&all);
        CHECK_EQ_INT(rn_chan_len(side.chan), 0);
        rn_chan_free(side.chan);
    }
}

/* One receive from a full buffer lets the sender that waits go on at once. */
static void receive_admits_the_parked_sender(void)
{
    struct rn_waitgroup all = {0};
    struct side side = {.chan = rn_chan_make(int, 3), .value = 3, .all = &all};
    int got = -1;

    fill(side.chan);
    rn_waitgroup_add(&all, 1);
    rn_go(send_one, &side);
    rn_check_settle();
    CHECK(rn_recv(side.chan, &got));
    CHECK_EQ_INT(got, 0);
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(rn_chan_len(side.chan), 3);
    for (int i = 1; i <= 3; i++) {
        CHECK(rn_recv(side.chan, &got));
        CHECK_EQ_INT(got, i);
    }
    rn_chan_free(side.chan);
}

/* len counts what is buffered, cap the places, before, full and drained. */
static void len_and_cap_tell_the_buffer(void)
{
    for (size_t c = 0; c < CAPACITIES; c++) {
        rn_chan(int) chan = rn_chan_make(int, capacities[c]);

        CHECK_EQ_INT(rn_chan_len(chan), 0);
        CHECK_EQ_INT(rn_chan_cap(chan), capacities[c]);
        fill(chan);
        CHECK_EQ_INT(rn_chan_len(chan), capacities[c]);
        CHECK_EQ_INT(rn_chan_cap(chan), capacities[c]);
        CHECK_EQ_INT(rn_try_send(chan, 9), RN_AGAIN);
        for (size_t i = 0; i < capacities[c]; i++)
            CHECK(rn_recv(chan, NULL));
        CHECK_EQ_INT(rn_chan_len(chan), 0);
        CHECK_EQ_INT(rn_try_recv(chan, NULL), RN_AGAIN);
        rn_chan_free(chan);
    }
}

/* After close: what is buffered in order, then false and zero for ever. */
static void closed_drains_then_says_false(void)
{
    for (size_t c = 0; c < CAPACITIES; c++) {
        rn_chan(int) chan = rn_chan_make(int, capacities[c]);
        int got;

        fill(chan);
        rn_close(chan);
        for (int i = 0; i < (int)capacities[c]; i++) {
            CHECK(rn_recv(chan, &got));
            CHECK_EQ_INT(got, i);
        }
        for (int i = 0; i < 3; i++) {
            got = 99;
            CHECK(!rn_recv(chan, &got));
            CHECK_EQ_INT(got, 0);
            got = 99;
            CHECK_EQ_INT(rn_try_recv(chan, &got), RN_CLOSED);
            CHECK_EQ_INT(got, 0);
            CHECK(!rn_recv(chan, NULL));
        }
        rn_chan_free(chan);
    }
}

/* Close wakes every receiver that waits, each with false and zero. */
static void close_wakes_every_receiver(void)
{
    for (size_t c = 0; c < CAPACITIES; c++) {
        struct rn_waitgroup all = {0};
        rn_chan(int) chan = rn_chan_make(int, capacities[c]);
        struct side sides[10];

        for (int i = 0; i < 10; i++) {
            sides[i] = (struct side){.chan = chan, .value = 99, .all = &all};
            rn_waitgroup_add(&all, 1);
            rn_go(receive_one, &sides[i]);
        }
        rn_check_settle();
        for (int i = 0; i < 10; i++)
            CHECK(!atomic_load(&sides[i].done));
        rn_close(chan);
        rn_waitgroup_wait(&all);
        for (int i = 0; i < 10; i++) {
            CHECK(!sides[i].ok);
            CHECK_EQ_INT(sides[i].value, 0);
        }
        rn_chan_free(chan);
    }
}

/* A receiver that waits gets the value even when close follows the send. */
static void value_sent_before_close_arrives(void)
{
    for (size_t c = 0; c < CAPACITIES; c++) {
        struct rn_waitgroup all = {0};
        struct side side = {.chan = rn_chan_make(int, capacities[c]),
                            .all = &all};

        rn_waitgroup_add(&all, 1);
        rn_go(receive_one, &side);
        rn_check_settle();
        rn_send(side.chan, 5);
        rn_close(side.chan);
        rn_waitgroup_wait(&all);
        CHECK(side.ok);
        CHECK_EQ_INT(side.value, 5);
        CHECK_EQ_INT(rn_try_recv(side.chan, NULL), RN_CLOSED);
        rn_chan_free(side.chan);
    }
}

/* try_send finds a receiver that waits, try_recv a sender that waits. */
static void try_meets_who_waits(void)
{
    struct rn_waitgroup all = {0};
    struct side receiver = {.chan = rn_chan_make(int, 0), .all = &all};
    struct side sender = {.chan = receiver.chan, .value = 11, .all = &all};
    int got = 0;

    rn_waitgroup_add(&all, 1);
    rn_go(receive_one, &receiver);
    while (rn_try_send(receiver.chan, 10) != RN_OK)
        rn_yield();
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(receiver.value, 10);

    rn_waitgroup_add(&all, 1);
    rn_go(send_one, &sender);
    while (rn_try_recv(sender.chan, &got) != RN_OK)
        rn_yield();
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(got, 11);
    rn_chan_free(sender.chan);
}

/* A try that is not ready leaves no trace: no value, no waiter. */
static void try_has_no_effect_when_not_ready(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    int place = 3;

    for (int i = 0; i < 5; i++) {
        CHECK_EQ_INT(rn_try_send(chan, i), RN_AGAIN);
        CHECK_EQ_INT(rn_try_recv(chan, &place), RN_AGAIN);
    }
    CHECK_EQ_INT(place, 3);
    CHECK_EQ_INT(rn_chan_len(chan), 0);
    rn_close(chan);
    CHECK_EQ_INT(rn_try_recv(chan, &place), RN_CLOSED);
    CHECK_EQ_INT(place, 0);
    rn_chan_free(chan);
}

/* A channel and its values are freed; one nobody uses, and nil, may be. */
static void free_takes_what_is_left(void)
{
    rn_chan(int) half = rn_chan_make(int, 8);
    rn_chan(int) closed = rn_chan_make(int, 2);
    rn_chan(int) nil = NULL;

    rn_send(half, 1);
    rn_send(half, 2);
    rn_chan_free(half);
    rn_send(closed, 3);
    rn_close(closed);
    rn_chan_free(closed);
    rn_chan_free(rn_send_end(nil));
    rn_chan_free(rn_chan_make(int, 0));
}

RN_CHECK_MAIN(nil_parks_for_ever, empty_receive_parks_until_send,
              full_send_parks_until_receive, receive_admits_the_parked_sender,
              len_and_cap_tell_the_buffer, closed_drains_then_says_false,
              close_wakes_every_receiver, value_sent_before_close_arrives,
              try_meets_who_waits, try_has_no_effect_when_not_ready,
              free_takes_what_is_left)
