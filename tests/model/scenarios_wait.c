/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenarios_wait.c: Cond, Semaphore, limits of RWMutex, joins, functions after
 * a context, cached objects.
 */
#include "scenarios.h"

struct place {
    struct rn_mutex lock;
    struct rn_cond turned;
    struct rn_rwmutex rw;
    struct rn_semaphore seats;
    struct rn_waitgroup done;
    struct rn_ctx *ctx;
    struct rn_ctx *after;
    struct rn_cache *cache;
    int64_t deadline;
    int turn;    /* under lock */
    int waiting; /* under lock */
    int woken;   /* under lock */
    _Atomic(int) used;
    _Atomic(int) got;
    _Atomic(int) writers;
};

/* ------------------------------------------------------------------- cond */

static void wait_once(struct place **own)
{
    struct place *place = *own;
    rn_mutex_lock(&place->lock);
    place->waiting++;
    rn_cond_wait(&place->turned, &place->lock);
    place->woken++;
    rn_mutex_unlock(&place->lock);
}

static int read_woken(struct place *place)
{
    rn_mutex_lock(&place->lock);
    int woken = place->woken;
    rn_mutex_unlock(&place->lock);
    return woken;
}

static int signal_wakes_one(void *arg)
{
    struct place place = {0};
    (void)arg;
    for (int i = 0; i < 3; i++)
        rn_waitgroup_go(&place.done, wait_once, &place);
    settle();
    HOLDS(place.waiting == 3);
    for (int i = 1; i <= 2; i++) {
        rn_cond_signal(&place.turned);
        settle();
        HOLDS(read_woken(&place) == i);
    }
    rn_cond_broadcast(&place.turned);
    rn_waitgroup_wait(&place.done);
    return 0;
}

static void wait_for_turn(struct place **own)
{
    struct place *place = *own;
    rn_mutex_lock(&place->lock);
    while (place->turn == 0)
        rn_cond_wait(&place->turned, &place->lock);
    rn_mutex_unlock(&place->lock);
}

/* The state is changed under the mutex, the signal comes after it. */
static int no_signal_is_missed(void *arg)
{
    struct place place = {0};
    (void)arg;
    rn_waitgroup_go(&place.done, wait_for_turn, &place);
    rn_mutex_lock(&place.lock);
    place.turn = 1;
    rn_mutex_unlock(&place.lock);
    rn_cond_signal(&place.turned);
    rn_waitgroup_wait(&place.done);
    return 0;
}

static void take_turns(struct part *own)
{
    struct place *place = own->state;
    for (int i = 0; i < 2; i++) {
        rn_mutex_lock(&place->lock);
        while (place->turn % 2 != own->me)
            rn_cond_wait(&place->turned, &place->lock);
        place->turn++;
        rn_mutex_unlock(&place->lock);
        rn_cond_signal(&place->turned);
    }
}

static int two_take_turns(void *arg)
{
    struct place place = {0};
    (void)arg;
    for (int i = 0; i < 2; i++)
        rn_waitgroup_go(&place.done, take_turns, (struct part){&place, i});
    rn_waitgroup_wait(&place.done);
    HOLDS(place.turn == 4);
    return 0;
}

static void wait_in_time(struct place **own)
{
    struct place *place = *own;
    rn_mutex_lock(&place->lock);
    int status =
        rn_cond_wait_until(place->deadline, &place->turned, &place->lock);
    HOLDS(!rn_mutex_try_lock(&place->lock));
    HOLDS(status == RN_OK || rn_now() >= place->deadline);
    place->woken += status == RN_OK;
    rn_mutex_unlock(&place->lock);
}

/* Two signals at the deadline of one who waits: the other gets one. */
static int signal_at_the_deadline_is_not_lost(void *arg)
{
    struct place place = {.deadline = rn_deadline(RN_US)};
    (void)arg;
    rn_waitgroup_go(&place.done, wait_in_time, &place);
    rn_waitgroup_go(&place.done, wait_once, &place);
    rn_sleep_until(place.deadline);
    while (rn_task_count() > 1) { /* those who come late want one, too */
        rn_cond_signal(&place.turned);
        rn_yield();
    }
    HOLDS(place.woken >= 1);
    return 0;
}

/* Exactly as many signals as waiters that are left. */
static int signal_passes_those_that_gave_up(void *arg)
{
    struct place place = {.deadline = rn_deadline(2 * RN_US)};
    (void)arg;
    rn_waitgroup_go(&place.done, wait_in_time, &place);
    settle();
    rn_waitgroup_go(&place.done, wait_once, &place);
    rn_sleep_until(place.deadline);
    rn_mutex_lock(&place.lock);
    bool queued = place.waiting == 1;
    rn_mutex_unlock(&place.lock);
    rn_cond_signal(&place.turned);
    settle();
    settle();
    HOLDS(!queued || read_woken(&place) == 1);
    rn_cond_broadcast(&place.turned);
    rn_waitgroup_wait(&place.done);
    return 0;
}

/* -------------------------------------------------------------- semaphore */

