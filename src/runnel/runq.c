/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runq.c: rings under a bias (see runq.h, and runq_inline.h).
 *
 * Heads and tails are atomic only for those who look from outside; all others
 * are ordered by the bias.
 */
#include "runq.h"

#include "fatal.h"
#include "mutant.h"
#include "runq_inline.h"

/* As RUNQ_AHEAD, for a chain, of which nothing more is used when it is taken
 * apart. */
#define CHAIN_AHEAD 8

/* ------------------------------------------------------------------- owner */

bool runq_put(struct runq *q, struct task *task)
{
    bias_enter(&q->bias);
    bool fits = ring_push(runq_ring_for(q, task), task);
    bias_leave(&q->bias);
    return fits;
}

noinline struct task *runq_put_next_long_(struct runq *q, struct task *task)
{
    bias_enter(&q->bias);
    struct task *before = runq_next_in(q, task);
    bias_leave(&q->bias);
    return before;
}

noinline struct task *runq_pick_long_(struct runq *q)
{
    bias_enter(&q->bias);
    struct task *task = runq_one_out(q, false);
    bias_leave(&q->bias);
    return task;
}

noinline struct task *runq_rotate_long_(struct runq *q, struct task *self)
{
    bias_enter(&q->bias);
    struct task *task = runq_turn(q, self);
    if (!task)
        bias_leave(&q->bias);
    return task;
}

struct task *runq_put_next(struct runq *q, struct task *task)
{
    return runq_put_next_inline(q, task);
}

struct task *runq_pick(struct runq *q)
{
    return runq_pick_inline(q);
}

struct task *runq_rotate(struct runq *q, struct task *self)
{
    return runq_rotate_inline(q, self);
}

struct task *runq_take(struct runq *q)
{
    bias_enter(&q->bias);
    struct task *task = runq_any_out(q);
    bias_leave(&q->bias);
    return task;
}

struct task *runq_take_fresh(struct runq *q)
{
    bias_enter(&q->bias);
    struct task *task = ring_take_oldest(&q->fresh);
    bias_leave(&q->bias);
    return task;
}

struct task *runq_take_next(struct runq *q)
{
    bias_enter(&q->bias);
    struct task *task = runq_next_out(q);
    bias_leave(&q->bias);
    return task;
}

struct task *runq_at(struct runq *q, uint32_t place)
{
    return q->ready.places[(ring_head(&q->ready) + place) % RUNQ_SIZE];
}

struct task *runq_take_at(struct runq *q, uint32_t place)
{
    uint32_t head = ring_head(&q->ready);
    struct task *taken = runq_at(q, place);
    for (uint32_t i = place; i > 0; i--)
        q->ready.places[(head + i) % RUNQ_SIZE] = runq_at(q, i - 1);
    ring_set_head(&q->ready, head + 1);
    return taken;
}

struct task *runq_take_half(struct runq *q, uint32_t *count)
{
    struct task *first = NULL;
    struct task **link = &first;
    bias_enter(&q->bias);
    struct ring *r = ring_length(&q->ready) >= ring_length(&q->fresh)
                         ? &q->ready
                         : &q->fresh;
    *count = ring_length(r) / 2;
    for (uint32_t i = 0; i < *count; i++) {
        struct task *task = ring_take_oldest(r);
        task->ahead =
            i + CHAIN_AHEAD < *count
                ? r->places[(ring_head(r) + CHAIN_AHEAD - 1) % RUNQ_SIZE]
                : NULL;
        *link = task;
        link = &task->next;
    }
    *link = NULL;
    bias_leave(&q->bias);
    return first;
}

/* ----------------------------------------------------------------- thieves */

/*
 * Moves the older half, but for one, which it returns. Only their addresses: their
 * records lie in the victim's caches, and he waits.
 */
static struct task *grab(struct ring *mine, struct ring *victim)
{
    uint32_t count = ring_length(victim);
    count -= count / 2;
    for (uint32_t i = 1; i < count; i++) {
        /* A thief's own ring is empty: half a ring always fits. */
        bool fits = ring_push(mine, ring_move_oldest(victim));
        INVARIANT(fits);
        (void)fits;
    }
    return ring_move_oldest(victim);
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
    struct task *task = runq_next_out(victim);
    bias_yield(&victim->bias);
    return task;
}

uint32_t runq_length(const struct runq *q)
{
    return ring_length(&q->ready) + ring_length(&q->fresh);
}

uint32_t runq_room(const struct runq *q)
{
    uint32_t ready = RUNQ_SIZE - ring_length(&q->ready);
    uint32_t fresh = RUNQ_SIZE - ring_length(&q->fresh);
    return ready < fresh ? ready : fresh;
}
