/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.c: a table of fixed size, by hash, open addressing.
 *
 * Two that add the same new stack at once may both write an entry; the second
 * finds the first one's published, adds to it, and its own stays unused.
 *
 * Rejected: a ring of raw samples that a thread empties. It loses samples when
 * that thread is late, and grows with time where this grows with the program.
 */
#include "tally.h"

#include "os.h"

#define SLOTS  16384 /* a power of two */
/* A stack finds its place within so many, or is lost. */
#define PROBES 64
#define ARENA  ((size_t)8 * 1024 * 1024)

struct tally_room {
    _Atomic(struct tally_entry *) slots[SLOTS];
    _Atomic(size_t) used; /* bytes of the arena */
    _Alignas(16) char arena[ARENA];
};

int tally_open(struct tally *tally)
{
    if (!tally->room)
        tally->room = os_map(sizeof(*tally->room));
    else
        os_discard(tally->room, sizeof(*tally->room)); /* reads as zero */
    if (!tally->room)
        return RN_NOMEM;
    atomic_store_explicit(&tally->lost, 0, memory_order_relaxed);
    /* Release: who sees it open sees the room. */
    atomic_store_explicit(&tally->on, true, memory_order_release);
    return RN_OK;
}

void tally_shut(struct tally *tally)
{
    /* Both in one order with those of tally_add: invariant 2. */
    atomic_store_explicit(&tally->on, false, memory_order_seq_cst);
    while (atomic_load_explicit(&tally->inside, memory_order_seq_cst) != 0)
        os_thread_yield();
}

void tally_end(struct tally *tally)
{
    tally_shut(tally);
    if (tally->room)
        os_unmap(tally->room, sizeof(*tally->room));
    tally->room = NULL;
}

void tally_set_name(struct tally_key *key, const char *name)
{
    size_t i = 0;
    for (; name && name[i] && i + 1 < TALLY_NAME; i++)
        key->name[i] = name[i];
    for (; i < TALLY_NAME; i++)
        key->name[i] = '\0';
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static uint64_t hash_of(const struct tally_key *key)
{
    uint64_t hash = mix((uintptr_t)key->where, key->reason);
    for (size_t i = 0; i < TALLY_NAME && key->name[i]; i++)
        hash = mix(hash, (unsigned char)key->name[i]);
    for (size_t i = 0; i < key->depth; i++)
        hash = mix(hash, (uintptr_t)key->frames[i]);
    return hash;
}

static bool same(const struct tally_key *a, const struct tally_key *b)
{
    if (a->where != b->where || a->reason != b->reason || a->depth != b->depth)
        return false;
    for (size_t i = 0; i < TALLY_NAME; i++)
        if (a->name[i] != b->name[i])
            return false;
    for (size_t i = 0; i < a->depth; i++)
        if (a->frames[i] != b->frames[i])
            return false;
    return true;
}

/* A new entry, not published; NULL: the arena is full. */
static struct tally_entry *write_entry(struct tally_room *room, uint64_t hash,
                                       const struct tally_key *key)
{
    size_t size = offsetof(struct tally_entry, key.frames) +
                  key->depth * sizeof(key->frames[0]);
    size = (size + 15) & ~(size_t)15;
    size_t at = atomic_load_explicit(&room->used, memory_order_relaxed);
    do {
        if (size > ARENA - at)
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&room->used, &at, at + size,
                                                    memory_order_relaxed,
                                                    memory_order_relaxed));
    struct tally_entry *entry = (struct tally_entry *)(room->arena + at);
    entry->hash = hash;
    entry->key.where = key->where;
    entry->key.reason = key->reason;
    entry->key.depth = key->depth;
    for (size_t i = 0; i < TALLY_NAME; i++)
        entry->key.name[i] = key->name[i];
    for (size_t i = 0; i < key->depth; i++)
        entry->key.frames[i] = key->frames[i];
    return entry;
}

static struct tally_entry *find_or_make(struct tally_room *room,
                                        const struct tally_key *key)
{
    uint64_t hash = hash_of(key);
    struct tally_entry *new = NULL;
    for (size_t probe = 0; probe < PROBES; probe++) {
        _Atomic(struct tally_entry *) *slot =
            &room->slots[(hash + probe) % SLOTS];
        struct tally_entry *entry =
            atomic_load_explicit(slot, memory_order_acquire);
        if (!entry) {
            if (!new)
                new = write_entry(room, hash, key);
            if (!new)
                return NULL;
            /* Release: the entry is whole for who sees it. */
            if (atomic_compare_exchange_strong_explicit(slot, &entry, new,
                                                        memory_order_release,
                                                        memory_order_acquire))
                return new;
        }
        if (entry->hash == hash && same(&entry->key, key))
            return entry;
    }
    return NULL;
}

void tally_add(struct tally *tally, const struct tally_key *key, uint64_t count,
               uint64_t sum)
{
    atomic_fetch_add_explicit(&tally->inside, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&tally->on, memory_order_seq_cst)) {
        struct tally_entry *entry = find_or_make(tally->room, key);
        if (entry) {
            atomic_fetch_add_explicit(&entry->count, count,
                                      memory_order_relaxed);
            atomic_fetch_add_explicit(&entry->sum, sum, memory_order_relaxed);
        } else {
            atomic_fetch_add_explicit(&tally->lost, count,
                                      memory_order_relaxed);
        }
    }
    /* Release: pairs with tally_shut; the room is used no more. */
    atomic_fetch_sub_explicit(&tally->inside, 1, memory_order_release);
}

const struct tally_entry *tally_next(const struct tally *tally, size_t *at)
{
    while (tally->room && *at < SLOTS) {
        struct tally_entry *entry = atomic_load_explicit(
            &tally->room->slots[(*at)++], memory_order_acquire);
        if (entry)
            return entry;
    }
    return NULL;
}
