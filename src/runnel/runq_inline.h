/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runq_inline.h: what each switch asks of its worker's queue (runq.h), to be put
 * in line where tasks are switched and made ready. What they do when a thief is
 * about, and all the rest, is runq.c's.
 */
#ifndef RUNNEL_RUNQ_INLINE_H
#define RUNNEL_RUNQ_INLINE_H

#include "fatal.h"
#include "runq.h"

/* How often `next` may go before the rings: bounds the wait of the others. */
#define RUNQ_STREAK 48
/* Wide wake-ups run one cold stack after another: fetched so far ahead. */
#define RUNQ_AHEAD  8

/* ---------------------------------------------------------------- a ring */

static inline uint32_t ring_head(const struct ring *r)
{
    return atomic_load_explicit(&r->head, memory_order_relaxed);
}

static inline uint32_t ring_tail(const struct ring *r)
{
    return atomic_load_explicit(&r->tail, memory_order_relaxed);
}

static inline void ring_set_head(struct ring *r, uint32_t head)
{
    atomic_store_explicit(&r->head, head, memory_order_relaxed);
}

static inline void ring_set_tail(struct ring *r, uint32_t tail)
{
    atomic_store_explicit(&r->tail, tail, memory_order_relaxed);
}

/* A snapshot when it is not one's own: the two are read at different times. */
static inline uint32_t ring_length(const struct ring *r)
{
    uint32_t head = ring_head(r);
    uint32_t count = ring_tail(r) - head;
    return count <= RUNQ_SIZE ? count : RUNQ_SIZE;
}

/* So many places are looked at, with -Dchecks=true. */
#define RUNQ_CHECK 32

/* The invariants of runq.h: in a ring of fresh tasks, or of the others. */
static inline bool ring_check(const struct ring *r, bool fresh)
{
    uint32_t head = ring_head(r);
    uint32_t count = ring_tail(r) - head;
    if (count > RUNQ_SIZE)
        return false;
    for (uint32_t i = 0; i < count && i < RUNQ_CHECK; i++)
        if (!r->places[(head + i) % RUNQ_SIZE] ||
            r->places[(head + i) % RUNQ_SIZE]->fresh != fresh)
            return false;
    return true;
}

static inline bool ring_push(struct ring *r, struct task *task)
{
    uint32_t tail = ring_tail(r);
    uint32_t count = tail - ring_head(r);
    INVARIANT(ring_check(r, task->fresh));
    if (unlikely(count == RUNQ_SIZE))
        return false;
    r->places[tail % RUNQ_SIZE] = task;
    ring_set_tail(r, tail + 1);
    return true;
}

/* The record of one to come, and the rest of one that comes sooner. */
static inline void ring_prefetch(const struct ring *r, uint32_t later,
                                 uint32_t sooner)
{
    __builtin_prefetch(r->places[later % RUNQ_SIZE]);
    __builtin_prefetch(r->places[sooner % RUNQ_SIZE]->sp);
}

/* To be passed on: nobody is about to run it here. */
static inline struct task *ring_move_oldest(struct ring *r)
{
    uint32_t head = ring_head(r);
    if (ring_tail(r) == head)
        return NULL;
    ring_set_head(r, head + 1);
    return r->places[head % RUNQ_SIZE];
}

static inline struct task *ring_take_oldest(struct ring *r)
{
    uint32_t head = ring_head(r);
    if (ring_tail(r) - head > RUNQ_AHEAD)
        ring_prefetch(r, head + RUNQ_AHEAD, head + RUNQ_AHEAD / 2);
    return ring_move_oldest(r);
}

static inline struct task *ring_take_youngest(struct ring *r)
{
    uint32_t tail = ring_tail(r);
    uint32_t count = tail - ring_head(r);
    if (count == 0)
        return NULL;
    if (count > RUNQ_AHEAD)
        ring_prefetch(r, tail - 1 - RUNQ_AHEAD, tail - 1 - RUNQ_AHEAD / 2);
    ring_set_tail(r, tail - 1);
    return r->places[(tail - 1) % RUNQ_SIZE];
}

