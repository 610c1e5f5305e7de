/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Broadcasts: every subscriber the same values in the same order; slow ones
 * wait, miss or leave as they said; anyone may come and go meanwhile.
 */
#include "rn_check.h"

enum { LISTENERS = 4, SENDERS = 3, VALUES = 30 };

struct value {
    int sender;
    int number;
};

typedef rn_broadcast(struct value) room;

struct listener {
    rn_receiver(struct value) in;
    struct value heard[SENDERS * VALUES];
    int count;
    struct rn_waitgroup *left;
};

static void listen_to_all(struct listener **own)
{
    struct listener *listener = *own;

    rn_range (struct value, value, listener->in)
        if (CHECK(listener->count < SENDERS * VALUES))
            listener->heard[listener->count++] = value;
    rn_waitgroup_done(listener->left);
}

struct speaker {
    room to;
    int number;
    struct rn_waitgroup *left;
};

static void speak(struct speaker *own)
{
    for (int i = 0; i < VALUES; i++) {
        CHECK_EQ_INT(
            rn_broadcast_send(rn_ctx_background(), own->to, {own->number, i}),
            RN_OK);
        if (rn_draw(4) == 0)
            rn_yield();
    }
    rn_waitgroup_done(own->left);
}

/* Several speak at once: all listeners hear the same. */
static void all_hear_the_same(void)
{
    static struct listener listeners[LISTENERS];
    struct rn_waitgroup listening = {0};
    struct rn_waitgroup speaking = {0};
    room to = rn_broadcast_make(struct value);

    memset(listeners, 0, sizeof(listeners));
    rn_waitgroup_add(&listening, LISTENERS);
    rn_waitgroup_add(&speaking, SENDERS);
    for (int i = 0; i < LISTENERS; i++) {
        listeners[i].left = &listening;
        listeners[i].in = rn_subscribe(to, (size_t)i, RN_SLOW_WAITS);
        rn_go(listen_to_all, &listeners[i]);
    }
    for (int i = 0; i < SENDERS; i++)
        rn_go(speak, (struct speaker){to, i, &speaking});
    rn_waitgroup_wait(&speaking);
    rn_broadcast_close(to);
    rn_waitgroup_wait(&listening);
    for (int i = 0; i < LISTENERS; i++) {
        CHECK_EQ_INT(listeners[i].count, SENDERS * VALUES);
        CHECK(memcmp(listeners[i].heard, listeners[0].heard,
                     sizeof(listeners[0].heard)) == 0);
        CHECK_EQ_INT(rn_missed(to, listeners[i].in), 0);
        rn_unsubscribe(to, listeners[i].in);
    }
    rn_broadcast_free(to);
    rn_check_alone();
}

/* One that misses does not hold up the others. */
static void slow_one_misses(void)
{
    rn_broadcast(int) to = rn_broadcast_make(int);
    rn_receiver(int) slow = rn_subscribe(to, 2, RN_SLOW_MISSES);
    rn_receiver(int) roomy = rn_subscribe(to, 10, RN_SLOW_WAITS);
    int value = -1;

    for (int i = 0; i < 10; i++)
        CHECK_EQ_INT(rn_broadcast_send(rn_ctx_background(), to, i), RN_OK);
    CHECK_EQ_INT(rn_missed(to, slow), 8);
    CHECK(rn_recv(slow, &value));
    CHECK_EQ_INT(value, 0);
    rn_unsubscribe(to, slow);
    rn_unsubscribe(to, roomy);
    rn_broadcast_free(to);
}

/* One that leaves hears what it has room for, then the end. */
static void slow_one_leaves(void)
{
    rn_broadcast(int) to = rn_broadcast_make(int);
    rn_receiver(int) slow = rn_subscribe(to, 2, RN_SLOW_LEAVES);
    int heard = 0;

    for (int i = 0; i < 5; i++)
        CHECK_EQ_INT(rn_broadcast_send(rn_ctx_background(), to, i), RN_OK);
    rn_range (int, value, slow)
        CHECK_EQ_INT(value, heard++);
    CHECK_EQ_INT(heard, 2);
    CHECK_EQ_INT(rn_missed(to, slow), 3);
    rn_broadcast_close(to);
    rn_broadcast_close(to);
    rn_unsubscribe(to, slow);
    rn_broadcast_free(to);
}

/* After the close nothing is sent, and newcomers hear the end. */
static void closed_is_closed(void)
{
    rn_broadcast(int) to = rn_broadcast_make(int);
    rn_receiver(int) late;

    rn_broadcast_close(to);
    CHECK_EQ_INT(rn_broadcast_send(rn_ctx_background(), to, 1), RN_CLOSED);
    late = rn_subscribe(to, 1, RN_SLOW_WAITS);
    CHECK(!rn_recv(late, NULL));
    rn_unsubscribe(to, late);
    rn_broadcast_free(to);
    rn_broadcast_free((rn_broadcast(int))NULL);
}

