/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shutdown.h: say that it is over, let what has begun finish, but not for ever.
 *
 * The simplest way to tell goroutines that it is over is a channel that is
 * closed, the done channel: every receive from it then returns. A context is
 * that channel with a reason and a deadline (context.h), so it is used here.
 *
 *     struct rn_shutdown *shutdown = rn_shutdown_make(ctx);
 *     struct rn_ctx *stopping = rn_shutdown_ctx(shutdown);
 *     for (;;) {
 *         int fd = accept_one(stopping, listener);  // ends when stopping is done
 *         if (fd < 0)
 *             break;
 *         rn_shutdown_go(shutdown, serve, fd);      // serve(ctx, int *own)
 *     }
 *     int status = rn_shutdown_finish(shutdown, 5 * RN_S);
 *
 * Two contexts make a graceful end: the first tells who takes in work to take
 * no more; the second, which the work was given, ends only when the time for
 * finishing is over.
 *
 * Ownership: made by rn_shutdown_make, freed by rn_shutdown_finish.
 *
 * Threads: every call may come from any goroutine or thread, until finish.
 */
#ifndef RUNNEL_SHUTDOWN_H
#define RUNNEL_SHUTDOWN_H

#include <runnel/context.h>
#include <runnel/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_shutdown;

/* Its end begins with rn_shutdown_stop or the end of `parent`. */
struct rn_shutdown *rn_shutdown_make(struct rn_ctx *parent);

/* Done when the end has begun. Borrowed. */
struct rn_ctx *rn_shutdown_ctx(struct rn_shutdown *shutdown);

/* Begins the end: no work is taken in any more. Does not park. */
void rn_shutdown_stop(struct rn_shutdown *shutdown);

/*
 * rn_shutdown_go(shutdown, function, value): starts
 * `void function(struct rn_ctx *ctx, T *own)` in a goroutine, with a private
 * copy of the value; ctx has the values of the parent and is done when its time
 * for finishing is over. RN_OK, or
 * RN_CANCELED when the end has begun: it was not started, and what the value
 * holds is still the caller's. Does not park.
 */
#define rn_shutdown_go(shutdown, function, ...)                             \
    __extension__({                                                         \
        RN_TYPE_OF_(__VA_ARGS__) rn_argument_ = __VA_ARGS__;                \
        void (*rn_function_)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__) *) = \
            _Generic((function),                                            \
                     void (*)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__) *)  \
                     : (function));                                         \
        rn_shutdown_go_((shutdown),                                         \
                        (void (*)(struct rn_ctx *, void *))rn_function_,    \
                        &rn_argument_, sizeof(rn_argument_), RN_HERE_);     \
    })

/* Functions that run now. Does not park. */
size_t rn_shutdown_running(struct rn_shutdown *shutdown);

/*
 * Stops, waits until every function has ended; after `grace_ns` it cancels the
 * context of those that have not, and waits for them. Frees. RN_OK when all
 * finished by themselves, RN_TIMEOUT when some had to be canceled. A panic of a
 * function, the first, is raised again then. Parks.
 */
int rn_shutdown_finish(struct rn_shutdown *shutdown, int64_t grace_ns);

int rn_shutdown_go_(struct rn_shutdown *shutdown,
                    void (*function)(struct rn_ctx *ctx, void *own),
                    const void *argument, size_t size, const char *where);

#ifdef __cplusplus
}
#endif

#endif
