/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task_internal.h: a goroutine as the scheduler sees it.
 *
 * States, and who moves them:
 *
 *     NEW -> RUNNABLE      task.c, once the stack is prepared
 *     RUNNABLE -> RUNNING  the worker that took it from a queue
 *     RUNNING -> RUNNABLE  the task yields; the context that runs next queues
 *                          it, when its registers are saved
 *     RUNNING -> PARKED    the task, before it leaves
 *     PARKED -> RUNNABLE   whoever ends its wait (sched_ready), once
 *     RUNNING -> DEAD      its function returned; the context that runs next
 *                          gives its stack back
 *
 * Owners: a RUNNABLE task belongs to the one queue it is in (through `next`), a
 * RUNNING one to its worker, a PARKED one to whoever wins its wait. Nobody else
 * may touch its fields but `state`, `id`, `name`, `where`, `waits` and
 * `parked_at`, which reports read (racily, and say so).
 *
 * A foreign thread that waits is given a struct task too, without a stack: it
 * sleeps on `foreign_wake` where a goroutine would be switched away.
 */
#ifndef RUNNEL_TASK_INTERNAL_H
#define RUNNEL_TASK_INTERNAL_H

#include "base.h"
#include "mutant.h"
#include "sanitize.h"
#include "stack.h"

enum task_state {
    TASK_NEW,
    TASK_RUNNABLE,
    TASK_RUNNING,
    TASK_PARKED,
    TASK_DEAD
};

/* Why a task is parked; the words of reports (wait_name). */
enum wait_reason {
    WAIT_NONE,
    WAIT_SEND,
    WAIT_RECV,
    WAIT_SEND_NIL,
    WAIT_RECV_NIL,
    WAIT_SELECT,
    WAIT_SELECT_NONE,
    WAIT_MUTEX,
    WAIT_RLOCK,
    WAIT_WLOCK,
    WAIT_GROUP,
    WAIT_COND,
    WAIT_SEMAPHORE,
    WAIT_CONTEXT,
    WAIT_SLEEP,
    WAIT_FD,
    WAIT_BLOCK,
    WAIT_QUIET,
    WAIT_REASONS
};

struct worker; /* worker.h */

/* What a parked task waits for. */
struct wait_for {
    enum wait_reason reason;
    const char *made_at; /* where the channel was made, or NULL */
    const void *object;  /* an address inside it, or NULL */
    bool limited;        /* a deadline or a context may end the wait */
};

/* What panics need of a goroutine; all of it lies in its frames: panic.c. */
struct unwind {
    struct rn_defer *defers;   /* to run, newest first */
    struct boundary *boundary; /* the innermost rn_try, or NULL */
    struct raised *raised;     /* panics under way, newest first */
};

struct task {
    struct stack stack; /* first: see stack.h */
    void *sp;           /* at rest */
    struct task *next;  /* in a queue of runnable tasks */
    /* One that comes later there, to be prefetched; may be stale, or NULL. */
    struct task *ahead;
    struct sanitize sanitize;
    _Atomic(uint8_t) state; /* relaxed: for reports only */
    bool foreign;
    bool is_main;
    bool fresh; /* has never run; its owner's */
    bool
        service; /* the runtime's own: nobody waits for its end, or hears of it */
    struct worker *pinned; /* the only worker that may run it, or NULL */
    _Atomic(uint32_t) foreign_wake; /* foreign: 1 = wake up */
    struct wait_for waits;
    int64_t parked_at; /* seam_now_about, when it parked last */
    uint64_t id;
    int64_t priority;  /* in a simulated schedule (PCT); 0: not drawn yet */
    const char *name;  /* or NULL */
    const char *where; /* "file.c:12" of the rn_go */
    void (*body)(void *task); /* runs it and ends it: task.c */
    /* NULL; or called when it has ended: true when it has become another. */
    bool (*heir)(struct task *task);
    void (*function)(void *own); /* the user's, with its argument */
    void *own;
    struct local *locals; /* its own alone: local.c */
    struct unwind unwind;
    /* For trace_ring.c; the owner's. */
    uint64_t traced_at; /* time of its newest event */
    uint32_t label;     /* its name there ... */
    uint32_t labelled;  /* ... in the trace of that number */
};

/* What a worker keeps for the goroutines that it starts and ends. */
struct spawner {
    struct stack_cache stacks;
    uint64_t next_id; /* of a block of numbers; none when it is last_id */
    uint64_t last_id;
    _Atomic(uint64_t) started; /* the owner writes */
    _Atomic(uint64_t) ended;
};

#ifdef RN_MUTANTS
static inline bool claim_blindly_(_Atomic(uint32_t) *claim, uint32_t source)
{
    bool open = atomic_load_explicit(claim, memory_order_acquire) == 0;
    if (open)
        atomic_store_explicit(claim, source, memory_order_release);
    return open;
}
#else
#define claim_blindly_(claim, source) false
#endif

/*
 * A claim decides which of several sources ends a wait: the first to move it
 * from 0 to its own number. Sources that lose must not touch the wait again.
 */
static inline bool claim_take(_Atomic(uint32_t) *claim, uint32_t source)
{
    uint32_t open = 0;
    if (MUTANT(CLAIM_BLIND))
        return claim_blindly_(claim, source);
    /* Acquire-release: the winner's writes are for the task that it wakes,
     * which reads the claim (acquire) when it runs. */
    return atomic_compare_exchange_strong_explicit(
        claim, &open, source, memory_order_acq_rel, memory_order_relaxed);
}

#endif
