/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.h: run functions together, keep the first error, cancel the rest.
 *
 * A group owns the goroutines started in it and a context that they share. The
 * first function to return a negative status cancels that context, with the
 * status as its cause; rn_group_wait returns that status after every function
 * has ended. Nothing outlives it. A function that panics cancels the context
 * too, and the panic is raised again in rn_group_wait: it reaches the one who
 * waits.
 *
 *     static int fetch(struct rn_ctx *ctx, struct page *own);
 *
 *     struct rn_group *group = rn_group_make(ctx, 8);
 *     for (size_t i = 0; i < count; i++)
 *         rn_group_go(group, fetch, pages[i]);
 *     int status = rn_group_wait(group);
 *
 * rn_group_run is a group that cannot be left before its goroutines have ended,
 * whichever way its body goes. Results come in order where each function owns
 * its place, and nobody reads before the wait:
 *
 *     struct job {
 *         const char *path;
 *         size_t *size; // sizes[i], its own until it returns
 *     };
 *
 *     static int start_all(struct rn_group *group, void *arg)
 *     {
 *         struct listing *listing = arg;
 *         for (size_t i = 0; i < listing->count; i++)
 *             rn_group_go(group, measure,
 *                         (struct job){listing->paths[i], &listing->sizes[i]});
 *         return RN_OK;
 *     }
 *
 *     int status = rn_group_run(ctx, 8, start_all, &listing);
 */
#ifndef RUNNEL_GROUP_H
#define RUNNEL_GROUP_H

#include <runnel/chan.h>
#include <runnel/context.h>
#include <runnel/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_group;

/*
 * A group whose context is a child of `parent`. At most `limit` functions run
 * at once; 0 means no limit. Out of memory ends the program with a message.
 * Does not park.
 */
struct rn_group *rn_group_make(struct rn_ctx *parent, size_t limit);

/* The context that the group's functions are given. Borrowed. */
struct rn_ctx *rn_group_ctx(struct rn_group *group);

/*
 * rn_group_go(group, function, value): starts function(ctx, T *own), an int
 * function, with a private copy of the value; parks while `limit` run. A
 * function may start more in its own group, but in a limited one that can wait
 * for itself.
 *
 * rn_group_try_go: does not park; RN_AGAIN when `limit` run.
 */
#define rn_group_go(group, function, ...) \
    RN_GROUP_GO_(rn_group_go_, group, function, __VA_ARGS__)
#define rn_group_try_go(group, function, ...) \
    RN_GROUP_GO_(rn_group_try_go_, group, function, __VA_ARGS__)

/*
 * Parks until every function has ended; then frees the group and its context.
 * Returns RN_OK or the first negative status, or raises the first panic of a
 * function again (also when errors came before). Call it exactly once.
 */
int rn_group_wait(struct rn_group *group);

/*
 * Makes a group, calls body(group, arg) and then waits, as rn_group_wait does,
 * whatever the body returned: a negative status cancels the group and counts
 * among the errors, of which the first is returned; so does a panic. The body
 * must not wait for the group itself. Parks.
 */
int rn_group_run(struct rn_ctx *parent, size_t limit,
                 int (*body)(struct rn_group *group, void *arg), void *arg);

/*
 * Has rn_group_wait call function(arg) after the last function of the group has
 * ended, before it returns: for what they share. The last one asked for is
 * called first. From the owner or a function of the group; does not park.
 */
void rn_group_finally(struct rn_group *group, void (*function)(void *arg),
                      void *arg);

/* Behind the macros. */
struct rn_channel *rn_group_chan_(struct rn_group *group, size_t element_size,
                                  size_t capacity, const char *where);

/* Notes where it was made, for debug.h; returns group. */
struct rn_group *rn_group_made_(struct rn_group *group, const char *where);

void rn_group_go_(struct rn_group *group,
                  int (*function)(struct rn_ctx *ctx, void *own),
                  const void *argument, size_t size, const char *where);
int rn_group_try_go_(struct rn_group *group,
                     int (*function)(struct rn_ctx *ctx, void *own),
                     const void *argument, size_t size, const char *where);

#ifndef RN_CTX_PLAIN_
#define rn_group_make(parent, limit) \
    rn_group_made_(rn_group_make(parent, limit), RN_HERE_)
#endif

#ifndef __cplusplus
/*
 * rn_group_chan(group, T, capacity): a channel that is freed with the group.
 * The owner receives what it wants of it before rn_group_wait.
 */
#define rn_group_chan(group, T, capacity)                                  \
    ((rn_chan(T))(uintptr_t)rn_group_chan_((group), sizeof(T), (capacity), \
                                           RN_HERE_))

/* A pointer of any type, qualified or not, as the core keeps it. */
#define RN_STATE_(...) ((void *)(uintptr_t)(const volatile void *)(__VA_ARGS__))

#define RN_GROUP_GO_(start, group, function, ...)                          \
    __extension__({                                                        \
        RN_TYPE_OF_(__VA_ARGS__) rn_argument_ = __VA_ARGS__;               \
        int (*rn_function_)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__) *) = \
            _Generic((function),                                           \
                     int (*)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__) *)  \
                     : (function));                                        \
        start((group), (int (*)(struct rn_ctx *, void *))rn_function_,     \
              &rn_argument_, sizeof(rn_argument_), RN_HERE_);              \
    })
#endif

#ifdef __cplusplus
}
#endif

#endif
