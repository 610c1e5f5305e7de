/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters count what happened.
 */
#include "rn_check.h"

static void stop(rn_chan(int) *own)
{
    rn_recv(*own, NULL);
}

/* The counters tell goroutines alive and started, and waits. */
static void goroutines_and_parks_are_counted(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_stats before;
    struct rn_stats now;

    rn_stats(&before);
    CHECK_EQ_INT(before.goroutines, 1);
    CHECK_EQ_INT(before.started, 1);
    CHECK_EQ_INT(before.workers, rn_procs());
    CHECK(before.stack_bytes > 0);
    for (int i = 0; i < 10; i++)
        rn_go(stop, chan);
    do {
        rn_yield();
        rn_stats(&now);
    } while (now.parks < before.parks + 10);
    CHECK_EQ_INT(now.goroutines, 11);
    CHECK_EQ_INT(now.started, 11);
    rn_close(chan);
    while (rn_task_count() > 1)
        rn_yield();
    rn_stats(&now);
    CHECK_EQ_INT(now.goroutines, 1);
    CHECK_EQ_INT(now.started, 11);
    rn_chan_free(chan);
}

/* Timers count while they are set. */
static void timers_are_counted_while_they_are_set(void)
{
    struct rn_timer *timers[5];
    struct rn_stats stats;

    for (int i = 0; i < 5; i++)
        timers[i] = rn_timer_make(3600 * RN_S);
    rn_stats(&stats);
    CHECK_EQ_INT(stats.timers, 5);
    for (int i = 0; i < 5; i++)
        rn_timer_free(timers[i]);
    rn_stats(&stats);
    CHECK_EQ_INT(stats.timers, 0);
}

static void nothing(void *arg)
{
    (void)arg;
}

/* Threads for blocking calls are counted. */
static void threads_for_blocking_are_counted(void)
{
    struct rn_stats stats;

    rn_block(nothing, NULL);
    rn_stats(&stats);
    CHECK(stats.blocking_threads >= 1);
}

/* Goroutines that wait for descriptors are counted. */
static void waits_for_descriptors_are_counted(void)
{
    struct rn_stats stats;
    int fds[2];

    CHECK_EQ_INT(pipe(fds), 0);
    rn_stats(&stats);
    CHECK_EQ_INT(stats.waiting_fds, 0);
    CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, rn_deadline(RN_MS)), RN_TIMEOUT);
    rn_stats(&stats);
    CHECK(stats.parks >= 1);
    CHECK_EQ_INT(stats.waiting_fds, 0);
    close(fds[0]);
    close(fds[1]);
}

RN_CHECK_MAIN(goroutines_and_parks_are_counted,
              timers_are_counted_while_they_are_set,
              threads_for_blocking_are_counted,
              waits_for_descriptors_are_counted)
