/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guide_flow.c: worker pool, pipeline, fan-out and fan-in; batches.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: pool */
struct task {
    int number;
};

struct result {
    int number;
    bool failed; /* of this task alone: the others go on */
};

static int work(struct rn_ctx *ctx, void *state, struct task *task,
                struct result *result)
{
    (void)ctx;
    (void)state;
    *result = (struct result){task->number, task->number % 10 == 0};
    return RN_OK;
}

static int hand_out(struct rn_ctx *ctx, rn_sender(struct task) *own)
{
    int status = RN_OK;
    for (int i = 1; i <= 50 && status == RN_OK; i++)
        status = rn_send_ctx(ctx, *own, {i});
    rn_close(*own);
    return status;
}

static void five_workers(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(struct task) tasks = rn_group_chan(group, struct task, 100);
    rn_chan(struct result) results = rn_group_chan(group, struct result, 100);
    rn_pool_map(group, 5, tasks, results, work, NULL);
    rn_group_go(group, hand_out, rn_send_end(tasks));

    int done = 0;
    int failed = 0;
    rn_range (struct result, result, results) {
        done += !result.failed;
        failed += result.failed;
    }
    int status = rn_group_wait(group);
    printf("%d done, %d failed, status %d\n", done, failed, status);
}
/* guide: end pool */

/* guide: pipeline */
static int count(struct rn_ctx *ctx, int *next, int *number)
{
    (void)ctx;
    *number = (*next)++;
    return *number <= 10 ? RN_OK : RN_CLOSED;
}

static int square(struct rn_ctx *ctx, void *state, int *number, long *squared)
{
    (void)ctx;
    (void)state;
    *squared = (long)*number * *number;
    return RN_OK;
}

static int keep_even(struct rn_ctx *ctx, void *state, long *number, long *even)
{
    (void)ctx;
    (void)state;
    *even = *number;
    return *number % 2 == 0 ? RN_OK : RN_SKIP;
}

static int print(struct rn_ctx *ctx, void *state, long *number)
{
    (void)ctx;
    (void)state;
    printf("%ld\n", *number);
    return RN_OK;
}

static void even_squares(void)
{
    struct rn_group *line = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) numbers = rn_group_chan(line, int, 8);
    rn_chan(long) squares = rn_group_chan(line, long, 8);
    rn_chan(long) even = rn_group_chan(line, long, 8);
    int next = 1;
    rn_source(line, numbers, count, &next);
    rn_stage(line, numbers, squares, square, NULL);
    rn_stage(line, squares, even, keep_even, NULL);
    rn_sink(line, even, print, NULL);
    rn_group_wait(line);
}
/* guide: end pipeline */

/* guide: fan */
static int candidates(struct rn_ctx *ctx, int *next, int *number)
{
    (void)ctx;
    *number = (*next)++;
    return *number <= 1000 ? RN_OK : RN_CLOSED;
}

static int keep_prime(struct rn_ctx *ctx, void *state, int *number, int *prime)
{
    (void)ctx;
    (void)state;
    *prime = *number;
    for (int divisor = 2; divisor * divisor <= *number; divisor++)
        if (*number % divisor == 0)
            return RN_SKIP;
    return RN_OK;
}

static void primes(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) numbers = rn_group_chan(group, int, 64);
    rn_chan(int) found[2] = {rn_group_chan(group, int, 64),
                             rn_group_chan(group, int, 64)};
    rn_chan(int) all = rn_group_chan(group, int, 64);
    int next = 2;
    rn_source(group, numbers, candidates, &next);
    /* fan-out: both pools receive from one channel, each gets some */
    rn_pool_map(group, 2, numbers, found[0], keep_prime, NULL);
    rn_pool_map(group, 2, numbers, found[1], keep_prime, NULL);
    /* fan-in */
    rn_merge(group, found, 2, all);
    int primes_found = 0;
    rn_range (int, prime, all)
        primes_found += prime > 0;
    rn_group_wait(group);
    printf("%d primes up to 1,000\n", primes_found);
}
/* guide: end fan */

/* guide: batch */
static void insert_in_batches(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) rows = rn_group_chan(group, int, 100);
    rn_chan(rn_batch(int)) batches = rn_group_chan(group, rn_batch(int), 10);
    int next = 2;
    rn_source(group, rows, candidates, &next);
    rn_batches(group, rows, batches, {.count = 400, .age_ns = 60 * RN_S});
    rn_range (rn_batch(int), batch, batches) {
        printf("INSERT of %zu rows\n", rn_batch_count(batch));
        rn_batch_free(batch);
    }
    rn_group_wait(group);
}
/* guide: end batch */

static int start(void *arg)
{
    (void)arg;
    five_workers();
    even_squares();
    primes();
    insert_in_batches();
    return 0;
}

int main(void)
{
    return rn_run(start, NULL);
}
