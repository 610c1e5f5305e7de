/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limiters: a burst at once, then one each interval, never early, in the order
 * of arrival; deadlines and cancel take no tokens.
 */
#include "rn_check.h"

/* The burst is there at once; then nothing; then one more each interval. */
static void burst_then_rate(void)
{
    struct rn_limiter limiter = RN_LIMITER(10 * RN_MS, 5);
    int64_t begin = rn_now();

    for (int i = 0; i < 5; i++)
        CHECK_EQ_INT(rn_limiter_wait(rn_ctx_background(), &limiter, 1), RN_OK);
    for (int i = 1; i <= 4; i++) {
        CHECK_EQ_INT(rn_limiter_wait(rn_ctx_background(), &limiter, 1), RN_OK);
        CHECK(rn_now() - begin >= i * 10 * RN_MS);
        if (rn_check_simulated())
            CHECK_EQ_INT(rn_now() - begin, i * 10 * RN_MS);
    }
}

/* After a pause the bucket is full, never fuller. */
static void pause_fills_the_bucket(void)
{
    struct rn_limiter limiter = RN_LIMITER(RN_S, 3);

    if (!rn_check_simulated()) {
        CHECK_SKIP("only in virtual time");
        return;
    }
    rn_sleep(100 * RN_S);
    for (int round = 0; round < 2; round++) {
        CHECK(rn_limiter_try(&limiter, 2));
        CHECK(!rn_limiter_try(&limiter, 2));
        CHECK(rn_limiter_try(&limiter, 1));
        CHECK(!rn_limiter_try(&limiter, 1));
        CHECK(rn_limiter_try(&limiter, 0));
        rn_sleep(RN_S - 1);
        CHECK(!rn_limiter_try(&limiter, 1));
        rn_sleep(1);
        CHECK(rn_limiter_try(&limiter, 1));
        rn_sleep(50 * RN_S);
    }
}

struct asker {
    struct rn_limiter *limiter;
    _Atomic(int) *served;
    int64_t begin;
    struct rn_waitgroup *left;
};

static void ask(struct asker *own)
{
    CHECK_EQ_INT(rn_limiter_wait(rn_ctx_background(), own->limiter, 1), RN_OK);
    int served = atomic_fetch_add(own->served, 1);
    /* At any time no more than the burst and what has come since. */
    int64_t passed = rn_now() - own->begin;
    CHECK(served + 1 <= 3 + passed / (100 * RN_US) + 1);
    rn_waitgroup_done(own->left);
}

/* Many at once get no more than the rate. */
static void many_share_the_rate(void)
{
    struct rn_limiter limiter = RN_LIMITER(100 * RN_US, 3);
    struct rn_waitgroup left = {0};
    _Atomic(int) served = 0;
    int64_t begin = rn_now();

    rn_waitgroup_add(&left, 50);
    for (int i = 0; i < 50; i++)
        rn_go(ask, (struct asker){&limiter, &served, begin, &left});
    rn_waitgroup_wait(&left);
    CHECK(rn_now() - begin >= 47 * 100 * RN_US);
    if (rn_check_simulated())
        CHECK_EQ_INT(rn_now() - begin, 47 * 100 * RN_US);
    rn_check_alone();
}

/* What cannot come in time is refused at once, and takes nothing. */
static void too_late_is_refused_at_once(void)
{
    struct rn_limiter limiter = RN_LIMITER(100 * RN_S, 1);
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 50 * RN_S);
    struct rn_ctx *done = rn_ctx_with_timeout(rn_ctx_background(), 0);
    int64_t begin = rn_now();

    CHECK_EQ_INT(rn_limiter_wait(done, &limiter, 1), RN_TIMEOUT);
    CHECK_EQ_INT(rn_limiter_wait(ctx, &limiter, 1), RN_OK);
    CHECK_EQ_INT(rn_limiter_wait(ctx, &limiter, 1), RN_TIMEOUT);
    CHECK_EQ_INT(rn_ctx_err(ctx), RN_OK);
    CHECK(rn_now() - begin < 50 * RN_S);
    rn_ctx_release(ctx);
    rn_ctx_release(done);
}

struct canceling {
    struct rn_ctx *ctx;
    int64_t after;
};

static void cancel_later(struct canceling *own)
{
    rn_sleep(own->after);
    rn_ctx_cancel(own->ctx);
    rn_ctx_release(own->ctx);
}

/* Who is canceled while waiting gives back what it had reserved. */
static void canceled_gives_back(void)
{
    struct rn_limiter limiter = RN_LIMITER(RN_S, 1);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    int64_t begin = rn_now();

    CHECK(rn_limiter_try(&limiter, 1));
    rn_go(cancel_later, (struct canceling){rn_ctx_retain(ctx), RN_MS});
    CHECK_EQ_INT(rn_limiter_wait(ctx, &limiter, 1), RN_CANCELED);
    rn_ctx_release(ctx);
    if (rn_check_simulated()) {
        CHECK_EQ_INT(rn_now() - begin, RN_MS);
        CHECK_EQ_INT(rn_limiter_wait(rn_ctx_background(), &limiter, 1), RN_OK);
        CHECK_EQ_INT(rn_now() - begin, RN_S);
    }
    rn_check_alone();
}

RN_CHECK_MAIN(burst_then_rate, pause_fills_the_bucket, many_share_the_rate,
              too_late_is_refused_at_once, canceled_gives_back)
