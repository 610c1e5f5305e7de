/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overflow.h: what is said of a stack that was too small.
 */
#ifndef RUNNEL_OVERFLOW_H
#define RUNNEL_OVERFLOW_H

#include "task_internal.h"

/* "stack overflow: goroutine 7 (name) needs ...", and what helps. */
void overflow_print(const struct stack *stack);

/* Says so, and where the caller was, and ends the program. */
void overflow_end(const struct stack *stack) __attribute__((noreturn, cold));

/*
 * The current goroutine is about to make way: `from` (NULL: none was running)
 * for `to` (NULL: likewise). Ends the program when one of their small stacks, or
 * a neighbour of them, has been overrun (stack_small.h).
 */
void overflow_look(const struct task *from, const struct task *to);

#endif
