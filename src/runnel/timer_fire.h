/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer_fire.h: calls what is due in a queue of timers.
 */
#ifndef RUNNEL_TIMER_FIRE_H
#define RUNNEL_TIMER_FIRE_H

#include "timerq.h"

/*
 * Runs what is due, `most` timers at most; under simulation as many as the
 * schedule says. True when any ran. The caller holds no lock, and whoever
 * judges a deadlock counts him as awake.
 */
bool timers_fire(struct timerq *timers, unsigned most);

#endif
