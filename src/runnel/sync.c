/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.c: Mutex, WaitGroup, Once.
 *
 * Each has a `guard_` word, the runtime's lock over its other fields, and a
 * queue of those that wait, oldest first (waitq.h). Releasing wakes; what is
 * handed over is handed over under the guard, so a woken waiter never has to
 * look again, but for the mutex.
 *
 * Mutex: `state_` is taken by compare-and-swap without the guard while nobody
 * waits, and let go as light.h says. LOCKED is set while somebody holds it,
 * WAITERS while the queue is not empty; both change under the guard when WAITERS
 * is set, which it is in a word that is LIGHT_SHARED only. Unlock lets it go free
 * and wakes the oldest waiter, which must try again: a newcomer may be faster, and
 * then the waiter goes back to the front. A waiter that has waited HANDOVER_NS is
 * given the lock instead, so no waiter is passed for ever (the two modes of Go's
 * sync.Mutex). Who finds it held while nobody waits looks a few times before it
 * queues. With -Dchecks=true the other bits of a locked mutex are those of its
 * address.
 *
 * WaitGroup: the counter and a mark that somebody is queued are one word. Whoever
 * takes it to 0 and sees the mark wakes all, under the guard; until then nobody
 * who waits returns.
 */
#include <runnel/sync.h>

#include "fatal.h"
#include "light.h"
#include "lock.h"
#include "mutant.h"
#include "panic_internal.h"
#include "sanitize.h"
#include "sched.h"
#include "waitq.h"
#include "watch.h"

#define LOCK_CLASS LOCK_PRIMITIVE

#define HANDOVER_NS (1 * RN_MS)

/* Beside those of light.h. */
enum { LOCKED = 1, WAITERS = 2 };

/* A microsecond where a pause takes 10 ns: as long as to park and be woken. */
#ifdef SPINS /* the model check has little */
enum { LOOKS = SPINS, PAUSES = 1 };
#else
enum { LOOKS = 4, PAUSES = 30 };
#endif

/* ------------------------------------------------------------------ mutex */

/*
 * LOCKED, and with -Dchecks=true also where: a copy that was made while the
 * mutex was held then says that it is one.
 */
static inline uint32_t held_here(const struct rn_mutex *mutex)
{
#ifdef RN_CHECKS
    uint64_t hash = (uintptr_t)mutex * UINT64_C(0x9e3779b97f4a7c15);
    return LOCKED | (uint32_t)(hash >> 32) << 4;
#else
    (void)mutex;
    return LOCKED;
#endif
}

/* LOCKED, and where: what is left without the marks of others. */
static inline uint32_t held_in(uint32_t state)
{
    return state & ~(uint32_t)(WAITERS | LIGHT_ASKED | LIGHT_SHARED);
}

static void check_held_here(const struct rn_mutex *mutex, uint32_t state)
{
    if (unlikely((state & LOCKED) && held_in(state) != held_here(mutex)))
        fatal("a mutex was copied while it was in use");
}

/* Acquire: pairs with the release of whoever held it before. */
static inline bool mutex_change(struct rn_mutex *mutex, uint32_t *state,
                                uint32_t wanted)
{
    return atomic_compare_exchange_strong_explicit(&mutex->state_, state,
                                                   wanted, memory_order_acquire,
                                                   memory_order_relaxed);
}

/* Takes it when it is free and nobody waits; else *state says how it is. */
static inline bool take_free(struct rn_mutex *mutex, uint32_t *state)
{
    *state = atomic_load_explicit(&mutex->state_, memory_order_relaxed);
    if (likely(*state == 0))
        return mutex_change(mutex, state, held_here(mutex));
    return *state == LIGHT_SHARED &&
           mutex_change(mutex, state, LIGHT_SHARED | held_here(mutex));
}

