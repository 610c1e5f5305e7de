/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fan.h: several channels into one, one into several.
 *
 * Fanning out needs no function: several goroutines that receive from one
 * channel share its values, each gets some (pool.h). What is here joins them
 * again, or gives every goroutine all of the values.
 *
 *     rn_receiver(struct reading) sensors[3] = {...};
 *     struct rn_group *group = rn_group_make(ctx, 0);
 *     rn_chan(struct reading) all = rn_group_chan(group, struct reading, 16);
 *     rn_merge(group, sensors, 3, all);
 *     rn_range (struct reading, reading, all)
 *         store(&reading);
 *     int status = rn_group_wait(group);
 *
 * Each is goroutines of a group, as the stages of stage.h: an output is closed
 * when its inputs have ended or the group is done, whichever comes first; a
 * value that cannot be delivered any more is dropped (rn_chan_set_drop); no
 * goroutine outlives the group. The arrays of handles are copied. These do not
 * park.
 */
#ifndef RUNNEL_FAN_H
#define RUNNEL_FAN_H

#include <runnel/stage.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * rn_merge(group, inputs, count, out): fan-in. Sends what comes from any of
 * `count` channels (an array of channels or receiving ends) to out. The values
 * of one input stay in order.
 */
#define rn_merge(group, inputs, count, out)                    \
    rn_merge_start_((group), RN_INPUTS_(inputs, out), (count), \
                    RN_SENDING_(out), sizeof(rn_element(out)), NULL, RN_HERE_)

/*
 * rn_merge_sorted(group, inputs, count, out, compare): the same for inputs that
 * are each in ascending order by `int compare(const T *a, const T *b)` (as for
 * qsort): out is in order too, equal values in the order of their inputs. It
 * waits for the next value of every input that has not ended.
 */
#define rn_merge_sorted(group, inputs, count, out, compare)         \
    rn_merge_start_((group), RN_INPUTS_(inputs, out), (count),      \
                    RN_SENDING_(out), sizeof(rn_element(out)),      \
                    (int (*)(const void *, const void *)) _Generic( \
                        (compare), int (*)(const rn_element(out) *, \
                                           const rn_element(out) *) \
                        : (compare)),                               \
                    RN_HERE_)

/*
 * rn_tee(group, in, outputs, count): sends each value of in to every one of
 * `count` channels (an array of channels or sending ends). The slowest sets the
 * pace. The copies are flat: what a value points to is then shared. For readers
 * that come and go see broadcast.h.
 */
#define rn_tee(group, in, outputs, count)                             \
    rn_tee_start_((group), RN_RECEIVING_(in), sizeof(rn_element(in)), \
                  RN_OUTPUTS_(outputs, in), (count), RN_HERE_)

/*
 * rn_bridge(group, in, out): in is a channel of channels (its element is a
 * rn_receiver(T) or a rn_chan(T)); sends what comes from the first until that
 * is closed, then from the next, and so on.
 */
#define rn_bridge(group, in, out) \
    rn_bridge_start_((group),                                                \
                     _Generic((rn_element(in) *)0, rn_receiver(rn_element(out)) \
                                  *                                          \
                              : RN_RECEIVING_(in), rn_chan(rn_element(out)) * \
                              : RN_RECEIVING_(in)),                          \
                     RN_SENDING_(out), sizeof(rn_element(out)), RN_HERE_)

/* Behind the macros; inputs and outputs are arrays of handles. */
void rn_merge_start_(struct rn_group *group, const void *inputs, size_t count,
                     struct rn_channel *out, size_t size,
                     int (*compare)(const void *a, const void *b),
                     const char *where);
void rn_tee_start_(struct rn_group *group, struct rn_channel *in, size_t size,
                   const void *outputs, size_t count, const char *where);
void rn_bridge_start_(struct rn_group *group, struct rn_channel *in,
                      struct rn_channel *out, size_t size, const char *where);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
#define RN_INPUTS_(inputs, out)                                      \
    ((const void *)_Generic((inputs)[0], rn_chan(rn_element(out))    \
                            : (inputs), rn_receiver(rn_element(out)) \
                            : (inputs)))
#define RN_OUTPUTS_(outputs, in)                                   \
    ((const void *)_Generic((outputs)[0], rn_chan(rn_element(in))  \
                            : (outputs), rn_sender(rn_element(in)) \
                            : (outputs)))
#endif

#endif
