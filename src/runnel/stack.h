/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack.h: stacks for goroutines: map, guard, keep for the next one.
 *
 *     low                                                        top
 *     | guard page |  ... stack, growing down <- |  owner's record |
 *
 * The record of whoever uses the stack (struct task, which begins with a
 * struct stack) lies at its top, so that a goroutine at rest costs one touched
 * page. Sizes are powers of two; each size is a class.
 *
 * Stacks are carved from slabs and never unmapped before teardown. A free one
 * is kept by the worker that freed it, then by all; when more than
 * STACK_HOT_MAX have been left over for an age, their pages go back to the
 * kernel little by little (stack_cool): they are "cold" then.
 */
#ifndef RUNNEL_STACK_H
#define RUNNEL_STACK_H

#include "base.h"

#define STACK_SIZE_MIN ((size_t)16 * 1024)
#define STACK_ORDINARY 13             /* classes: 16 KiB to 64 MiB */
#define STACK_SMALL    STACK_ORDINARY /* half a page: stack_small.h */
#define STACK_CLASSES  (STACK_ORDINARY + 1)

#define STACK_SMALL_BYTES ((size_t)2048)

struct stack {
    struct stack *next; /* while free */
    union {
        /* While it is the first of a pack that all have. */
        struct stack *next_pack;
        /* Else, while free: the one that many places later, or NULL, to be
         * prefetched. */
        struct stack *later;
    };
    char *low; /* the mapping's lowest byte: the guard */
    uint32_t class;
    bool guarded; /* false: no guard fitted, its lowest word is watched */
    bool used;
    bool halved; /* small, free, and waits for its neighbour to cool with it */
};

/* Bytes of a stack of the class, record included, and guard but for small ones. */
static inline size_t stack_bytes(uint32_t class)
{
    return class == STACK_SMALL ? STACK_SMALL_BYTES : STACK_SIZE_MIN << class;
}

/* So many free stacks change hands at once, as a chain. */
#define STACK_PACK 256

/* So many places ahead the lines of a free stack are fetched. */
#define STACK_LATER 4

/* Blocks that were never used; those below `guarded` have their guards. */
struct stack_run {
    char *at;
    char *end;
    char *guarded;
};

/* Free stacks of one worker; owner only. */
struct stack_cache {
    struct stack *free[STACK_CLASSES]; /* fewer than a pack */
    uint32_t count[STACK_CLASSES];     /* of them */
    struct stack *pack[STACK_CLASSES]; /* one more, or NULL */
    /* The first of the free ones, each at its number from the end (modulo). */
    struct stack *top[STACK_CLASSES][STACK_LATER];
    struct stack_run fresh[STACK_CLASSES];
};

/*
 * Once, before any other call; `record` is the size of the owner's record.
 * `apart`: small stacks are not to share a page.
 */
void stack_setup(size_t record, bool apart);
/* Unmaps every stack, used or not. */
void stack_teardown(void);

/* The class whose stacks have at least `size` bytes; -1: too large. */
int stack_class(size_t size);
/* That of small stacks, or the smallest ordinary one where there are none. */
int stack_class_small(void);

/*
 * A stack, `used` set; NULL when memory is out. `cache` may be NULL (a foreign
 * thread).
 */
struct stack *stack_take(struct stack_cache *cache, uint32_t class);
/* Gives it back; nothing may run on it any more. */
void stack_give(struct stack_cache *cache, struct stack *stack);

/*
 * By a worker that has nothing to run: prepares some stacks that nobody has used,
 * for another that takes many. False when none are wanted, or no memory is left.
 */
bool stack_prepare(void);

/*
 * Begins an age: what nobody has wanted in the last one, and is more than are
 * kept, may go back to the kernel. True while there are more than are kept.
 */
bool stack_age(void);
/*
 * Gives pages of such stacks back, some at a time. True when there is more to do.
 * One thread at a time.
 */
bool stack_cool(void);

/* Lowest usable byte. */
char *stack_floor(const struct stack *stack);
/* An unguarded stack that was overrun; seen when it is given back. */
static inline bool stack_overrun(const struct stack *stack)
{
    return unlikely(!stack->guarded) && *(volatile uint64_t *)stack->low != 0;
}
/* The used stack whose guard holds the address; for the fault handler. */
struct stack *stack_find_guard(const void *address);
/* The end of the slab that holds the address; the address itself otherwise. */
char *stack_slab_end(void *address);
/* Address space taken for stacks, used or not. */
size_t stack_mapped(void);
/* Calls for every used stack. The caller sees to it that none is taken. */
void stack_each(void (*visit)(struct stack *stack, void *arg), void *arg);

#endif
