/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.h: say "stop" to a whole tree of work.
 *
 * A context is done when it is canceled, when its deadline passes, or when its
 * parent is done; done is for ever. Work that was given a context waits with it
 * (rn_recv_ctx, rn_case_done, rn_wait_fd_ctx, ...) and ends when it is done.
 *
 *     struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 3 * RN_S);
 *     int status = fetch(ctx, url);
 *     if (status == RN_TIMEOUT)
 *         ...
 *     rn_ctx_cancel(ctx);
 *     rn_ctx_release(ctx);
 *
 * Ownership: a new context has one reference, its creator's. A goroutine that
 * may outlive the creator's scope takes its own (rn_ctx_retain) and gives it
 * back (rn_ctx_release). A child holds its parent. The last release detaches
 * the context from its parent and stops its timer, without canceling: cancel
 * first, so that work which still waits hears of it.
 *
 * Threads: every call may come from any thread. Only rn_ctx_wait parks.
 */
#ifndef RUNNEL_CONTEXT_H
#define RUNNEL_CONTEXT_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_ctx;

/* Never done; the root of every tree. Static: retain and release do nothing. */
struct rn_ctx *rn_ctx_background(void);

/*
 * A child of `parent` (not NULL: that panics): done with its parent, when it is
 * canceled, or at the deadline if that is earlier than the parent's. Out of
 * memory ends the program with a message. A child of a context that is done is
 * done from the start.
 */
struct rn_ctx *rn_ctx_with_cancel(struct rn_ctx *parent);
struct rn_ctx *rn_ctx_with_deadline(struct rn_ctx *parent, int64_t deadline);
struct rn_ctx *rn_ctx_with_timeout(struct rn_ctx *parent, int64_t timeout_ns);

struct rn_ctx *rn_ctx_retain(struct rn_ctx *ctx); /* returns ctx */
void rn_ctx_release(struct rn_ctx *ctx);          /* NULL is allowed */

/*
 * Makes the context and all below it done (RN_CANCELED) before it returns, and
 * wakes who waits. Again, or later than the deadline: does nothing.
 */
void rn_ctx_cancel(struct rn_ctx *ctx);

/* RN_OK, or for ever RN_CANCELED or RN_TIMEOUT: why it is done. */
int rn_ctx_err(const struct rn_ctx *ctx);

/* The earliest deadline of it and its parents; RN_NEVER when there is none. */
int64_t rn_ctx_deadline(const struct rn_ctx *ctx);

/* Parks until it is done; returns why. */
int rn_ctx_wait(struct rn_ctx *ctx);

#ifdef __cplusplus
}
#endif

#endif
