/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os_sampling.h: a signal for every so much processor time of a thread, and
 * what else profiles ask of the system. As in os.h: leaves that return 0 or
 * more, or the negated errno.
 */
#ifndef RUNNEL_OS_SAMPLING_H
#define RUNNEL_OS_SAMPLING_H

#include "base.h"

/*
 * Has on_tick called when a thread's timer is due: on its alternate stack, if
 * it has one, with no signal blocked but this. `ticks`: how many are due; 0: by
 * os_tick.
 * -EBUSY: the program has an action of its own for the signal (SIGPROF).
 */
int os_ticks_catch(void (*on_tick)(unsigned ticks));
/* The signal does what it did before; those that are on their way are lost. */
void os_ticks_release(void);

/* The calling thread's number. */
int os_thread_id(void);
/* Ticks every `period_ns` of the thread's processor time; *timer names it. */
int os_ticks_start(int thread, int64_t period_ns, int *timer);
void os_ticks_stop(int timer);
/* One for a thread of this process, now. */
int os_tick(int thread);

/* Nanoseconds since 1970. */
int64_t os_wall_clock(void);

/* A file that has no name; the descriptor. */
int os_memory_file(void);

#endif