/* --------------------------------------------------------- inside the bias */

static inline struct ring *runq_ring_for(struct runq *q,
                                         const struct task *task)
{
    return task->fresh ? &q->fresh : &q->ready;
}

static inline struct task *runq_next_out(struct runq *q)
{
    struct task *next = atomic_load_explicit(&q->next, memory_order_relaxed);
    if (next)
        atomic_store_explicit(&q->next, NULL, memory_order_relaxed);
    return next;
}

static inline struct task *runq_any_out(struct runq *q)
{
    struct task *task = ring_take_oldest(&q->ready);
    return task ? task : ring_take_youngest(&q->fresh);
}

static inline struct task *runq_fresh_out(struct runq *q)
{
    struct task *task = ring_take_oldest(&q->fresh);
    return task ? task : ring_take_oldest(&q->ready);
}

static inline struct task *runq_one_out(struct runq *q, bool fresh_first)
{
    if (likely(++q->streak < RUNQ_STREAK)) {
        struct task *next = runq_next_out(q);
        if (next)
            return next;
    }
    q->streak = 0;
    struct task *task = fresh_first ? runq_fresh_out(q) : runq_any_out(q);
    return task ? task : runq_next_out(q);
}

/* ------------------------------------------------------------------- owner */

static inline void runq_leave_alone(struct runq *q)
{
    /* Release: as in bias_leave. */
    atomic_store_explicit(&q->bias.inside, false, memory_order_release);
}

/*
 * As bias_enter, where nobody else is about; then bias_leave is one store, since
 * only the long way in takes the lock. False: nothing was done, go the long way.
 */
static inline bool runq_enter_alone(struct runq *q)
{
    atomic_store_explicit(&q->bias.inside, true, memory_order_relaxed);
    fence_light();
    /* Acquire: as in bias_enter. */
    if (likely(!atomic_load_explicit(&q->bias.seized, memory_order_acquire)))
        return true;
    runq_leave_alone(q);
    return false;
}

/* The long way, for the functions below. */
struct task *runq_put_next_long_(struct runq *q, struct task *task);
struct task *runq_pick_long_(struct runq *q);
struct task *runq_rotate_long_(struct runq *q, struct task *self);

/* Inside. */
static inline struct task *runq_next_in(struct runq *q, struct task *task)
{
    struct task *before = atomic_load_explicit(&q->next, memory_order_relaxed);
    atomic_store_explicit(&q->next, task, memory_order_relaxed);
    if (before && likely(ring_push(runq_ring_for(q, before), before)))
        before = NULL;
    return before;
}

/* Inside. */
static inline struct task *runq_turn(struct runq *q, struct task *self)
{
    /* From a full ring, so that there is a place for self. */
    bool full = ring_length(&q->ready) == RUNQ_SIZE;
    struct task *task =
        unlikely(full) ? ring_take_oldest(&q->ready) : runq_one_out(q, true);
    if (likely(task))
        (void)ring_push(&q->ready, self);
    return task;
}

static inline struct task *runq_put_next_inline(struct runq *q,
                                                struct task *task)
{
    if (!runq_enter_alone(q))
        return runq_put_next_long_(q, task);
    struct task *before = runq_next_in(q, task);
    runq_leave_alone(q);
    return before;
}

static inline struct task *runq_pick_inline(struct runq *q)
{
    if (!runq_enter_alone(q))
        return runq_pick_long_(q);
    struct task *task = runq_one_out(q, false);
    runq_leave_alone(q);
    return task;
}

static inline struct task *runq_rotate_inline(struct runq *q, struct task *self)
{
    if (!runq_enter_alone(q))
        return runq_rotate_long_(q, self);
    struct task *task = runq_turn(q, self);
    if (unlikely(!task))
        runq_leave_alone(q);
    return task;
}

#endif
