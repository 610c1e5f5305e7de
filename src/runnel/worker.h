/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h: the workers: where each finds its next task, when it sleeps, who
 * wakes it. How tasks are switched is sched.c's.
 *
 * A worker is a thread with a queue of its own (runq.h) and its own timers. It
 * is in one of four states:
 *
 *     BUSY      runs tasks
 *     SEARCHING looks for work elsewhere; counted in workers.searching
 *     QUIET     found none after it had been woken; sleeps a little, so that a
 *               pair of tasks that stays together does not wake it each time
 *     IDLE      in workers.idle, or the poller: sleeps until it is woken
 *
 * The poller is the idle worker that sleeps in poll_collect, until a descriptor
 * is ready or the first timer of all is due; the others sleep on a futex. While
 * anybody is idle, one is the poller.
 *
 * No wake-up is lost: who makes work visible does so first and then, after a
 * full fence, looks whether somebody is idle; who goes idle says so first and
 * then, after a full fence, looks for work once more. At least one sees the
 * other. If somebody searches, nobody is woken: a searcher that finds work
 * wakes the next one, and one that gives up becomes idle by the rule above.
 *
 * workers.lock protects the shared queue, the idle list and the poller. It
 * comes last in the order of lock.h.
 *
 * Rejected: a separate record for "the right to run" and for the thread that
 * has it (Go's P and M). Any worker can take what another has queued, so a
 * worker that is stuck holds up only the task it runs.
 */
#ifndef RUNNEL_WORKER_H
#define RUNNEL_WORKER_H

#include <pthread.h>

#include "list.h"
#include "lock.h"
#include "runq.h"
#include "sanitize.h"
#include "stack.h"
#include "timerq.h"

struct worker {
    _Alignas(CACHE_LINE) struct runq runq;
    struct timerq timers;
    _Alignas(CACHE_LINE) struct task *current; /* NULL on its own stack */
    void *sp;                                  /* its own stack, at rest */
    void (*after)(void *arg); /* to call once the last task is off its stack */
    void *after_arg;
    struct chance chance;
    uint32_t streak; /* how often `next` went first */
    uint32_t vain;   /* searches without result since the last one */
    bool searching;  /* counted in workers.searching */
    struct stack_cache stacks;
    struct sanitize sanitize;
    void *stack_low; /* bounds of its own stack */
    size_t stack_size;
    pthread_t thread;
    bool started;
    struct list idle; /* in workers.idle; under workers.lock */
    bool is_idle;     /* under workers.lock */
    _Alignas(CACHE_LINE) _Atomic(uint32_t) tick; /* switches; others read it */
    _Atomic(uint32_t) wake;                      /* futex: 1 = get up */
};

/*
 * At every so many switches a worker looks first at what it shares with the
 * others; between them it runs what is its own.
 */
#define FAIR_TICKS 64

/* All of them, and what they share. */
extern struct workers {
    struct worker *all;
    unsigned count;
    /* Called once when nobody can ever run again; must not return. */
    void (*deadlock)(void);
    /* Threads of the runtime besides the workers, for that judgement. */
    unsigned (*other_threads)(void);
    _Atomic(bool) stopping;

    _Alignas(CACHE_LINE) lock_word lock;
    struct task *first; /* shared queue, oldest first */
    struct task **last;
    struct list idle;         /* asleep on a futex */
    struct worker *poller;    /* the one asleep in poll_collect, or NULL */
    _Atomic(uint32_t) queued; /* length of the shared queue */
    _Atomic(uint32_t) idlers; /* idle workers, the poller included */
    _Atomic(uint32_t) searching;
    _Atomic(uint32_t) outside;   /* blocking calls under way */
    _Atomic(int64_t) poll_until; /* when the poller gets up by itself */
} workers;

/* The calling thread's worker; NULL on a foreign thread. */
struct worker *worker_self(void);
void worker_set_self(struct worker *w);

static inline bool workers_stopping(void)
{
    return atomic_load_explicit(&workers.stopping, memory_order_relaxed);
}

/* A task that is ready to run: next on this worker, or in the shared queue. */
void worker_start(struct task *task);
/* The same at the end of the worker's own queue. */
void worker_requeue(struct worker *w, struct task *task);
/* Into the shared queue, without waking anybody. */
void worker_share(struct task *task);

/* Puts the timer into a queue that will be looked at in time. */
void worker_timer_add(struct timer *timer);

/* The next task to run, however long that takes; NULL when stopping. */
struct task *worker_find(struct worker *w);

/* Gets every worker up, to see that they are to stop. */
void workers_stop(void);

#endif