static void sit(struct part *own)
{
    struct place *place = own->state;
    for (int i = 0; i < 2; i++) {
        rn_semaphore_acquire(&place->seats, own->me);
        HOLDS(atomic_fetch_add(&place->used, own->me) + own->me <= 3);
        rn_yield();
        place->used -= own->me;
        rn_semaphore_release(&place->seats, own->me);
    }
}

static int places_are_kept(void *arg)
{
    struct place place = {.seats = RN_SEMAPHORE(3)};
    (void)arg;
    for (int i = 1; i <= 3; i++)
        rn_waitgroup_go(&place.done, sit, (struct part){&place, i});
    rn_waitgroup_wait(&place.done);
    HOLDS(rn_semaphore_try_acquire(&place.seats, 3));
    return 0;
}

static void sit_and_tell(struct part *own)
{
    struct place *place = own->state;
    rn_semaphore_acquire(&place->seats, own->me);
    HOLDS(own->me == 3 || place->got == 1); /* the large one was first */
    place->got++;
    rn_semaphore_release(&place->seats, own->me);
}

static int large_request_is_not_passed(void *arg)
{
    struct place place = {.seats = RN_SEMAPHORE(3)};
    (void)arg;
    rn_semaphore_acquire(&place.seats, 2);
    rn_waitgroup_go(&place.done, sit_and_tell, (struct part){&place, 3});
    settle();
    HOLDS(!rn_semaphore_try_acquire(&place.seats, 1));
    rn_waitgroup_go(&place.done, sit_and_tell, (struct part){&place, 1});
    settle();
    HOLDS(place.got == 0);
    rn_semaphore_release(&place.seats, 2);
    rn_waitgroup_wait(&place.done);
    return 0;
}

static void want_all(struct place **own)
{
    struct place *place = *own;
    HOLDS(rn_semaphore_acquire_until(place->deadline, &place->seats, 3) ==
          RN_TIMEOUT);
}

static void want_one(struct place **own)
{
    rn_semaphore_acquire(&(*own)->seats, 1);
    (*own)->got++;
}

/* The large one gives up; the small one behind it fits, and is let in. */
static int giving_up_lets_others_in(void *arg)
{
    struct place place = {.seats = RN_SEMAPHORE(3),
                          .deadline = rn_deadline(3 * RN_US)};
    (void)arg;
    rn_semaphore_acquire(&place.seats, 1);
    rn_waitgroup_go(&place.done, want_all, &place);
    settle();
    rn_waitgroup_go(&place.done, want_one, &place);
    rn_waitgroup_wait(&place.done);
    HOLDS(place.got == 1);
    return 0;
}

static void sit_in_time(struct place **own)
{
    struct place *place = *own;
    if (rn_semaphore_acquire_until(place->deadline, &place->seats, 2) != RN_OK)
        return;
    HOLDS(atomic_fetch_add(&place->used, 2) <= 1);
    rn_yield();
    place->used -= 2;
    rn_semaphore_release(&place->seats, 2);
}

/* Places come back at the moment at which those that want them give up. */
static int timed_places_are_had_or_not(void *arg)
{
    struct place place = {.seats = RN_SEMAPHORE(3),
                          .deadline = rn_deadline(RN_US)};
    (void)arg;
    rn_semaphore_acquire(&place.seats, 2);
    for (int i = 0; i < 3; i++)
        rn_waitgroup_go(&place.done, sit_in_time, &place);
    rn_sleep_until(place.deadline);
    rn_semaphore_release(&place.seats, 2);
    rn_waitgroup_wait(&place.done);
    HOLDS(rn_semaphore_try_acquire(&place.seats, 3));
    return 0;
}

/* ------------------------------------------------------- limits of RWMutex */

static void write_in_time(struct place **own)
{
    struct place *place = *own;
    if (rn_rwmutex_lock_until(place->deadline, &place->rw) != RN_OK)
        return;
    HOLDS(++place->writers == 1);
    rn_yield();
    place->writers--;
    rn_rwmutex_unlock(&place->rw);
}

static void read_patiently(struct place **own)
{
    struct place *place = *own;
    rn_rwmutex_rlock(&place->rw);
    HOLDS(place->writers == 0);
    place->got++;
    rn_rwmutex_runlock(&place->rw);
}

/* A writer that gives up kept a reader out; another one still reads. */
static int writer_that_gives_up_lets_readers_in(void *arg)
{
    struct place place = {.deadline = rn_deadline(3 * RN_US)};
    (void)arg;
    rn_rwmutex_rlock(&place.rw);
    rn_waitgroup_go(&place.done, write_in_time, &place);
    settle();
    rn_waitgroup_go(&place.done, read_patiently, &place);
    rn_waitgroup_wait(&place.done); /* while this one reads */
    HOLDS(place.got == 1);
    rn_rwmutex_runlock(&place.rw);
    HOLDS(rn_rwmutex_try_lock(&place.rw));
    return 0;
}

