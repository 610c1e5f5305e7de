/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack_small.h: two stacks in one page, where a goroutine asks for that.
 *
 *     low                                                             top
 *     | guard page | frames <- | record | canary | frames <- | record |
 *                  |      the lower stack        |  the upper stack   |
 *
 * What overruns the lower stack faults in the guard. What overruns the upper
 * one meets the canary first, then the record and the frames of the lower: so
 * the canary is compared, and the stack pointer, whenever a goroutine of the
 * page is left or entered (small_overrun), and the program ends. Between two
 * switches an overrun is not seen; one that has gone through the whole record of
 * the lower, while its own goroutine runs elsewhere, only when that one parks.
 *
 * Kept apart (`apart`), each has the page, and the guard, alone: a stack as
 * large as before, with the guard right below it. Whatever overruns it faults.
 *
 * There are none where they would not fit or not be safe:
 * - in builds whose frames are larger (`fits`: sanitizers, no optimisation);
 * - where a page is not 4,096 bytes;
 * - in a program that binds its functions when they are first called: the
 *   dynamic linker needs up to 4 KB of the caller's stack for that. (Of other
 *   libraries nothing is known: task.h says so.)
 */
#ifndef RUNNEL_STACK_SMALL_H
#define RUNNEL_STACK_SMALL_H

#include "stack.h"

#define SMALL_PAGE   ((size_t)4096)
#define SMALL_BLOCK  (2 * SMALL_PAGE) /* guard and page */
#define SMALL_CANARY ((size_t)CACHE_LINE)

/* Once, before any other call, with the record's size. */
void small_setup(size_t record, bool fits, bool apart);
bool small_fits(void);
/* False where each has a page of its own. */
bool small_paired(void);

/* The record of the stack that begins at `low`. */
struct stack *small_record(char *low);
/* Of the block: where its upper stack begins. */
char *small_upper(char *block);
bool small_is_upper(const char *low);
struct stack *small_neighbour(const struct stack *stack);

/* Before the block's first use: writes the canary; true where it has two. */
bool small_open_page(char *block);

/*
 * Before a goroutine begins: paints the stack, where it has a guard. What of the
 * paint is left at the end next to the guard has not been used; else 0.
 */
void small_paint(struct stack *stack);
size_t small_unused(const struct stack *stack);

/* In a list of halved ones. */
void small_link(struct stack **list, struct stack *stack);
void small_unlink(struct stack **list, struct stack *stack);

/*
 * A small stack is left (`sp`: how low it is) or entered (NULL): the stack of
 * its page that has been overrun, or NULL.
 */
struct stack *small_overrun(const struct stack *stack, const char *sp);

/* Does the address lie in the stack's block? */
bool small_holds(const struct stack *stack, const void *address);

#endif