bool rn_mutex_try_lock(struct rn_mutex *mutex)
{
    sched_point();
    race_uses_atomically(&mutex->state_);
    uint32_t state = atomic_load_explicit(&mutex->state_, memory_order_relaxed);
    while (!(state & LOCKED) || MUTANT(TRY_LOCK_TAKES)) {
        if (mutex_change(mutex, &state, state | held_here(mutex))) {
            race_acquire(mutex);
            return true;
        }
    }
    check_held_here(mutex, state);
    return false;
}

/* Under the guard: takes a free lock, or notes that somebody waits. */
static bool take_or_mark(struct rn_mutex *mutex)
{
    uint32_t state = atomic_load_explicit(&mutex->state_, memory_order_relaxed);
    for (;;) {
        if (state & LOCKED && !(state & LIGHT_SHARED) && !MUTANT(MARKS_LIGHT)) {
            state = light_share(&mutex->state_);
            continue;
        }
        uint32_t mark = MUTANT(UNMARKED_WAITER) ? 0 : WAITERS;
        uint32_t wanted = state | (state & LOCKED ? mark : held_here(mutex));
        if (mutex_change(mutex, &state, wanted))
            return !(state & LOCKED);
    }
}

/* Under the guard: the mark goes with the last waiter. */
static void unmark_if_empty(struct rn_mutex *mutex)
{
    if (!mutex->first_ || MUTANT(GIVE_UP_UNMARKS))
        atomic_fetch_and_explicit(&mutex->state_, ~(uint32_t)WAITERS,
                                  memory_order_relaxed);
}

/* Under the guard. Who waits for another mutex is in the queue of a copy. */
static void check_not_copied(const struct rn_mutex *mutex)
{
    const struct rn_waiter_ *w = mutex->first_;
    if (unlikely(w && w->task && w->task->waits.object != &mutex->guard_))
        fatal("a mutex was copied while it was in use");
    check_held_here(mutex,
                    atomic_load_explicit(&mutex->state_, memory_order_relaxed));
}

/* Under the guard: who waits is seen by who unlocks. */
static bool mutex_check(const struct rn_mutex *mutex)
{
    return !mutex->first_ ||
           (atomic_load_explicit(&mutex->state_, memory_order_relaxed) &
            WAITERS);
}

static noinline int lock_slow(struct rn_mutex *mutex, struct wait_limit limit)
{
    struct rn_waiter_ self = {0};
    struct waitq q = WAITQ_OF(mutex);
    for (;;) {
        lock_acquire(&mutex->guard_);
        check_not_copied(mutex);
        INVARIANT(mutex_check(mutex));
        if (take_or_mark(mutex)) {
            lock_release(&mutex->guard_);
            return RN_OK;
        }
        if (self.since == 0) {
            self.since = seam_now();
            waitq_push_back(q, &self);
        } else {
            waitq_push_front(q, &self); /* it was the oldest, and still is */
        }
        int status = waitq_park(&mutex->guard_, q, &self, WAIT_MUTEX, limit);
        if (status != RN_OK) {
            lock_acquire(&mutex->guard_);
            unmark_if_empty(mutex);
            lock_release(&mutex->guard_);
            return status;
        }
        if (atomic_load_explicit(&self.granted, memory_order_relaxed))
            return RN_OK;
    }
}

/*
 * Held, and nobody waits: looks now and then whether it is free, for most sections
 * are short, and whoever is in one runs on another worker. Rarely, for each look
 * takes the cache line from him.
 */
static noinline bool spin(struct rn_mutex *mutex)
{
    if (sched_procs() < 2)
        return false;
    for (int i = 0; i < LOOKS; i++) {
        for (int pauses = 0; pauses < PAUSES; pauses++)
            cpu_pause();
        uint32_t state =
            atomic_load_explicit(&mutex->state_, memory_order_relaxed);
        if (state & WAITERS)
            return false;
        if (!(state & LOCKED) && take_free(mutex, &state))
            return true;
    }
    return false;
}

