/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batching.h: gather values into batches, by number, weight or time.
 *
 * What costs once a call (a statement, a packet, a system call) is cheaper for
 * many values than for each. A batch goes on when it is full, when it is heavy
 * enough, or when its first value has waited long enough: so a batch is never
 * too large, and a value never waits too long.
 *
 *     rn_chan(struct row) rows = rn_group_chan(group, struct row, 100);
 *     rn_chan(rn_batch(struct row)) batches =
 *         rn_group_chan(group, rn_batch(struct row), 10);
 *     rn_batches(group, rows, batches, {.count = 100, .age_ns = RN_S});
 *     ...
 *     rn_range (rn_batch(struct row), batch, batches) {
 *         insert(rn_batch_items(batch), rn_batch_count(batch));
 *         rn_batch_free(batch);
 *     }
 *
 * rn_batch(T) is a handle, typed by its element as rn_chan(T) is. A batch is
 * never empty.
 *
 * Ownership: a received batch is the receiver's, who frees it; freeing does not
 * touch what its values hold. A batch that nobody receives is freed, and its
 * values are dropped as those of the input are (rn_chan_set_drop).
 */
#ifndef RUNNEL_BATCHING_H
#define RUNNEL_BATCHING_H

#include <runnel/stage.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_batched; /* what a handle points to */

/* When a batch is sent; 0 is no limit. All zero: one batch, at the end. */
struct rn_batch_limits {
    size_t count;   /* it has so many values */
    size_t weight;  /* the next value would make it heavier than that */
    int64_t age_ns; /* its first value came so long ago */
};

/*
 * rn_batches(group, in, out, limits): a goroutine of the group that gathers the
 * values of in and sends batches of them, in order. The limits are a struct
 * rn_batch_limits or its initialiser in braces. A value weighs its size. It
 * sends the last batch and closes out when in is closed; when the group is done
 * it closes out and drops what it has. Sets the drop of out. Does not park.
 *
 * rn_batches_weighed(group, in, out, weigh, limits): the same; a value weighs
 * what `size_t weigh(const T *value)` says. One that is too heavy alone is a
 * batch alone.
 */
#define rn_batches(group, in, out, ...) \
    RN_BATCHES_(group, in, out, NULL, __VA_ARGS__)
#define rn_batches_weighed(group, in, out, weigh, ...)         \
    RN_BATCHES_(group, in, out,                                \
                (size_t(*)(const void *)) _Generic(            \
                    (weigh), size_t(*)(const rn_element(in) *) \
                    : (weigh)),                                \
                __VA_ARGS__)

/* The values of a batch (T *), their number, the end of it. Do not park. */
#define rn_batch_items(batch) \
    ((rn_element(batch) *)rn_batch_items_(RN_BATCHED_(batch)))
#define rn_batch_count(batch) rn_batch_count_(RN_BATCHED_(batch))
#define rn_batch_free(batch)  rn_batch_free_(RN_BATCHED_(batch))

/* Behind the macros. */
void rn_batches_start_(struct rn_group *group, struct rn_channel *in,
                       size_t size, struct rn_channel *out,
                       const struct rn_batch_limits *limits,
                       size_t (*weigh)(const void *value), const char *where);
void *rn_batch_items_(struct rn_batched *batch);
size_t rn_batch_count_(const struct rn_batched *batch);
void rn_batch_free_(struct rn_batched *batch);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
struct rn_batch_tag_;
/* A batch of values of type T, as it travels on a channel. */
#define rn_batch(T) __typeof__(T(*)(struct rn_batch_tag_ *))

#define RN_BATCHED_(batch)                        \
    _Generic((batch), rn_batch(rn_element(batch)) \
             : (struct rn_batched *)(uintptr_t)(batch))
#define RN_BATCHES_(group, in, out, weigh, ...)                       \
    __extension__({                                                   \
        const struct rn_batch_limits rn_limits_ = __VA_ARGS__;        \
        rn_batches_start_(                                            \
            (group), RN_RECEIVING_(in), sizeof(rn_element(in)),       \
            _Generic((rn_element(out) *)0, rn_batch(rn_element(in)) * \
                     : RN_SENDING_(out)),                             \
            &rn_limits_, (weigh), RN_HERE_);                          \
    })
#endif

#endif
