/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.c: a stack of objects for each worker, each under a lock that is nearly
 * always free and stays in its worker's cache.
 *
 * Rejected: lock-free stacks and deques (Go's sync.Pool). They spare two atomic
 * operations of some 20 ns and need a rule for who frees a node that another
 * still reads.
 */
#include <runnel/cache.h>
#include <runnel/panic.h>

#include "alloc.h"
#include "fatal.h"
#include "lock.h"
#include "mutant.h"
#include "sanitize.h"
#include "sched.h"

#define LOCK_CLASS LOCK_LEAF

struct part {
    _Alignas(CACHE_LINE) lock_word lock;
    /* Written under the lock; read by who looks for an object (relaxed: a
     * hint, looked at again under the lock). */
    _Atomic(size_t) count;
    void **objects; /* `limit` places; under the lock */
};

struct rn_cache {
    void *(*make)(void);
    void (*drop)(void *object);
    size_t limit;
    unsigned count;
    struct part *parts;
};

struct rn_cache *rn_cache_make(size_t limit, void *(*make)(void),
                               void (*drop)(void *object))
{
    if (!drop)
        rn_panic("a cache needs a function to drop what it does not keep");
    struct rn_cache *cache = alloc_or_die(1, sizeof(*cache));
    unsigned count = sched_is_open() ? sched_procs() : 1;
    *cache = (struct rn_cache){
        .make = make, .drop = drop, .limit = limit, .count = count};
    cache->parts = alloc_lines(count, sizeof(*cache->parts));
    if (!cache->parts)
        fatal("out of memory for a cache of %u parts", count);
    for (unsigned i = 0; i < count; i++)
        cache->parts[i].objects = alloc_or_die(limit + 1, sizeof(void *));
    return cache;
}

static struct part *own_part(struct rn_cache *cache)
{
    return &cache->parts[sched_place() % cache->count];
}

/* The newest of a part; NULL when it is empty. */
static void *take(struct part *part)
{
    void *object = NULL;
    if (atomic_load_explicit(&part->count, memory_order_relaxed) == 0)
        return NULL;
    lock_acquire(&part->lock);
    size_t count = atomic_load_explicit(&part->count, memory_order_relaxed);
    if (count > 0) {
        object = part->objects[count - 1];
        count -= !MUTANT(OBJECT_SHARED);
        atomic_store_explicit(&part->count, count, memory_order_relaxed);
    }
    lock_release(&part->lock);
    return object;
}

void *rn_cache_get(struct rn_cache *cache)
{
    sched_point();
    unsigned own = (unsigned)(own_part(cache) - cache->parts);
    for (unsigned i = 0; i < cache->count; i++) {
        void *object = take(&cache->parts[(own + i) % cache->count]);
        if (object) {
            race_acquire(object);
            return object;
        }
    }
    return cache->make ? cache->make() : NULL;
}

void rn_cache_put(struct rn_cache *cache, void *object)
{
    if (!object)
        return;
    race_release(object);
    struct part *part = own_part(cache);
    lock_acquire(&part->lock);
    size_t count = atomic_load_explicit(&part->count, memory_order_relaxed);
    bool kept = count < cache->limit;
    if (kept) {
        part->objects[count] = object;
        atomic_store_explicit(&part->count, count + 1, memory_order_relaxed);
    }
    INVARIANT(atomic_load_explicit(&part->count, memory_order_relaxed) <=
              cache->limit);
    lock_release(&part->lock);
    if (!kept)
        cache->drop(object);
    sched_point();
}

void rn_cache_free(struct rn_cache *cache)
{
    if (!cache)
        return;
    for (unsigned i = 0; i < cache->count; i++) {
        struct part *part = &cache->parts[i];
        for (void *object = take(part); object; object = take(part)) {
            race_acquire(object);
            cache->drop(object);
        }
        alloc_free(part->objects);
    }
    alloc_free(cache->parts);
    alloc_free(cache);
}
