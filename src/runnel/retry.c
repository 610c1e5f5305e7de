/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retry.c: attempts and the waits between them (retry.h).
 */
#include <runnel/retry.h>
#include <runnel/select.h>

#include "panic_internal.h"

static double clamp(double value, double most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* Below INT64_MAX by enough that the conversion back is exact or smaller. */
#define LONGEST_NS 9e18

int64_t rn_backoff_ns(const struct rn_backoff *backoff, unsigned failures)
{
    double factor = backoff->factor > 0 ? backoff->factor : 2;
    double most = backoff->max_ns > 0
                      ? clamp((double)backoff->max_ns, LONGEST_NS)
                      : LONGEST_NS;
    double wait = clamp((double)backoff->first_ns, most);
    for (unsigned i = 1; i < failures && wait > 0 && wait < most; i++) {
        double next = clamp(wait * factor, most);
        if (next == wait)
            break;
        wait = next;
    }
    double chance = rn_draw(UINT32_MAX) / (double)UINT32_MAX;
    return (int64_t)(wait - wait * clamp(backoff->jitter, 1) * chance);
}

static bool worth(const struct rn_backoff *backoff, int status)
{
    return backoff->again ? backoff->again(status) : status != RN_CANCELED;
}

/* False when the context ends first, or would. */
static bool sleep_within(struct rn_ctx *ctx, int64_t ns)
{
    int64_t until = rn_deadline(ns);
    if (until >= rn_ctx_deadline(ctx))
        return false;
    struct rn_case done = {.kind = RN_CASE_DONE, .ctx = ctx};
    return rn_select_until(until, &done, 1) == RN_TIMEOUT;
}

int rn_retry_(struct rn_ctx *ctx, const struct rn_backoff *backoff,
              int (*function)(struct rn_ctx *ctx, void *state), void *state)
{
    if (backoff->first_ns < 0 || backoff->max_ns < 0)
        misuse("backoff of a negative time");
    int status = rn_ctx_err(ctx);
    if (status < 0)
        return status;
    for (unsigned attempt = 1;; attempt++) {
        status = function(ctx, state);
        bool last = backoff->attempts > 0 && attempt >= backoff->attempts;
        if (status >= 0 || last || !worth(backoff, status) ||
            !sleep_within(ctx, rn_backoff_ns(backoff, attempt)))
            return status;
    }
}
