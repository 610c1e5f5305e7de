/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stuck.h: goroutines that nothing alive can wake.
 *
 * One that waits for a channel without a limit is stuck when the channel's
 * address is nowhere but on the stacks of goroutines that are stuck themselves:
 * nobody is left who could use it. The search is that of a conservative garbage
 * collector: every word of writable memory may be a pointer. So what it finds
 * is so, unless a program hides its handles (in files, or encoded), and what it
 * does not find may be stuck all the same: a forgotten handle in a global or on
 * the heap keeps its waiters "alive".
 */
#ifndef RUNNEL_STUCK_H
#define RUNNEL_STUCK_H

#include "task_internal.h"

/*
 * In a copy of the process, once: looks for them. Finds none when another
 * goroutine was running, whose registers are not known, and under sanitizers,
 * whose shadow memory is too large to search.
 */
void stuck_find(void);

bool stuck_is(const struct task *task);

#endif