static inline int lock_within(struct wait_limit limit, struct rn_mutex *mutex)
{
    sched_point();
    race_uses_atomically(&mutex->state_);
    uint32_t state;
    if (unlikely(!take_free(mutex, &state)) &&
        (state & WAITERS || !spin(mutex))) {
        int status = lock_slow(mutex, limit);
        if (status != RN_OK)
            return status;
    }
    race_acquire(mutex);
    return RN_OK;
}

static noinline void lock_otherwise(struct rn_mutex *mutex)
{
    lock_within(NO_LIMIT, mutex);
}

void rn_mutex_lock(struct rn_mutex *mutex)
{
    uint32_t state;
    race_uses_atomically(&mutex->state_);
    if (likely(!sched_is_due()) && likely(take_free(mutex, &state)))
        race_acquire(mutex);
    else
        lock_otherwise(mutex);
}

int rn_mutex_lock_until(int64_t deadline, struct rn_mutex *mutex)
{
    return lock_within((struct wait_limit){.deadline = deadline}, mutex);
}

int rn_mutex_lock_ctx(struct rn_ctx *ctx, struct rn_mutex *mutex)
{
    struct wait_limit limit = {RN_NEVER, ctx};
    int status = wait_limit_status(limit);
    return status != RN_OK ? status : lock_within(limit, mutex);
}

/* Release: pairs with the next lock, by whatever way. */
static inline bool leave_by(struct rn_mutex *mutex, uint32_t *state,
                            uint32_t left)
{
    return atomic_compare_exchange_strong_explicit(&mutex->state_, state, left,
                                                   memory_order_release,
                                                   memory_order_relaxed);
}

static noinline void unlock_slow(struct rn_mutex *mutex)
{
    struct waitq q = WAITQ_OF(mutex);
    struct task *wake = NULL;
    uint32_t held = held_here(mutex);
    uint32_t state = atomic_load_explicit(&mutex->state_, memory_order_relaxed);
    while (!(state & WAITERS) && held_in(state) == held)
        if (leave_by(mutex, &state, state == held ? 0 : LIGHT_SHARED))
            return;
    lock_acquire(&mutex->guard_);
    state = atomic_load_explicit(&mutex->state_, memory_order_relaxed);
    if (!(state & LOCKED))
        fatal("unlock of unlocked mutex");
    check_not_copied(mutex);
    INVARIANT(mutex_check(mutex));
    struct rn_waiter_ *w = mutex->first_;
    while (w && !waitq_win(q, w))
        w = mutex->first_;
    bool hand_over = w && seam_now() - w->since >= HANDOVER_NS;
    int64_t waited = w ? waitq_charge(w) : 0;
    if (w) {
        atomic_store_explicit(&w->granted, hand_over, memory_order_relaxed);
        wake = MUTANT(UNLOCK_FORGETS) ? NULL : w->task;
    }
    uint32_t left = LIGHT_SHARED | (hand_over ? held_here(mutex) : 0) |
                    (mutex->first_ ? WAITERS : 0);
    /* Release: pairs with the next lock, by whatever way. */
    atomic_store_explicit(&mutex->state_, left, memory_order_release);
    lock_release(&mutex->guard_);
    if (wake)
        sched_ready(wake);
    watch_tell_contended(waited);
}

void rn_mutex_unlock(struct rn_mutex *mutex)
{
    race_uses_atomically(&mutex->state_);
    race_release(mutex);
    uint32_t held = held_here(mutex);
    uint32_t state = atomic_load_explicit(&mutex->state_, memory_order_relaxed);
    bool left;
    if (likely(state == held))
        left = likely(light_leave(&mutex->state_, held)) ||
               leave_by(mutex, &state, 0);
    else
        left = state == (LIGHT_SHARED | held) &&
               leave_by(mutex, &state, LIGHT_SHARED);
    if (unlikely(!left))
        unlock_slow(mutex);
    sched_point();
}

/* -------------------------------------------------------------- waitgroup */

