/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer_wheel.h: timers that are far away, unsorted, in buckets by their time.
 *
 * Part of a queue of timers (timerq.h), under its lock. Times are cut into
 * slots of 0.26 ms and read as numbers of six bits a digit. `start` is the
 * beginning of the slot that is open now. A node lies at the level of the
 * highest digit in which its time differs from `start`, in the bucket of that
 * digit:
 *
 * 1. What is in the wheel is due after the open slot: its digit is the larger.
 * 2. So what is at a lower level is due before what is at a higher one, and at
 *    one level by the number of the bucket.
 * 3. `first` is not later than any time in the wheel, RN_NEVER when that is
 *    empty.
 * 4. A bit of `filled` is set when its bucket has nodes, one of `levels` when
 *    its level has.
 *
 * To turn the wheel is to take the first bucket out and to open a slot within
 * it: its nodes are due in that slot, or go to lower levels, and all others
 * stay where they are. So a node is moved as often as there are levels at most,
 * and each time with its neighbours: no step waits for memory that the one
 * before did not ask for.
 */
#ifndef RUNNEL_TIMER_WHEEL_H
#define RUNNEL_TIMER_WHEEL_H

#include "base.h"

struct timer_node {
    int64_t when;
    uint32_t slot;   /* in the queue's table */
    uint32_t chains; /* see struct timer */
};

#define WHEEL_SLOT_BITS  18
#define WHEEL_DIGIT_BITS 6
#define WHEEL_BUCKETS    (1 << WHEEL_DIGIT_BITS)
#define WHEEL_LEVELS     8

/* A kilobyte. */
#define WHEEL_CHUNK 63

struct wheel_chunk {
    struct wheel_chunk *next;
    size_t count;
    struct timer_node nodes[WHEEL_CHUNK];
};

struct wheel_bucket {
    /* The newest, the only one with room, in a circle: the oldest is its next.
     * So nodes are visited in the order in which they came, as their slots and
     * their timers lie in the memory. */
    struct wheel_chunk *newest;
    int64_t least; /* no time in it is earlier */
};

struct timer_wheel {
    int64_t start;
    int64_t first;
    size_t count;
    uint32_t levels;
    uint64_t filled[WHEEL_LEVELS];
    struct wheel_bucket *buckets; /* of all levels; NULL before the first use */
    struct wheel_chunk *spare;
    size_t spares;
};

void wheel_init(struct timer_wheel *wheel);
void wheel_clear(struct timer_wheel *wheel);

/* Due in the open slot or before: no place for it in the wheel. */
static inline bool wheel_is_near(const struct timer_wheel *wheel, int64_t when)
{
    return when < wheel->start ||
           when - wheel->start < (INT64_C(1) << WHEEL_SLOT_BITS);
}

/* While it is empty: the slot of that time is open now. */
void wheel_open(struct timer_wheel *wheel, int64_t when);

/* Puts in what is not near. False: memory is out. */
bool wheel_put(struct timer_wheel *wheel, struct timer_node node);

/*
 * Takes out the first bucket, and opens the slot of `now`, or where that is not
 * in the bucket, its first one. The chunks are the caller's, a chain, the
 * oldest first; he puts in again what is not near, and gives each back.
 */
struct wheel_chunk *wheel_turn(struct timer_wheel *wheel, int64_t now);
void wheel_give(struct timer_wheel *wheel, struct wheel_chunk *chunk);

/* The next of a chain, or NULL: each lies elsewhere in the memory. */
static inline void wheel_prefetch(const struct wheel_chunk *chunk)
{
    for (size_t at = 0; chunk && at < sizeof(*chunk); at += CACHE_LINE)
        __builtin_prefetch((const char *)chunk + at, 1);
}

/* Drops those of which keeps(arg, slot) is false; called once for each. */
void wheel_sift(struct timer_wheel *wheel,
                bool (*keeps)(void *arg, uint32_t slot), void *arg);

/* Does it hold what its file says? */
bool wheel_check(const struct timer_wheel *wheel);

#endif
