/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer_fire.h: calls what is due in a queue of timers.
 */
#ifndef RUNNEL_TIMER_FIRE_H
#define RUNNEL_TIMER_FIRE_H

#include "timerq.h"

/*
 * Runs some of what is due: the fewer, the more goroutines wait already to run
 * on the caller's worker (`own`: the timers are that worker's); under
 * simulation as many as the schedule says. True when any ran. The caller holds
 * no lock, and whoever judges a deadlock counts him as awake.
 */
bool timers_fire(struct timerq *timers, uint32_t queued, bool own);

/* The same by a thread that runs no goroutine, for those that will. */
void timers_help(struct timerq *timers);

/*
 * For the goroutine that one of them started, and that has ended: takes out the
 * next one that is due; NULL when there is none. *now is the time of the last
 * look at the clock, and is moved when nothing was due then.
 */
struct timer *timers_next(struct timerq *timers, int64_t *now);

#endif