enum { GROUP_WAITERS = 1, GROUP_ONE = 2 };

/* The counter has come to 0, and somebody waits. */
static noinline void group_done(struct rn_waitgroup *group)
{
    struct task *chain = NULL;
    lock_acquire(&group->guard_);
    atomic_fetch_and_explicit(&group->state_, ~(int64_t)GROUP_WAITERS,
                              memory_order_relaxed);
    while (group->first_ && !(MUTANT(GROUP_WAKES_ONE) && chain)) {
        struct rn_waiter_ *w = group->first_;
        if (waitq_win(WAITQ_OF(group), w))
            chain = chain_task(w->task, chain);
    }
    lock_release(&group->guard_);
    ready_chain(chain);
}

void rn_waitgroup_add(struct rn_waitgroup *group, int delta)
{
    sched_point();
    if (delta < 0)
        race_release(group);
    int64_t change = (int64_t)delta * GROUP_ONE;
    /* Acquire and release: the last one speaks for those before it. */
    int64_t state = atomic_fetch_add_explicit(&group->state_, change,
                                              memory_order_acq_rel) +
                    change;
    if (delta > 0 && state / GROUP_ONE == delta)
        race_uses(&group->guard_); /* the first is ordered before a wait */
    if (unlikely(state < 0))
        misuse("negative WaitGroup counter");
    if (unlikely(state == GROUP_WAITERS ||
                 (MUTANT(GROUP_EARLY) && state == GROUP_ONE + GROUP_WAITERS)))
        group_done(group);
}

void rn_waitgroup_done(struct rn_waitgroup *group)
{
    rn_waitgroup_add(group, -1);
}

/*
 * Under the guard: says that somebody waits; false when there is nothing to wait
 * for. At 0 with the mark, whoever took it there is on the way to the guard.
 */
static bool mark_group(struct rn_waitgroup *group)
{
    int64_t state = atomic_load_explicit(&group->state_, memory_order_acquire);
    while (state != 0)
        if (state & GROUP_WAITERS ||
            atomic_compare_exchange_weak_explicit(
                &group->state_, &state, state | GROUP_WAITERS,
                memory_order_acquire, memory_order_acquire))
            return true;
    return false;
}

/*
 * One who waited has given up: the mark goes with the last of them. When the
 * counter has come to 0 meanwhile, whoever took it there is on the way to the
 * guard, and is waited for: the group may be gone once we wait again and return.
 */
static noinline int group_given_up(struct rn_waitgroup *group, int status)
{
    lock_acquire(&group->guard_);
    int64_t state = atomic_load_explicit(&group->state_, memory_order_acquire);
    while (state & GROUP_WAITERS) {
        if (state == GROUP_WAITERS) {
            struct rn_waiter_ self = {0};
            waitq_push_back(WAITQ_OF(group), &self);
            return waitq_park(&group->guard_, WAITQ_OF(group), &self,
                              WAIT_GROUP, NO_LIMIT);
        }
        if (group->first_ || atomic_compare_exchange_weak_explicit(
                                 &group->state_, &state, state - GROUP_WAITERS,
                                 memory_order_acquire, memory_order_acquire))
            break;
    }
    lock_release(&group->guard_);
    return status;
}

static noinline int wait_for_zero(struct wait_limit limit,
                                  struct rn_waitgroup *group)
{
    struct rn_waiter_ self = {0};
    lock_acquire(&group->guard_);
    if (!mark_group(group)) {
        lock_release(&group->guard_);
        return RN_OK;
    }
    if (!group->first_)
        race_changes(&group->guard_);
    waitq_push_back(WAITQ_OF(group), &self);
    int status =
        waitq_park(&group->guard_, WAITQ_OF(group), &self, WAIT_GROUP, limit);
    return status == RN_OK ? RN_OK : group_given_up(group, status);
}

