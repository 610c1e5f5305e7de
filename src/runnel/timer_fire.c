/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer_fire.c: see timer_fire.h. A batch is taken out under one hold of the
 * queue's lock; what each timer does is done outside, in the order in which
 * they are due.
 */
#include "timer_fire.h"

#include "hooks.h"
#include "mutant.h"
#include "schedule.h"
#include "seam.h"

/*
 * Timers that are fired before goroutines run again: what the first ones start
 * runs, and gives its stack back, before the last ones start more. While so
 * many wait to run, fewer are fired than goroutines run between two looks
 * (TIMER_TICKS in sched.c).
 */
#define FIRE_SOME   64
#define FIRE_QUEUED 32
#define FIRE_FEW    4
/* By who can run none: enough that whoever is free next has work. */
#define FIRE_HELP   256

/* What is due at one moment goes in any order, and tasks may run between. */
static bool fire_simulated(struct timerq *timers)
{
    bool any = false;
    int64_t now = seam_now() + MUTANT(TIMER_EARLY) * RN_MS;
    for (;;) {
        uint32_t due = timerq_due(timers, now);
        if (due == 0 || (any && schedule_draw(DECIDE_TIMER, 2) == 1))
            return any;
        struct timer *timer =
            timerq_expire_one(timers, now, schedule_draw(DECIDE_TIMER, due));
        if (timer) {
            hook_timer(timer->when, now);
            timer->fire(timer, now);
            any = true;
        }
    }
}

static void fire(struct timer *timer, int64_t now)
{
    hook_timer(timer->when, now);
    timer->fire(timer, now);
}

static bool fire_batches(struct timerq *timers, unsigned most)
{
    struct timer *due[TIMERQ_BATCH];
    bool any = false;
    int64_t now = seam_now();
    while (most > 0 && timerq_earliest(timers) <= now) {
        size_t count = timerq_expire(timers, now, due,
                                     most < TIMERQ_BATCH ? most : TIMERQ_BATCH);
        for (size_t i = 0; i < count; i++)
            fire(due[i], now);
        if (count == 0)
            break;
        most -= (unsigned)count;
        any = true;
    }
    return any;
}

/*
 * The goroutine of a timer that chains takes the next one itself when it has
 * ended and nobody waits to run there: so one stack serves many, and what is
 * due stays in the queue, where everybody finds it, until somebody can run it.
 * Who fires the timers of another takes batches: he would meet the owner at the
 * lock.
 */
static bool fire_own(struct timerq *timers, unsigned most, unsigned chains)
{
    struct timer *due[TIMERQ_BATCH];
    bool any = false;
    int64_t now = seam_now();
    while (most > 0 && chains > 0 && timerq_earliest(timers) <= now) {
        size_t count = timerq_expire_chain(
            timers, now, due, most < TIMERQ_BATCH ? most : TIMERQ_BATCH);
        if (count == 0)
            break;
        chains -= timer_chains(due[0]);
        for (size_t i = 0; i < count; i++)
            fire(due[i], now);
        most -= (unsigned)count;
        any = true;
    }
    return any;
}

struct timer *timers_next(struct timerq *timers, int64_t *now)
{
    struct timer *due;
    if (timerq_earliest(timers) > *now) {
        if (timerq_earliest(timers) == RN_NEVER)
            return NULL;
        *now = seam_now();
        if (timerq_earliest(timers) > *now)
            return NULL;
    }
    if (timerq_expire_chain(timers, *now, &due, 1) == 0)
        return NULL;
    hook_timer(due->when, *now);
    return due;
}

bool timers_fire(struct timerq *timers, uint32_t queued, bool own)
{
    if (likely(timerq_earliest(timers) == RN_NEVER))
        return false;
    if (unlikely(seam_simulated))
        return timerq_next(timers) != RN_NEVER && fire_simulated(timers);
    unsigned most = queued < FIRE_QUEUED ? FIRE_SOME : FIRE_FEW;
    return own ? fire_own(timers, most, queued == 0 ? 1 : FIRE_FEW)
               : fire_batches(timers, most);
}

void timers_help(struct timerq *timers)
{
    if (timerq_earliest(timers) != RN_NEVER)
        fire_batches(timers, FIRE_HELP);
}
