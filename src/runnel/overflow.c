/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overflow.c: find out about small stacks, and say which goroutine it was.
 */
#include "overflow.h"

#include "fatal.h"
#include "stack_small.h"

void overflow_print(const struct stack *stack)
{
    const struct task *task = container_of(stack, struct task, stack);
    print_error("fatal error: stack overflow: goroutine %llu (%s) needs "
                "more than its stack of %zu bytes\n",
                (unsigned long long)task->id,
                task->name ? task->name : "no name", stack_bytes(stack->class));
    if (stack->class == STACK_SMALL)
        print_error("    a small stack, created at %s\n",
                    task->where ? task->where : "?");
}

static void end(void *stack)
{
    fatal_begin();
    overflow_print(stack);
    print_error("    a run with RUNNEL_GUARD_SMALL=1 shows where\n\n");
    if (fatal_reporter)
        fatal_reporter();
    fatal_exit();
}

void overflow_end(const struct stack *stack)
{
    fatal_in_room(end, (void *)(uintptr_t)stack);
    fatal_exit();
}

static void look(const struct task *task, const char *sp)
{
    if (!task || task->stack.class != STACK_SMALL)
        return;
    const struct stack *overrun = small_overrun(&task->stack, sp);
    if (unlikely(overrun))
        overflow_end(overrun);
}

void overflow_look(const struct task *from, const struct task *to)
{
    look(from, __builtin_frame_address(0));
    look(to, NULL);
}
