/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.c: the token bucket (limit.h).
 *
 * The bucket is one number, the time at which it will be full again. Taking a
 * token moves it one interval later; whoever moves it knows from where it was
 * when the tokens are there. So the order of the moves is the order in which
 * the callers are served, and nobody keeps a queue. (ATM knows this as the
 * generic cell rate algorithm.)
 *
 * Relaxed order is enough: a limiter orders nothing but itself.
 */
#include <stdatomic.h>

#include <runnel/limit.h>
#include <runnel/select.h>

#include "panic_internal.h"

/* A reservation: when it may be used, and what undoes it. */
struct reservation {
    int64_t when;
    int64_t full_at; /* the limiter's, after it */
    int64_t cost;
};

static void check(const struct rn_limiter *limiter, int64_t count)
{
    int64_t all;
    if (limiter->interval_ns <= 0 || limiter->burst < 1 ||
        __builtin_mul_overflow(limiter->interval_ns, limiter->burst, &all))
        misuse("limiter of %lld tokens, one in %lld ns",
               (long long)limiter->burst, (long long)limiter->interval_ns);
    if (count < 0 || count > limiter->burst)
        misuse("%lld tokens of a limiter that holds %lld", (long long)count,
               (long long)limiter->burst);
}

/* Takes tokens that are there by `latest`; false: they are not. */
static bool reserve(struct rn_limiter *limiter, int64_t count, int64_t latest,
                    struct reservation *r)
{
    int64_t now = rn_now();
    int64_t all = limiter->burst * limiter->interval_ns;
    int64_t before =
        atomic_load_explicit(&limiter->full_at_, memory_order_relaxed);
    r->cost = count * limiter->interval_ns;
    do {
        int64_t start = before > now ? before : now;
        if (__builtin_add_overflow(start, r->cost, &r->full_at))
            return false;
        r->when = r->full_at - all;
        if (r->when > now && r->when > latest)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(
        &limiter->full_at_, &before, r->full_at, memory_order_relaxed,
        memory_order_relaxed));
    return true;
}

/* Unless others come after: their turn was counted from this one. */
static void give_back(struct rn_limiter *limiter, const struct reservation *r)
{
    int64_t mine = r->full_at;
    atomic_compare_exchange_strong_explicit(
        &limiter->full_at_, &mine, r->full_at - r->cost, memory_order_relaxed,
        memory_order_relaxed);
}

int rn_limiter_wait(struct rn_ctx *ctx, struct rn_limiter *limiter,
                    int64_t count)
{
    struct reservation r;
    check(limiter, count);
    if (rn_ctx_err(ctx) < 0)
        return rn_ctx_err(ctx);
    if (!reserve(limiter, count, rn_ctx_deadline(ctx), &r))
        return RN_TIMEOUT;
    if (r.when <= rn_now())
        return RN_OK;
    struct rn_case done = {.kind = RN_CASE_DONE, .ctx = ctx};
    if (rn_select_until(r.when, &done, 1) == RN_TIMEOUT)
        return RN_OK;
    give_back(limiter, &r);
    return rn_ctx_err(ctx);
}

bool rn_limiter_try(struct rn_limiter *limiter, int64_t count)
{
    struct reservation r;
    check(limiter, count);
    return reserve(limiter, count, 0, &r);
}
