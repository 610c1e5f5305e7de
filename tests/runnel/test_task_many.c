/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many goroutines: 100,000 alive at once, and bursts that come and go.
 */
#include "rn_check.h"

struct waiting {
    rn_receiver(int) gate;
    _Atomic(int) *woken;
    struct rn_waitgroup *all;
};

static void wait_at_gate(struct waiting *own)
{
    rn_recv(own->gate, NULL);
    atomic_fetch_add(own->woken, 1);
    rn_waitgroup_done(own->all);
}

/* 100,000 parked goroutines, all woken by one close. */
static void a_hundred_thousand_are_alive(void)
{
    const int count = rn_check_rounds(100000);
    rn_chan(int) gate = rn_chan_make(int, 0);
    struct rn_waitgroup all = {0};
    _Atomic(int) woken = 0;

    rn_waitgroup_add(&all, count);
    for (int i = 0; i < count; i++)
        rn_go(wait_at_gate, (struct waiting){rn_recv_end(gate), &woken, &all});
    CHECK_EQ_INT(rn_task_count(), count + 1);
    rn_check_settle();
    CHECK_EQ_INT(atomic_load(&woken), 0);
    rn_close(gate);
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(atomic_load(&woken), count);
    rn_chan_free(gate);
}

struct node {
    int depth;
    rn_sender(int64_t) up;
};

/* A tree of goroutines, 10 below each; the leaves number themselves. */
static void grow(struct node *own)
{
    rn_chan(int64_t) below;
    int64_t sum = 0;

    if (own->depth == 0) {
        rn_send(own->up, 1);
        return;
    }
    below = rn_chan_make(int64_t, 0);
    for (int i = 0; i < 10; i++)
        rn_go(grow, (struct node){own->depth - 1, rn_send_end(below)});
    for (int i = 0; i < 10; i++) {
        int64_t part = 0;

        rn_recv(below, &part);
        sum += part;
    }
    rn_chan_free(below);
    rn_send(own->up, sum);
}

/* A tree of goroutines adds up, each node's channel freed as it is done. */
static void tree_of_goroutines_adds_up(void)
{
    const int depth = rn_check_simulated()               ? 1
                      : (RN_CHECK_TSAN || RN_CHECK_ASAN) ? 3
                                                         : 5;
    rn_chan(int64_t) up = rn_chan_make(int64_t, 0);
    int64_t sum = 0;
    int64_t leaves = 1;

    for (int i = 0; i < depth; i++)
        leaves *= 10;
    rn_go(grow, (struct node){depth, rn_send_end(up)});
    CHECK(rn_recv(up, &sum));
    CHECK_EQ_INT(sum, leaves);
    rn_chan_free(up);
}

struct sleeper {
    int64_t until;
    struct rn_waitgroup *all;
};

static void sleep_once(struct sleeper *own)
{
    rn_sleep_until(own->until);
    CHECK(rn_now() >= own->until);
    rn_waitgroup_done(own->all);
}

/* Many sleepers with different ends, started in another order, all wake. */
static void many_sleepers_wake(void)
{
    const int count = rn_check_rounds(20000) + 20;
    struct rn_waitgroup all = {0};
    int64_t start = rn_now();

    rn_waitgroup_add(&all, count);
    for (int i = 0; i < count; i++) {
        int64_t place = (int64_t)i * 7919 % count;

        rn_go(sleep_once,
              (struct sleeper){start + place * 20 * RN_MS / count, &all});
    }
    rn_waitgroup_wait(&all);
}

RN_CHECK_MAIN(a_hundred_thousand_are_alive, tree_of_goroutines_adds_up,
              many_sleepers_wake)
