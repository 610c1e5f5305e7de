/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runq.c: rings under a bias (see runq.h).
 *
 * Heads and tails are atomic only for those who look from outside; all others
 * are ordered by the bias.
 */
#include "runq.h"

#include "fatal.h"
#include "mutant.h"

/* How often `next` may go before the rings: bounds the wait of the others. */
#define NEXT_STREAK 48
/* Wide wake-ups run one cold stack after another: fetched so far ahead. */
#define AHEAD       8
/* The same for a chain, of which nothing more is used when it is taken apart. */
#define CHAIN_AHEAD 8

/* ---------------------------------------------------------------- a ring */

static inline uint32_t head_of(const struct ring *r)
{
    return atomic_load_explicit(&r->head, memory_order_relaxed);
}

static inline uint32_t tail_of(const struct ring *r)
{
    return atomic_load_explicit(&r->tail, memory_order_relaxed);
}

static inline void set_head(struct ring *r, uint32_t head)
{
    atomic_store_explicit(&r->head, head, memory_order_relaxed);
}

static inline void set_tail(struct ring *r, uint32_t tail)
{
    atomic_store_explicit(&r->tail, tail, memory_order_relaxed);
}

/* A snapshot when it is not one's own: the two are read at different times. */
static inline uint32_t length(const struct ring *r)
{
    uint32_t head = head_of(r);
    uint32_t count = tail_of(r) - head;
    return count <= RUNQ_SIZE ? count : RUNQ_SIZE;
}

/* So many places are looked at, with -Dchecks=true. */
#define CHECK_MAX 32

/* The invariants of runq.h: in a ring of fresh tasks, or of the others. */
static bool ring_check(const struct ring *r, bool fresh)
{
    uint32_t head = head_of(r);
    uint32_t count = tail_of(r) - head;
    if (count > RUNQ_SIZE)
        return false;
    for (uint32_t i = 0; i < count && i < CHECK_MAX; i++)
        if (!r->places[(head + i) % RUNQ_SIZE] ||
            r->places[(head + i) % RUNQ_SIZE]->fresh != fresh)
            return false;
    return true;
}

static inline bool push(struct ring *r, struct task *task)
{
    uint32_t tail = tail_of(r);
    uint32_t count = tail - head_of(r);
    INVARIANT(ring_check(r, task->fresh));
    if (unlikely(count == RUNQ_SIZE))
        return false;
    r->places[tail % RUNQ_SIZE] = task;
    set_tail(r, tail + 1);
    return true;
}

/* The record of one to come, and the rest of one that comes sooner. */
static inline void prefetch_task(const struct ring *r, uint32_t later,
                                 uint32_t sooner)
{
    __builtin_prefetch(r->places[later % RUNQ_SIZE]);
    __builtin_prefetch(r->places[sooner % RUNQ_SIZE]->sp);
}

static inline struct task *take_oldest(struct ring *r)
{
    uint32_t head = head_of(r);
    uint32_t count = tail_of(r) - head;
    if (count == 0)
        return NULL;
    if (count > AHEAD)
        prefetch_task(r, head + AHEAD, head + AHEAD / 2);
    set_head(r, head + 1);
    return r->places[head % RUNQ_SIZE];
}

static inline struct task *take_youngest(struct ring *r)
{
    uint32_t tail = tail_of(r);
    uint32_t count = tail - head_of(r);
    if (count == 0)
        return NULL;
    if (count > AHEAD)
        prefetch_task(r, tail - 1 - AHEAD, tail - 1 - AHEAD / 2);
    set_tail(r, tail - 1);
    return r->places[(tail - 1) % RUNQ_SIZE];
}

/* --------------------------------------------------------- inside the bias */

static inline struct ring *ring_for(struct runq *q, const struct task *task)
{
    return task->fresh ? &q->fresh : &q->ready;
}

static inline struct task *take_next(struct runq *q)
{
    struct task *next = atomic_load_explicit(&q->next, memory_order_relaxed);
    if (next)
        atomic_store_explicit(&q->next, NULL, memory_order_relaxed);
    return next;
}

static inline struct task *take_any(struct runq *q)
{
    struct task *task = take_oldest(&q->ready);
    return task ? task : take_youngest(&q->fresh);
}

static inline struct task *take_fresh(struct runq *q)
{
    struct task *task = take_oldest(&q->fresh);
    return task ? task : take_oldest(&q->ready);
}

static inline struct task *pick(struct runq *q, bool fresh_first)
{
    if (likely(++q->streak < NEXT_STREAK)) {
        struct task *next = take_next(q);
        if (next)
            return next;
    }
    q->streak = 0;
    struct task *task = fresh_first ? take_fresh(q) : take_any(q);
    return task ? task : take_next(q);
}

/* ------------------------------------------------------------------- owner */

