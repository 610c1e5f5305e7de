/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timerq.c: a 4-ary heap, whose nodes share cache lines better than a binary
 * one's (LaMarca and Ladner, "The influence of caches on the performance of
 * heaps", 1996). Each timer knows its place, so that it can be taken out; the
 * heap knows each one's time, so that none is looked at but those that move:
 * timers lie on the stacks of those who wait, which are in no cache.
 */
#include "timerq.h"

#include "alloc.h"
#include "fatal.h"
#include "mutant.h"
#include "task_internal.h"

#define ARITY     4
/* Timers that are all looked at, with -Dchecks=true. */
#define CHECK_MAX 64

void timerq_init(struct timerq *q)
{
    *q = (struct timerq){0};
    atomic_store_explicit(&q->earliest, RN_NEVER, memory_order_relaxed);
}

void timerq_clear(struct timerq *q)
{
    alloc_free(q->heap);
    timerq_init(q);
}

size_t timerq_count(struct timerq *q)
{
    lock_acquire(&q->lock);
    size_t count = q->count;
    lock_release(&q->lock);
    return count;
}

/* Under the lock: each knows its place, none is before its parent. */
static bool timerq_check(const struct timerq *q)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->heap[i].timer->place != i + 1 || q->heap[i].timer->home != q ||
            q->heap[i].timer->when != q->heap[i].when ||
            (i > 0 && q->heap[i].when < q->heap[(i - 1) / ARITY].when))
            return false;
    return q->count <= q->capacity;
}

static void set(struct timerq *q, size_t at, struct timerq_place place)
{
    q->heap[at] = place;
    place.timer->place = at + 1;
}

static void sift_up(struct timerq *q, size_t at)
{
    struct timerq_place moved = q->heap[at];
    while (at > 0) {
        size_t parent = (at - 1) / ARITY;
        if (q->heap[parent].when <= moved.when)
            break;
        set(q, at, q->heap[parent]);
        at = parent;
    }
    set(q, at, moved);
}

static void sift_down(struct timerq *q, size_t at)
{
    struct timerq_place moved = q->heap[at];
    for (;;) {
        size_t first = at * ARITY + 1;
        if (first >= q->count)
            break;
        size_t last = first + ARITY < q->count ? first + ARITY : q->count;
        size_t least = first;
        for (size_t child = first + 1; child < last; child++)
            if (q->heap[child].when < q->heap[least].when)
                least = child;
        if (q->heap[least].when >= moved.when)
            break;
        set(q, at, q->heap[least]);
        at = least;
    }
    set(q, at, moved);
}

/* Under the lock. */
static void take_out(struct timerq *q, size_t at)
{
    q->heap[at].timer->place = 0;
    struct timerq_place last = q->heap[--q->count];
    if (at < q->count) {
        set(q, at, last);
        if (!MUTANT(HEAP_UNSIFTED))
            sift_down(q, at);
        sift_up(q, last.timer->place - 1);
    }
}

/* Under the lock. */
static void note_earliest(struct timerq *q)
{
    /* Each time only while that is cheap. */
    INVARIANT(q->count > CHECK_MAX || timerq_check(q));
    int64_t earliest = q->count ? q->heap[0].when : RN_NEVER;
    atomic_store_explicit(&q->earliest, earliest, memory_order_relaxed);
}

void timerq_add(struct timerq *q, struct timer *timer)
{
    lock_acquire(&q->lock);
    CHECKED(timer->place == 0);
    if (q->count == q->capacity) {
        size_t capacity = q->capacity ? 2 * q->capacity : 64;
        struct timerq_place *heap =
            alloc_grow(q->heap, capacity, sizeof(*heap));
        if (!heap)
            fatal("out of memory for %zu timers", capacity);
        q->heap = heap;
        q->capacity = capacity;
    }
    timer->home = q;
    q->heap[q->count++] = (struct timerq_place){timer->when, timer};
    sift_up(q, q->count - 1);
    note_earliest(q);
    lock_release(&q->lock);
}

bool timerq_remove(struct timer *timer)
{
    struct timerq *q = timer->home;
    if (!q)
        return false;
    lock_acquire(&q->lock);
    bool queued = timer->place != 0;
    if (queued) {
        take_out(q, timer->place - 1);
        note_earliest(q);
    }
    lock_release(&q->lock);
    return queued;
}

struct timer *timerq_expire(struct timerq *q, int64_t now)
{
    struct timer *due = NULL;
    lock_acquire(&q->lock);
    while (!due && q->count > 0 && q->heap[0].when <= now) {
        struct timer *timer = q->heap[0].timer;
        take_out(q, 0);
        if (!timer->claim || claim_take(timer->claim, timer->source))
            due = timer; /* otherwise its wait has ended in another way */
    }
    note_earliest(q);
    lock_release(&q->lock);
    return due;
}

/* Places of the heap in which several due timers are looked for. */
#define DUE_LOOKED 16

uint32_t timerq_due(struct timerq *q, int64_t now)
{
    uint32_t due = 0;
    lock_acquire(&q->lock);
    for (size_t at = 0; at < q->count && at < DUE_LOOKED; at++)
        due += q->heap[at].when <= now;
    lock_release(&q->lock);
    return due;
}

struct timer *timerq_expire_one(struct timerq *q, int64_t now, uint32_t number)
{
    struct timer *timer = NULL;
    lock_acquire(&q->lock);
    for (size_t at = 0; !timer && at < q->count && at < DUE_LOOKED; at++)
        if (q->heap[at].when <= now && number-- == 0) {
            timer = q->heap[at].timer;
            take_out(q, at);
        }
    note_earliest(q);
    lock_release(&q->lock);
    if (timer && timer->claim && !claim_take(timer->claim, timer->source))
        timer = NULL;
    return timer;
}
