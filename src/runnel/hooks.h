/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks.h: where the scheduler tells what it does, to whoever listens.
 *
 * Each hook is one relaxed load and a branch while nobody listens. Who listens
 * has a bit in hooks_on and is called by hooks.c; it may neither park, nor wake
 * anybody, and takes no lock but those that come last in the order of lock.h.
 *
 * A hook is called by the owner of the task it is given (task_internal.h), so
 * that listeners may use the fields of the task that are theirs.
 */
#ifndef RUNNEL_HOOKS_H
#define RUNNEL_HOOKS_H

#include "task_internal.h"

/* Bits of hooks_on. */
#define HOOK_TRACE 1u
#define HOOK_SMALL 2u /* small stacks are looked at: overflow.h */

extern hidden _Atomic(uint32_t) hooks_on;

void hooks_listen(uint32_t bit);
void hooks_ignore(uint32_t bit);

static inline bool hooks_any(void)
{
    return unlikely(atomic_load_explicit(&hooks_on, memory_order_relaxed) != 0);
}

/* Some goroutine has a small stack, or had. */
static inline bool hooks_small(void)
{
    return unlikely(atomic_load_explicit(&hooks_on, memory_order_relaxed) &
                    HOOK_SMALL);
}

/* Behind the hooks. */
void hooks_created(struct task *task);
void hooks_ready(struct task *task);
void hooks_switch(struct task *from, struct task *to);
void hooks_steal(unsigned victim);
void hooks_poll(uint32_t count);
void hooks_timer(int64_t late_ns);
void hooks_block(const struct task *task, bool begins);
void hooks_foreign(struct task *task, bool begins);
void hooks_seat(unsigned worker, bool has);

/* A new task, before anybody else can find it. */
static inline void hook_created(struct task *task)
{
    if (hooks_any())
        hooks_created(task);
}

/* A parked task whose wait has ended, before anybody else can find it, or that
 * of a foreign thread, before it can wake. */
static inline void hook_ready(struct task *task)
{
    if (hooks_any())
        hooks_ready(task);
}

/*
 * On a worker, before `from` (NULL: the worker's own stack) makes way for `to`
 * (NULL: likewise). The state of `from` says how it leaves, and its `waits`,
 * when it parks, for what.
 */
static inline void hook_switch(struct task *from, struct task *to)
{
    if (hooks_any())
        hooks_switch(from, to);
}

/* A worker has taken tasks of another, whose number that is. */
static inline void hook_steal(unsigned victim)
{
    if (hooks_any())
        hooks_steal(victim);
}

/* So many waits for descriptors have ended. */
static inline void hook_poll(uint32_t count)
{
    if (hooks_any() && count > 0)
        hooks_poll(count);
}

/* A timer is about to fire. */
static inline void hook_timer(int64_t when, int64_t now)
{
    if (hooks_any())
        hooks_timer(now - when);
}

/* On a thread for calls that block: the call of `task` begins, has ended. */
static inline void hook_block(const struct task *task, bool begins)
{
    if (hooks_any())
        hooks_block(task, begins);
}

/* On a foreign thread: its wait, of which its task tells, begins, has ended. */
static inline void hook_foreign(struct task *task, bool begins)
{
    if (hooks_any())
        hooks_foreign(task, begins);
}

/* Under the scheduler's lock: that worker has got a seat, or lost it. */
static inline void hook_seat(unsigned worker, bool has)
{
    if (hooks_any())
        hooks_seat(worker, has);
}

#endif
