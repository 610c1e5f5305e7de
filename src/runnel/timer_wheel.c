/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer_wheel.c: buckets by the digits of time (see timer_wheel.h; Varghese and
 * Lauck, "Hashed and hierarchical timing wheels", 1987).
 *
 * Rejected: wheels that turn with the clock, a tick at a time. A queue is
 * looked at when something may be due, and then the first bucket is found by
 * two bit scans, however long the time between.
 */
#include "timer_wheel.h"

#include "alloc.h"

/* So many are kept for the next to come. */
#define SPARES_MAX 64

#define DIGIT_MAX (WHEEL_BUCKETS - 1)
/* Of all levels. */
#define BUCKETS   ((size_t)WHEEL_LEVELS * WHEEL_BUCKETS)

void wheel_init(struct timer_wheel *wheel)
{
    *wheel = (struct timer_wheel){.first = RN_NEVER};
}

static void free_chain(struct wheel_chunk *chunk)
{
    while (chunk) {
        struct wheel_chunk *next = chunk->next;
        alloc_free(chunk);
        chunk = next;
    }
}

/* Takes the chunks out, the oldest first. */
static struct wheel_chunk *chain_of(struct wheel_bucket *bucket)
{
    struct wheel_chunk *newest = bucket->newest;
    if (!newest)
        return NULL;
    struct wheel_chunk *oldest = newest->next;
    newest->next = NULL;
    bucket->newest = NULL;
    return oldest;
}

static void append(struct wheel_bucket *bucket, struct wheel_chunk *chunk)
{
    struct wheel_chunk *newest = bucket->newest;
    chunk->count = 0;
    chunk->next = newest ? newest->next : chunk;
    if (newest)
        newest->next = chunk;
    bucket->newest = chunk;
}

void wheel_clear(struct timer_wheel *wheel)
{
    for (size_t i = 0; wheel->buckets && i < BUCKETS; i++)
        free_chain(chain_of(&wheel->buckets[i]));
    free_chain(wheel->spare);
    alloc_free(wheel->buckets);
    wheel_init(wheel);
}

static unsigned shift_of(unsigned level)
{
    return WHEEL_SLOT_BITS + level * WHEEL_DIGIT_BITS;
}

static struct wheel_bucket *bucket_at(const struct timer_wheel *wheel,
                                      unsigned level, unsigned number)
{
    return &wheel->buckets[level * WHEEL_BUCKETS + number];
}

void wheel_open(struct timer_wheel *wheel, int64_t when)
{
    wheel->start = when > 0 ? when >> WHEEL_SLOT_BITS << WHEEL_SLOT_BITS : 0;
}

static struct wheel_chunk *chunk_take(struct timer_wheel *wheel)
{
    struct wheel_chunk *chunk = wheel->spare;
    if (unlikely(!chunk))
        return alloc_zeroed(1, sizeof(*chunk));
    wheel->spare = chunk->next;
    wheel->spares--;
    return chunk;
}

void wheel_give(struct timer_wheel *wheel, struct wheel_chunk *chunk)
{
    if (wheel->spares >= SPARES_MAX) {
        alloc_free(chunk);
        return;
    }
    chunk->next = wheel->spare;
    wheel->spare = chunk;
    wheel->spares++;
}

/* A bucket has no chunk, or its newest is full. */
static noinline bool make_room(struct timer_wheel *wheel,
                               struct wheel_bucket *bucket)
{
    struct wheel_chunk *chunk = chunk_take(wheel);
    if (!chunk)
        return false;
    append(bucket, chunk);
    return true;
}

static noinline bool make_buckets(struct timer_wheel *wheel)
{
    wheel->buckets = alloc_zeroed(BUCKETS, sizeof(*wheel->buckets));
    return wheel->buckets;
}

bool wheel_put(struct timer_wheel *wheel, struct timer_node node)
{
    uint64_t differ = (uint64_t)(node.when ^ wheel->start) >> WHEEL_SLOT_BITS;
    unsigned level =
        (63 - (unsigned)__builtin_clzll(differ)) / WHEEL_DIGIT_BITS;
    unsigned number = (node.when >> shift_of(level)) & DIGIT_MAX;
    if (unlikely(!wheel->buckets) && !make_buckets(wheel))
        return false;
    struct wheel_bucket *bucket = bucket_at(wheel, level, number);
    if ((!bucket->newest || bucket->newest->count == WHEEL_CHUNK) &&
        !make_room(wheel, bucket))
        return false;
    uint64_t bit = UINT64_C(1) << number;
    if (!(wheel->filled[level] & bit)) {
        wheel->filled[level] |= bit;
        wheel->levels |= 1u << level;
        bucket->least = node.when;
    } else if (node.when < bucket->least) {
        bucket->least = node.when;
    }
    bucket->newest->nodes[bucket->newest->count++] = node;
    wheel->count++;
    if (node.when < wheel->first)
        wheel->first = node.when;
    return true;
}

