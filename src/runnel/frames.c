/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frames.c: walk stacks with the compiler's own unwinder.
 *
 * A context at rest is walked from outside: rn_switch_walk_ (the .S files) says
 * in its unwind table that its caller's registers lie on that other stack.
 *
 * Rejected: frame pointers, which user code is usually compiled without;
 * backtrace(3), which loads the unwinder by dlopen, and so allocates, when it
 * is needed most.
 */
#include "frames.h"

#include <unwind.h>

#include "switch.h"

struct walk {
    void **frames;
    size_t max;
    size_t count;
    size_t skip;
    bool await; /* leaves out what stands before the interrupted frame */
};

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;
    int before = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &before);
    if (pc == 0 || walk->count == walk->max)
        return _URC_END_OF_STACK;
    if (walk->await && !before)
        return _URC_NO_REASON;
    walk->await = false;
    if (walk->skip > 0)
        walk->skip--;
    else
        /* Interrupted there, not called from there: the byte itself. */
        walk->frames[walk->count++] = (void *)(pc + (before ? 1 : 0));
    return _URC_NO_REASON;
}

static noinline void walk_here(void *arg)
{
    _Unwind_Backtrace(visit, arg);
    __asm__ volatile(""); /* not a tail call: the frame is counted in skip */
}

noinline size_t frames_here(void **frames, size_t max, size_t skip)
{
    struct walk walk = {frames, max, 0, skip + 2, false};
    walk_here(&walk);
    return walk.count;
}

noinline size_t frames_interrupted(void **frames, size_t max)
{
    struct walk walk = {frames, max, 0, 0, true};
    walk_here(&walk);
    return walk.count;
}

size_t frames_at_rest(void *rest, void **frames, size_t max)
{
    struct walk walk = {frames, max, 0, 2, false};
    rn_switch_walk_(rest, walk_here, &walk);
    return walk.count;
}
