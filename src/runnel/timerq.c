/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timerq.c: a 4-ary heap, whose nodes share cache lines better than a binary
 * one's (LaMarca and Ladner, "The influence of caches on the performance of
 * heaps", 1996), and before it a wheel for what is far away: a heap of a
 * million would cost ten levels of misses for each that leaves it. The heap is
 * the order in which they leave; the wheel hands over a slot of time when its
 * turn comes.
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
 * 3. `earliest` is the earliest time of the root, the first in `soon`, and the
 *    first in the wheel. `stale` says that the root is dead, or was postponed,
 *    or that nobody has looked, so that nothing may be due then; timerq_next
 *    sees to that. In a small heap a root is not left so.
 * 4. What is due leaves the heap in batches; between that and being looked at,
 *    a node is in `soon`, and has its slot still. One that turns out to have
 *    been postponed is put in again. What is put in meanwhile may be due before
 *    those: the earlier of the first in `soon` and the root is the next.
 * 5. What is in the wheel is due after the slot that is open there (see
 *    timer_wheel.h), and is in the heap before its turn: before the root is
 *    taken, all slots before its time have been (turn).
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
#include "seam.h"
#include "task_internal.h"

#define LOCK_CLASS LOCK_TIMERQ

#define ARITY     4 /* least_of relies on it */
/* Timers that are all looked at, with -Dchecks=true. */
#define CHECK_MAX 100
/* Up to so many nodes the root is never stale: it has not far to sink. */
#define SMALL     16
/* Up to so many nodes all are in the heap. */
#define NEAR      64

#define NO_SLOT UINT32_MAX

void timerq_init(struct timerq *q)
{
    *q = (struct timerq){.free_slot = NO_SLOT};
    wheel_init(&q->wheel);
    atomic_store_explicit(&q->earliest, RN_NEVER, memory_order_relaxed);
}

void timerq_clear(struct timerq *q)
{
    alloc_free(q->memory);
    alloc_free(q->slots);
    wheel_clear(&q->wheel);
    timerq_init(q);
}

/* With the dead. */
static size_t all_nodes(const struct timerq *q)
{
    return q->count + q->wheel.count + (q->soon_end - q->soon_at);
}

size_t timerq_count(struct timerq *q)
{
    lock_acquire(&q->lock);
    size_t count = all_nodes(q) - q->dead;
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
    return (dead == q->dead || all_nodes(q) > q->count) &&
           q->dead <= all_nodes(q) && q->slots_used <= q->slots_capacity &&
           wheel_check(&q->wheel);
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

static noinline void out_of_memory(const struct timerq *q)
{
    fatal("out of memory for one more than %zu timers", all_nodes(q));
}

static noinline void grow_slots(struct timerq *q)
{
    uint32_t capacity = q->slots_capacity ? 2 * q->slots_capacity : 64;
    union timer_slot *slots = alloc_grow(q->slots, capacity, sizeof(*slots));
    if (!slots || capacity < q->slots_capacity)
        out_of_memory(q);
    q->slots = slots;
    q->slots_capacity = capacity;
}

static uint32_t slot_take(struct timerq *q)
{
    uint32_t slot = q->free_slot;
    if (slot == NO_SLOT) {
        if (unlikely(q->slots_used == q->slots_capacity))
            grow_slots(q);
        return q->slots_used++;
    }
    q->free_slot = q->slots[slot].next_free;
    return slot;
}

static void slot_give(struct timerq *q, uint32_t slot)
{
    q->slots[slot].next_free = q->free_slot;
    q->free_slot = slot;
}

/* ---------------------------------------------------------- a node's place */

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

static noinline void grow_heap(struct timerq *q)
{
    size_t capacity = q->capacity ? 2 * q->capacity : NEAR;
    size_t offset = (size_t)((char *)q->heap - (char *)q->memory);
    size_t spare = CACHE_LINE / sizeof(struct timer_node);
    void *memory = alloc_grow(q->memory, capacity + spare, sizeof(*q->heap));
    if (!memory)
        out_of_memory(q);
    q->memory = memory;
    q->heap = root_in(memory);
    memmove(q->heap, (char *)memory + offset, q->count * sizeof(*q->heap));
    q->capacity = capacity;
}

static void insert(struct timerq *q, struct timer_node node)
{
    if (unlikely(q->count == q->capacity))
        grow_heap(q);
    q->heap[q->count++] = node;
    sift_up(q, q->count - 1);
}

/* Into the wheel, or the heap: what is near, and all while there is little.
 * Under simulation, which looks at what is due together, all is in the heap. */
static void place(struct timerq *q, struct timer_node node)
{
    if (q->count < NEAR || unlikely(seam_simulated)) {
        insert(q, node);
        return;
    }
    if (q->wheel.count == 0)
        wheel_open(&q->wheel, seam_now_about());
    if (wheel_is_near(&q->wheel, node.when))
        insert(q, node);
    else if (unlikely(!wheel_put(&q->wheel, node)))
        out_of_memory(q);
}

/* What came out of the wheel: the dead end here. */
static void place_again(struct timerq *q, struct wheel_chunk *chunk)
{
    while (chunk) {
        struct wheel_chunk *next = chunk->next;
        wheel_prefetch(next);
        for (size_t i = 0; i < chunk->count; i++) {
            struct timer_node node = chunk->nodes[i];
            if (!q->slots[node.slot].timer) {
                q->dead--;
                slot_give(q, node.slot);
            } else if (wheel_is_near(&q->wheel, node.when)) {
                insert(q, node);
            } else if (unlikely(!wheel_put(&q->wheel, node))) {
                out_of_memory(q);
            }
        }
        wheel_give(&q->wheel, chunk);
        chunk = next;
    }
}

/* Afterwards what is due first, and at `now`, is the root. */
static inline void turn(struct timerq *q, int64_t now)
{
    while (unlikely(q->wheel.first <= now) &&
           (q->count == 0 || q->heap[0].when >= q->wheel.first))
        place_again(q, wheel_turn(&q->wheel, now));
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
            struct timer_node node = q->heap[0];
            node.when = timer->when;
            drop_root(q);
            place(q, node);
        } else {
            q->dead--;
            slot_give(q, q->heap[0].slot);
            drop_root(q);
        }
    }
}

