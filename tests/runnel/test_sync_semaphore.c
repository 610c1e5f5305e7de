/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semaphore: places are conserved, served in order, and never handed to one
 * who has gone.
 */
#include "rn_check.h"

struct user {
    struct rn_semaphore *places;
    _Atomic(int64_t) *used;
    int64_t size;
    int number;
    int rounds;
    struct rn_waitgroup *all;
};

static void take_and_give(struct user *own)
{
    for (int i = 0; i < own->rounds; i++) {
        int64_t weight = (own->number + i) % own->size + 1;

        if (i % 4 == 0)
            while (!rn_semaphore_try_acquire(own->places, weight))
                rn_yield();
        else
            rn_semaphore_acquire(own->places, weight);
        CHECK(atomic_fetch_add(own->used, weight) + weight <= own->size);
        if (i % 3 == 0)
            rn_yield();
        atomic_fetch_sub(own->used, weight);
        rn_semaphore_release(own->places, weight);
    }
    rn_waitgroup_done(own->all);
}

/* Many take and give back: never more are in use than there are, none goes. */
static void places_are_conserved(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(10);
    struct rn_waitgroup all = {0};
    _Atomic(int64_t) used = 0;
    int rounds = rn_check_rounds(500) + 5;

    rn_waitgroup_add(&all, 10);
    for (int i = 0; i < 10; i++)
        rn_go(take_and_give,
              (struct user){&places, &used, 10, i, rounds, &all});
    rn_waitgroup_wait(&all);
    CHECK(rn_semaphore_try_acquire(&places, 10));
    CHECK(!rn_semaphore_try_acquire(&places, 1));
    rn_semaphore_release(&places, 10);
}

/* Try takes what is free, all of it or nothing; zero can always be had. */
static void try_tells_the_truth(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(3);

    CHECK(!rn_semaphore_try_acquire(&places, 4));
    CHECK(rn_semaphore_try_acquire(&places, 2));
    CHECK(!rn_semaphore_try_acquire(&places, 2));
    CHECK(rn_semaphore_try_acquire(&places, 1));
    CHECK(rn_semaphore_try_acquire(&places, 0));
    CHECK_EQ_INT(rn_semaphore_acquire_until(0, &places, 0), RN_OK);
    CHECK_EQ_INT(rn_semaphore_acquire_until(0, &places, 1), RN_TIMEOUT);
    rn_semaphore_release(&places, 3);
    CHECK(rn_semaphore_try_acquire(&places, 3));
    rn_semaphore_release(&places, 3);
}

struct asker {
    struct rn_semaphore *places;
    int64_t weight;
    rn_sender(int) got;
    int number;
};

static void ask(struct asker *own)
{
    rn_semaphore_acquire(own->places, own->weight);
    rn_send(own->got, own->number);
}

/* Starts one who waits; with one worker it waits when this returns. */
static void start_asker(struct asker asker)
{
    rn_go(ask, asker);
    rn_check_settle();
}

/* Parked ones are served in the order in which they came. */
static void first_come_first_served(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(1);
    rn_chan(int) got = rn_chan_make(int, 0);
    int number;

    if (rn_procs() > 1) {
        rn_chan_free(got);
        CHECK_SKIP("who came first is known with one worker only");
        return;
    }
    rn_semaphore_acquire(&places, 1);
    for (int i = 0; i < 5; i++)
        start_asker((struct asker){&places, 1, rn_send_end(got), i});
    for (int i = 0; i < 5; i++) {
        CHECK_EQ_INT(rn_try_recv(got, NULL), RN_AGAIN);
        rn_semaphore_release(&places, 1);
        rn_recv(got, &number);
        CHECK_EQ_INT(number, i);
    }
    rn_semaphore_release(&places, 1);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(got);
}

