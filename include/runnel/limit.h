/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.h: so many a second, so many at once.
 *
 * A limiter is a bucket of tokens. One more comes every interval, up to the
 * burst; what wants to happen takes tokens, and waits when there are none.
 *
 *     // 100 requests a second, up to 20 of them at once after a pause
 *     static struct rn_limiter limiter = RN_LIMITER(RN_S / 100, 20);
 *
 *     int status = rn_limiter_wait(ctx, &limiter, 1);
 *     if (status == RN_OK)
 *         status = request(ctx, url);
 *
 * How many may run at once is another question, with three answers: a pool of
 * that many workers (pool.h), a group with that limit (group.h), or, where the
 * work is not ours to start, a semaphore of that many places (sync.h):
 *
 *     static struct rn_semaphore connections = RN_SEMAPHORE(10);
 *
 *     int status = rn_semaphore_acquire_ctx(ctx, &connections, 1);
 *     if (status < 0)
 *         return status;
 *     status = request(ctx, url);
 *     rn_semaphore_release(&connections, 1);
 *
 * Ownership: a limiter is a struct in the caller's memory, full at first, not
 * to be copied while in use; nothing to free.
 *
 * Threads: every call may come from any goroutine or thread. They are served in
 * the order in which they came.
 */
#ifndef RUNNEL_LIMIT_H
#define RUNNEL_LIMIT_H

#include <runnel/context.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_limiter {
    int64_t interval_ns; /* between tokens; positive */
    int64_t burst;       /* tokens that the bucket holds; at least 1 */
    RN_ATOMIC_(int64_t) full_at_;
};

#define RN_LIMITER(interval_ns, burst) \
    {                                  \
        (interval_ns), (burst), 0      \
    }

/*
 * Takes `count` tokens; parks until they are there. RN_OK; RN_TIMEOUT at once,
 * and no token taken, when they will come after the context's deadline; or why
 * the context is done meanwhile: the tokens are given back unless others have
 * queued up behind. More than the burst, or less than none, panics.
 */
int rn_limiter_wait(struct rn_ctx *ctx, struct rn_limiter *limiter,
                    int64_t count);

/* True when it took them. Does not park. */
bool rn_limiter_try(struct rn_limiter *limiter, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
