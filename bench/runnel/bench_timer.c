/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_timer.c: what happens later, or never.
 *
 * A timer of Go's is given back by its collector; here rn_timer_free is part of
 * what is measured, where the line is about a timer's end.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "bench.h"

struct countdown {
    atomic_long left;
    struct rn_waitgroup over;
};

static void count_down(void *arg)
{
    struct countdown *down = arg;
    if (atomic_fetch_sub_explicit(&down->left, 1, memory_order_acq_rel) == 1)
        rn_waitgroup_done(&down->over);
}

/* A million functions run within 100 ms; CPU ns for each, from its start. */
void line_timer_fire(void)
{
    long count = bench_count(1000000);
    struct rn_timer **timers = bench_array(count, sizeof(struct rn_timer *));
    struct countdown down = {.left = count};
    rn_waitgroup_add(&down.over, 1);
    int64_t begin = bench_cpu_ns();
    for (long i = 0; i < count; i++)
        timers[i] = rn_after_func((1 + i % 100) * RN_MS, count_down, &down);
    rn_waitgroup_wait(&down.over);
    for (long i = 0; i < count; i++)
        rn_timer_free(timers[i]);
    bench_report("timer_fire", "ns",
                 (double)(bench_cpu_ns() - begin) / (double)count);
    free(timers);
}

static void never(void *arg)
{
    (void)arg;
    bench_check(false, "timer: fired an hour too early");
}

/* A million that are an hour away: ns to make each, ns to stop each. */
void line_timer_far(void)
{
    long count = bench_count(1000000);
    long stopped = 0;
    struct rn_timer **timers = bench_array(count, sizeof(struct rn_timer *));
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++)
        timers[i] = rn_after_func(3600 * RN_S + i, never, NULL);
    bench_report_each("timer_create", begin, count);
    begin = rn_now();
    for (long i = 0; i < count; i++) {
        stopped += rn_timer_stop(timers[i]);
        rn_timer_free(timers[i]);
    }
    bench_report_each("timer_stop", begin, count);
    bench_check(stopped == count, "timer: one was not stopped");
    free(timers);
}

/* One of 10,000 that are an hour away is moved; ns for each. */
void line_timer_reset(void)
{
    enum { LIVE = 10000 };
    long count = bench_count(10000000);
    static struct rn_timer *timers[LIVE];
    for (int i = 0; i < LIVE; i++)
        timers[i] = rn_after_func(3600 * RN_S + i, never, NULL);
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++)
        rn_timer_reset(timers[i % LIVE], 3600 * RN_S + i);
    bench_report_each("timer_reset", begin, count);
    for (int i = 0; i < LIVE; i++)
        rn_timer_free(timers[i]);
}

static void sleep_for(int64_t *ns)
{
    rn_sleep(*ns);
}

/* 100,000 goroutines sleep for 1 to 100 ms; CPU ns for each. */
void line_sleep100k(void)
{
    long count = bench_count(100000);
    struct rn_waitgroup all = {0};
    int64_t begin = bench_cpu_ns();
    for (long i = 0; i < count; i++)
        rn_waitgroup_go(&all, sleep_for, (1 + i % 100) * RN_MS);
    rn_waitgroup_wait(&all);
    bench_report("sleep100k", "ns",
                 (double)(bench_cpu_ns() - begin) / (double)count);
}
