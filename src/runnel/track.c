/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track.c: a hash table by address, open addressing, at most half full.
 *
 * `table.lock` protects all of it; nothing is taken under it but the heap.
 * Taking one out moves up those that follow, so there are no gravestones. When
 * memory is out, an object is not tracked: a report may miss it.
 */
#include "track.h"

#include "alloc.h"
#include "fatal.h"
#include "lock.h"

#define LOCK_CLASS LOCK_LEAF

#define FIRST_SIZE 1024

bool track_is_on;

static struct {
    lock_word lock;
    struct tracked *places;
    size_t size; /* a power of two, or 0 */
    size_t count;
} table;

static size_t home_of(const void *object, size_t size)
{
    uint64_t hash = (uintptr_t)object * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 20) & (size - 1);
}

/* Its place, or the free one where it would be. */
static size_t find(const void *object)
{
    size_t at = home_of(object, table.size);
    while (table.places[at].object && table.places[at].object != object)
        at = (at + 1) & (table.size - 1);
    return at;
}

/* Room for one more; false when memory is out. */
static bool make_room(void)
{
    if (2 * (table.count + 1) <= table.size)
        return true;
    size_t old_size = table.size;
    struct tracked *old = table.places;
    size_t size = old_size ? 2 * old_size : FIRST_SIZE;
    struct tracked *places = alloc_zeroed(size, sizeof(*places));
    if (!places)
        return false;
    table.places = places;
    table.size = size;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].object)
            places[find(old[i].object)] = old[i];
    alloc_free(old);
    return true;
}

void track_begin(void)
{
    track_is_on = true;
}

void track_end(void)
{
    track_is_on = false;
    alloc_free(table.places);
    table.places = NULL;
    table.size = 0;
    table.count = 0;
}

void track_add_now(enum track_kind kind, void *object, const char *where)
{
    lock_acquire(&table.lock);
    if (make_room()) {
        struct tracked *t = &table.places[find(object)];
        table.count += t->object ? 0 : 1;
        *t = (struct tracked){object, kind, where};
        INVARIANT(2 * table.count <= table.size);
    }
    lock_release(&table.lock);
}

void track_place_now(void *object, const char *where)
{
    lock_acquire(&table.lock);
    if (table.size > 0) {
        struct tracked *t = &table.places[find(object)];
        if (t->object)
            t->where = where;
    }
    lock_release(&table.lock);
}

/* The place becomes free; those that had to go past it move up. */
static void vacate(size_t at)
{
    size_t mask = table.size - 1;
    for (size_t next = (at + 1) & mask; table.places[next].object;
         next = (next + 1) & mask) {
        size_t home = home_of(table.places[next].object, table.size);
        if (((next - home) & mask) < ((next - at) & mask))
            continue; /* it stands between its home and here */
        table.places[at] = table.places[next];
        at = next;
    }
    table.places[at].object = NULL;
}

void track_remove_now(void *object)
{
    lock_acquire(&table.lock);
    if (table.size > 0) {
        size_t at = find(object);
        if (table.places[at].object) {
            vacate(at);
            table.count--;
        }
    }
    lock_release(&table.lock);
}

void track_table(uintptr_t *low, uintptr_t *high)
{
    *low = (uintptr_t)table.places;
    *high = (uintptr_t)(table.places + table.size);
}

void track_each(void (*visit)(const struct tracked *t, void *arg), void *arg)
{
    lock_acquire(&table.lock);
    for (size_t i = 0; i < table.size; i++)
        if (table.places[i].object)
            visit(&table.places[i], arg);
    lock_release(&table.lock);
}
