/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runq.c: the ring and its compare-and-swaps.
 *
 * Orders: the owner's release of `tail` publishes the places below it; a taker
 * acquires `tail` before it reads them. A taker's release of `head` says that
 * it has read its places; the owner acquires `head` before it writes over them.
 */
#include "runq.h"

#include "fatal.h"
#include "mutant.h"

bool runq_put(struct runq *q, struct task *task)
{
    uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    INVARIANT(tail - head <= RUNQ_SIZE);
    if (unlikely(tail - head >= RUNQ_SIZE))
        return false;
    atomic_store_explicit(&q->ring[tail % RUNQ_SIZE], task,
                          memory_order_relaxed);
    atomic_store_explicit(&q->tail, tail + 1, memory_order_release);
    return true;
}

struct task *runq_put_next(struct runq *q, struct task *task)
{
    /* A store would do but for thieves, who may take it at the same time. */
    return atomic_exchange_explicit(&q->next, task, memory_order_acq_rel);
}

struct task *runq_take_next(struct runq *q)
{
    struct task *task = atomic_load_explicit(&q->next, memory_order_relaxed);
    if (!task || MUTANT(NEXT_BLIND))
        return task;
    /* Only the owner puts one in, so it can only have vanished meanwhile. */
    return atomic_exchange_explicit(&q->next, NULL, memory_order_acquire);
}

struct task *runq_take(struct runq *q)
{
    uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    while (head != tail) {
        struct task *task = atomic_load_explicit(&q->ring[head % RUNQ_SIZE],
                                                 memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(&q->head, &head, head + 1,
                                                  memory_order_acq_rel,
                                                  memory_order_acquire) ||
            MUTANT(TAKE_BLIND))
            return task;
    }
    return NULL;
}

struct task *runq_at(struct runq *q, uint32_t place)
{
    uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
    return atomic_load_explicit(&q->ring[(head + place) % RUNQ_SIZE],
                                memory_order_relaxed);
}

struct task *runq_take_at(struct runq *q, uint32_t place)
{
    uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
    struct task *taken = runq_at(q, place);
    for (uint32_t i = place; i > 0; i--)
        atomic_store_explicit(&q->ring[(head + i) % RUNQ_SIZE],
                              runq_at(q, i - 1), memory_order_relaxed);
    atomic_store_explicit(&q->head, head + 1, memory_order_relaxed);
    return taken;
}

struct task *runq_take_half(struct runq *q, uint32_t *count)
{
    uint32_t half = runq_length(q) / 2;
    struct task *first = NULL;
    struct task **link = &first;
    *count = 0;
    for (uint32_t i = 0; i < half; i++) {
        struct task *task = runq_take(q);
        if (!task)
            break;
        *link = task;
        link = &task->next;
        ++*count;
    }
    *link = NULL;
    return first;
}

/* Copies the victim's older half to mine, past my tail; returns how many. */
static uint32_t grab(struct runq *mine, uint32_t tail, struct runq *victim)
{
    for (;;) {
        uint32_t head =
            atomic_load_explicit(&victim->head, memory_order_acquire);
        uint32_t end =
            atomic_load_explicit(&victim->tail, memory_order_acquire);
        uint32_t length = end - head;
        uint32_t count = length - length / 2;
        if (length == 0)
            return 0;
        if (length > RUNQ_SIZE)
            continue; /* head and tail were read at different times */
        for (uint32_t i = 0; i < count; i++) {
            struct task *task = atomic_load_explicit(
                &victim->ring[(head + i) % RUNQ_SIZE], memory_order_relaxed);
            atomic_store_explicit(&mine->ring[(tail + i) % RUNQ_SIZE], task,
                                  memory_order_relaxed);
        }
        if (atomic_compare_exchange_strong_explicit(
                &victim->head, &head, head + count, memory_order_acq_rel,
                memory_order_relaxed) ||
            MUTANT(STEAL_BLIND))
            return count;
    }
}

struct task *runq_steal(struct runq *mine, struct runq *victim)
{
    /* A thief's own ring is empty: half a ring always fits. */
    uint32_t tail = atomic_load_explicit(&mine->tail, memory_order_relaxed);
    uint32_t count = grab(mine, tail, victim);
    if (count == 0)
        return NULL;
    count--;
    struct task *task = atomic_load_explicit(
        &mine->ring[(tail + count) % RUNQ_SIZE], memory_order_relaxed);
    atomic_store_explicit(&mine->tail, tail + count, memory_order_release);
    return task;
}

struct task *runq_steal_next(struct runq *victim)
{
    if (!atomic_load_explicit(&victim->next, memory_order_relaxed))
        return NULL;
    return atomic_exchange_explicit(&victim->next, NULL, memory_order_acquire);
}

uint32_t runq_length(const struct runq *q)
{
    uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_acquire);
    /* Read at different times: not empty, in any case. */
    return tail - head <= RUNQ_SIZE ? tail - head : RUNQ_SIZE;
}
