/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block.c: a pool of threads that may block.
 *
 * A call lies on its goroutine's stack. `pool.lock` protects the queue of calls
 * that wait for a thread and the counts. A thread is made when a call finds
 * none free, up to RN_BLOCK_THREADS; threads stay until the runtime ends, for
 * they cost a stack that is hardly touched.
 */
#include "block.h"

#include <runnel/io.h>
#include <runnel/panic.h>

#include "fatal.h"
#include "hooks.h"
#include "lock.h"
#include "os.h"
#include "sanitize.h"
#include "sched.h"

#define LOCK_CLASS LOCK_LEAF

struct call {
    struct call *next;
    void (*function)(void *arg);
    void *arg;
    struct task *task;
    int status; /* RN_PANICKED: the caller raises `panic` again */
    struct rn_panic panic;
};

static struct {
    lock_word lock;
    struct call *first; /* oldest first */
    struct call **last; /* NULL: not used yet */
    unsigned threads;
    unsigned free;   /* threads that wait for a call */
    unsigned queued; /* calls that wait for a thread */
    bool closing;
    pthread_t thread[RN_BLOCK_THREADS];
    /* Futex: grows with every call and at the end. */
    _Atomic(uint32_t) signal;
} pool;

static void do_nothing(void)
{
}

void (*block_thread_begin)(void) = do_nothing;
void (*block_thread_end)(void) = do_nothing;

static _Thread_local const struct task *volatile this_task;

const struct task *block_task(void)
{
    return this_task;
}

unsigned block_threads(void)
{
    lock_acquire(&pool.lock);
    unsigned threads = pool.threads;
    lock_release(&pool.lock);
    return threads;
}

/* Under the lock. */
static bool pool_check(void)
{
    return pool.free <= pool.threads && pool.threads <= RN_BLOCK_THREADS &&
           (pool.queued == 0) == (pool.first == NULL);
}

/* The next call, waiting for it; NULL at the end. */
static struct call *next_call(void)
{
    lock_acquire(&pool.lock);
    pool.free++;
    while (!pool.first && !pool.closing) {
        uint32_t seen =
            atomic_load_explicit(&pool.signal, memory_order_relaxed);
        lock_release(&pool.lock);
        os_futex_wait(&pool.signal, seen, -1);
        lock_acquire(&pool.lock);
    }
    pool.free--;
    struct call *call = pool.closing ? NULL : pool.first;
    if (call) {
        pool.first = call->next;
        if (!pool.first)
            pool.last = &pool.first;
        pool.queued--;
    }
    INVARIANT(pool_check());
    lock_release(&pool.lock);
    return call;
}

static void run_call(void *arg)
{
    struct call *call = arg;
    race_acquire(call);
    call->status = rn_try(call->function, call->arg, &call->panic);
    race_release(call);
}

static void *serve(void *arg)
{
    (void)arg;
    block_thread_begin();
    for (struct call *call = next_call(); call; call = next_call()) {
        struct task *task = call->task;
        this_task = task;
        hook_block(task, true);
        run_call(call);
        hook_block(task, false);
        this_task = NULL; /* its record is nobody's from now on */
        sched_ready(task);
        sched_outside_end();
    }
    block_thread_end();
    return NULL;
}

/* Runs on the worker once the caller is off its stack. */
static void submit(void *arg)
{
    struct call *call = arg;
    bool grow = false;
    unsigned slot = 0;
    call->next = NULL;
    lock_acquire(&pool.lock);
    if (!pool.last)
        pool.last = &pool.first;
    *pool.last = call;
    pool.last = &call->next;
    pool.queued++;
    if (pool.queued > pool.free && pool.threads < RN_BLOCK_THREADS) {
        grow = true;
        slot = pool.threads++;
    }
    atomic_fetch_add_explicit(&pool.signal, 1, memory_order_relaxed);
    bool any_free = pool.free > 0;
    INVARIANT(pool_check());
    lock_release(&pool.lock);
    if (any_free)
        os_futex_wake(&pool.signal, 1);
    if (grow && os_thread_start(&pool.thread[slot], serve, NULL) != 0)
        fatal("cannot start a thread for a call that blocks");
}

void rn_block(void (*function)(void *arg), void *arg)
{
    if (sched_is_foreign()) {
        function(arg);
        return;
    }
    struct call call = {.function = function, .arg = arg, .task = task_self()};
    race_release(&call);
    if (seam_simulated) {
        sched_on_worker_stack(run_call, &call);
    } else {
        sched_outside_begin();
        /* It may start a thread. */
        sched_park_roomy((struct wait_for){.reason = WAIT_BLOCK}, submit,
                         &call);
    }
    race_acquire(&call);
    if (unlikely(call.status == RN_PANICKED))
        rn_panic_again(&call.panic);
}

void block_close(void)
{
    lock_acquire(&pool.lock);
    pool.closing = true;
    unsigned threads = pool.threads;
    atomic_fetch_add_explicit(&pool.signal, 1, memory_order_relaxed);
    lock_release(&pool.lock);
    if (threads > 0)
        os_futex_wake(&pool.signal, RN_BLOCK_THREADS);
    for (unsigned i = 0; i < threads; i++)
        os_thread_join(pool.thread[i]);
    pool.closing = false;
    pool.threads = 0;
    pool.first = NULL;
    pool.last = NULL;
    pool.queued = 0;
}
