/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timerq.c: a 4-ary heap, whose nodes share cache lines better than a binary
 * one's (LaMarca and Ladner, "The influence of caches on the performance of
 * heaps", 1996).
 *
 * A node is a time and the number of a slot; the slot points to the timer, and
 * the timer's `place` is the slot's number. So nodes move about in the heap
 * without a look at the timers, which lie all over the memory, and most timers
 * never fire. Under the lock:
 *
 * 1. Each node has a slot of its own. A slot without a timer means that the
 *    timer was taken out (it may be gone): the node is dead. Dead nodes are
 *    dropped when they come to the root, or are the last, or are more than
 *    half of all (sweep).
 * 2. A node's time is not later than its timer's: one that was postponed keeps
 *    its node where it is, and sinks when it comes to the root.
 * 3. `earliest` is the time of the root. `stale` says that the root is dead or
 *    was postponed, so that nothing may be due then; timerq_next sees to that.
 *    In a small heap a root is not left so.
 * 4. What is due leaves in batches, under one hold of the lock; between leaving
 *    the heap and being looked at, a node has its slot still. One that turns out
 *    to have been postponed takes its place among those behind it.
 *
 * Rejected: taking a node out at once, which costs a walk from its place to a
 * leaf, through timers that are not in the cache; it was half of the time of a
 * context with a deadline that does not come.
 */
#include "timerq.h"

#include <string.h>

#include "alloc.h"
#include "fatal.h"
#include "mutant.h"
#include "task_internal.h"

#define LOCK_CLASS LOCK_TIMERQ

#define ARITY     4 /* least_of relies on it */
/* Timers that are all looked at, with -Dchecks=true. */
#define CHECK_MAX 64
/* Up to so many nodes the root is never stale: it has not far to sink. */
#define SMALL     16

#define NO_SLOT UINT32_MAX

void timerq_init(struct timerq *q)
{
    *q = (struct timerq){.free_slot = NO_SLOT};
    atomic_store_explicit(&q->earliest, RN_NEVER, memory_order_relaxed);
}

void timerq_clear(struct timerq *q)
{
    alloc_free(q->memory);
    alloc_free(q->slots);
    timerq_init(q);
}

size_t timerq_count(struct timerq *q)
{
    lock_acquire(&q->lock);
    size_t count = q->count - q->dead;
    lock_release(&q->lock);
    return count;
}

static uint32_t place_of(const struct timer *timer)
{
    return atomic_load_explicit(&timer->place, memory_order_relaxed);
}

static void set_place(struct timer *timer, uint32_t place)
{
    atomic_store_explicit(&timer->place, place, memory_order_relaxed);
}

static struct timer *timer_of(const struct timerq *q, size_t at)
{
    return q->slots[q->heap[at].slot].timer;
}

/* Under the lock: 1 and 2 above, and no node is before its parent. */
static bool timerq_check(const struct timerq *q)
{
    size_t dead = 0;
    for (size_t i = 0; i < q->count; i++) {
        const struct timer *timer = timer_of(q, i);
        dead += !timer;
        if (timer && (place_of(timer) != q->heap[i].slot + 1 ||
                      timer->home != q || timer->when < q->heap[i].when))
            return false;
        if (i > 0 && q->heap[i].when < q->heap[(i - 1) / ARITY].when)
            return false;
    }
    return dead == q->dead && q->slots_used <= q->capacity;
}

static void sift_up(struct timerq *q, size_t at)
{
    struct timer_node node = q->heap[at];
    while (at > 0) {
        size_t parent = (at - 1) / ARITY;
        if (q->heap[parent].when <= node.when)
            break;
        q->heap[at] = q->heap[parent];
        at = parent;
    }
    q->heap[at] = node;
}

