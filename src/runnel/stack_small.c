/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack_small.c: where they lie, and whether one has been overrun.
 *
 * The canary is written once for a page and never again: whoever gets the page
 * next finds it as it was, or the one before has been found out at its end.
 *
 * Rejected: a canary alone, without a look at the stack pointer: a frame with a
 * large array steps over it. More than a cache line: each would have less, and
 * what steps over 64 bytes steps over 128.
 */
#include "stack_small.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"

#define CANARY_WORDS (SMALL_CANARY / sizeof(uint64_t))
#define CANARY       UINT64_C(0xa5c3e1f00f1e3c5a)
#define PAINT        0x6e

static struct {
    size_t record;
    bool fits;
    bool apart;
} small;

/* It calls no function through a table that is filled in later. */
static bool is_bound(const ElfW(Dyn) * entry)
{
    bool lazy = false;
    for (; entry && entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_BIND_NOW ||
            (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_BIND_NOW)) ||
            (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NOW)))
            return true;
        lazy = lazy || entry->d_tag == DT_JMPREL;
    }
    return !lazy;
}

/* Of link.h; a program that is linked statically has none. */
#pragma weak _DYNAMIC

/* The program, and this library where it is one of its own. */
static bool all_bound(void)
{
    const char *asked = getenv("LD_BIND_NOW");
    if (asked && *asked)
        return true;
    const struct link_map *program = _r_debug.r_map;
    return (!program || is_bound(program->l_ld)) && is_bound(_DYNAMIC);
}

void small_setup(size_t record, bool fits, bool apart)
{
    small.record = record;
    small.apart = apart;
    small.fits = fits && os_page_size() == SMALL_PAGE && all_bound();
}

bool small_fits(void)
{
    return small.fits;
}

bool small_paired(void)
{
    return !small.apart;
}

/* The block of one of its stacks: the lower begins with the block. */
static char *block_of(const char *low)
{
    uintptr_t at = (uintptr_t)low;
    return (char *)(at % SMALL_PAGE == 0 ? at
                                         : at - SMALL_PAGE - STACK_SMALL_BYTES);
}

struct stack *small_record(char *low)
{
    char *top = small_is_upper(low)
                    ? low + STACK_SMALL_BYTES
                    : low + SMALL_PAGE + STACK_SMALL_BYTES - SMALL_CANARY;
    return (struct stack *)(top - small.record);
}

char *small_upper(char *block)
{
    return block + SMALL_PAGE + STACK_SMALL_BYTES;
}

bool small_is_upper(const char *low)
{
    return (uintptr_t)low % SMALL_PAGE != 0;
}

struct stack *small_neighbour(const struct stack *stack)
{
    char *block = block_of(stack->low);
    return small_record(small_is_upper(stack->low) ? block
                                                   : small_upper(block));
}

static uint64_t *canary_of(const char *low)
{
    return (uint64_t *)(small_upper(block_of(low)) - SMALL_CANARY);
}

bool small_open_page(char *block)
{
    uint64_t *canary = canary_of(block);
    for (size_t i = 0; i < CANARY_WORDS; i++)
        canary[i] = CANARY;
    return !small.apart;
}

static char *floor_of(const struct stack *stack)
{
    return block_of(stack->low) + SMALL_PAGE;
}

void small_paint(struct stack *stack)
{
    if (!small.apart || !stack->guarded)
        return;
    char *floor = floor_of(stack);
    memset(floor, PAINT, (size_t)((char *)stack - floor));
}

size_t small_unused(const struct stack *stack)
{
    if (stack->class != STACK_SMALL || !small.apart || !stack->guarded)
        return 0;
    const char *floor = floor_of(stack);
    const char *at = floor;
    while (*at == PAINT)
        at++;
    return (size_t)(at - floor);
}

void small_link(struct stack **list, struct stack *stack)
{
    stack->halved = true;
    stack->next_pack = NULL; /* the one before */
    stack->next = *list;
    if (stack->next)
        stack->next->next_pack = stack;
    *list = stack;
}

void small_unlink(struct stack **list, struct stack *stack)
{
    stack->halved = false;
    *(stack->next_pack ? &stack->next_pack->next : list) = stack->next;
    if (stack->next)
        stack->next->next_pack = stack->next_pack;
    stack->next_pack = NULL;
}

struct stack *small_overrun(const struct stack *stack, const char *sp)
{
    if (small.apart)
        return NULL;
    bool upper = small_is_upper(stack->low);
    struct stack *above = upper ? small_record(stack->low) : NULL;
    if (upper && ((sp && sp < stack->low) || stack_overrun(stack)))
        return above;
    const uint64_t *canary = canary_of(stack->low);
    uint64_t changed = 0;
    for (size_t i = 0; i < CANARY_WORDS; i++)
        changed |= canary[i] ^ CANARY;
    if (likely(changed == 0))
        return NULL;
    return upper ? above : small_neighbour(stack);
}

bool small_holds(const struct stack *stack, const void *address)
{
    if (stack->class != STACK_SMALL)
        return false;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)block_of(stack->low);
    return offset < SMALL_BLOCK;
}
