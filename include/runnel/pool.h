/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h: a few workers for many jobs.
 *
 * A pool is a number of goroutines in a group that take jobs from one channel
 * and call a function with each. The channel is the queue: its capacity bounds
 * what waits, and a sender waits while it is full. Closing it ends the pool.
 *
 *     static int resize(struct rn_ctx *ctx, const struct settings *settings,
 *                       struct picture *job, struct outcome *outcome);
 *
 *     struct rn_group *group = rn_group_make(ctx, 0);
 *     rn_chan(struct picture) jobs = rn_group_chan(group, struct picture, 100);
 *     rn_chan(struct outcome) outcomes =
 *         rn_group_chan(group, struct outcome, 100);
 *     rn_pool_map(group, 5, jobs, outcomes, resize, &settings);
 *     rn_group_go(group, find_pictures, rn_send_end(jobs));  // closes jobs
 *     rn_range (struct outcome, outcome, outcomes)
 *         print(&outcome);
 *     int status = rn_group_wait(group);
 *
 * The function is `int function(struct rn_ctx *ctx, S *state, T *job, R *out)`:
 * ctx is the group's, state what the pool was given (shared by its workers;
 * NULL for a `void *state`), job the worker's own copy. It returns
 *
 *   RN_OK      *out is a result and is sent
 *   RN_SKIP    there is no result for this job
 *   negative   the group's error: it cancels the other workers
 *
 * so a job that fails alone is a result that says so, not a negative status.
 * The result channel is closed when the last worker has ended, whatever ended
 * it. When the group is canceled, a worker finishes the job it has and takes no
 * other; a result that nobody can take any more is dropped (rn_chan_set_drop).
 * A panic of the function cancels the group as an error does, and is raised
 * again in rn_group_wait.
 *
 * The group must have no limit (rn_group_make(ctx, 0)): the pool is one. The
 * pool lives as long as its group.
 */
#ifndef RUNNEL_POOL_H
#define RUNNEL_POOL_H

#include <runnel/group.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_pool;

/* Returned by a function that has nothing to send for this job. */
#define RN_SKIP 1

/*
 * rn_pool_map(group, workers, jobs, results, function, state): starts a pool
 * whose results come as they are ready.
 *
 * rn_pool_map_ordered: the same, but results come in the order of their jobs.
 * A slow job holds back the results of later ones: up to four a worker (at
 * least 64) are kept meanwhile, then the workers wait for it.
 *
 * rn_pool_each(group, workers, jobs, function, state): a pool without results;
 * `int function(struct rn_ctx *ctx, S *state, T *job)`.
 *
 * jobs and results are channels or their ends. No worker at all panics. These
 * do not park.
 */
#define rn_pool_map(group, workers, jobs, results, function, ...) \
    RN_POOL_MAP_(false, group, workers, jobs, results, function, __VA_ARGS__)
#define rn_pool_map_ordered(group, workers, jobs, results, function, ...) \
    RN_POOL_MAP_(true, group, workers, jobs, results, function, __VA_ARGS__)
#define rn_pool_each(group, workers, jobs, function, ...)                      \
    rn_pool_start_(                                                            \
        (group), (workers),                                                    \
        &(struct rn_pool_plan_){                                               \
            .in = RN_RECEIVING_(jobs),                                         \
            .in_size = sizeof(rn_element(jobs)),                               \
            .each = (int (*)(struct rn_ctx *, void *, void *)) _Generic(       \
                (function), int (*)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__), \
                                    rn_element(jobs) *)                        \
                : (function)),                                                 \
            .data = RN_STATE_(__VA_ARGS__),                                    \
        },                                                                     \
        RN_HERE_)

/*
 * From now on at most `workers` (at least 1) jobs run at once. More workers
 * start at once; too many end after the job they have, those without a job
 * before they take one. When the pool has ended, or its group is limited and
 * full, no worker is added. From the owner before its rn_group_wait, or from a
 * function of the group. Does not park for long: it waits for no job.
 */
void rn_pool_resize(struct rn_pool *pool, size_t workers);

/* Workers alive now, with those that have still to end. Does not park. */
size_t rn_pool_workers(struct rn_pool *pool);

/* Behind the macros. */
struct rn_pool_plan_ {
    struct rn_channel *in;
    struct rn_channel *out; /* NULL: each */
    size_t in_size;
    size_t out_size;
    int (*map)(struct rn_ctx *ctx, void *state, void *in, void *out);
    int (*each)(struct rn_ctx *ctx, void *state, void *in);
    void *data;
    bool ordered;
};

struct rn_pool *rn_pool_start_(struct rn_group *group, size_t workers,
                               const struct rn_pool_plan_ *plan,
                               const char *where);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
#define RN_POOL_MAP_(in_order, group, workers, jobs, results, function, ...) \
    rn_pool_start_(                                                          \
        (group), (workers),                                                  \
        &(struct rn_pool_plan_){                                             \
            .in = RN_RECEIVING_(jobs),                                       \
            .out = RN_SENDING_(results),                                     \
            .in_size = sizeof(rn_element(jobs)),                             \
            .out_size = sizeof(rn_element(results)),                         \
            .map =                                                           \
                (int (*)(struct rn_ctx *, void *, void *, void *)) _Generic( \
                    (function),                                              \
                    int (*)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__),       \
                            rn_element(jobs) *, rn_element(results) *)       \
                    : (function)),                                           \
            .data = RN_STATE_(__VA_ARGS__),                                  \
            .ordered = (in_order),                                           \
        },                                                                   \
        RN_HERE_)
#endif

#endif