/* Back into the heap: somebody looks for the first of all. */
static void unfetch(struct timerq *q)
{
    while (q->soon_at < q->soon_end)
        insert(q, q->soon[q->soon_at++]);
}

/* Of the wheel. */
static bool keep_or_drop(void *queue, uint32_t slot)
{
    struct timerq *q = queue;
    if (q->slots[slot].timer)
        return true;
    q->dead--;
    slot_give(q, slot);
    return false;
}

/* Drops all dead nodes; a heap is made of its rest from the leaves up. */
static void sweep(struct timerq *q)
{
    size_t kept = 0;
    unfetch(q);
    for (size_t at = 0; at < q->count; at++) {
        if (timer_of(q, at))
            q->heap[kept++] = q->heap[at];
        else
            slot_give(q, q->heap[at].slot);
    }
    q->dead -= q->count - kept;
    q->count = kept;
    for (size_t at = kept / ARITY + 1; at-- > 0;)
        if (at < kept)
            sift_down(q, at);
    wheel_sift(&q->wheel, keep_or_drop, q);
}

static void note(struct timerq *q, int64_t earliest, bool stale)
{
    atomic_store_explicit(&q->earliest, earliest, memory_order_relaxed);
    atomic_store_explicit(&q->stale, stale, memory_order_relaxed);
}

static int64_t first_time(const struct timerq *q)
{
    int64_t first = q->wheel.first;
    if (q->count > 0 && q->heap[0].when < first)
        first = q->heap[0].when;
    if (q->soon_at < q->soon_end && q->soon[q->soon_at].when < first)
        first = q->soon[q->soon_at].when;
    return first;
}

/* The root is another, or has changed. */
static void note_root(struct timerq *q)
{
    if (unlikely(q->dead > 0 && q->dead == all_nodes(q)))
        sweep(q);
    if (q->count <= SMALL)
        settle_root(q);
    note(q, first_time(q), q->soon_at < q->soon_end || root_is_stale(q));
}

/* The same, when it is too soon to look at its timer: that is far away. */
static void note_unseen(struct timerq *q)
{
    if (all_nodes(q) <= SMALL)
        note_root(q);
    else
        note(q, first_time(q), true);
}

/* With -Dchecks=true, each time only while that is cheap. */
static void check_if_cheap(const struct timerq *q)
{
    (void)q;
    INVARIANT(all_nodes(q) > CHECK_MAX || timerq_check(q));
}

int64_t timerq_settle(struct timerq *q)
{
    lock_acquire(&q->lock);
    unfetch(q);
    settle_root(q);
    note_root(q);
    lock_release(&q->lock);
    return timerq_earliest(q);
}

/* -------------------------------------------------------------- in and out */