/* The earliest of the nodes from `first`, before `end`, with one parent. */
static inline size_t least_of(const struct timer_node *heap, size_t first,
                              size_t end)
{
    size_t least = first;
    if (likely(end - first == ARITY)) {
        /* No branches: which it is nobody can foretell. */
        size_t a = first + (heap[first + 1].when < heap[first].when);
        size_t b = first + 2 + (heap[first + 3].when < heap[first + 2].when);
        return heap[b].when < heap[a].when ? b : a;
    }
    for (size_t child = first + 1; child < end; child++)
        if (heap[child].when < heap[least].when)
            least = child;
    return least;
}

static void sift_down(struct timerq *q, size_t at)
{
    struct timer_node node = q->heap[at];
    for (;;) {
        size_t first = at * ARITY + 1;
        if (first >= q->count)
            break;
        size_t end = first + ARITY < q->count ? first + ARITY : q->count;
        /* Four lines, one of which is needed next. */
        if (first * ARITY + ARITY * ARITY < q->count)
            for (size_t child = first; child < end; child++)
                __builtin_prefetch(&q->heap[child * ARITY + 1]);
        size_t least = least_of(q->heap, first, end);
        if (q->heap[least].when >= node.when)
            break;
        q->heap[at] = q->heap[least];
        at = least;
    }
    q->heap[at] = node;
}

/* ------------------------------------------------------------------- slots */

static uint32_t slot_take(struct timerq *q)
{
    uint32_t slot = q->free_slot;
    if (slot == NO_SLOT)
        return q->slots_used++;
    q->free_slot = q->slots[slot].next_free;
    return slot;
}

static void slot_give(struct timerq *q, uint32_t slot)
{
    q->slots[slot].next_free = q->free_slot;
    q->free_slot = slot;
}

/* -------------------------------------------------------------- dead nodes */

/* The slot is the caller's. */
static void drop_root(struct timerq *q)
{
    if (--q->count == 0)
        return;
    q->heap[0] = q->heap[q->count];
    if (!MUTANT(HEAP_UNSIFTED))
        sift_down(q, 0);
}

/* The root is not what it was: 3 above. */
static bool root_is_stale(const struct timerq *q)
{
    if (q->count == 0)
        return false;
    const struct timer *timer = timer_of(q, 0);
    return !timer || timer->when > q->heap[0].when;
}

static void settle_root(struct timerq *q)
{
    while (root_is_stale(q)) {
        const struct timer *timer = timer_of(q, 0);
        if (timer) {
            q->heap[0].when = timer->when;
            sift_down(q, 0);
        } else {
            q->dead--;
            slot_give(q, q->heap[0].slot);
            drop_root(q);
        }
    }
}

/* Drops all dead nodes; a heap is made of the rest from its leaves up. */
static void sweep(struct timerq *q)
{
    size_t kept = 0;
    for (size_t at = 0; at < q->count; at++) {
        if (timer_of(q, at))
            q->heap[kept++] = q->heap[at];
        else
            slot_give(q, q->heap[at].slot);
    }
    q->count = kept;
    q->dead = 0;
    for (size_t at = kept / ARITY + 1; at-- > 0;)
        if (at < kept)
            sift_down(q, at);
}

static void note(struct timerq *q, int64_t earliest, bool stale)
{
    atomic_store_explicit(&q->earliest, earliest, memory_order_relaxed);
    atomic_store_explicit(&q->stale, stale, memory_order_relaxed);
}

/* The root is another, or has changed. */
static void note_root(struct timerq *q)
{
    if (q->count <= SMALL)
        settle_root(q);
    note(q, q->count ? q->heap[0].when : RN_NEVER, root_is_stale(q));
}

/* With -Dchecks=true, each time only while that is cheap. */
static void check_if_cheap(const struct timerq *q)
{
    (void)q;
    INVARIANT(q->count > CHECK_MAX || timerq_check(q));
}

int64_t timerq_settle(struct timerq *q)
{
    lock_acquire(&q->lock);
    settle_root(q);
    note_root(q);
    lock_release(&q->lock);
    return timerq_earliest(q);
}

