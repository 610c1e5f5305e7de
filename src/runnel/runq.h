/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runq.h: the queue of runnable tasks that a worker owns and others steal from.
 *
 * Three parts. `next`, one place for the task to run next, keeps a pair that
 * talks to each other together. `ready` is a ring of tasks that have run before,
 * oldest first. `fresh` is a ring of tasks that have never run: their owner
 * takes the youngest, so that a tree of goroutines is walked depth first and few
 * of its stacks are alive at once; thieves take the oldest, which stand for the
 * largest parts of the tree. What has begun goes before what has not; but a task
 * that yields lets the oldest fresh one go first, and the worker takes that one
 * now and then (find.c), so that each is reached.
 *
 * All of it is under `bias`, the owner's lock without atomics (asym.h). Lengths
 * and `next` may be looked at from anywhere, as a hint.
 *
 * Invariants: head <= tail <= head + RUNQ_SIZE (as differences modulo 2^32);
 * places head .. tail-1 hold tasks.
 *
 * Rejected: Go's ring, which is taken from by compare-and-swap and needs an
 * exchange for `next`: three locked instructions between waking a task and
 * running it, where this has none. Its thieves pay for it: 3 us a theft.
 */
#ifndef RUNNEL_RUNQ_H
#define RUNNEL_RUNQ_H

#include "asym.h"
#include "seam.h"
#include "task_internal.h"

#ifndef RUNQ_SIZE /* the model check has a small one */
#define RUNQ_SIZE 1024u
#endif

struct ring {
    _Atomic(uint32_t) head;
    _Atomic(uint32_t) tail;
    struct task *places[RUNQ_SIZE];
};

struct runq {
    _Alignas(CACHE_LINE) struct bias bias;
    _Atomic(struct task *) next; /* to run next, or NULL */
    uint32_t streak;             /* picks of `next` in a row */
    _Alignas(CACHE_LINE) struct ring ready;
    _Alignas(CACHE_LINE) struct ring fresh;
};

/* Owner: appends, where it belongs. False when that ring is full. */
bool runq_put(struct runq *q, struct task *task);

/* Owner: makes it the next to run; returns the one it displaces, or NULL. */
struct task *runq_put_next(struct runq *q, struct task *task);

/* Owner: the task to run next, or NULL. */
struct task *runq_pick(struct runq *q);

/*
 * Owner, who runs `self`: the task to run in its place, or NULL when there is
 * none. If there is, self is queued behind the others and the queue stays
 * entered: runq_left must be called on this thread once self is off its stack.
 */
struct task *runq_rotate(struct runq *q, struct task *self);
static inline void runq_left(struct runq *q)
{
    bias_leave(&q->bias);
}

/* Owner: takes the oldest that is ready, else the youngest fresh, or NULL. */
struct task *runq_take(struct runq *q);
/* Owner: takes the oldest fresh one, or NULL. */
struct task *runq_take_fresh(struct runq *q);
/* Owner: takes the task to run next, or NULL. */
struct task *runq_take_next(struct runq *q);

/*
 * Owner, alone (simulation, which has no fresh ones): the task at a place of the
 * ring, 0 the oldest; and the same taken out, the others keeping their order.
 */
struct task *runq_at(struct runq *q, uint32_t place);
struct task *runq_take_at(struct runq *q, uint32_t place);

/*
 * Owner: takes the older half of the longer ring out as a chain through
 * task->next, to make room. Returns its first task and the count.
 */
struct task *runq_take_half(struct runq *q, uint32_t *count);

/*
 * Thief, who owns `mine`: moves the older half of a ring of the victim's to his
 * own and returns one more task to run at once; NULL when there was nothing.
 */
struct task *runq_steal(struct runq *mine, struct runq *victim);

/* Thief: takes the victim's next, or NULL. */
struct task *runq_steal_next(struct runq *victim);

/* Tasks in the rings; a snapshot for others than the owner. */
uint32_t runq_length(const struct runq *q);
/* Owner: how many more fit into the shorter part of it. */
uint32_t runq_room(const struct runq *q);

#endif