static int wait_within(struct wait_limit limit, struct rn_waitgroup *group)
{
    sched_point();
    int status = wait_limit_status(limit);
    /* Acquire: what was done before it was said to be done is seen. */
    if (status == RN_OK &&
        atomic_load_explicit(&group->state_, memory_order_acquire) != 0)
        status = wait_for_zero(limit, group);
    if (status == RN_OK)
        race_acquire(group);
    return status;
}

void rn_waitgroup_wait(struct rn_waitgroup *group)
{
    wait_within(NO_LIMIT, group);
}

int rn_waitgroup_wait_until(int64_t deadline, struct rn_waitgroup *group)
{
    return wait_within((struct wait_limit){.deadline = deadline}, group);
}

int rn_waitgroup_wait_ctx(struct rn_ctx *ctx, struct rn_waitgroup *group)
{
    return wait_within((struct wait_limit){RN_NEVER, ctx}, group);
}

/* ------------------------------------------------------------------- once */

static void once_done(struct rn_once *once)
{
    race_release(once);
    atomic_store_explicit(&once->done_, 1, memory_order_release);
}

static inline bool once_is_done(struct rn_once *once)
{
    /* Acquire: pairs with the release above; the function's work is seen. */
    bool done = atomic_load_explicit(&once->done_, memory_order_acquire) ||
                (MUTANT(ONCE_EARLY) && once->lock_.state_);
    if (likely(done))
        race_acquire(once);
    return done;
}

/* Who has the lock is the one that runs it; the others wait for the lock. */
static int once_within(struct wait_limit limit, struct rn_once *once,
                       void (*function)(void *arg), void *arg)
{
    int status = lock_within(limit, &once->lock_);
    if (status != RN_OK)
        return status;
    rn_defer(rn_mutex_unlock, &once->lock_);
    if (!atomic_load_explicit(&once->done_, memory_order_relaxed)) {
        rn_defer(once_done, once); /* also when it panics */
        function(arg);
    }
    return RN_OK;
}

#undef rn_once_do
void rn_once_do(struct rn_once *once, void (*function)(void *arg), void *arg)
{
    if (unlikely(!once_is_done(once)))
        once_within(NO_LIMIT, once, function, arg);
}

int rn_once_do_until(int64_t deadline, struct rn_once *once,
                     void (*function)(void *arg), void *arg)
{
    struct wait_limit limit = {.deadline = deadline};
    return once_is_done(once) ? RN_OK : once_within(limit, once, function, arg);
}

int rn_once_do_ctx(struct rn_ctx *ctx, struct rn_once *once,
                   void (*function)(void *arg), void *arg)
{
    struct wait_limit limit = {RN_NEVER, ctx};
    int status = wait_limit_status(limit);
    if (status != RN_OK || once_is_done(once))
        return status;
    return once_within(limit, once, function, arg);
}

struct making {
    struct rn_once_value *value;
    void *(*make)(void *arg);
    void *arg;
};

static void make_value(void *arg)
{
    struct making *making = arg;
    making->value->value_ = making->make(making->arg);
}

void *rn_once_value(struct rn_once_value *value, void *(*make)(void *arg),
                    void *arg)
{
    rn_once_do(&value->once_, make_value, &(struct making){value, make, arg});
    return value->value_;
}

/* What it is, once that is settled. */
static int value_of(int status, const struct rn_once_value *value, void **out)
{
    if (status == RN_OK)
        *out = value->value_;
    return status;
}

int rn_once_value_until(int64_t deadline, struct rn_once_value *value,
                        void *(*make)(void *arg), void *arg, void **out)
{
    struct making making = {value, make, arg};
    return value_of(
        rn_once_do_until(deadline, &value->once_, make_value, &making), value,
        out);
}

int rn_once_value_ctx(struct rn_ctx *ctx, struct rn_once_value *value,
                      void *(*make)(void *arg), void *arg, void **out)
{
    struct making making = {value, make, arg};
    return value_of(rn_once_do_ctx(ctx, &value->once_, make_value, &making),
                    value, out);
}