/* -------------------------------------------------------------- in and out */

/*
 * Where in the memory the root lies: so that each four nodes with one parent
 * share a cache line.
 */
static struct timer_node *root_in(void *memory)
{
    uintptr_t end = (uintptr_t)memory + sizeof(struct timer_node);
    size_t over = end % CACHE_LINE;
    return (void *)((char *)memory + (over ? CACHE_LINE - over : 0));
}

static bool grow_heap(struct timerq *q, size_t capacity)
{
    size_t offset = (size_t)((char *)q->heap - (char *)q->memory);
    size_t spare = CACHE_LINE / sizeof(struct timer_node);
    void *memory = alloc_grow(q->memory, capacity + spare, sizeof(*q->heap));
    if (!memory)
        return false;
    q->memory = memory;
    q->heap = root_in(memory);
    memmove(q->heap, (char *)memory + offset, q->count * sizeof(*q->heap));
    return true;
}

static void grow(struct timerq *q)
{
    size_t capacity = q->capacity ? 2 * q->capacity : 64;
    bool grown = grow_heap(q, capacity);
    union timer_slot *slots = alloc_grow(q->slots, capacity, sizeof(*slots));
    if (slots)
        q->slots = slots;
    if (!grown || !slots || capacity >= NO_SLOT)
        fatal("out of memory for %zu timers", capacity);
    q->capacity = capacity;
}

/* There is room for it. */
static void insert(struct timerq *q, struct timer_node node)
{
    q->heap[q->count++] = node;
    sift_up(q, q->count - 1);
}

void timerq_add(struct timerq *q, struct timer *timer)
{
    lock_acquire(&q->lock);
    CHECKED(place_of(timer) == 0);
    if (q->count == q->capacity)
        grow(q);
    uint32_t slot = slot_take(q);
    q->slots[slot].timer = timer;
    set_place(timer, slot + 1);
    timer->home = q;
    insert(q, (struct timer_node){timer->when, slot});
    if (q->heap[0].slot == slot)
        note(q, timer->when, false);
    check_if_cheap(q);
    lock_release(&q->lock);
}

/* Under the lock: the timer is out; its node stays for a while. */
static void bury(struct timerq *q, struct timer *timer)
{
    uint32_t slot = place_of(timer) - 1;
    bool was_root = q->heap[0].slot == slot;
    set_place(timer, 0);
    if (q->heap[q->count - 1].slot == slot) {
        q->count--;
        slot_give(q, slot);
    } else {
        q->slots[slot].timer = NULL;
        q->dead++;
    }
    bool swept = q->count > SMALL && q->dead > q->count / 2;
    if (swept)
        sweep(q);
    if (was_root || swept)
        note_root(q);
}

bool timerq_remove(struct timer *timer)
{
    struct timerq *q = timer->home;
    if (!q)
        return false;
    lock_acquire(&q->lock);
    bool queued = place_of(timer) != 0;
    if (queued)
        bury(q, timer);
    check_if_cheap(q);
    lock_release(&q->lock);
    return queued;
}

bool timerq_postpone(struct timer *timer, int64_t when)
{
    struct timerq *q = timer->home;
    if (!q)
        return false;
    lock_acquire(&q->lock);
    bool later = place_of(timer) != 0 && when >= timer->when;
    if (later) {
        timer->when = when;
        if (q->heap[0].slot + 1 == place_of(timer))
            note_root(q);
    }
    lock_release(&q->lock);
    return later;
}

/*
 * Nodes that were due have left the heap, earliest first. Before they are
 * looked at, each waits for its slot, and then for its timer, to come from
 * memory: so all are asked for, then all used.
 */
struct popped {
    struct timer_node nodes[TIMERQ_BATCH];
    size_t count;
};

