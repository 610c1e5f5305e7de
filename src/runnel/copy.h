/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h: look at a program through a copy of it.
 *
 * A report walks stacks that may change under it, and needs libraries that
 * allocate, load files and may crash on what they find. So it is made by a copy
 * of the process: there nothing moves, nothing it does harms the program, and
 * the program, where it goes on at all, stands still for the time of one fork.
 */
#ifndef RUNNEL_COPY_H
#define RUNNEL_COPY_H

#include "base.h"

/*
 * Calls function(arg) in a copy of the process, on a large stack, and waits for
 * it to end. False when there could be no copy or it did not get to the end;
 * what it printed is printed. In a signal handler the race detector allows none.
 */
bool copy_run(void (*function)(void *arg), void *arg, bool in_handler);

/*
 * In the copy: function(arg), but not beyond `limit_ns` of processor time, a fault
 * or a lock that nobody will let go. False when it was cut off so.
 */
bool copy_try(void (*function)(void *arg), void *arg, int64_t limit_ns);

/* In the copy: the stack of whoever called copy_run. */
size_t copy_caller_frames(void **frames, size_t max);

/* In the copy: the bounds of the stack it works on. */
void copy_stack(uintptr_t *low, uintptr_t *high);

/*
 * In the copy: this one is no good (another thread held a lock that it needs),
 * make a new one. Returns in the last try, and when something is printed already.
 */
void copy_again(void);

/* True in the copy. */
bool copy_is_one(void);

#endif
