/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.h: WaitGroup, Mutex, RWMutex, Once, Cond, Semaphore.
 *
 * All are structs in the caller's memory, ready when zeroed (a semaphore when
 * it has been given its size), never to be copied or freed while in use. A
 * goroutine that must wait parks; its worker runs others. What a goroutine did
 * before it unlocked (said done, signaled, released) is visible to whoever
 * locks (stops waiting, acquires) next. All calls may come from foreign
 * threads, which then wait as threads.
 *
 *     static struct rn_mutex lock;
 *     static int count;
 *
 *     rn_mutex_lock(&lock);
 *     count++;
 *     rn_mutex_unlock(&lock);
 */
#ifndef RUNNEL_SYNC_H
#define RUNNEL_SYNC_H

#ifndef __cplusplus
#include <stdatomic.h>
#endif

#include <runnel/status.h>
#include <runnel/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Whatever parks has three forms:
 *
 *     rn_X(object)                 waits as long as it takes
 *     rn_X_until(deadline, object) RN_OK, or RN_TIMEOUT at the deadline; what
 *                                  can be had at once is had, however late
 *     rn_X_ctx(ctx, object)        RN_OK, or why the context is done; a context
 *                                  that is done already wins over what could be
 *                                  had
 *
 * After any status but RN_OK nothing is held and nobody waits.
 */

struct rn_ctx;     /* context.h */
struct rn_waiter_; /* one that waits; internal */

/*
 * Mutual exclusion, not recursive, not tied to a goroutine: one may lock and
 * another unlock. A newcomer may take a free lock before one that waits, which
 * keeps the lock busy; but a waiter that was passed over for a millisecond is
 * handed the lock directly, so no waiter is passed for ever.
 */
struct rn_mutex {
    RN_ATOMIC_(uint32_t) state_;
    RN_ATOMIC_(uint32_t) guard_;
    struct rn_waiter_ *first_;
    struct rn_waiter_ *last_;
};

/* Parks until the lock is the caller's. */
void rn_mutex_lock(struct rn_mutex *mutex);
int rn_mutex_lock_until(int64_t deadline, struct rn_mutex *mutex);
int rn_mutex_lock_ctx(struct rn_ctx *ctx, struct rn_mutex *mutex);
/* True when it took the lock. Does not park. */
bool rn_mutex_try_lock(struct rn_mutex *mutex);
/* Unlocking a mutex that is not locked ends the program. Does not park. */
void rn_mutex_unlock(struct rn_mutex *mutex);

/*
 * Many readers or one writer. A writer that waits keeps new readers out, so
 * writers do not starve; readers that waited for a writer go before the next
 * one that waits, and one that need not wait passes a reader once at most, so
 * readers do not either. Therefore a goroutine must not take the read side
 * twice: a writer in between would block both.
 *
 * Where readers of several workers meet, each counts at a place of its own:
 * reading then costs each what it costs one alone, and writing a look at the
 * places of all workers.
 */
struct rn_rwmutex {
    RN_ATOMIC_(uint32_t) state_; /* who holds it, and whether anybody waits */
    RN_ATOMIC_(uint32_t) guard_;
    struct rn_waiter_ *first_; /* who waits, in order of arrival */
    struct rn_waiter_ *last_;
    RN_ATOMIC_(uint32_t) met_; /* whether readers of several threads meet */
};

/* The write side. Park; a writer that gives up lets the readers behind it in.
 */
void rn_rwmutex_lock(struct rn_rwmutex *rw);
int rn_rwmutex_lock_until(int64_t deadline, struct rn_rwmutex *rw);
int rn_rwmutex_lock_ctx(struct rn_ctx *ctx, struct rn_rwmutex *rw);
/* The read side. Park. */
void rn_rwmutex_rlock(struct rn_rwmutex *rw);
int rn_rwmutex_rlock_until(int64_t deadline, struct rn_rwmutex *rw);
int rn_rwmutex_rlock_ctx(struct rn_ctx *ctx, struct rn_rwmutex *rw);
/* True when it took that side: never past somebody who waits. Do not park. */
bool rn_rwmutex_try_lock(struct rn_rwmutex *rw);
bool rn_rwmutex_try_rlock(struct rn_rwmutex *rw);
/* Unlocking what is not locked (that way) ends the program. Do not park. */
void rn_rwmutex_unlock(struct rn_rwmutex *rw);
void rn_rwmutex_runlock(struct rn_rwmutex *rw);