void timerq_add(struct timerq *q, struct timer *timer)
{
    lock_acquire(&q->lock);
    CHECKED(place_of(timer) == 0);
    uint32_t slot = slot_take(q);
    q->slots[slot].timer = timer;
    set_place(timer, slot + 1);
    timer->home = q;
    place(q, (struct timer_node){timer->when, slot, timer_chains(timer)});
    if (timer->when < timerq_earliest(q))
        note(q, timer->when, false);
    check_if_cheap(q);
    lock_release(&q->lock);
}

/* Under the lock: the timer is out; its node stays for a while. */
static void bury(struct timerq *q, struct timer *timer)
{
    uint32_t slot = place_of(timer) - 1;
    bool was_root = q->count > 0 && q->heap[0].slot == slot;
    set_place(timer, 0);
    if (q->count > 0 && q->heap[q->count - 1].slot == slot) {
        q->count--;
        slot_give(q, slot);
    } else {
        q->slots[slot].timer = NULL;
        q->dead++;
    }
    size_t all = all_nodes(q);
    bool swept = q->dead > all / 2 && (all > SMALL || q->dead == all);
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
        if (q->count > 0 && q->heap[0].slot + 1 == place_of(timer))
            note_root(q);
    }
    lock_release(&q->lock);
    return later;
}

/*
 * Takes the next ones out of the heap, earliest first. Before they are looked
 * at, each waits for its slot, and then for its timer, to come from memory: so
 * all are asked for, then all used.
 */
static noinline void fetch(struct timerq *q, int64_t now)
{
    uint32_t count = 0;
    for (turn(q, now);
         count < TIMERQ_BATCH && q->count > 0 && q->heap[0].when <= now;
         turn(q, now)) {
        __builtin_prefetch(&q->slots[q->heap[0].slot]);
        q->soon[count++] = q->heap[0];
        drop_root(q);
    }
    q->soon_at = 0;
    q->soon_end = count;
    for (uint32_t i = 0; i < count; i++) {
        const char *timer = (void *)q->slots[q->soon[i].slot].timer;
        __builtin_prefetch(timer, 1);
        __builtin_prefetch(timer + CACHE_LINE, 1);
    }
}

/* What is due next: of those that were fetched, or put in since. NULL: none. */
static inline const struct timer_node *next_due(struct timerq *q, int64_t now)
{
    if (q->soon_at == q->soon_end)
        fetch(q, now);
    if (q->soon_at == q->soon_end)
        return NULL;
    const struct timer_node *soon = &q->soon[q->soon_at];
    if (unlikely(q->count > 0 && q->heap[0].when < soon->when))
        soon = &q->heap[0];
    /* Whoever fetched them may have looked at the clock later. */
    return soon->when <= now ? soon : NULL;
}

static inline void drop(struct timerq *q, const struct timer_node *node)
{
    if (node == &q->heap[0])
        drop_root(q);
    else
        q->soon_at++;
}

/* Under the lock: it is out; true when it is to fire. */
static bool release_due(struct timerq *q, uint32_t slot, struct timer *timer)
{
    slot_give(q, slot);
    set_place(timer, 0);
    /* Otherwise its wait has ended in another way. */
    return !timer->claim || claim_take(timer->claim, timer->source);
}

/* The node has left: true when its timer is to fire. */
static inline bool take(struct timerq *q, struct timer_node node)
{
    struct timer *timer = q->slots[node.slot].timer;
    if (!timer) {
        q->dead--;
        slot_give(q, node.slot);
        return false;
    }
    if (timer->when > node.when) { /* it was postponed */
        node.when = timer->when;
        place(q, node);
        return false;
    }
    return release_due(q, node.slot, timer);
}

static inline size_t expire(struct timerq *q, int64_t now, struct timer **due,
                            size_t most, bool chain)
{
    size_t count = 0;
    lock_acquire(&q->lock);
    while (count < most) {
        const struct timer_node *next = next_due(q, now);
        if (!next || (chain && next->chains && count > 0))
            break;
        struct timer_node node = *next;
        struct timer *timer = q->slots[node.slot].timer;
        drop(q, next);
        if (!take(q, node))
            continue;
        due[count++] = timer;
        if (chain && node.chains)
            break;
    }
    note_unseen(q);
    check_if_cheap(q);
    lock_release(&q->lock);
    return count;
}

size_t timerq_expire(struct timerq *q, int64_t now, struct timer **due,
                     size_t most)
{
    return expire(q, now, due, most, false);
}

size_t timerq_expire_chain(struct timerq *q, int64_t now, struct timer **due,
                           size_t most)
{
    return expire(q, now, due, most, true);
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
