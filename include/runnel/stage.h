/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h: a pipeline, stages joined by channels.
 *
 * A pipeline is a group in which each stage receives from one channel and sends
 * to the next; the element types of the channels are those of the functions, or
 * it does not compile. The end of the input travels down: a stage closes its
 * output when its input is closed. An error, or the end of the group's context,
 * stops every stage at once. After rn_group_wait no goroutine of it is left.
 *
 *     static int count(struct rn_ctx *ctx, int *next, int *number)
 *     {
 *         *number = (*next)++;
 *         return *number <= 10 ? RN_OK : RN_CLOSED;
 *     }
 *     static int square(struct rn_ctx *ctx, void *state, int *n, long *square)
 *     {
 *         *square = (long)*n * *n;
 *         return RN_OK;
 *     }
 *     static int add(struct rn_ctx *ctx, long *sum, long *square)
 *     {
 *         *sum += *square;
 *         return RN_OK;
 *     }
 *
 *     struct rn_group *line = rn_group_make(ctx, 0);
 *     rn_chan(int) numbers = rn_group_chan(line, int, 8);
 *     rn_chan(long) squares = rn_group_chan(line, long, 8);
 *     rn_source(line, numbers, count, &next);
 *     rn_stage(line, numbers, squares, square, NULL);
 *     rn_sink(line, squares, add, &sum);
 *     int status = rn_group_wait(line);
 *
 * A stage is a pool of one (pool.h), so its function has the same form, may
 * return RN_SKIP to drop a value (a filter), and runs on several goroutines
 * when rn_pool_map or rn_pool_map_ordered take its place. Stages that split,
 * join or gather are in fan.h and batching.h. A stage of any other form (one
 * that sends several values for one) is a function of the group that sends with
 * rn_send_ctx and closes its output when it ends, by whatever way.
 *
 * Values that hold something: give each channel a drop (rn_chan_set_drop). What
 * a canceled pipeline leaves on its way is then dropped: in the stages when
 * they end, in the channels when they are freed.
 */
#ifndef RUNNEL_STAGE_H
#define RUNNEL_STAGE_H

#include <runnel/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * rn_source(group, out, function, state): a goroutine of the group that calls
 * `int function(struct rn_ctx *ctx, S *state, T *value)` again and again, and
 * sends the value (RN_SKIP: there is none this time). It ends when function
 * returns RN_CLOSED (there is no more) or another negative status (the group's error), or when the group is done;
 * then it closes out. Does not park.
 */
#define rn_source(group, out, function, ...)                               \
    rn_source_start_(                                                      \
        (group), RN_SENDING_(out), sizeof(rn_element(out)),                \
        (int (*)(struct rn_ctx *, void *, void *)) _Generic(               \
            (function), int (*)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__), \
                                rn_element(out) *)                         \
            : (function)),                                                 \
        RN_STATE_(__VA_ARGS__), RN_HERE_)

/*
 * rn_stage(group, in, out, function, state): one goroutine that turns each
 * value of in into one of out, in order. rn_pool_map says how.
 *
 * rn_sink(group, in, function, state): one goroutine that takes each value of
 * in. rn_pool_each says how.
 */
#define rn_stage(group, in, out, function, ...) \
    rn_pool_map(group, 1, in, out, function, __VA_ARGS__)
#define rn_sink(group, in, function, ...) \
    rn_pool_each(group, 1, in, function, __VA_ARGS__)

void rn_source_start_(struct rn_group *group, struct rn_channel *out,
                      size_t size,
                      int (*function)(struct rn_ctx *ctx, void *state,
                                      void *value),
                      void *state, const char *where);

#ifdef __cplusplus
}
#endif

#endif