/*
 * Counts work and waits for its end. A counter below zero panics.
 *
 *     struct rn_waitgroup all = {0};
 *     for (int i = 0; i < 10; i++)
 *         rn_waitgroup_go(&all, work, i);  // work(int *own)
 *     rn_waitgroup_wait(&all);
 *
 * By hand: add before the work starts, not inside it, and say done at its end.
 */
struct rn_waitgroup {
    RN_ATOMIC_(int64_t) state_; /* twice the counter; 1: somebody waits */
    RN_ATOMIC_(uint32_t) guard_;
    struct rn_waiter_ *first_;
    struct rn_waiter_ *last_;
};

void rn_waitgroup_add(struct rn_waitgroup *group, int delta); /* no parking */
void rn_waitgroup_done(struct rn_waitgroup *group);           /* no parking */
/* Parks until the counter is 0; the group can then be used again. */
void rn_waitgroup_wait(struct rn_waitgroup *group);
int rn_waitgroup_wait_until(int64_t deadline, struct rn_waitgroup *group);
int rn_waitgroup_wait_ctx(struct rn_ctx *ctx, struct rn_waitgroup *group);

/*
 * rn_waitgroup_go(group, function, value): adds one, starts function(T *own)
 * with a private copy of the value (as rn_go), says done when it has returned.
 * Does not park. Out of memory ends the program with a message.
 */
#define rn_waitgroup_go(group, function, ...) \
    RN_WAITGROUP_GO_(group, function, __VA_ARGS__)

/*
 * Runs a function once. Every caller returns only after it has finished, so
 * the others park meanwhile. The function must not call it on the same Once:
 * that waits for itself. One that panics has run.
 *
 * The limits of the other forms are for those that wait. Who runs the function
 * runs it to its end, however late, and then returns RN_OK; a function that
 * should end early is given the context by its argument.
 */
struct rn_once {
    RN_ATOMIC_(uint32_t) done_;
    struct rn_mutex lock_;
};

void rn_once_do(struct rn_once *once, void (*function)(void *arg), void *arg);
int rn_once_do_until(int64_t deadline, struct rn_once *once,
                     void (*function)(void *arg), void *arg);
int rn_once_do_ctx(struct rn_ctx *ctx, struct rn_once *once,
                   void (*function)(void *arg), void *arg);

#if !defined(__cplusplus) && !defined(__SANITIZE_THREAD__) && \
    !RN_HAS_FEATURE_(thread_sanitizer)
/* Once it is done, a look at one word and no call; elsewhere the function. */
static inline void rn_once_look_(struct rn_once *once,
                                 void (*function)(void *arg), void *arg)
{
    if (!atomic_load_explicit(&once->done_, memory_order_acquire))
        rn_once_do(once, function, arg);
}
#define rn_once_do(once, function, arg) rn_once_look_(once, function, arg)
#endif

/* Makes a value once: every caller gets what the first call of make returned.
 */
struct rn_once_value {
    struct rn_once once_;
    void *value_;
};

void *rn_once_value(struct rn_once_value *value, void *(*make)(void *arg),
                    void *arg);
/* The same within a limit: *out is the value after RN_OK only. */
int rn_once_value_until(int64_t deadline, struct rn_once_value *value,
                        void *(*make)(void *arg), void *arg, void **out);
int rn_once_value_ctx(struct rn_ctx *ctx, struct rn_once_value *value,
                      void *(*make)(void *arg), void *arg, void **out);