/* Empties a bucket; its nodes. */
static struct wheel_chunk *take_bucket(struct timer_wheel *wheel,
                                       unsigned level, unsigned number)
{
    struct wheel_bucket *bucket = bucket_at(wheel, level, number);
    struct wheel_chunk *chunks = chain_of(bucket);
    wheel->filled[level] &= ~(UINT64_C(1) << number);
    if (!wheel->filled[level])
        wheel->levels &= ~(1u << level);
    for (struct wheel_chunk *chunk = chunks; chunk; chunk = chunk->next)
        wheel->count -= chunk->count;
    return chunks;
}

static int64_t find_first(const struct timer_wheel *wheel)
{
    if (!wheel->levels)
        return RN_NEVER;
    unsigned level = (unsigned)__builtin_ctz(wheel->levels);
    unsigned number = (unsigned)__builtin_ctzll(wheel->filled[level]);
    return bucket_at(wheel, level, number)->least;
}

struct wheel_chunk *wheel_turn(struct timer_wheel *wheel, int64_t now)
{
    unsigned level = (unsigned)__builtin_ctz(wheel->levels);
    unsigned number = (unsigned)__builtin_ctzll(wheel->filled[level]);
    unsigned shift = shift_of(level);
    struct wheel_chunk *chunks = take_bucket(wheel, level, number);
    /* Within the bucket: the higher digits of both are those of `start`. */
    uint64_t above = (uint64_t)wheel->start >> shift >> WHEEL_DIGIT_BITS;
    int64_t begin = (int64_t)((above << WHEEL_DIGIT_BITS | number) << shift);
    bool inside = now >= begin && (now ^ begin) >> shift == 0;
    wheel_open(wheel, inside ? now : begin);
    wheel->first = find_first(wheel);
    return chunks;
}

/* Kept nodes move to the front, from chunk to chunk. */
static void sift_bucket(struct timer_wheel *wheel, struct wheel_bucket *bucket,
                        bool (*keeps)(void *arg, uint32_t slot), void *arg)
{
    struct wheel_chunk *from = chain_of(bucket);
    bucket->least = RN_NEVER;
    while (from) {
        struct wheel_chunk *next = from->next;
        size_t count = from->count;
        wheel_prefetch(next);
        for (size_t i = 0; i < count; i++) {
            struct timer_node node = from->nodes[i];
            if (!keeps(arg, node.slot)) {
                wheel->count--;
                continue;
            }
            if (!bucket->newest || bucket->newest->count == WHEEL_CHUNK)
                append(bucket, from); /* its first i nodes have been moved */
            bucket->newest->nodes[bucket->newest->count++] = node;
            if (node.when < bucket->least)
                bucket->least = node.when;
        }
        if (bucket->newest != from)
            wheel_give(wheel, from);
        from = next;
    }
}

void wheel_sift(struct timer_wheel *wheel,
                bool (*keeps)(void *arg, uint32_t slot), void *arg)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        for (uint64_t left = wheel->filled[level]; left; left &= left - 1) {
            unsigned number = (unsigned)__builtin_ctzll(left);
            struct wheel_bucket *bucket = bucket_at(wheel, level, number);
            sift_bucket(wheel, bucket, keeps, arg);
            if (!bucket->newest)
                wheel->filled[level] &= ~(UINT64_C(1) << number);
        }
        if (!wheel->filled[level])
            wheel->levels &= ~(1u << level);
    }
    wheel->first = find_first(wheel);
}

bool wheel_check(const struct timer_wheel *wheel)
{
    size_t count = 0;
    for (unsigned level = 0; wheel->buckets && level < WHEEL_LEVELS; level++) {
        bool any = wheel->filled[level] != 0;
        if (any != ((wheel->levels >> level & 1) != 0))
            return false;
        for (unsigned i = 0; i < WHEEL_BUCKETS; i++) {
            const struct wheel_bucket *bucket = bucket_at(wheel, level, i);
            unsigned open =
                (unsigned)(wheel->start >> shift_of(level)) & DIGIT_MAX;
            const struct wheel_chunk *c = bucket->newest;
            if (c && (i <= open || bucket->least < wheel->first))
                return false;
            for (; c; c = c->next == bucket->newest ? NULL : c->next)
                count += c->count;
        }
    }
    return count == wheel->count;
}