bool runq_put(struct runq *q, struct task *task)
{
    bias_enter(&q->bias);
    bool fits = push(ring_for(q, task), task);
    bias_leave(&q->bias);
    return fits;
}

struct task *runq_put_next(struct runq *q, struct task *task)
{
    bias_enter(&q->bias);
    struct task *before = atomic_load_explicit(&q->next, memory_order_relaxed);
    atomic_store_explicit(&q->next, task, memory_order_relaxed);
    if (before && likely(push(ring_for(q, before), before)))
        before = NULL;
    bias_leave(&q->bias);
    return before;
}

struct task *runq_pick(struct runq *q)
{
    bias_enter(&q->bias);
    struct task *task = pick(q, false);
    bias_leave(&q->bias);
    return task;
}

struct task *runq_rotate(struct runq *q, struct task *self)
{
    bias_enter(&q->bias);
    /* From a full ring, so that there is a place for self. */
    bool full = length(&q->ready) == RUNQ_SIZE;
    struct task *task = full ? take_oldest(&q->ready) : pick(q, true);
    if (task)
        (void)push(&q->ready, self);
    else
        bias_leave(&q->bias);
    return task;
}

void runq_left(void *q)
{
    bias_leave(&((struct runq *)q)->bias);
}

struct task *runq_take(struct runq *q)
{
    bias_enter(&q->bias);
    struct task *task = take_any(q);
    bias_leave(&q->bias);
    return task;
}

struct task *runq_take_fresh(struct runq *q)
{
    bias_enter(&q->bias);
    struct task *task = take_oldest(&q->fresh);
    bias_leave(&q->bias);
    return task;
}

struct task *runq_take_next(struct runq *q)
{
    bias_enter(&q->bias);
    struct task *task = take_next(q);
    bias_leave(&q->bias);
    return task;
}

struct task *runq_at(struct runq *q, uint32_t place)
{
    return q->ready.places[(head_of(&q->ready) + place) % RUNQ_SIZE];
}

struct task *runq_take_at(struct runq *q, uint32_t place)
{
    uint32_t head = head_of(&q->ready);
    struct task *taken = runq_at(q, place);
    for (uint32_t i = place; i > 0; i--)
        q->ready.places[(head + i) % RUNQ_SIZE] = runq_at(q, i - 1);
    set_head(&q->ready, head + 1);
    return taken;
}

struct task *runq_take_half(struct runq *q, uint32_t *count)
{
    struct task *first = NULL;
    struct task **link = &first;
    bias_enter(&q->bias);
    struct ring *r =
        length(&q->ready) >= length(&q->fresh) ? &q->ready : &q->fresh;
    *count = length(r) / 2;
    for (uint32_t i = 0; i < *count; i++) {
        struct task *task = take_oldest(r);
        task->ahead =
            i + CHAIN_AHEAD < *count
                ? r->places[(head_of(r) + CHAIN_AHEAD - 1) % RUNQ_SIZE]
                : NULL;
        *link = task;
        link = &task->next;
    }
    *link = NULL;
    bias_leave(&q->bias);
    return first;
}

/* ----------------------------------------------------------------- thieves */

/* Moves the older half, but for one, which it returns. */
static struct task *grab(struct ring *mine, struct ring *victim)
{
    uint32_t count = length(victim);
    count -= count / 2;
    for (uint32_t i = 1; i < count; i++) {
        /* A thief's own ring is empty: half a ring always fits. */
        bool fits = push(mine, take_oldest(victim));
        INVARIANT(fits);
        (void)fits;
    }
    return take_oldest(victim);
}

struct task *runq_steal(struct runq *mine, struct runq *victim)
{
    struct task *task = NULL;
    if (runq_length(victim) == 0)
        return NULL;
    /* In this order: to seize never waits, to enter may wait for a thief. */
    bias_enter(&mine->bias);
    if (bias_seize(&victim->bias)) {
        task = grab(&mine->ready, &victim->ready);
        if (!task)
            task = grab(&mine->fresh, &victim->fresh);
        bias_yield(&victim->bias);
    }
    bias_leave(&mine->bias);
    return task;
}

struct task *runq_steal_next(struct runq *victim)
{
    if (!atomic_load_explicit(&victim->next, memory_order_relaxed) ||
        !bias_seize(&victim->bias))
        return NULL;
    struct task *task = take_next(victim);
    bias_yield(&victim->bias);
    return task;
}

uint32_t runq_length(const struct runq *q)
{
    return length(&q->ready) + length(&q->fresh);
}

uint32_t runq_room(const struct runq *q)
{
    uint32_t ready = RUNQ_SIZE - length(&q->ready);
    uint32_t fresh = RUNQ_SIZE - length(&q->fresh);
    return ready < fresh ? ready : fresh;
}
