/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Misuse of the patterns panics where it happens, says what it was, and leaves
 * everything as it was.
 */
#include "rn_check.h"

static void expect(void (*wrong)(void *arg), void *arg, const char *text)
{
    struct rn_panic panic = {0};

    CHECK_EQ_INT(rn_try(wrong, arg, &panic), RN_PANICKED);
    CHECK_MSG(strstr(panic.text, text), "\"%s\" does not say \"%s\"",
              panic.text, text);
    CHECK(panic.misuse);
}

static int pass(struct rn_ctx *ctx, void *state, int *in, int *out)
{
    CHECK(ctx && !state);
    *out = *in;
    return RN_OK;
}

struct pools {
    struct rn_group *group;
    rn_chan(int) jobs;
    rn_chan(int) results;
    struct rn_pool *pool;
};

static void start_none(void *arg)
{
    struct pools *pools = arg;

    rn_pool_map(pools->group, 0, pools->jobs, pools->results, pass, NULL);
}

static void resize_to_none(void *arg)
{
    rn_pool_resize(((struct pools *)arg)->pool, 0);
}

/* A pool has a worker, at the start and later; one that has goes on. */
static void pool_of_none(void)
{
    struct pools pools = {.group = rn_group_make(rn_ctx_background(), 0)};
    int result = 0;

    pools.jobs = rn_group_chan(pools.group, int, 1);
    pools.results = rn_group_chan(pools.group, int, 1);
    expect(start_none, &pools, "pool of no workers");
    pools.pool =
        rn_pool_map(pools.group, 1, pools.jobs, pools.results, pass, NULL);
    expect(resize_to_none, &pools, "pool of no workers");
    rn_send(pools.jobs, 5);
    CHECK(rn_recv(pools.results, &result));
    CHECK_EQ_INT(result, 5);
    rn_close(pools.jobs);
    CHECK_EQ_INT(rn_group_wait(pools.group), RN_OK);
}

static void gather_from_the_future(void *arg)
{
    struct pools *pools = arg;
    rn_chan(rn_batch(int)) out = rn_group_chan(pools->group, rn_batch(int), 1);

    rn_batches(pools->group, pools->jobs, out, {.age_ns = -1});
}

/* A batch does not wait for a negative time. */
static void batch_of_negative_age(void)
{
    struct pools pools = {.group = rn_group_make(rn_ctx_background(), 0)};

    pools.jobs = rn_group_chan(pools.group, int, 1);
    expect(gather_from_the_future, &pools, "negative age");
    CHECK_EQ_INT(rn_group_wait(pools.group), RN_OK);
}

static void take_too_many(void *arg)
{
    rn_limiter_try(arg, 4);
}

static void take_less_than_none(void *arg)
{
    rn_limiter_wait(rn_ctx_background(), arg, -1);
}

/* A limiter never has more than its burst, and a positive interval. */
static void limiter_out_of_bounds(void)
{
    struct rn_limiter limiter = RN_LIMITER(RN_S, 3);
    struct rn_limiter empty = RN_LIMITER(RN_S, 0);
    struct rn_limiter still = RN_LIMITER(0, 10);
    struct rn_limiter vast = RN_LIMITER(RN_NEVER, 10);

    expect(take_too_many, &limiter, "4 tokens of a limiter that holds 3");
    expect(take_less_than_none, &limiter, "-1 tokens");
    expect(take_too_many, &empty, "limiter of 0 tokens");
    expect(take_too_many, &still, "one in 0 ns");
    expect(take_too_many, &vast, "limiter of 10 tokens");
    CHECK(rn_limiter_try(&limiter, 3));
}

static int succeed(struct rn_ctx *ctx, void *state)
{
    CHECK(ctx && !state);
    return RN_OK;
}

static void retry_backwards(void *arg)
{
    (void)arg;
    rn_retry(rn_ctx_background(), &(struct rn_backoff){.first_ns = -1}, succeed,
             NULL);
}

static int answer(struct rn_ctx *ctx, void *state, int *result)
{
    CHECK(ctx && !state);
    *result = 1;
    return RN_OK;
}

static void hedge_without_copies(void *arg)
{
    const struct rn_hedge_plan plan = {0};
    int result;

    (void)arg;
    rn_hedge(rn_ctx_background(), &plan, answer, NULL, &result);
}

/* Negative times and calls without a copy. */
static void calls_that_cannot_be(void)
{
    expect(retry_backwards, NULL, "negative time");
    expect(hedge_without_copies, NULL, "hedge of 0 copies");
}

typedef rn_broadcast(int) numbers;

static void free_with_subscribers(void *arg)
{
    rn_broadcast_free(*(numbers *)arg);
}

struct stranger {
    numbers to;
    rn_receiver(int) other;
};

static void unsubscribe_a_stranger(void *arg)
{
    struct stranger *stranger = arg;

    rn_unsubscribe(stranger->to, stranger->other);
}

/* A broadcast outlives its subscribers, and knows them. */
static void broadcast_and_strangers(void)
{
    numbers to = rn_broadcast_make(int);
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct stranger stranger = {to, rn_recv_end(chan)};
    rn_receiver(int) mine = rn_subscribe(to, 1, RN_SLOW_WAITS);
    int value = 0;

    expect(free_with_subscribers, &to, "broadcast with 1 subscribers");
    expect(unsubscribe_a_stranger, &stranger, "not a subscriber");
    CHECK_EQ_INT(rn_broadcast_send(rn_ctx_background(), to, 7), RN_OK);
    CHECK(rn_recv(mine, &value));
    CHECK_EQ_INT(value, 7);
    rn_unsubscribe(to, mine);
    rn_broadcast_free(to);
    rn_chan_free(chan);
}

static void drop_nothing(int *value)
{
    (void)value;
}

static void drop_of_nil(void *arg)
{
    rn_chan(int) nil = NULL;

    (void)arg;
    rn_chan_set_drop(nil, drop_nothing);
}

static void draw_of_none(void *arg)
{
    (void)arg;
    rn_draw(0);
}

/* The nil channel drops nothing; of none none is drawn. */
static void nothing_to_drop_or_draw(void)
{
    expect(drop_of_nil, NULL, "nil channel");
    expect(draw_of_none, NULL, "one of none");
}

RN_CHECK_MAIN(pool_of_none, batch_of_negative_age, limiter_out_of_bounds,
              calls_that_cannot_be, broadcast_and_strangers,
              nothing_to_drop_or_draw)
