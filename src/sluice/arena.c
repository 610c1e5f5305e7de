/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c: blocks from malloc, handed out from front to back.
 *
 * The newest block is the one that is handed out from. Each new block is twice
 * the size of the last, up to ARENA_BLOCK_MAX, so that small batches stay small
 * and large ones need few blocks; a request larger than that gets a block of
 * its own size.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_MIN ((size_t)16 * 1024)
#define ARENA_BLOCK_MAX ((size_t)1024 * 1024)
#define ARENA_ALIGN     alignof(max_align_t)

struct arena_block {
    struct arena_block *older;
    size_t size; /* of bytes */
    size_t used; /* a multiple of ARENA_ALIGN */
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_clear(struct arena *a)
{
    struct arena_block *block = a->blocks;

    while (block) {
        struct arena_block *older = block->older;

        free(block);
        block = older;
    }
    arena_init(a);
}

void arena_reset(struct arena *a)
{
    struct arena_block *largest = a->blocks;
    struct arena_block *block = a->blocks;

    for (; block; block = block->older) {
        if (block->size > largest->size)
            largest = block;
    }
    block = a->blocks;
    while (block) {
        struct arena_block *older = block->older;

        if (block != largest)
            free(block);
        block = older;
    }
    if (largest) {
        largest->older = NULL;
        largest->used = 0;
    }
    a->blocks = largest;
    a->used = 0;
}

/* Puts a block with room for `size` bytes in front; NULL when memory is out. */
static struct arena_block *grow(struct arena *a, size_t size)
{
    size_t want = a->blocks ? a->blocks->size : ARENA_BLOCK_MIN / 2;
    struct arena_block *block;

    want = want >= ARENA_BLOCK_MAX / 2 ? ARENA_BLOCK_MAX : want * 2;
    if (want < size)
        want = size;
    if (want > SIZE_MAX - sizeof(*block))
        return NULL;
    block = malloc(sizeof(*block) + want);
    if (!block)
        return NULL;
    block->older = a->blocks;
    block->size = want;
    block->used = 0;
    a->blocks = block;
    return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct arena_block *block = a->blocks;
    size_t room;
    void *p;

    if (size > SIZE_MAX - ARENA_ALIGN)
        return NULL;
    room = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (!block || block->size - block->used < room)
        block = grow(a, room);
    if (!block)
        return NULL;
    p = block->bytes + block->used;
    block->used += room;
    a->used += room;
    return p;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.len);

    if (!p)
        return (struct slice){NULL, 0};
    if (s.len > 0)
        memcpy(p, s.ptr, s.len);
    return (struct slice){p, s.len};
}
