/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retry.h: try again, later and later.
 *
 * What fails for a moment may succeed in another; but many who failed together
 * must not come back together. So each waits longer after each failure, and by
 * chance a little less than the others.
 *
 *     static int fetch(struct rn_ctx *ctx, struct page *page);
 *
 *     static const struct rn_backoff backoff = {
 *         .attempts = 5, .first_ns = 50 * RN_MS, .max_ns = 2 * RN_S,
 *         .jitter = 0.5,
 *     };
 *     int status = rn_retry(ctx, &backoff, fetch, &page);
 *
 * Only what may be done twice may be tried again.
 *
 * Threads: a backoff is only read; one serves all.
 */
#ifndef RUNNEL_RETRY_H
#define RUNNEL_RETRY_H

#include <runnel/context.h>
#include <runnel/group.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_backoff {
    unsigned attempts; /* at most so many; 0: until the context is done */
    int64_t first_ns;  /* wait after the first failure */
    int64_t max_ns;    /* no wait is longer; 0: no bound */
    double factor;     /* each wait is so many times the last; 0: 2 */
    double jitter;     /* 0 to 1: the part of a wait that is left to chance */
    /* Whether a status is worth another try; NULL: all but RN_CANCELED. */
    bool (*again)(int status);
};

/*
 * rn_retry(ctx, backoff, function, state): calls
 * `int function(struct rn_ctx *ctx, S *state)` until it returns no negative
 * status, one that is not worth another try, or there are no attempts left;
 * returns its last status. When the context ends first, or its deadline would
 * pass in the next wait: the last status too (before the first attempt: why the
 * context is done). Parks.
 */
#define rn_retry(ctx, backoff, function, ...)                      \
    rn_retry_((ctx), (backoff), RN_CALLED_(function, __VA_ARGS__), \
              RN_STATE_(__VA_ARGS__))

/*
 * How long to wait after so many failures (1, 2, ...), chance included: for a
 * loop of your own. Does not park.
 */
int64_t rn_backoff_ns(const struct rn_backoff *backoff, unsigned failures);

/* Behind the macro. */
int rn_retry_(struct rn_ctx *ctx, const struct rn_backoff *backoff,
              int (*function)(struct rn_ctx *ctx, void *state), void *state);

#ifndef __cplusplus
/* A function that is called with a context and a state, as the core keeps it.
 */
#define RN_CALLED_(function, ...)                                      \
    ((int (*)(struct rn_ctx *, void *)) _Generic(                      \
        (function), int (*)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__)) \
        : (function)))
#endif

#ifdef __cplusplus
}
#endif

#endif