static void pop_due(struct timerq *q, int64_t now, size_t most,
                    struct popped *popped)
{
    popped->count = 0;
    while (popped->count < most && q->count > 0 && q->heap[0].when <= now) {
        __builtin_prefetch(&q->slots[q->heap[0].slot]);
        popped->nodes[popped->count++] = q->heap[0];
        drop_root(q);
    }
    for (size_t i = 0; i < popped->count; i++) {
        const char *timer = (void *)q->slots[popped->nodes[i].slot].timer;
        __builtin_prefetch(timer);
        __builtin_prefetch(timer + CACHE_LINE);
    }
}

/*
 * The node at a place is of a timer that was postponed: to its place among the
 * later ones, or back into the heap if it belongs behind all of them.
 */
static noinline void postpone_popped(struct timerq *q, struct popped *popped,
                                     size_t at, int64_t when)
{
    struct timer_node node = {when, popped->nodes[at].slot};
    bool behind = popped->nodes[popped->count - 1].when < when;
    while (at + 1 < popped->count &&
           (behind || popped->nodes[at + 1].when <= when)) {
        popped->nodes[at] = popped->nodes[at + 1];
        at++;
    }
    popped->nodes[at] = node;
    if (behind) {
        popped->count--;
        insert(q, node);
    }
}

/* Under the lock: it is out; true when it is to fire. */
static bool release_due(struct timerq *q, uint32_t slot, struct timer *timer)
{
    slot_give(q, slot);
    set_place(timer, 0);
    /* Otherwise its wait has ended in another way. */
    return !timer->claim || claim_take(timer->claim, timer->source);
}

/* Of those that are popped: those that are to fire; how many. */
static size_t take_popped(struct timerq *q, struct popped *popped,
                          struct timer **due)
{
    size_t count = 0;
    for (size_t i = 0; i < popped->count;) {
        struct timer_node node = popped->nodes[i];
        struct timer *timer = q->slots[node.slot].timer;
        if (timer && timer->when > node.when) {
            postpone_popped(q, popped, i, timer->when);
            continue;
        }
        if (!timer) {
            q->dead--;
            slot_give(q, node.slot);
        } else if (release_due(q, node.slot, timer)) {
            due[count++] = timer;
        }
        i++;
    }
    return count;
}

size_t timerq_expire(struct timerq *q, int64_t now, struct timer **due,
                     size_t most)
{
    size_t count = 0;
    struct popped popped;
    if (most > TIMERQ_BATCH)
        most = TIMERQ_BATCH;
    lock_acquire(&q->lock);
    while (count == 0 && q->count > 0 && q->heap[0].when <= now) {
        pop_due(q, now, most, &popped);
        count = take_popped(q, &popped, due);
    }
    note_root(q);
    check_if_cheap(q);
    lock_release(&q->lock);
    return count;
}

/* -------------------------------------------------------------- simulation */

/* Places of the heap in which several due timers are looked for. */
#define DUE_LOOKED 16

static bool is_due(const struct timerq *q, size_t at, int64_t now)
{
    const struct timer *timer = timer_of(q, at);
    return timer && timer->when <= now;
}

uint32_t timerq_due(struct timerq *q, int64_t now)
{
    uint32_t due = 0;
    lock_acquire(&q->lock);
    settle_root(q);
    for (size_t at = 0; at < q->count && at < DUE_LOOKED; at++)
        due += is_due(q, at, now);
    lock_release(&q->lock);
    return due;
}

struct timer *timerq_expire_one(struct timerq *q, int64_t now, uint32_t number)
{
    struct timer *timer = NULL;
    lock_acquire(&q->lock);
    for (size_t at = 0; !timer && at < q->count && at < DUE_LOOKED; at++)
        if (is_due(q, at, now) && number-- == 0) {
            timer = timer_of(q, at);
            bury(q, timer);
        }
    check_if_cheap(q);
    lock_release(&q->lock);
    if (timer && timer->claim && !claim_take(timer->claim, timer->source))
        timer = NULL;
    return timer;
}