/* A context ends the wait for a subscriber that does not keep up. */
static void context_ends_the_wait(void)
{
    rn_broadcast(int) to = rn_broadcast_make(int);
    rn_receiver(int) deaf = rn_subscribe(to, 0, RN_SLOW_WAITS);
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);

    CHECK_EQ_INT(rn_broadcast_send(ctx, to, 1), RN_TIMEOUT);
    CHECK_EQ_INT(rn_broadcast_send(ctx, to, 1), RN_TIMEOUT);
    rn_ctx_release(ctx);
    rn_unsubscribe(to, deaf);
    rn_broadcast_free(to);
}

struct patient {
    rn_broadcast(int) to;
    struct rn_ctx *ctx;
    struct rn_waitgroup *left;
};

static void send_until_done(struct patient *own)
{
    CHECK_EQ_INT(rn_broadcast_send(own->ctx, own->to, 1), RN_TIMEOUT);
    rn_waitgroup_done(own->left);
}

/* Senders that wait behind another one hear of their own context's end. */
static void context_ends_the_wait_for_a_turn(void)
{
    rn_broadcast(int) to = rn_broadcast_make(int);
    rn_receiver(int) deaf = rn_subscribe(to, 0, RN_SLOW_WAITS);
    struct rn_ctx *late = rn_ctx_with_timeout(rn_ctx_background(), 4 * RN_MS);
    struct rn_ctx *soon = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    struct rn_waitgroup first = {0};
    struct rn_waitgroup others = {0};

    rn_waitgroup_add(&first, 1);
    rn_waitgroup_add(&others, 3);
    rn_go(send_until_done, (struct patient){to, late, &first});
    rn_check_settle();
    for (int i = 0; i < 3; i++)
        rn_go(send_until_done, (struct patient){to, soon, &others});
    rn_waitgroup_wait(&others);
    if (rn_check_simulated())
        CHECK_EQ_INT(rn_ctx_err(late), RN_OK);
    rn_waitgroup_wait(&first);
    rn_unsubscribe(to, deaf);
    rn_broadcast_free(to);
    rn_ctx_release(late);
    rn_ctx_release(soon);
    rn_check_alone();
}

struct waiting {
    rn_broadcast(int) to;
    struct rn_waitgroup *left;
};

static void send_to_deaf(struct waiting *own)
{
    CHECK_EQ_INT(rn_broadcast_send(rn_ctx_background(), own->to, 1), RN_OK);
    rn_waitgroup_done(own->left);
}

/* A subscriber that leaves lets go the sender that waits for it. */
static void leaving_lets_the_sender_go(void)
{
    rn_broadcast(int) to = rn_broadcast_make(int);
    rn_receiver(int) deaf = rn_subscribe(to, 0, RN_SLOW_WAITS);
    struct rn_waitgroup left = {0};

    rn_waitgroup_add(&left, 2);
    rn_go(send_to_deaf, (struct waiting){to, &left});
    rn_go(send_to_deaf, (struct waiting){to, &left});
    rn_check_settle();
    rn_unsubscribe(to, deaf);
    rn_waitgroup_wait(&left);
    rn_broadcast_free(to);
    rn_check_alone();
}

static void come_and_go(struct waiting *own)
{
    for (int i = 0; i < 20; i++) {
        rn_receiver(int) in =
            rn_subscribe(own->to, rn_draw(3), (enum rn_slow)rn_draw(3));
        int last = -1;

        for (uint32_t k = rn_draw(4); k > 0; k--) {
            int value = 0;

            if (!rn_recv(in, &value))
                break;
            CHECK(value > last);
            last = value;
        }
        rn_unsubscribe(own->to, in);
    }
    rn_waitgroup_done(own->left);
}

struct chatter {
    rn_broadcast(int) to;
    _Atomic(bool) *quiet;
};

static void chatter(struct chatter *own)
{
    for (int i = 0; !atomic_load(own->quiet); i++) {
        CHECK_EQ_INT(rn_broadcast_send(rn_ctx_background(), own->to, i), RN_OK);
        rn_sleep(RN_US);
    }
    rn_broadcast_close(own->to);
}

/* Subscribers come and go while somebody speaks. */
static void anyone_comes_and_goes(void)
{
    rn_broadcast(int) to = rn_broadcast_make(int);
    struct rn_waitgroup left = {0};
    _Atomic(bool) quiet = false;

    rn_waitgroup_add(&left, 5);
    rn_go(chatter, (struct chatter){to, &quiet});
    for (int i = 0; i < 5; i++)
        rn_go(come_and_go, (struct waiting){to, &left});
    rn_waitgroup_wait(&left);
    CHECK_EQ_INT(rn_broadcast_count(to), 0);
    atomic_store(&quiet, true);
    rn_check_alone();
    rn_broadcast_free(to);
}

RN_CHECK_MAIN(all_hear_the_same, slow_one_misses, slow_one_leaves,
              closed_is_closed, context_ends_the_wait,
              context_ends_the_wait_for_a_turn, leaving_lets_the_sender_go,
              anyone_comes_and_goes)
