/* SPDX-License-Identifier: Apache-2.0 */
/*
 * string_pool.h: each different text once, in the order of first use.
 *
 * Texts stand one behind the other in one growing block; a table of slots, open
 * addressed and at most half full, finds a text's index by its hash.
 */
#ifndef GEN_STRING_POOL_H
#define GEN_STRING_POOL_H

#include <stddef.h>
#include <stdint.h>

struct string_pool_slot {
    uint32_t hash;
    uint32_t index_plus_1; /* 0: free */
};

struct string_pool {
    char *bytes;
    size_t used;
    size_t size;
    uint64_t *ends; /* of text i in bytes */
    uint32_t count;
    uint32_t capacity;
    struct string_pool_slot *slots;
    uint32_t slot_count; /* a power of two */
};

void string_pool_init(struct string_pool *pool);
void string_pool_clear(struct string_pool *pool);
/* The index of the text, which is added when it is new. */
uint32_t string_pool_add(struct string_pool *pool, const char *text,
                         size_t size);
/* Borrowed until the next add. */
const char *string_pool_get(const struct string_pool *pool, uint32_t index,
                            size_t *size);

#endif
