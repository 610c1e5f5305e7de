/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched.h: run goroutines on workers; park them and make them ready.
 *
 * How a wait works, for everything that waits:
 *
 *  1. Take the lock of the thing waited for; find that it is not ready.
 *  2. Put a record that names the caller where the other side will look.
 *  3. sched_park(what, after, arg): the caller leaves its stack. The context
 *     that runs next on this thread calls after(arg), which releases the lock.
 *     So nobody can see the record, and wake its task, before that task is off
 *     its stack; there is no state between running and parked.
 *  4. The other side takes the lock, takes the record out, leaves its result in
 *     it, releases the lock and calls sched_ready(task): exactly one may, and
 *     the record is the task's again at that moment.
 *
 * after(arg) must not park, and must not touch the task once it has let go of
 * what kept others from waking it.
 *
 * All of this works for a foreign thread too: task_self gives it a record, and
 * it sleeps where a goroutine would be switched away.
 */
#ifndef RUNNEL_SCHED_H
#define RUNNEL_SCHED_H

#include "runq.h"
#include "schedule.h"
#include "switch.h"
#include "task_internal.h"
#include "timerq.h"

struct sched_options {
    unsigned procs;
    /* Simulation: how it is decided; NULL otherwise. */
    const struct schedule_plan *plan;
    /* Called once when nobody can ever run again; stops, or does not return. */
    void (*deadlock)(void);
    /* Simulation: called once when the plan's steps are used up; stops. */
    void (*endless)(void);
    /* No foreign thread will wake a goroutine. */
    bool no_foreigners;
    /* Threads of the runtime besides the workers, for that judgement. */
    unsigned (*other_threads)(void);
    /* May something outside wake a task that nothing else tells of? */
    bool (*hopes)(void);
    /* Called on each worker thread before it runs anything, and after. */
    void (*thread_begin)(void);
    void (*thread_end)(void);
};

/* Prepares everything; 0 or a negative status. */
int sched_open(const struct sched_options *options);

/* As if opened anew with another plan; no worker runs. What is left is lost. */
void sched_reset(const struct schedule_plan *plan);

/*
 * Runs until sched_stop: the calling thread is worker 0. `first` is ready to
 * run. Returns when no worker runs a task any more. 0 or a negative status.
 */
int sched_run(struct task *first);

/* No task is started or resumed from now on; sched_run returns. */
void sched_stop(void);
bool sched_stopping(void);

/* Gives back what sched_open took. */
void sched_close(void);

unsigned sched_procs(void);
/* So many from now on. RN_INVALID, or why no thread could be made. */
int sched_set_procs(unsigned count);

/* The calling goroutine has its thread for itself, until as many unpins. */
int sched_pin(void);
void sched_unpin(void);

/* The calling goroutine; on a foreign thread its stand-in. Never NULL. */
struct task *task_self(void);
/* True on a thread that runs no goroutine now. */
bool sched_is_foreign(void);
/* True between sched_open and sched_close. */
extern hidden bool sched_is_open_;
static inline bool sched_is_open(void)
{
    return sched_is_open_;
}

/* Parks the caller; see above. Returns when somebody made it ready. */
static inline void sched_park(struct wait_for what, void (*after)(void *arg),
                              void *arg);
/* The same, with all of `what` in registers. */
void sched_park_(enum wait_reason reason, bool limited, const char *made_at,
                 const void *object, void (*after)(void *arg), void *arg);
static inline void sched_park(struct wait_for what, void (*after)(void *arg),
                              void *arg)
{
    sched_park_(what.reason, what.limited, what.made_at, what.object, after,
                arg);
}

/*
 * The same; after(arg) needs more than a small stack has left, so where there
 * are such stacks it runs on that of the worker.
 */
void sched_park_roomy(struct wait_for what, void (*after)(void *arg),
                      void *arg);

/* Simulation: parks until nobody else can run and nothing is due. */
void sched_park_till_quiet(void);

/* The task's wait is over: it runs when its turn comes. Any thread. */
void sched_ready(struct task *task);

/* What a new task's context begins with (switch_prepare); given the task. */
switch_body *sched_begin(void *task);

/* A new task, on any thread; runs soon after the caller parks, or elsewhere. */
void sched_start(struct task *task);

/* Lets others run. */
void sched_yield_now(void);

/*
 * The caller is about to end. True when it may go on as another one instead:
 * nobody waits to run here, the worker need not look further, and the timers are
 * its own. Counts as a switch. Never in simulation, nor where others are told of each goroutine.
 */
bool sched_may_go_on(const struct timerq *timers);

/*
 * Ends the calling goroutine; `after` gets its task when nobody runs on its
 * stack any more. Does not return, which the compiler need not know: it may then
 * jump here, and no call is left that nobody returns from (switch_x86_64.S).
 */
void sched_exit(void (*after)(void *task));

/*
 * Runs function(arg) on the worker's own stack, and comes back. For a
 * simulated blocking call.
 */
void sched_on_worker_stack(void (*function)(void *arg), void *arg);

/*
 * Calls function(arg), which does not park, where there is room: on a small
 * stack (stack_small.h) that of the worker, below what rests on it. Unwinders
 * come from there to the caller.
 */
void sched_in_room(void (*function)(void *arg), void *arg);
/* Is the caller on a small stack? */
bool sched_is_cramped(void);

/*
 * A place where the caller may be interrupted for others: by simulation, or
 * when it has run for long (monitor.c). It holds no lock here.
 */
void sched_interrupt(void);

/* Perhaps it is: then sched_point does more than look. */
static inline bool sched_is_due(void)
{
    return atomic_load_explicit(&seam_interrupts, memory_order_relaxed);
}

static inline void sched_point(void)
{
    if (unlikely(sched_is_due()))
        sched_interrupt();
}

/* One of count, evenly, by the caller's generator. */
uint32_t sched_draw(uint32_t count);

/* Puts the timer into a queue that will be looked at in time. Any thread. */
void sched_timer_add(struct timer *timer);

/* The calling worker's number, from 0, to spread by; 0 on a foreign thread. */
unsigned sched_place(void);

/* That of each worker, by number; NULL beyond the last. */
struct spawner *sched_spawner_of(unsigned number);

/* Something outside may wake a task: a call that blocks is under way. */
void sched_outside_begin(void);
void sched_outside_end(void);

#endif
