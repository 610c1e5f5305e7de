/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.h: WaitGroup, Mutex, RWMutex, Once.
 *
 * All are structs in the caller's memory, ready when zeroed, never to be copied
 * or freed while in use. A goroutine that must wait parks; its worker runs
 * others. What a goroutine did before it unlocked (or said done) is visible to
 * whoever locks (or stops waiting) next. All calls may come from foreign
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

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

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
/* True when it took the lock. Does not park. */
bool rn_mutex_try_lock(struct rn_mutex *mutex);
/* RN_OK with the lock, or RN_TIMEOUT without. Parks. */
int rn_mutex_lock_until(int64_t deadline, struct rn_mutex *mutex);
/* Unlocking a mutex that is not locked ends the program. Does not park. */
void rn_mutex_unlock(struct rn_mutex *mutex);

/*
 * Many readers or one writer. A writer that waits keeps new readers out, so
 * writers do not starve; readers that waited for a writer go before the next
 * one, so readers do not either. Therefore a goroutine must not take the read
 * side twice: a writer in between would block both.
 */
struct rn_rwmutex {
    RN_ATOMIC_(uint32_t) guard_;
    uint32_t readers_;         /* that hold it */
    bool writer_;              /* holds it */
    struct rn_waiter_ *first_; /* who waits, in order of arrival */
    struct rn_waiter_ *last_;
};

void rn_rwmutex_lock(struct rn_rwmutex *rw); /* parks */
bool rn_rwmutex_try_lock(struct rn_rwmutex *rw);
void rn_rwmutex_unlock(struct rn_rwmutex *rw);
void rn_rwmutex_rlock(struct rn_rwmutex *rw); /* parks */
bool rn_rwmutex_try_rlock(struct rn_rwmutex *rw);
/* Unlocking what is not locked (that way) ends the program. */
void rn_rwmutex_runlock(struct rn_rwmutex *rw);

/*
 * Counts work and waits for its end. Add before the work starts, not inside it.
 * A counter below zero panics.
 */
struct rn_waitgroup {
    RN_ATOMIC_(uint32_t) guard_;
    int64_t count_;
    struct rn_waiter_ *first_;
    struct rn_waiter_ *last_;
};

void rn_waitgroup_add(struct rn_waitgroup *group, int delta); /* no parking */
void rn_waitgroup_done(struct rn_waitgroup *group);           /* no parking */
/* Parks until the counter is 0; the group can then be used again. */
void rn_waitgroup_wait(struct rn_waitgroup *group);
/* RN_OK, or RN_TIMEOUT at the deadline. Parks. */
int rn_waitgroup_wait_until(int64_t deadline, struct rn_waitgroup *group);

/*
 * Runs a function once. Every caller returns only after it has finished, so
 * the others park meanwhile.
 */
struct rn_once {
    RN_ATOMIC_(uint32_t) done_;
    struct rn_mutex lock_;
};

void rn_once_do(struct rn_once *once, void (*function)(void *arg), void *arg);

#ifdef __cplusplus
}
#endif

#endif
