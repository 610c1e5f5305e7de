/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.c: Mutex, RWMutex, WaitGroup, Once.
 *
 * Each has a `guard_` word, the runtime's lock over its other fields, and a
 * queue of those that wait, oldest first. Releasing wakes; what is handed over
 * is handed over under the guard, so a woken waiter never has to look again,
 * but for the mutex.
 *
 * Mutex: `state_` is taken by compare-and-swap without the guard while nobody
 * waits. LOCKED is set while somebody holds it, WAITERS while the queue is not
 * empty; both change under the guard when WAITERS is set. Unlock lets it go
 * free and wakes the oldest waiter, which must try again: a newcomer may be
 * faster, and then the waiter goes back to the front. A waiter that has waited
 * HANDOVER_NS is given the lock instead, so no waiter is passed for ever (the
 * two modes of Go's sync.Mutex).
 */
#include <runnel/panic.h>
#include <runnel/sync.h>

#include "fatal.h"
#include "lock.h"
#include "sanitize.h"
#include "sched.h"
#include "wait.h"

#define HANDOVER_NS (1 * RN_MS)

enum { LOCKED = 1, WAITERS = 2 };

enum { BY_OWNER = 1 };

struct rn_waiter_ {
    struct rn_waiter_ *next;
    struct rn_waiter_ *prev;
    bool queued;
    bool reader;  /* RWMutex: wants the read side */
    bool granted; /* Mutex: the lock was handed over */
    int64_t since;
    struct task *task;
    _Atomic(uint32_t) *claim; /* NULL: no deadline */
};

/* The first and last of a queue, wherever they lie. */
struct ends {
    struct rn_waiter_ **first;
    struct rn_waiter_ **last;
};

#define ENDS_OF(object) ((struct ends){&(object)->first_, &(object)->last_})

static void push_back(struct ends q, struct rn_waiter_ *w)
{
    w->queued = true;
    w->next = NULL;
    w->prev = *q.last;
    *(w->prev ? &w->prev->next : q.first) = w;
    *q.last = w;
}

static void push_front(struct ends q, struct rn_waiter_ *w)
{
    w->queued = true;
    w->prev = NULL;
    w->next = *q.first;
    *(w->next ? &w->next->prev : q.last) = w;
    *q.first = w;
}

static void take_out(struct ends q, struct rn_waiter_ *w)
{
    if (!w->queued)
        return;
    w->queued = false;
    *(w->prev ? &w->prev->next : q.first) = w->next;
    *(w->next ? &w->next->prev : q.last) = w->prev;
}

/* True when the waiter is to be woken by us; out of the queue either way. */
static bool win(struct ends q, struct rn_waiter_ *w)
{
    take_out(q, w);
    return !w->claim || claim_take(w->claim, BY_OWNER);
}

static void unlock_guard(void *guard)
{
    lock_release(guard);
}

/*
 * With the guard held, and `self` queued: parks until it is woken (true) or the
 * deadline passes (false; out of the queue then). Releases the guard.
 */
static bool park(lock_word *guard, struct ends q, struct rn_waiter_ *self,
                 enum wait_reason reason, int64_t deadline)
{
    struct wait_for what = {.reason = reason};
    if (deadline == RN_NEVER) {
        self->task = task_self();
        self->claim = NULL;
        sched_park(what, unlock_guard, guard);
        return true;
    }
    struct wait wait;
    wait_begin(&wait, deadline, NULL, 0);
    self->task = wait.task;
    self->claim = &wait.claim;
    if (wait_park(&wait, what, unlock_guard, guard) == BY_OWNER)
        return true;
    lock_acquire(guard);
    take_out(q, self);
    lock_release(guard);
    return false;
}

/* Makes a chain of tasks ready; it was built under a lock that is free now. */
static void ready_all(struct task *chain)
{
    while (chain) {
        struct task *next = chain->next;
        sched_ready(chain);
        chain = next;
    }
}

/* ------------------------------------------------------------------ mutex */

bool rn_mutex_try_lock(struct rn_mutex *mutex)
{
    sched_point();
    uint32_t state = atomic_load_explicit(&mutex->state_, memory_order_relaxed);
    while (!(state & LOCKED)) {
        if (atomic_compare_exchange_weak_explicit(
                &mutex->state_, &state, state | LOCKED, memory_order_acquire,
                memory_order_relaxed)) {
            race_acquire(mutex);
            return true;
        }
    }
    return false;
}

/* Under the guard: takes a free lock, or notes that somebody waits. */
static bool take_or_mark(struct rn_mutex *mutex)
{
    uint32_t state = atomic_load_explicit(&mutex->state_, memory_order_relaxed);
    for (;;) {
        uint32_t wanted = state | (state & LOCKED ? WAITERS : LOCKED);
        if (atomic_compare_exchange_weak_explicit(&mutex->state_, &state,
                                                  wanted, memory_order_acquire,
                                                  memory_order_relaxed))
            return !(state & LOCKED);
    }
}

/* Under the guard: the mark goes with the last waiter. */
static void unmark_if_empty(struct rn_mutex *mutex)
{
    if (!mutex->first_)
        atomic_fetch_and_explicit(&mutex->state_, ~(uint32_t)WAITERS,
                                  memory_order_relaxed);
}

static noinline int lock_slow(struct rn_mutex *mutex, int64_t deadline)
{
    struct rn_waiter_ self = {0};
    struct ends q = ENDS_OF(mutex);
    for (;;) {
        lock_acquire(&mutex->guard_);
        if (take_or_mark(mutex)) {
            lock_release(&mutex->guard_);
            return RN_OK;
        }
        if (self.since == 0) {
            self.since = seam_now();
            push_back(q, &self);
        } else {
            push_front(q, &self); /* it was the oldest, and still is */
        }
        if (!park(&mutex->guard_, q, &self, WAIT_MUTEX, deadline)) {
            lock_acquire(&mutex->guard_);
            unmark_if_empty(mutex);
            lock_release(&mutex->guard_);
            return RN_TIMEOUT;
        }
        if (self.granted)
            return RN_OK;
    }
}

int rn_mutex_lock_until(int64_t deadline, struct rn_mutex *mutex)
{
    sched_point();
    uint32_t free = 0;
    if (unlikely(!atomic_compare_exchange_strong_explicit(
            &mutex->state_, &free, LOCKED, memory_order_acquire,
            memory_order_relaxed))) {
        int status = lock_slow(mutex, deadline);
        if (status != RN_OK)
            return status;
    }
    race_acquire(mutex);
    return RN_OK;
}

void rn_mutex_lock(struct rn_mutex *mutex)
{
    rn_mutex_lock_until(RN_NEVER, mutex);
}

static noinline void unlock_slow(struct rn_mutex *mutex)
{
    struct ends q = ENDS_OF(mutex);
    struct task *wake = NULL;
    lock_acquire(&mutex->guard_);
    uint32_t state = atomic_load_explicit(&mutex->state_, memory_order_relaxed);
    if (!(state & LOCKED))
        fatal("unlock of unlocked mutex");
    struct rn_waiter_ *w = mutex->first_;
    while (w && !win(q, w))
        w = mutex->first_;
    bool hand_over = w && seam_now() - w->since >= HANDOVER_NS;
    if (w) {
        w->granted = hand_over;
        wake = w->task;
    }
    uint32_t left = (hand_over ? LOCKED : 0) | (mutex->first_ ? WAITERS : 0);
    /* Release: pairs with the next lock, by whatever way. */
    atomic_store_explicit(&mutex->state_, left, memory_order_release);
    lock_release(&mutex->guard_);
    if (wake)
        sched_ready(wake);
}

void rn_mutex_unlock(struct rn_mutex *mutex)
{
    race_release(mutex);
    uint32_t held = LOCKED;
    if (unlikely(!atomic_compare_exchange_strong_explicit(
            &mutex->state_, &held, 0, memory_order_release,
            memory_order_relaxed)))
        unlock_slow(mutex);
    sched_point();
}

/* ---------------------------------------------------------------- rwmutex */

/* For the race detector: writers see readers, readers see writers only. */
static void saw_writers(struct rn_rwmutex *rw)
{
    race_acquire(&rw->writer_);
}

static void saw_readers(struct rn_rwmutex *rw)
{
    race_acquire(&rw->readers_);
}

bool rn_rwmutex_try_lock(struct rn_rwmutex *rw)
{
    sched_point();
    lock_acquire(&rw->guard_);
    bool free = !rw->writer_ && rw->readers_ == 0 && !rw->first_;
    if (free)
        rw->writer_ = true;
    lock_release(&rw->guard_);
    if (free) {
        saw_writers(rw);
        saw_readers(rw);
    }
    return free;
}

void rn_rwmutex_lock(struct rn_rwmutex *rw)
{
    sched_point();
    lock_acquire(&rw->guard_);
    if (!rw->writer_ && rw->readers_ == 0 && !rw->first_) {
        rw->writer_ = true;
        lock_release(&rw->guard_);
    } else {
        struct rn_waiter_ self = {.reader = false};
        push_back(ENDS_OF(rw), &self);
        park(&rw->guard_, ENDS_OF(rw), &self, WAIT_WLOCK, RN_NEVER);
    }
    saw_writers(rw);
    saw_readers(rw);
}

/* Under the guard: the write side goes to the oldest waiter, a writer. */
static struct task *grant_writer(struct rn_rwmutex *rw)
{
    struct rn_waiter_ *w = rw->first_;
    take_out(ENDS_OF(rw), w);
    rw->writer_ = true;
    w->task->next = NULL;
    return w->task;
}

/* Under the guard: every reader that waits gets in, past waiting writers. */
static struct task *grant_readers(struct rn_rwmutex *rw)
{
    struct task *chain = NULL;
    struct rn_waiter_ *w = rw->first_;
    while (w) {
        struct rn_waiter_ *next = w->next;
        if (w->reader) {
            take_out(ENDS_OF(rw), w);
            rw->readers_++;
            w->task->next = chain;
            chain = w->task;
        }
        w = next;
    }
    return chain;
}

void rn_rwmutex_unlock(struct rn_rwmutex *rw)
{
    race_release(&rw->writer_);
    lock_acquire(&rw->guard_);
    if (!rw->writer_)
        fatal("unlock of unlocked rwmutex");
    rw->writer_ = false;
    struct task *chain = grant_readers(rw);
    if (!chain && rw->first_)
        chain = grant_writer(rw);
    lock_release(&rw->guard_);
    ready_all(chain);
    sched_point();
}

bool rn_rwmutex_try_rlock(struct rn_rwmutex *rw)
{
    sched_point();
    lock_acquire(&rw->guard_);
    bool free = !rw->writer_ && !rw->first_;
    if (free)
        rw->readers_++;
    lock_release(&rw->guard_);
    if (free)
        saw_writers(rw);
    return free;
}

void rn_rwmutex_rlock(struct rn_rwmutex *rw)
{
    sched_point();
    lock_acquire(&rw->guard_);
    if (likely(!rw->writer_ && !rw->first_)) {
        rw->readers_++;
        lock_release(&rw->guard_);
    } else {
        struct rn_waiter_ self = {.reader = true};
        push_back(ENDS_OF(rw), &self);
        park(&rw->guard_, ENDS_OF(rw), &self, WAIT_RLOCK, RN_NEVER);
    }
    saw_writers(rw);
}

void rn_rwmutex_runlock(struct rn_rwmutex *rw)
{
    struct task *wake = NULL;
    race_release(&rw->readers_);
    lock_acquire(&rw->guard_);
    if (rw->readers_ == 0)
        fatal("runlock of rwmutex that is not locked for reading");
    rw->readers_--;
    /* With readers in, only a writer can be the oldest that waits. */
    if (rw->readers_ == 0 && rw->first_)
        wake = grant_writer(rw);
    lock_release(&rw->guard_);
    if (wake)
        sched_ready(wake);
    sched_point();
}

/* -------------------------------------------------------------- waitgroup */

void rn_waitgroup_add(struct rn_waitgroup *group, int delta)
{
    struct task *chain = NULL;
    sched_point();
    if (delta < 0)
        race_release(group);
    lock_acquire(&group->guard_);
    group->count_ += delta;
    if (group->count_ < 0) {
        lock_release(&group->guard_);
        rn_panic("negative WaitGroup counter");
    }
    while (group->count_ == 0 && group->first_) {
        struct rn_waiter_ *w = group->first_;
        if (win(ENDS_OF(group), w)) {
            w->task->next = chain;
            chain = w->task;
        }
    }
    lock_release(&group->guard_);
    ready_all(chain);
}

void rn_waitgroup_done(struct rn_waitgroup *group)
{
    rn_waitgroup_add(group, -1);
}

int rn_waitgroup_wait_until(int64_t deadline, struct rn_waitgroup *group)
{
    sched_point();
    lock_acquire(&group->guard_);
    if (group->count_ == 0) {
        lock_release(&group->guard_);
    } else {
        struct rn_waiter_ self = {0};
        push_back(ENDS_OF(group), &self);
        if (!park(&group->guard_, ENDS_OF(group), &self, WAIT_GROUP, deadline))
            return RN_TIMEOUT;
    }
    race_acquire(group);
    return RN_OK;
}

void rn_waitgroup_wait(struct rn_waitgroup *group)
{
    rn_waitgroup_wait_until(RN_NEVER, group);
}

/* ------------------------------------------------------------------- once */

void rn_once_do(struct rn_once *once, void (*function)(void *arg), void *arg)
{
    /* Acquire: pairs with the release below; the function's work is seen. */
    if (likely(atomic_load_explicit(&once->done_, memory_order_acquire))) {
        race_acquire(once);
        return;
    }
    rn_mutex_lock(&once->lock_);
    if (!atomic_load_explicit(&once->done_, memory_order_relaxed)) {
        function(arg);
        race_release(once);
        atomic_store_explicit(&once->done_, 1, memory_order_release);
    }
    rn_mutex_unlock(&once->lock_);
}
