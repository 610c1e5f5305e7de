/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seat.h: which workers may look for goroutines to run.
 *
 * There are as many seats as the runtime has processors (workers.count). A
 * worker with a seat finds, runs, searches and sleeps as worker.h says. One
 * without is in one of three states:
 *
 *     ROAMING  runs the goroutine that it had when it lost its seat, or the one
 *              that is pinned to it; counted in workers.roaming
 *     SPARE    in workers.spares: sleeps until it is given a seat
 *     ALONE    sleeps until the goroutine pinned to it is ready
 *
 *     seated -> ROAMING   seat_hand_on (the monitor: its goroutine neither
 *                         parks nor yields), seats_set (fewer processors),
 *                         seat_pin
 *     ROAMING -> seated   seat_wait, when a seat is free
 *     ROAMING -> SPARE    seat_wait, when none is: what it had queued is shared
 *     ROAMING -> ALONE    seat_wait, when its pinned goroutine has parked
 *     ALONE -> ROAMING    worker_start of that goroutine
 *     SPARE -> seated     seats_fill
 *
 * Whoever takes a worker's seat raises its `attention`, so that it comes to
 * seat_wait at its next switch. Threads are made when a seat is free and nobody
 * is spare, at most WORKERS_MAX, and stay until the runtime ends.
 *
 * Locks: workers.lock protects who is seated, spare or pinned, and the counts;
 * workers.hiring is held while a thread is made, and comes before it.
 *
 * Rejected: taking a goroutine off its thread by a signal, as Go does. Go's
 * compiler knows where that is safe; in C the goroutine may hold the lock of
 * malloc or be in the middle of a library that keeps thread-locals. A stuck
 * thread keeps its goroutine, and another thread gets the right to run.
 */
#ifndef RUNNEL_SEAT_H
#define RUNNEL_SEAT_H

#include "worker.h"

/*
 * Gives free seats to spare workers, or to new ones. RN_OK, or why no thread
 * could be made: then seats stay free, and a later call tries again.
 */
int seats_fill(void);

/* There are so many seats from now on; as seats_fill. */
int seats_set(unsigned count);

/*
 * Takes the seat from a worker that is still at the switch `tick`, and gives it
 * to another.
 */
void seat_hand_on(struct worker *w, uint32_t tick);

/*
 * Where a worker goes that was asked for attention: returns when it may run
 * goroutines again (with *task, when that is the one pinned to it); false when
 * the runtime stops.
 */
bool seat_wait(struct worker *w, struct task **task);

/*
 * From the goroutine that the worker runs: only this one runs there until as
 * many unpins. RN_OK, or a status when no other thread could be made.
 */
int seat_pin(struct worker *w, struct task *task);
void seat_unpin(struct worker *w, struct task *task);
/* The pinned goroutine ends. */
void seat_unpin_all(struct worker *w, struct task *task);

/* Every thread that was made, once the runtime has stopped, has ended then. */
void seats_join(void);

#endif
