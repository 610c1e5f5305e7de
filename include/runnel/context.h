/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.h: say "stop" to a whole tree of work, and give it values.
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
 * A context is canceled for a reason, its cause: a status and a text that all
 * below it can read. It carries values for the work it was given to: what
 * belongs to one request, not what a function needs as an argument.
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

#include <runnel/key.h>
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

/*
 * The same with what rn_ctx_cause says when that deadline comes; see
 * rn_ctx_cancel_cause.
 */
struct rn_ctx *rn_ctx_with_deadline_cause(struct rn_ctx *parent,
                                          int64_t deadline, int status,
                                          const char *text);

/*
 * A child that has the parent's values but not its end: no deadline, and not
 * done when the parent is. For work that must be finished all the same.
 */
struct rn_ctx *rn_ctx_without_cancel(struct rn_ctx *parent);

/*
 * rn_ctx_with_value(parent, key, value): a child in which rn_ctx_value(ctx,
 * key) is that value; there and below, until a child says otherwise.
 *
 * rn_ctx_value(ctx, key): the value of the nearest context from ctx upwards
 * that has one for the key, NULL when none has. Borrowed: it lives at least as
 * long as the caller's reference. See key.h for types and ownership.
 */
#define rn_ctx_with_value(parent, key, value)                              \
    rn_ctx_made_(                                                          \
        rn_ctx_with_value_((parent), &(key)->drop, RN_KEYED_(key, value)), \
        RN_HERE_)
#define rn_ctx_value(ctx, key) \
    ((__typeof__((key)->type_))rn_ctx_value_((ctx), &(key)->drop))

struct rn_ctx *rn_ctx_retain(struct rn_ctx *ctx); /* returns ctx */
void rn_ctx_release(struct rn_ctx *ctx);          /* NULL is allowed */

/*
 * Makes the context and all below it done (RN_CANCELED) before it returns, and
 * wakes who waits. Again, or later than the deadline: does nothing.
 */
void rn_ctx_cancel(struct rn_ctx *ctx);

/*
 * The same, and says why: rn_ctx_cause returns `status` from then on, here and
 * in all below that this call made done (rn_ctx_err still says RN_CANCELED). A
 * status that is not negative means RN_CANCELED; `text` is copied, NULL means
 * the status's own.
 */
void rn_ctx_cancel_cause(struct rn_ctx *ctx, int status, const char *text);

/* RN_OK, or for ever RN_CANCELED or RN_TIMEOUT: why it is done. */
int rn_ctx_err(const struct rn_ctx *ctx);

/*
 * Why it is done, in the words of whoever ended it: the status, and the text
 * (never NULL; borrowed as long as the caller's reference). Where nobody gave a
 * cause, what rn_ctx_err says. RN_OK while it is not done.
 */
int rn_ctx_cause(const struct rn_ctx *ctx);
const char *rn_ctx_cause_text(const struct rn_ctx *ctx);

/* The earliest deadline of it and its parents; RN_NEVER when there is none. */
int64_t rn_ctx_deadline(const struct rn_ctx *ctx);

/* Parks until it is done; returns why. */
int rn_ctx_wait(struct rn_ctx *ctx);

/*
 * Runs function(arg) in a goroutine of its own, once, when ctx is done; at once
 * when it is done already. Returns a child of ctx to be released by the caller;
 * who has released it without a stop does not know whether the function runs.
 *
 * rn_ctx_stop: true when that kept the function from running, for ever; false
 * when it has been started (it may still be running) or was stopped before.
 * Canceling does not wait for such functions.
 */
struct rn_ctx *rn_ctx_after_func(struct rn_ctx *ctx,
                                 void (*function)(void *arg), void *arg);
bool rn_ctx_stop(struct rn_ctx *after);

/* Behind the macros. */
struct rn_ctx *rn_ctx_with_value_(struct rn_ctx *parent, rn_key_ key,
                                  void *value);
void *rn_ctx_value_(const struct rn_ctx *ctx, rn_key_ key);

/* Notes where it was made, for debug.h; returns ctx. */
struct rn_ctx *rn_ctx_made_(struct rn_ctx *ctx, const char *where);

#ifdef __cplusplus
}
#endif

#ifndef RN_CTX_PLAIN_
#define rn_ctx_with_cancel(parent) \
    rn_ctx_made_(rn_ctx_with_cancel(parent), RN_HERE_)
#define rn_ctx_with_deadline(parent, deadline) \
    rn_ctx_made_(rn_ctx_with_deadline(parent, deadline), RN_HERE_)
#define rn_ctx_with_timeout(parent, timeout_ns) \
    rn_ctx_made_(rn_ctx_with_timeout(parent, timeout_ns), RN_HERE_)
#define rn_ctx_with_deadline_cause(parent, deadline, status, text)           \
    rn_ctx_made_(rn_ctx_with_deadline_cause(parent, deadline, status, text), \
                 RN_HERE_)
#define rn_ctx_without_cancel(parent) \
    rn_ctx_made_(rn_ctx_without_cancel(parent), RN_HERE_)
#define rn_ctx_after_func(ctx, function, arg) \
    rn_ctx_made_(rn_ctx_after_func(ctx, function, arg), RN_HERE_)
#endif

#endif
