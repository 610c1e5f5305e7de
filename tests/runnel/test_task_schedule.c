/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs: everybody, in parallel when there are workers for it, and no
 * goroutine is overlooked.
 */
#include <pthread.h>

#include "rn_check.h"

static bool has_room_for(unsigned workers)
{
    if (rn_procs() >= workers)
        return true;
    CHECK_SKIP("needs more workers");
    return false;
}

static _Atomic(bool) flag;

static void raise_flag(void)
{
    atomic_store(&flag, true);
}

/* A loop that yields lets another goroutine of the same worker run. */
static void yield_makes_progress(void)
{
    atomic_store(&flag, false);
    rn_go_void(raise_flag);
    while (!atomic_load(&flag))
        rn_yield();
}

struct turns {
    int me;
    int rounds;
    _Atomic(int) *counts;
    struct rn_waitgroup *all;
};

static void take_turns(struct turns *own)
{
    for (int i = 0; i < own->rounds; i++) {
        atomic_fetch_add(&own->counts[own->me], 1);
        rn_yield();
    }
    rn_waitgroup_done(own->all);
}

/* On one worker, those who yield take turns: none is more than one ahead. */
static void yielders_take_turns(void)
{
    _Atomic(int) counts[5] = {0};
    struct rn_waitgroup all = {0};
    const int rounds = rn_check_rounds(1000) + 5;

    rn_waitgroup_add(&all, 5);
    for (int i = 0; i < 5; i++)
        rn_go(take_turns, (struct turns){i, rounds, counts, &all});
    for (int i = 0; rn_procs() == 1 && !rn_check_simulated() && i < rounds / 2;
         i++) {
        rn_yield();
        for (int k = 1; k < 5; k++) {
            int ahead = atomic_load(&counts[k]) - atomic_load(&counts[0]);

            CHECK_MSG(ahead >= -1 && ahead <= 1, "%d of 5 is %d ahead", k,
                      ahead);
        }
    }
    rn_waitgroup_wait(&all);
    for (int i = 0; i < 5; i++)
        CHECK_EQ_INT(atomic_load(&counts[i]), rounds);
}

struct spinner {
    unsigned me;
    unsigned count;
    unsigned rounds;
    _Atomic(unsigned) *turn;
    struct rn_waitgroup *all;
};

/* Waits for its turn without ever calling the runtime. */
static void spin_in_turn(struct spinner *own)
{
    for (unsigned i = 0; i < own->rounds; i++) {
        while (atomic_load(own->turn) != i * own->count + own->me)
            sched_yield();
        atomic_fetch_add(own->turn, 1);
    }
    rn_waitgroup_done(own->all);
}

/* As many goroutines as workers, each spinning for its turn, all run at once.
 */
static void workers_run_in_parallel(void)
{
    const unsigned count = rn_procs();
    _Atomic(unsigned) turn = 0;
    struct rn_waitgroup all = {0};

    if (!has_room_for(2))
        return;
    for (int round = 0; round < 5; round++) {
        atomic_store(&turn, 0);
        rn_waitgroup_add(&all, (int)count);
        for (unsigned i = 0; i < count; i++)
            rn_go(spin_in_turn, (struct spinner){i, count, 20, &turn, &all});
        rn_waitgroup_wait(&all);
        CHECK_EQ_INT(atomic_load(&turn), count * 20);
    }
}

static _Atomic(int) ran;

static void count_run(void)
{
    atomic_fetch_add(&ran, 1);
}

/* What waits behind a goroutine that does not park is stolen by a free worker.
 */
static void waiting_goroutines_are_stolen(void)
{
    if (!has_room_for(2))
        return;
    for (int round = 0; round < 10; round++) {
        atomic_store(&ran, 0);
        for (int i = 0; i < 300; i++)
            rn_go_void(count_run);
        while (atomic_load(&ran) < 300)
            sched_yield();
    }
}

/* Even the one started last (first in line here) is stolen. */
static void single_goroutine_is_stolen(void)
{
    if (!has_room_for(2))
        return;
    for (int round = 0; round < 100; round++) {
        atomic_store(&ran, 0);
        rn_go_void(count_run);
        while (atomic_load(&ran) < 1)
            sched_yield();
        rn_sleep(20 * RN_US);
    }
}

