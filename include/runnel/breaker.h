/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breaker.h: stop asking one that does not answer.
 *
 * A service that is down is not helped by more calls, nor are those who wait
 * for it. A circuit breaker counts failures. After too many in a row it opens:
 * calls are refused at once, for a while. Then it lets a few through as probes;
 * if they succeed it closes and all is as before, if one fails it opens again.
 *
 *     static struct rn_breaker breaker = {.failures = 5, .open_ns = 10 * RN_S};
 *
 *     int status = rn_breaker_call(ctx, &breaker, charge, &payment);
 *     if (status == RN_AGAIN)
 *         return later(&payment);  // it was not even asked
 *
 * A status that is negative is a failure, but for RN_CANCELED, which says
 * nothing about the service. Where another line is right ("not found" is no
 * failure), enter and leave by hand:
 *
 *     uint64_t pass;
 *     if (rn_breaker_enter(&breaker, &pass) != RN_OK)
 *         return RN_AGAIN;
 *     int status = look_up(ctx, key);
 *     rn_breaker_leave(&breaker, pass, status == NOT_FOUND ? RN_OK : status);
 *
 * Ownership: a struct in the caller's memory, closed at first, not to be copied
 * while in use; nothing to free.
 *
 * Threads: every call may come from any goroutine or thread.
 */
#ifndef RUNNEL_BREAKER_H
#define RUNNEL_BREAKER_H

#include <runnel/retry.h>
#include <runnel/sync.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rn_breaker_state {
    RN_BREAKER_CLOSED,    /* calls go through */
    RN_BREAKER_OPEN,      /* calls are refused */
    RN_BREAKER_HALF_OPEN, /* probes go through, other calls are refused */
};

struct rn_breaker {
    unsigned failures; /* in a row that open it; 0: 5 */
    unsigned probes;   /* in a row that close it; 0: 1 */
    int64_t open_ns;   /* how long it stays open */
    struct rn_mutex lock_;
    enum rn_breaker_state state_;
    unsigned failed_;
    unsigned admitted_;
    unsigned succeeded_;
    int64_t until_;
    uint64_t age_; /* states so far */
};

/*
 * RN_OK: call, and leave with the pass, once. RN_AGAIN: refused, nothing to
 * leave. Does not park for long.
 */
int rn_breaker_enter(struct rn_breaker *breaker, uint64_t *pass);

/* Tells how the call ended. One that was begun in an earlier state is ignored.
 */
void rn_breaker_leave(struct rn_breaker *breaker, uint64_t pass, int status);

/*
 * rn_breaker_call(ctx, breaker, function, state): enters, calls
 * `int function(struct rn_ctx *ctx, S *state)`, leaves. Returns what function
 * returned, or RN_AGAIN when it was not called. A panic of it is a failure and
 * goes on.
 */
#define rn_breaker_call(ctx, breaker, function, ...)                      \
    rn_breaker_call_((ctx), (breaker), RN_CALLED_(function, __VA_ARGS__), \
                     RN_STATE_(__VA_ARGS__))

/* The state that a call would meet now. Does not park for long. */
enum rn_breaker_state rn_breaker_state(struct rn_breaker *breaker);

/* Behind the macro. */
int rn_breaker_call_(struct rn_ctx *ctx, struct rn_breaker *breaker,
                     int (*function)(struct rn_ctx *ctx, void *state),
                     void *state);

#ifdef __cplusplus
}
#endif

#endif
