/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h: memory that is given back all at once.
 *
 * A batch of rows takes everything it holds from its arena and dies with it:
 * no cell is ever freed alone. Blocks grow from ARENA_BLOCK_MIN; arena_reset
 * keeps the largest one, so a recycled batch stops allocating.
 *
 * One thread (or goroutine) at a time; hand-over through a channel is enough.
 */
#ifndef SLUICE_ARENA_H
#define SLUICE_ARENA_H

#include "text.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out since the last reset */
};

void arena_init(struct arena *a);
/* Frees everything; the arena is as after arena_init. */
void arena_clear(struct arena *a);
/* Forgets everything handed out, keeps memory for the next use. */
void arena_reset(struct arena *a);

/*
 * `size` bytes aligned for any object, not cleared; NULL when memory is out.
 * Size 0 gives a valid pointer.
 */
void *arena_alloc(struct arena *a, size_t size);
/* A copy of the slice's bytes; ptr is NULL when memory is out. */
struct slice arena_copy(struct arena *a, struct slice s);

#endif