struct pair {
    rn_chan(int) there;
    rn_chan(int) back;
    _Atomic(bool) *stop;
    _Atomic(int) *trips;
};

static void answer(struct pair *own)
{
    rn_range (int, ball, own->there)
        rn_send(own->back, ball);
}

static void ask(struct pair *own)
{
    while (!atomic_load(own->stop)) {
        rn_send(own->there, 1);
        rn_recv(own->back, NULL);
        atomic_fetch_add(own->trips, 1);
    }
    rn_close(own->there);
}

/* A pair that keeps each other runnable does not starve a second pair. */
static void busy_pair_leaves_room(void)
{
    _Atomic(bool) stop = false;
    _Atomic(int) trips[2] = {0};
    struct pair pairs[2];

    for (int i = 0; i < 2; i++) {
        pairs[i] = (struct pair){rn_chan_make(int, 0), rn_chan_make(int, 0),
                                 &stop, &trips[i]};
        rn_go(ask, pairs[i]);
        rn_go(answer, pairs[i]);
    }
    while (atomic_load(&trips[0]) < 200 || atomic_load(&trips[1]) < 200)
        rn_yield();
    atomic_store(&stop, true);
    while (rn_task_count() > 1)
        rn_yield();
    for (int i = 0; i < 2; i++) {
        rn_chan_free(pairs[i].there);
        rn_chan_free(pairs[i].back);
    }
}

/* A busy pair does not keep a timer from firing either. */
static void busy_pair_does_not_stop_time(void)
{
    _Atomic(bool) stop = false;
    _Atomic(int) trips = 0;
    struct pair pair = {rn_chan_make(int, 0), rn_chan_make(int, 0), &stop,
                        &trips};

    rn_go(ask, pair);
    rn_go(answer, pair);
    if (!rn_check_simulated())
        rn_sleep(5 * RN_MS);
    atomic_store(&stop, true);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(pair.there);
    rn_chan_free(pair.back);
}

static void end_at_once(struct rn_waitgroup **own)
{
    rn_waitgroup_done(*own);
}

/* rn_task_count is exact once those that ended have gone. */
static void count_is_exact_after_bursts(void)
{
    CHECK_EQ_INT(rn_task_count(), 1);
    for (int round = 0; round < 3; round++) {
        struct rn_waitgroup all = {0};

        rn_waitgroup_add(&all, 100);
        for (int i = 0; i < 100; i++)
            rn_go(end_at_once, &all);
        rn_waitgroup_wait(&all);
        while (rn_task_count() > 1)
            rn_yield();
        CHECK_EQ_INT(rn_task_count(), 1);
    }
}

static void wait_for(rn_receiver(int) *own)
{
    rn_recv(*own, NULL);
}

/* It counts who is parked, and the caller. */
static void count_includes_the_parked(void)
{
    rn_chan(int) gate = rn_chan_make(int, 0);

    for (int i = 0; i < 10; i++)
        rn_go(wait_for, rn_recv_end(gate));
    CHECK_EQ_INT(rn_task_count(), 11);
    rn_check_settle();
    CHECK_EQ_INT(rn_task_count(), 11);
    rn_close(gate);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(gate);
}

/* rn_procs is what was asked for; simulation has one worker. */
static void procs_is_what_was_asked_for(void)
{
    CHECK_EQ_INT(rn_procs(), rn_check_simulated() ? 1 : rn_check.procs);
}

/* Sleep is never short, and not positive means at once. */
static void sleep_is_never_short(void)
{
    for (int i = 0; i < 20; i++) {
        int64_t from = rn_now();

        rn_sleep(i * 50 * RN_US);
        CHECK(rn_now() - from >= i * 50 * RN_US);
    }
    rn_sleep(-RN_S);
    rn_sleep(INT64_MIN);
    rn_sleep_until(0);
    rn_sleep_until(rn_now());
    CHECK(rn_deadline(INT64_MAX) == RN_NEVER);
    CHECK(rn_deadline(-RN_S) <= rn_now());
}

RN_CHECK_MAIN(yield_makes_progress, yielders_take_turns,
              workers_run_in_parallel, waiting_goroutines_are_stolen,
              single_goroutine_is_stolen, busy_pair_leaves_room,
              busy_pair_does_not_stop_time, count_is_exact_after_bursts,
              count_includes_the_parked, procs_is_what_was_asked_for,
              sleep_is_never_short)
