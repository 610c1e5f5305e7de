/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_spawn.c: goroutines begin, wait in great number, and end.
 */
#include "bench.h"

static void set(int **place)
{
    **place = 1;
}

/* Start one, wait for its end; ns for each. */
void line_spawn_seq(void)
{
    long count = bench_count(1000000);
    int place = 0;
    struct rn_waitgroup one = {0};
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++) {
        rn_waitgroup_go(&one, set, &place);
        rn_waitgroup_wait(&one);
    }
    bench_report_each("spawn_seq", begin, count);
    bench_check(place == 1, "spawn_seq: nothing ran");
}

/* Start a thousand, wait for all; ns for each. */
void line_spawn_batch(void)
{
    enum { BATCH = 1000 };
    long batches = bench_count(1000);
    int places[BATCH] = {0};
    struct rn_waitgroup all = {0};
    int64_t begin = rn_now();
    for (long b = 0; b < batches; b++) {
        for (int i = 0; i < BATCH; i++)
            rn_waitgroup_go(&all, set, &places[i]);
        rn_waitgroup_wait(&all);
    }
    bench_report_each("spawn_batch", begin, batches * BATCH);
    for (int i = 0; i < BATCH; i++)
        bench_check(places[i] == 1, "spawn_batch: one did not run");
}

/* ------------------------------------------------------------------ skynet */

struct branch {
    rn_sender(long) sum;
    long first;
    long leaves;
};

/* Tells the sum of its leaves' numbers: asks ten below it, or is a leaf. */
static void add_leaves(struct branch *own)
{
    if (own->leaves == 1) {
        rn_send(own->sum, own->first);
        return;
    }
    rn_chan(long) sums = rn_chan_make(long, 0);
    long below = own->leaves / 10;
    for (int i = 0; i < 10; i++)
        rn_go(add_leaves, (struct branch){rn_send_end(sums),
                                          own->first + i * below, below});
    long sum = 0;
    for (int i = 0; i < 10; i++) {
        long part;
        rn_recv(sums, &part);
        sum += part;
    }
    rn_chan_free(sums);
    rn_send(own->sum, sum);
}

/* A tree of ten branches each, down to a million leaves; ms for all. */
void line_skynet(void)
{
    long wanted = bench_count(1000000);
    long leaves = 1;
    while (leaves * 10 <= wanted)
        leaves *= 10;
    rn_chan(long) sum = rn_chan_make(long, 0);
    int64_t begin = rn_now();
    rn_go(add_leaves, (struct branch){rn_send_end(sum), 0, leaves});
    long got;
    rn_recv(sum, &got);
    bench_report("skynet", "ms", (double)(rn_now() - begin) / RN_MS);
    bench_check(got == leaves * (leaves - 1) / 2, "skynet: a wrong sum");
    rn_chan_free(sum);
}

/* ------------------------------------------------------------------ park1m */

struct sleeper {
    rn_receiver(int) morning;
    struct rn_waitgroup *there;
    struct rn_waitgroup *gone;
};

static void sleep_till_morning(struct sleeper *own)
{
    rn_waitgroup_done(own->there);
    rn_recv(own->morning, NULL);
    rn_waitgroup_done(own->gone);
}

/* Of one sort; what the figures are called. */
struct park {
    const struct rn_task_options *options;
    const char *create;
    const char *bytes;
    const char *wake;
};

static void park_a_million(const struct park *park)
{
    long count = bench_count(1000000);
    struct rn_waitgroup there = {0};
    struct rn_waitgroup gone = {0};
    rn_chan(int) morning = rn_chan_make(int, 0);
    double before = bench_resident_bytes();
    int64_t begin = rn_now();
    rn_waitgroup_add(&there, (int)count);
    rn_waitgroup_add(&gone, (int)count);
    for (long i = 0; i < count; i++)
        rn_go_with(park->options, sleep_till_morning,
                   (struct sleeper){rn_recv_end(morning), &there, &gone});
    rn_waitgroup_wait(&there);
    bench_report_each(park->create, begin, count);
    bench_report(park->bytes, "bytes",
                 (bench_resident_bytes() - before) / (double)count);
    begin = rn_now();
    rn_close(morning);
    rn_waitgroup_wait(&gone);
    bench_report_each(park->wake, begin, count);
    rn_chan_free(morning);
}

/*
 * A million goroutines that wait for one channel: ns to start each and have it
 * wait, bytes of memory that each takes, ns to wake each and have it end.
 */
void line_park1m(void)
{
    park_a_million(
        &(struct park){NULL, "park1m_create", "park1m_bytes", "park1m_wake"});
}

/* The same on small stacks: two in a page. */
void line_park1m_small(void)
{
    const struct rn_task_options small = {.small_stack = true};
    park_a_million(&(struct park){&small, "park1m_small_create",
                                  "park1m_small_bytes", "park1m_small_wake"});
}

/* ---------------------------------------------------------------- parallel */

struct sum {
    uint64_t *result;
    long steps;
};

static void compute(struct sum *own)
{
    uint64_t x = 1;
    for (long i = 0; i < own->steps; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    *own->result = x;
}

/* 64 goroutines compute without waiting; ms for all. */
void line_parallel(void)
{
    enum { TASKS = 64 };
    uint64_t results[TASKS];
    long steps = bench_count(2000000);
    struct rn_waitgroup all = {0};
    int64_t begin = rn_now();
    for (int i = 0; i < TASKS; i++)
        rn_waitgroup_go(&all, compute, (struct sum){&results[i], steps});
    rn_waitgroup_wait(&all);
    bench_report("parallel", "ms", (double)(rn_now() - begin) / RN_MS);
    for (int i = 1; i < TASKS; i++)
        bench_check(results[i] == results[0], "parallel: a wrong result");
}