/* While a large request waits, small ones behind it and tries wait as well. */
static void large_request_is_not_passed(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(4);
    rn_chan(int) got = rn_chan_make(int, 2);
    int number;

    rn_semaphore_acquire(&places, 2);
    rn_go(ask, (struct asker){&places, 4, rn_send_end(got), 4});
    while (rn_semaphore_try_acquire(&places, 1)) {
        rn_semaphore_release(&places, 1);
        rn_yield();
    }
    start_asker((struct asker){&places, 1, rn_send_end(got), 1});
    CHECK_EQ_INT(rn_try_recv(got, NULL), RN_AGAIN);
    rn_semaphore_release(&places, 2);
    rn_recv(got, &number);
    CHECK_EQ_INT(number, 4);
    CHECK_EQ_INT(rn_try_recv(got, NULL), RN_AGAIN);
    rn_semaphore_release(&places, 4);
    rn_recv(got, &number);
    CHECK_EQ_INT(number, 1);
    rn_semaphore_release(&places, 1);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(got);
}

/* When the large request gives up, those behind it that fit go on. */
static void giving_up_lets_others_pass(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(4);
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 2 * RN_MS);
    rn_chan(int) got = rn_chan_make(int, 1);

    rn_semaphore_acquire(&places, 2);
    rn_go(ask, (struct asker){&places, 2, rn_send_end(got), 1});
    rn_recv(got, NULL);
    rn_semaphore_release(&places, 1);
    rn_go(ask, (struct asker){&places, 1, rn_send_end(got), 2});
    CHECK_EQ_INT(rn_semaphore_acquire_ctx(ctx, &places, 4), RN_TIMEOUT);
    rn_recv(got, NULL);
    rn_semaphore_release(&places, 4);
    CHECK(rn_semaphore_try_acquire(&places, 4));
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(ctx);
    rn_chan_free(got);
}

struct edge {
    struct rn_semaphore *places;
    int64_t deadline;
    _Atomic(int64_t) *used;
    struct rn_waitgroup *all;
};

static void acquire_at_the_edge(struct edge *own)
{
    if (rn_semaphore_acquire_until(own->deadline, own->places, 2) == RN_OK) {
        CHECK_EQ_INT(atomic_fetch_add(own->used, 2), 0);
        rn_yield();
        atomic_fetch_sub(own->used, 2);
        rn_semaphore_release(own->places, 2);
    }
    rn_waitgroup_done(own->all);
}

/* Deadlines that race the release lose no place and double none. */
static void racing_deadlines_lose_no_place(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(3);
    _Atomic(int64_t) used = 0;

    for (int i = 0; i < rn_check_rounds(500); i++) {
        struct rn_waitgroup all = {0};
        int64_t deadline = rn_deadline(20 * RN_US);

        rn_semaphore_acquire(&places, 2);
        rn_waitgroup_add(&all, 4);
        for (int k = 0; k < 4; k++)
            rn_go(acquire_at_the_edge,
                  (struct edge){&places, deadline + k * RN_US, &used, &all});
        rn_sleep_until(deadline);
        rn_semaphore_release(&places, 2);
        rn_waitgroup_wait(&all);
        CHECK(rn_semaphore_try_acquire(&places, 3));
        rn_semaphore_release(&places, 3);
    }
}

static void cancel_it(struct rn_ctx **own)
{
    rn_ctx_cancel(*own);
}

/* A cancel ends the wait; one that is done wins over places that are free. */
static void context_ends_a_wait(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(1);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());

    CHECK_EQ_INT(rn_semaphore_acquire_ctx(ctx, &places, 1), RN_OK);
    rn_go(cancel_it, ctx);
    CHECK_EQ_INT(rn_semaphore_acquire_ctx(ctx, &places, 1), RN_CANCELED);
    rn_semaphore_release(&places, 1);
    CHECK_EQ_INT(rn_semaphore_acquire_ctx(ctx, &places, 1), RN_CANCELED);
    CHECK(rn_semaphore_try_acquire(&places, 1));
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(ctx);
}

RN_CHECK_MAIN(places_are_conserved, try_tells_the_truth,
              first_come_first_served, large_request_is_not_passed,
              giving_up_lets_others_pass, racing_deadlines_lose_no_place,
              context_ends_a_wait)