/* The read side is let go at the moment at which the writers give up. */
static int timed_writers_are_had_or_not(void *arg)
{
    struct place place = {.deadline = rn_deadline(RN_US)};
    (void)arg;
    rn_rwmutex_rlock(&place.rw);
    for (int i = 0; i < 2; i++) {
        rn_waitgroup_go(&place.done, write_in_time, &place);
        rn_waitgroup_go(&place.done, read_patiently, &place);
    }
    rn_sleep_until(place.deadline);
    rn_rwmutex_runlock(&place.rw);
    rn_waitgroup_wait(&place.done);
    HOLDS(place.got == 2);
    HOLDS(rn_rwmutex_try_lock(&place.rw));
    return 0;
}

/* ---------------------------------------------- contexts, joins, and objects */

static void count_call(void *arg)
{
    ((struct place *)arg)->got++;
}

static void stop_it(struct place **own)
{
    (*own)->got += rn_ctx_stop((*own)->after);
}

static void cancel_it(struct place **own)
{
    rn_ctx_cancel_cause((*own)->ctx, -5, "because");
}

/* A function runs, or one stop has kept it from that: never both. */
static int after_func_runs_or_is_stopped(void *arg)
{
    struct place place = {.ctx = rn_ctx_with_cancel(rn_ctx_background())};
    (void)arg;
    place.after = rn_ctx_after_func(place.ctx, count_call, &place);
    rn_waitgroup_go(&place.done, stop_it, &place);
    rn_waitgroup_go(&place.done, cancel_it, &place);
    rn_waitgroup_wait(&place.done);
    settle();
    HOLDS(place.got == 1);
    HOLDS(!rn_ctx_stop(place.after));
    rn_ctx_release(place.after);
    rn_ctx_release(place.ctx);
    return 0;
}

/* A child has its parent's cause, made before or after the cancel. */
static int cause_reaches_every_child(void *arg)
{
    struct place place = {.ctx = rn_ctx_with_cancel(rn_ctx_background())};
    (void)arg;
    rn_waitgroup_go(&place.done, cancel_it, &place);
    struct rn_ctx *child = rn_ctx_with_cancel(place.ctx);
    rn_yield();
    struct rn_ctx *leaf = rn_ctx_with_cancel(child);
    HOLDS(rn_ctx_wait(leaf) == RN_CANCELED);
    HOLDS(rn_ctx_cause(leaf) == -5);
    rn_waitgroup_wait(&place.done);
    HOLDS(rn_ctx_cause(child) == -5);
    rn_ctx_release(leaf);
    rn_ctx_release(child);
    rn_ctx_release(place.ctx);
    return 0;
}

static int return_at_the_deadline(struct place **own)
{
    rn_sleep_until((*own)->deadline);
    (*own)->got++;
    return 7;
}

/* The end comes at the deadline of the join: it is had, then or later. */
static int timed_join_is_had_or_not(void *arg)
{
    struct place place = {.deadline = rn_deadline(RN_US)};
    (void)arg;
    struct rn_handle *handle = rn_spawn(return_at_the_deadline, &place);
    int result = 0;
    if (rn_join_until(place.deadline, handle, &result) != RN_OK)
        result = rn_join(handle);
    HOLDS(result == 7);
    HOLDS(place.got == 1);
    return 0;
}

static void *make_object(void)
{
    static _Atomic(int) objects[8];
    static _Atomic(unsigned) made;
    _Atomic(int) *object = &objects[made++ % 8];
    *object = 0;
    return object;
}

static void drop_object(void *object)
{
    (void)object;
}

static void use_objects(struct place **own)
{
    for (int i = 0; i < 2; i++) {
        _Atomic(int) *object = rn_cache_get((*own)->cache);
        HOLDS(++*object == 1);
        rn_yield();
        --*object;
        rn_cache_put((*own)->cache, object);
    }
}

static int objects_have_one_user(void *arg)
{
    struct place place = {.cache = rn_cache_make(2, make_object, drop_object)};
    (void)arg;
    for (int i = 0; i < 3; i++)
        rn_waitgroup_go(&place.done, use_objects, &place);
    rn_waitgroup_wait(&place.done);
    rn_cache_free(place.cache);
    return 0;
}

const struct scenario wait_scenarios[] = {
    SCENARIO(signal_wakes_one),
    SCENARIO(no_signal_is_missed),
    SCENARIO(two_take_turns),
    SCENARIO(signal_at_the_deadline_is_not_lost),
    SCENARIO(signal_passes_those_that_gave_up),
    SCENARIO(places_are_kept),
    SCENARIO(large_request_is_not_passed),
    SCENARIO(giving_up_lets_others_in),
    SCENARIO(timed_places_are_had_or_not),
    SCENARIO(writer_that_gives_up_lets_readers_in),
    SCENARIO(timed_writers_are_had_or_not),
    SCENARIO(after_func_runs_or_is_stopped),
    SCENARIO(cause_reaches_every_child),
    SCENARIO(timed_join_is_had_or_not),
    SCENARIO(objects_have_one_user),
    SCENARIOS_END,
};