/*
 * Waits until something has changed that a mutex protects:
 *
 *     rn_mutex_lock(&lock);
 *     while (queue_is_empty(queue))
 *         rn_cond_wait(&filled, &lock);
 *     take(queue);
 *     rn_mutex_unlock(&lock);
 *
 * Waiters are woken in the order in which they came, and one who comes later
 * does not take a signal from one who waits. But between the signal and the
 * return of wait others may have had the lock: look again, in a loop. A cond
 * that is copied after its first use panics.
 */
struct rn_cond {
    RN_ATOMIC_(uint32_t) guard_;
    const struct rn_cond *self_;
    struct rn_waiter_ *first_;
    struct rn_waiter_ *last_;
};

/*
 * Unlocks the mutex, parks until woken, locks the mutex again; it is locked on
 * return whatever the status. No signal after the unlocking is missed.
 */
void rn_cond_wait(struct rn_cond *cond, struct rn_mutex *mutex);
int rn_cond_wait_until(int64_t deadline, struct rn_cond *cond,
                       struct rn_mutex *mutex);
int rn_cond_wait_ctx(struct rn_ctx *ctx, struct rn_cond *cond,
                     struct rn_mutex *mutex);
/*
 * Wake the one that has waited longest, or all that wait now; nothing when
 * nobody waits. With or without the mutex. Do not park.
 */
void rn_cond_signal(struct rn_cond *cond);
void rn_cond_broadcast(struct rn_cond *cond);

/*
 * A number of places, taken and given back several at a time: bounds what may
 * be in use at once (bytes, connections).
 *
 *     static struct rn_semaphore memory = RN_SEMAPHORE(64 << 20);
 *
 *     rn_semaphore_acquire(&memory, size);
 *     ...
 *     rn_semaphore_release(&memory, size);
 *
 * First come, first served: while one waits for many places, those behind it
 * wait as well, though there may be room for them; so nobody starves.
 */
struct rn_semaphore {
    int64_t size_;
    int64_t used_;
    RN_ATOMIC_(uint32_t) guard_;
    struct rn_waiter_ *first_;
    struct rn_waiter_ *last_;
};

/* The initial value of a semaphore of so many places, all free. */
#define RN_SEMAPHORE(places) \
    {                        \
        (places), 0, 0, 0, 0 \
    }

/*
 * Parks until `weight` places are the caller's. A weight that is negative or
 * more than the semaphore has panics.
 */
void rn_semaphore_acquire(struct rn_semaphore *semaphore, int64_t weight);
int rn_semaphore_acquire_until(int64_t deadline, struct rn_semaphore *semaphore,
                               int64_t weight);
int rn_semaphore_acquire_ctx(struct rn_ctx *ctx, struct rn_semaphore *semaphore,
                             int64_t weight);
/* True when it took them: never past somebody who waits. Does not park. */
bool rn_semaphore_try_acquire(struct rn_semaphore *semaphore, int64_t weight);
/*
 * Gives places back, by whomever; more than are taken panics. Does not park.
 */
void rn_semaphore_release(struct rn_semaphore *semaphore, int64_t weight);

/* Behind the macro. */
void rn_waitgroup_go_(struct rn_waitgroup *group, void (*function)(void *own),
                      const void *argument, size_t size, const char *where);

#ifndef __cplusplus
#define RN_WAITGROUP_GO_(group, function, ...)                           \
    __extension__({                                                      \
        RN_TYPE_OF_(__VA_ARGS__) rn_argument_ = __VA_ARGS__;             \
        void (*rn_function_)(RN_TYPE_OF_(__VA_ARGS__) *) =               \
            _Generic((function), void (*)(RN_TYPE_OF_(__VA_ARGS__) *)    \
                     : (function));                                      \
        rn_waitgroup_go_((group), (void (*)(void *))rn_function_,        \
                         &rn_argument_, sizeof(rn_argument_), RN_HERE_); \
    })
#endif

#ifdef __cplusplus
}
#endif

#endif
