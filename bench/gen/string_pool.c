/* SPDX-License-Identifier: Apache-2.0 */
/* string_pool.c: a block of texts and a hash table of their indexes. */
#include "string_pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zip_write.h"

#define FIRST_SLOTS 4096u

static void *need(void *memory)
{
    if (!memory)
        die("out of memory");
    return memory;
}

void string_pool_init(struct string_pool *pool)
{
    memset(pool, 0, sizeof(*pool));
    pool->slot_count = FIRST_SLOTS;
    pool->slots = need(calloc(FIRST_SLOTS, sizeof(*pool->slots)));
}

void string_pool_clear(struct string_pool *pool)
{
    free(pool->bytes);
    free(pool->ends);
    free(pool->slots);
    memset(pool, 0, sizeof(*pool));
}

/* FNV-1a, folded to 32 bits. */
static uint32_t hash_text(const char *text, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 32);
}

const char *string_pool_get(const struct string_pool *pool, uint32_t index,
                            size_t *size)
{
    uint64_t start = index > 0 ? pool->ends[index - 1] : 0;

    *size = pool->ends[index] - start;
    return pool->bytes + start;
}

static bool is_text(const struct string_pool *pool, uint32_t index,
                    const char *text, size_t size)
{
    size_t have;
    const char *there = string_pool_get(pool, index, &have);

    return have == size && memcmp(there, text, size) == 0;
}

static void grow_slots(struct string_pool *pool)
{
    uint32_t count = pool->slot_count * 2;
    struct string_pool_slot *slots = need(calloc(count, sizeof(*slots)));

    for (uint32_t i = 0; i < pool->slot_count; i++) {
        struct string_pool_slot slot = pool->slots[i];
        uint32_t at = slot.hash & (count - 1);

        if (slot.index_plus_1 == 0)
            continue;
        while (slots[at].index_plus_1 != 0)
            at = (at + 1) & (count - 1);
        slots[at] = slot;
    }
    free(pool->slots);
    pool->slots = slots;
    pool->slot_count = count;
}

static void append(struct string_pool *pool, const char *text, size_t size)
{
    if (pool->count == pool->capacity) {
        pool->capacity = pool->capacity ? pool->capacity * 2 : FIRST_SLOTS;
        pool->ends = need(
            realloc(pool->ends, (size_t)pool->capacity * sizeof(*pool->ends)));
    }
    if (size > pool->size - pool->used) {
        pool->size = pool->size * 2 + size + (1u << 16);
        pool->bytes = need(realloc(pool->bytes, pool->size));
    }
    memcpy(pool->bytes + pool->used, text, size);
    pool->used += size;
    pool->ends[pool->count++] = pool->used;
}

uint32_t string_pool_add(struct string_pool *pool, const char *text,
                         size_t size)
{
    uint32_t hash = hash_text(text, size);
    uint32_t at;

    if (pool->count >= pool->slot_count / 2)
        grow_slots(pool);
    at = hash & (pool->slot_count - 1);
    while (pool->slots[at].index_plus_1 != 0) {
        struct string_pool_slot slot = pool->slots[at];

        if (slot.hash == hash &&
            is_text(pool, slot.index_plus_1 - 1, text, size))
            return slot.index_plus_1 - 1;
        at = (at + 1) & (pool->slot_count - 1);
    }
    append(pool, text, size);
    pool->slots[at] = (struct string_pool_slot){hash, pool->count};
    return pool->count - 1;
}
