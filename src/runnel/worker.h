/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h: the workers: where each finds its next task (find.c), when it sleeps
 * (idle.c), who wakes it (worker.c). How tasks are switched is sched.c's.
 *
 * A worker is a thread with a queue of its own (runq.h) and its own timers. It
 * is in one of four states:
 *
 *     BUSY      runs tasks
 *     SEARCHING looks for work elsewhere; counted in workers.searching
 *     QUIET     found none after it had been woken, or twice what it saw could
 *               not be had; sleeps a little, so that a pair of tasks that stays
 *               together does not wake it each time
 *     IDLE      in workers.idle, or the poller: sleeps until it is woken
 *
 * The poller is the idle worker that sleeps in poll_collect, until a descriptor
 * is ready or the first timer of all is due; the others sleep on a futex.
 *
 * No more are woken than there are processors (awake_max, with one more for
 * each that the monitor has found stuck): others would only take those from who
 * works, and what he holds with them. While so many are awake, the rest sleeps
 * on as the reserve; who falls idle beside so many joins it, looks after
 * nothing, and costs nobody a barrier. While fewer are awake, one of the idle
 * is the poller.
 *
 * No wake-up is lost: who makes work visible does so first and then, after a
 * full fence, looks whether somebody is idle; who goes idle says so first and
 * then, after a full fence, looks for work once more. At least one sees the
 * other. If somebody searches, nobody is woken: a searcher that finds work
 * wakes the next one, and one that gives up becomes idle by the rule above.
 * If as many are awake as may be, nobody is woken either: the one among them
 * who is first to leave fewer of them falls idle by the rule above, too.
 *
 * Only a worker with a seat may look for tasks (seat.h); the others are in none
 * of these states.
 *
 * workers.lock protects the shared queue, the idle list and the poller. It
 * comes last in the order of lock.h.
 *
 * Rejected: a separate record, with the queue, for "the right to run" and for
 * the thread that has it (Go's P and M). Any worker can take what another has
 * queued, so a queue need not change hands with the seat.
 */
#ifndef RUNNEL_WORKER_H
#define RUNNEL_WORKER_H

#include <pthread.h>

#include "asym.h"
#include "list.h"
#include "lock.h"
#include "runq_inline.h"
#include "sanitize.h"
#include "stack.h"
#include "timerq.h"

struct worker {
    _Alignas(CACHE_LINE) struct runq runq;
    struct timerq timers;
    /* What it runs, NULL on its own stack. The owner writes, the monitor looks:
     * relaxed. */
    _Alignas(CACHE_LINE) _Atomic(struct task *) current;
    void *sp;                 /* its own stack, at rest */
    void (*after)(void *arg); /* to call once the last task is off its stack */
    void *after_arg;
    struct chance chance;
    int64_t patient_at;  /* when the oldest fresh task was last taken first */
    int64_t stole_at;    /* when it stole last; 0: long ago */
    uint32_t stole_tick; /* its tick then */
    uint32_t light;      /* thefts of light work, one after the other */
    uint32_t vain;       /* searches without result since the last one */
    bool searching;      /* counted in workers.searching */
    struct spawner spawner;
    struct sanitize sanitize;
    void *stack_low; /* bounds of its own stack */
    size_t stack_size;
    pthread_t thread;
    bool started;        /* it has a thread; under workers.hiring */
    struct list idle;    /* in workers.idle or .spares; under workers.lock */
    bool is_idle;        /* under workers.lock */
    bool seated;         /* see seat.h; under workers.lock */
    struct task *pinned; /* only this one runs here, or NULL; the owner's */
    unsigned pin_depth;  /* the owner's */
    _Alignas(CACHE_LINE) _Atomic(uint32_t) tick; /* switches; others read it */
    /* Stopping, or without a seat: look for no task, go to seat_wait. */
    _Atomic(bool) attention;
    /* Its goroutine has run long: it is to give way (monitor.c). */
    _Atomic(bool) overdue;
    _Atomic(uint32_t) wake;  /* futex: 1 = get up */
    _Atomic(uint64_t) parks; /* of its goroutines; these are only counted */
    _Atomic(uint64_t) steals;
    _Atomic(uint64_t) polls;
};

/* Workers at most: seats, and those that stuck or pinned goroutines hold. */
#define WORKERS_MAX 1280

/*
 * In workers.poll_until: when the poller gets up by itself. Without this bit it
 * has yet to ask for the first timer of all, and that is the first one of which
 * it was told meanwhile: so it need not be kicked. INT64_MIN: nobody polls.
 */
#define POLL_ASLEEP INT64_C(1)

/*
 * At every so many switches a worker looks first at what it shares with the
 * others; between them it runs what is its own.
 */
#define FAIR_TICKS 64

/* All of them, and what they share. */
extern hidden struct workers {
    struct worker *all;
    unsigned capacity;       /* places in `all` */
    _Atomic(unsigned) made;  /* of them in use; grows; under hiring and lock */
    _Atomic(unsigned) count; /* seats that there are to be; under the lock */
    /* What a worker's thread runs. */
    void *(*main)(void *worker);
    unsigned helpers; /* threads of the scheduler that are no workers */
    unsigned cpus;    /* so many can run at once */
    /* Called once when nobody can ever run again; stops, or does not return. */
    void (*deadlock)(void);
    /* Threads of the runtime besides the workers, for that judgement. */
    unsigned (*other_threads)(void);
    /* May something outside wake a task that nothing else tells of? */
    bool (*hopes)(void);
    /* Simulation: the run takes too long; called once, stops it. */
    void (*endless)(void);
    /* No foreign thread will wake anybody: nobody has to be counted. */
    bool no_foreigners;
    /* Simulation: who waits until nobody can run; a chain. */
    struct task *quiet;
    _Atomic(bool) stopping;
    _Atomic(uint32_t) monitor_rests; /* futex: 1 = call it when work begins */

    lock_word hiring; /* held while a thread is made; before `lock` */
    _Alignas(CACHE_LINE) lock_word lock;
    struct task *first; /* shared queue, oldest first */
    struct task **last;
    struct list idle;         /* asleep on a futex */
    struct worker *poller;    /* the one asleep in poll_collect, or NULL */
    _Atomic(uint32_t) queued; /* length of the shared queue */
    _Atomic(uint32_t) idlers; /* idle workers, the poller included */
    /* So many are awake at most when one is woken; relaxed, by the monitor. */
    _Atomic(uint32_t) awake_max;
    _Atomic(uint32_t) seats;   /* workers that have one */
    _Atomic(uint32_t) roaming; /* workers without one that run a task */
    struct list spares;        /* workers that wait for one */
    _Atomic(uint32_t) searching;
    _Atomic(uint32_t) outside;   /* blocking calls under way */
    _Atomic(int64_t) poll_until; /* see POLL_ASLEEP */
} workers;

/*
 * The calling thread's worker; NULL on a foreign thread. A goroutine may wake on
 * another thread: so that the compiler keeps neither the value nor the address
 * of the thread-local, it is read by an instruction that it cannot see through.
 */
extern hidden _Thread_local struct worker *worker_this_;

#if defined(__x86_64__)
static inline struct worker *worker_self(void)
{
    struct worker *w;
    __asm__ volatile("movq worker_this_@gottpoff(%%rip), %0\n\t"
                     "movq %%fs:(%0), %0"
                     : "=r"(w));
    return w;
}
#else
struct worker *worker_self(void);
#endif
void worker_set_self(struct worker *w);

static inline bool workers_stopping(void)
{
    return atomic_load_explicit(&workers.stopping, memory_order_relaxed);
}

static inline unsigned workers_made(void)
{
    return atomic_load_explicit(&workers.made, memory_order_acquire);
}

static inline unsigned workers_count(void)
{
    return atomic_load_explicit(&workers.count, memory_order_relaxed);
}

static inline struct task *worker_current(const struct worker *w)
{
    return atomic_load_explicit(&w->current, memory_order_relaxed);
}

static inline bool worker_attention(const struct worker *w)
{
    return atomic_load_explicit(&w->attention, memory_order_relaxed);
}

/* For the monitor: a snapshot. */
static inline bool workers_any_idle(void)
{
    return atomic_load_explicit(&workers.idlers, memory_order_relaxed) != 0;
}

static inline bool workers_all_idle(void)
{
    uint32_t seats = atomic_load_explicit(&workers.seats, memory_order_relaxed);
    return seats != 0 &&
           atomic_load_explicit(&workers.idlers, memory_order_relaxed) >= seats;
}

/* For the monitor: does an idle worker look after timers and descriptors? */
static inline bool workers_polled(void)
{
    return atomic_load_explicit(&workers.poll_until, memory_order_relaxed) !=
           INT64_MIN;
}

/* While so many are idle, are as many awake as can run at once? */
static inline bool workers_enough_awake(uint32_t idlers)
{
    return atomic_load_explicit(&workers.seats, memory_order_relaxed) >=
           idlers +
               atomic_load_explicit(&workers.awake_max, memory_order_relaxed);
}

/* Prepares a place in workers.all, which is zero. */
void worker_init(struct worker *w);

/* A foreign thread's stand-in: gets the thread up. */
void worker_wake_foreigner(struct task *task);
/* The same at the end of the worker's own queue. */
void worker_requeue(struct worker *w, struct task *task);
/* Into the shared queue, without waking anybody. */
void worker_share(struct task *task);

/* Puts the timer into a queue that will be looked at in time. */
void worker_timer_add(struct timer *timer);

/* Owner, who looks for work no more: it is for the others now. */
void worker_share_all(struct worker *w);
/* Wakes a worker that sleeps on its futex. */
void worker_get_up(struct worker *w);
/* After work was made visible: somebody idle gets up for it. */
void worker_wake_one_(void);
static inline void worker_wake_if_idle(void)
{
    /* Pairs with the fence in fall_idle. */
    fence_light();
    uint32_t idlers =
        atomic_load_explicit(&workers.idlers, memory_order_relaxed);
    if (unlikely(idlers != 0) && !workers_enough_awake(idlers) &&
        atomic_load_explicit(&workers.searching, memory_order_relaxed) == 0)
        worker_wake_one_();
}
/*
 * A task that is ready to run: next on this worker, or in the shared queue. The
 * long way, for any task and thread; and the short one: false, and nothing done,
 * when it cannot be gone.
 */
void worker_start(struct task *task);
void worker_start_displaced_(struct worker *w, struct task *task);
static inline bool worker_start_inline(struct worker *w, struct task *task)
{
    if (unlikely(!w || task->pinned || worker_attention(w) || seam_simulated ||
                 !runq_enter_alone(&w->runq)))
        return false;
    struct task *before = runq_next_in(&w->runq, task);
    runq_leave_alone(&w->runq);
    if (unlikely(before))
        worker_start_displaced_(w, before);
    else
        worker_wake_if_idle();
    return true;
}
/*
 * A net below the rules above, for who knows that those who are awake may not
 * look: work that is seen gets a worker, if one idles.
 */
void worker_wake_for_visible(void);
/* Simulation: true, and the run stopped, when it takes too long. */
bool worker_endless(void);

/* Gets every worker up, to see that they are to stop. */
void workers_stop(void);

/* ------------------------------------------------- for find.c and idle.c */

/* At the end of the worker's queue; half of a full one moves to the shared. */
void worker_enqueue(struct worker *w, struct task *task);
/* Owner: the next of its own queue, or NULL. */
struct task *worker_take_own(struct worker *w);
/*
 * Takes one task of the shared queue, and of this worker's part of it as many
 * more as there is room for. Beside others that it has to run, no more than can
 * run until the next look, and no fresh ones: those would run before its own
 * (runq.h).
 */
struct task *worker_take_shared(struct worker *w, bool beside);
/* A parked task is runnable, and started. */
void worker_start_parked(struct task *task);
/* Wakes who waited for descriptors that are ready; true: somebody did. */
bool worker_collect(int64_t timeout);
/*
 * When the first timer of all is due. Not exact: no later than that, and no
 * lock is taken.
 */
int64_t workers_earliest(bool exact);
/* Could any worker find something now? */
bool workers_visible(void);
/*
 * Under the lock: one that is idle no more. What it may sleep on is set here,
 * not after the lock is released: by then it may sleep for another reason.
 */
void worker_leave_idle(struct worker *w);
/* It is counted in workers.searching no more. */
void worker_stop_searching(struct worker *w);
/* Under workers.lock: what is counted is what there is. */
bool workers_check(void);

#endif
