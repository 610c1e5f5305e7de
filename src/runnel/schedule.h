/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h: who runs next in a simulated run, and who is interrupted.
 *
 * Two ways to propose (decide.h), both drawn from the seed:
 *
 * - uniform: at one place in four the running task is interrupted, and any
 *   runnable task goes on;
 * - PCT (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized scheduler
 *   with probabilistic guarantees of finding bugs", 2010): every task has a
 *   priority drawn when it is first seen, the highest always runs, and at
 *   depth - 1 steps, drawn among the expected number of them, the running task
 *   falls below all others. A bug that needs `depth` ordered steps among n
 *   tasks is then found in a run with a probability of at least
 *   1 / (n * steps^(depth - 1)).
 *
 * A task that yields falls below all others as well, or one that waits by
 * yielding would wait for ever.
 */
#ifndef RUNNEL_SCHEDULE_H
#define RUNNEL_SCHEDULE_H

#include "decide.h"
#include "runq.h"

#define SCHEDULE_DEPTH_MAX 16
/* Expected steps when nobody says. */
#define SCHEDULE_STEPS     200

struct schedule_plan {
    uint64_t seed;
    unsigned depth;        /* of PCT; 0: uniform */
    uint64_t steps;        /* PCT: expected; 0: SCHEDULE_STEPS */
    uint64_t steps_max;    /* schedule_endless beyond; 0: no limit */
    unsigned fault_one_in; /* of so many calls that may fail; 0: none */
    struct decide_by by;
};

void schedule_begin(const struct schedule_plan *plan);

/*
 * The current task is at a place where it may be interrupted. True when it is
 * to be; the task that schedule_next then returns is settled. `more` says that
 * others may become runnable if it is.
 */
bool schedule_preempts(struct runq *q, struct task *current, bool more);

/* Takes the task that runs next out of the queue; NULL when it is empty. */
struct task *schedule_next(struct runq *q);

/* The task gives way by itself. */
void schedule_yields(struct task *task);

/* One of `count` for any other purpose, evenly. */
uint32_t schedule_draw(enum decision_kind kind, uint32_t count);

/* Simulated: true when a call that may fail is to fail. */
bool schedule_faults(void);
/* The same in any run; never true when it is not simulated. */
static inline bool schedule_call_fails(void)
{
    return unlikely(seam_simulated) && schedule_faults();
}
/* As alloc_zeroed, for what the user is told by a status when it fails. */
void *schedule_alloc(size_t count, size_t size);

/* Places and switches so far. */
uint64_t schedule_steps(void);
bool schedule_endless(void);

/* The plan of this run. */
const struct schedule_plan *schedule_plan(void);

#endif
