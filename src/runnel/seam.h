/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seam.h: where chance and time enter the runtime.
 *
 * Everything that may differ from run to run passes here: the clock, and every
 * choice (who runs next, which ready case, whom to steal from, whether a
 * goroutine is interrupted here). Choices draw on a generator that the drawing
 * worker owns. Under simulation there is one worker, every choice is a decision
 * (decide.h) that a seed settles, and time moves only when nobody can run: so a
 * seed decides the whole run.
 *
 * What a descriptor or a foreign thread does is outside: a simulated program
 * that waits for the world is as repeatable as the world is.
 */
#ifndef RUNNEL_SEAM_H
#define RUNNEL_SEAM_H

#include "base.h"

/* A generator of choices; one owner, no lock. */
struct chance {
    uint64_t state;
};

/* Written before the workers start and after they ended, read by all. */
extern hidden bool seam_simulated;

/*
 * Goroutines may be interrupted where they call the runtime: in simulation, or
 * because one has run for long (monitor.c). Relaxed.
 */
extern hidden _Atomic(bool) seam_interrupts;

/* Real time, real chance. */
void seam_real(void);
/* Virtual time from a fixed start. */
void seam_simulate(void);

int64_t seam_now(void);
/* Moves virtual time forward to `to`, if that is later. */
void seam_advance(int64_t to);

/*
 * The time at the last tick: of the monitor, about every 10 ms while anybody
 * works, of virtual time at each move. For what must not cost a clock's reading.
 */
extern hidden _Atomic(int64_t) seam_ticked;
void seam_tick(void);
static inline int64_t seam_now_about(void)
{
    return atomic_load_explicit(&seam_ticked, memory_order_relaxed);
}

/* A generator unlike any other. */
void chance_init(struct chance *chance);
/* Evenly one of 0 .. count-1; count > 0. */
uint32_t chance_draw(struct chance *chance, uint32_t count);

#endif
