/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runq.h: the queue of runnable tasks that a worker owns and others steal from.
 *
 * A ring of RUNQ_SIZE places: the owner appends at `tail`, everybody takes at
 * `head` by compare-and-swap. Beside it one place for the task to run next,
 * which keeps a pair that talks to each other together. The design is that of
 * Go's scheduler (proc.go, runqput and runqsteal).
 *
 * Invariants: head <= tail <= head + RUNQ_SIZE (as differences modulo 2^32);
 * places head .. tail-1 hold tasks; only the owner writes places and tail.
 */
#ifndef RUNNEL_RUNQ_H
#define RUNNEL_RUNQ_H

#include "seam.h"
#include "task_internal.h"

#ifndef RUNQ_SIZE /* the model check has a small one */
#define RUNQ_SIZE 256u
#endif

struct runq {
    _Alignas(CACHE_LINE) _Atomic(uint32_t) head;
    _Alignas(CACHE_LINE) _Atomic(uint32_t) tail;
    _Atomic(struct task *) next; /* to run next, or NULL */
    _Atomic(struct task *) ring[RUNQ_SIZE];
};

/* Owner: appends. False when full. */
bool runq_put(struct runq *q, struct task *task);

/* Owner: makes it the next to run; returns the one it displaces, or NULL. */
struct task *runq_put_next(struct runq *q, struct task *task);

/* Owner: takes the task to run next, or NULL. */
struct task *runq_take_next(struct runq *q);

/* Owner: takes the oldest, or NULL. */
struct task *runq_take(struct runq *q);

/*
 * Owner, alone (simulation): the task at a place of the ring, 0 the oldest; and
 * the same taken out, the others keeping their order.
 */
struct task *runq_at(struct runq *q, uint32_t place);
struct task *runq_take_at(struct runq *q, uint32_t place);

/*
 * Owner: takes the older half out as a chain through task->next, to make room.
 * Returns its first task and the count.
 */
struct task *runq_take_half(struct runq *q, uint32_t *count);

/*
 * Thief, who owns `mine`: moves the older half of the victim's queue to his own
 * and returns one more task to run at once; NULL when there was nothing.
 */
struct task *runq_steal(struct runq *mine, struct runq *victim);

/* Thief: takes the victim's next, or NULL. */
struct task *runq_steal_next(struct runq *victim);

/* Tasks in the ring; a snapshot for others than the owner. */
uint32_t runq_length(const struct runq *q);

#endif
