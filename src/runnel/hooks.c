/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks.c: who listens is told.
 */
#include "hooks.h"

#include "overflow.h"
#include "trace_ring.h"

_Atomic(uint32_t) hooks_on;

void hooks_listen(uint32_t bit)
{
    atomic_fetch_or_explicit(&hooks_on, bit, memory_order_seq_cst);
}

void hooks_ignore(uint32_t bit)
{
    atomic_fetch_and_explicit(&hooks_on, ~bit, memory_order_seq_cst);
}

static inline bool listens(uint32_t bit)
{
    return (atomic_load_explicit(&hooks_on, memory_order_relaxed) & bit) != 0;
}

noinline void hooks_created(struct task *task)
{
    if (listens(HOOK_TRACE))
        trace_created(task);
}

noinline void hooks_ready(struct task *task)
{
    if (listens(HOOK_TRACE))
        trace_ready(task);
}

noinline void hooks_switch(struct task *from, struct task *to)
{
    if (listens(HOOK_SMALL))
        overflow_look(from, to);
    if (listens(HOOK_TRACE))
        trace_switch(from, to);
}

noinline void hooks_steal(unsigned victim)
{
    if (listens(HOOK_TRACE))
        trace_note(TRACE_STEAL, victim, 0);
}

noinline void hooks_poll(uint32_t count)
{
    if (listens(HOOK_TRACE))
        trace_note(TRACE_POLL, count, 0);
}

noinline void hooks_timer(int64_t late_ns)
{
    if (listens(HOOK_TRACE))
        trace_note(TRACE_TIMER, (uint64_t)(late_ns > 0 ? late_ns : 0), 0);
}

noinline void hooks_block(const struct task *task, bool begins)
{
    if (listens(HOOK_TRACE))
        trace_note(begins ? TRACE_BLOCK_BEGIN : TRACE_BLOCK_END, task->id, 0);
}

noinline void hooks_foreign(struct task *task, bool begins)
{
    if (listens(HOOK_TRACE))
        trace_foreign(task, begins);
}

noinline void hooks_seat(unsigned worker, bool has)
{
    if (listens(HOOK_TRACE))
        trace_note(TRACE_SEAT, worker, has);
}
