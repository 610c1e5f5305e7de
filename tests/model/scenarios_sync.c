/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenarios_sync.c: Mutex, RWMutex, WaitGroup, Once.
 */
#include "scenarios.h"

struct room {
    struct rn_mutex lock;
    struct rn_rwmutex rw;
    struct rn_waitgroup done;
    struct rn_waitgroup work;
    struct rn_once once;
    int64_t deadline;
    int count; /* under `lock`, or `rw` */
    _Atomic(int) inside;
    _Atomic(int) readers;
    _Atomic(int) got;
    _Atomic(int) ready;
};

static void enter_alone(struct room **own)
{
    struct room *room = *own;
    for (int i = 0; i < 2; i++) {
        rn_mutex_lock(&room->lock);
        HOLDS(++room->inside == 1);
        int seen = room->count;
        rn_yield();
        room->count = seen + 1;
        room->inside--;
        rn_mutex_unlock(&room->lock);
    }
    rn_waitgroup_done(&room->done);
}

static int mutex_excludes(void *arg)
{
    struct room room = {0};
    (void)arg;
    rn_waitgroup_add(&room.done, 3);
    for (int i = 0; i < 3; i++)
        rn_go(enter_alone, &room);
    rn_waitgroup_wait(&room.done);
    HOLDS(room.count == 6);
    HOLDS(rn_mutex_try_lock(&room.lock));
    return 0;
}

static void try_to_enter(struct room **own)
{
    struct room *room = *own;
    for (int i = 0; i < 3; i++) {
        if (!rn_mutex_try_lock(&room->lock))
            continue;
        HOLDS(++room->inside == 1);
        room->got++;
        rn_yield();
        room->inside--;
        rn_mutex_unlock(&room->lock);
    }
    rn_waitgroup_done(&room->done);
}

static int try_lock_excludes(void *arg)
{
    struct room room = {0};
    (void)arg;
    rn_waitgroup_add(&room.done, 3);
    rn_go(try_to_enter, &room);
    rn_go(enter_alone, &room);
    rn_go(try_to_enter, &room);
    rn_waitgroup_wait(&room.done);
    HOLDS(room.count == 2);
    HOLDS(rn_mutex_try_lock(&room.lock));
    return 0;
}

static void enter_in_time(struct room **own)
{
    struct room *room = *own;
    int status = rn_mutex_lock_until(room->deadline, &room->lock);
    HOLDS(status == RN_OK || status == RN_TIMEOUT);
    if (status == RN_OK) {
        HOLDS(++room->inside == 1);
        rn_yield();
        room->inside--;
        rn_mutex_unlock(&room->lock);
    } else {
        HOLDS(rn_now() >= room->deadline);
    }
    rn_waitgroup_done(&room->done);
}

/* The lock is let go at the moment at which those that wait give up. */
static int timed_lock_is_had_or_not(void *arg)
{
    struct room room = {.deadline = rn_deadline(RN_US)};
    (void)arg;
    rn_waitgroup_add(&room.done, 3);
    rn_mutex_lock(&room.lock);
    room.inside++;
    for (int i = 0; i < 3; i++)
        rn_go(enter_in_time, &room);
    rn_sleep_until(room.deadline);
    room.inside--;
    rn_mutex_unlock(&room.lock);
    rn_waitgroup_wait(&room.done);
    HOLDS(rn_mutex_try_lock(&room.lock));
    return 0;
}

static void enter_patiently(struct room **own)
{
    rn_mutex_lock(&(*own)->lock);
    (*own)->count++;
    rn_mutex_unlock(&(*own)->lock);
    rn_waitgroup_done(&(*own)->done);
}

/* Those that gave up do not keep the lock from those that did not. */
static int giving_up_blocks_nobody(void *arg)
{
    struct room room = {.deadline = rn_deadline(RN_MS)};
    (void)arg;
    rn_waitgroup_add(&room.done, 4);
    rn_mutex_lock(&room.lock);
    rn_go(enter_in_time, &room);
    rn_go(enter_patiently, &room);
    rn_go(enter_in_time, &room);
    rn_go(enter_patiently, &room);
    rn_sleep_until(room.deadline + RN_MS);
    rn_mutex_unlock(&room.lock);
    rn_waitgroup_wait(&room.done);
    HOLDS(room.count == 2);
    return 0;
}

/* After a millisecond a waiter is given the lock. */
static int long_wait_is_handed_the_lock(void *arg)
{
    struct room room = {0};
    (void)arg;
    rn_waitgroup_add(&room.done, 2);
    rn_mutex_lock(&room.lock);
    rn_go(enter_patiently, &room);
    rn_sleep(2 * RN_MS);
    rn_go(enter_patiently, &room);
    rn_mutex_unlock(&room.lock);
    rn_mutex_lock(&room.lock);
    HOLDS(room.count >= 1);
    rn_mutex_unlock(&room.lock);
    rn_waitgroup_wait(&room.done);
    HOLDS(room.count == 2);
    return 0;
}

static void unlock_for_another(struct room **own)
{
    (*own)->count = 5;
    rn_mutex_unlock(&(*own)->lock);
    rn_waitgroup_done(&(*own)->done);
}

static int another_may_unlock(void *arg)
{
    struct room room = {0};
    (void)arg;
    rn_waitgroup_add(&room.done, 1);
    rn_mutex_lock(&room.lock);
    rn_go(unlock_for_another, &room);
    rn_mutex_lock(&room.lock);
    HOLDS(room.count == 5);
    rn_mutex_unlock(&room.lock);
    rn_waitgroup_wait(&room.done);
    return 0;
}

struct table {
    struct rn_mutex forks[3];
    struct rn_waitgroup done;
    _Atomic(int) meals;
};

static void dine(struct part *own)
{
    struct table *table = own->state;
    int left = own->me;
    int right = (own->me + 1) % 3;
    rn_mutex_lock(&table->forks[left < right ? left : right]);
    rn_mutex_lock(&table->forks[left < right ? right : left]);
    table->meals++;
    rn_mutex_unlock(&table->forks[left]);
    rn_mutex_unlock(&table->forks[right]);
    rn_waitgroup_done(&table->done);
}

static int philosophers_all_eat(void *arg)
{
    struct table table = {0};
    (void)arg;
    rn_waitgroup_add(&table.done, 3);
    for (int i = 0; i < 3; i++)
        rn_go(dine, (struct part){&table, i});
    rn_waitgroup_wait(&table.done);
    HOLDS(table.meals == 3);
    return 0;
}

/* ---------------------------------------------------------------- rwmutex */

static void read_in(struct room **own)
{
    struct room *room = *own;
    rn_rwmutex_rlock(&room->rw);
    room->readers++;
    HOLDS(room->inside == 0);
    int seen = room->count;
    rn_yield();
    HOLDS(room->count == seen);
    room->readers--;
    rn_rwmutex_runlock(&room->rw);
    rn_waitgroup_done(&room->done);
}

static void write_in(struct room **own)
{
    struct room *room = *own;
    rn_rwmutex_lock(&room->rw);
    HOLDS(++room->inside == 1 && room->readers == 0);
    int seen = room->count;
    rn_yield();
    room->count = seen + 1;
    HOLDS(room->readers == 0);
    room->inside--;
    rn_rwmutex_unlock(&room->rw);
    rn_waitgroup_done(&room->done);
}

static void try_to_read(struct room **own)
{
    struct room *room = *own;
    if (rn_rwmutex_try_rlock(&room->rw)) {
        room->readers++;
        HOLDS(room->inside == 0);
        rn_yield();
        HOLDS(room->inside == 0);
        room->readers--;
        rn_rwmutex_runlock(&room->rw);
    }
    rn_waitgroup_done(&room->done);
}

static void try_to_write(struct room **own)
{
    struct room *room = *own;
    if (rn_rwmutex_try_lock(&room->rw)) {
        HOLDS(++room->inside == 1 && room->readers == 0);
        rn_yield();
        HOLDS(room->readers == 0);
        room->inside--;
        rn_rwmutex_unlock(&room->rw);
    }
    rn_waitgroup_done(&room->done);
}

static int in_the_room(void (*const *visits)(struct room **), int writers)
{
    struct room room = {0};
    rn_waitgroup_add(&room.done, 4);
    for (int i = 0; i < 4; i++)
        rn_go(visits[i], &room);
    rn_waitgroup_wait(&room.done);
    HOLDS(room.count == writers);
    HOLDS(rn_rwmutex_try_lock(&room.rw));
    return 0;
}

static int readers_share_writers_exclude(void *arg)
{
    void (*const visits[])(struct room **) = {read_in, write_in, read_in,
                                              write_in};
    (void)arg;
    return in_the_room(visits, 2);
}

static int readers_get_in_after_a_writer(void *arg)
{
    void (*const visits[])(struct room **) = {write_in, read_in, read_in,
                                              read_in};
    (void)arg;
    return in_the_room(visits, 1);
}

static int writers_take_turns(void *arg)
{
    void (*const visits[])(struct room **) = {write_in, write_in, write_in,
                                              read_in};
    (void)arg;
    return in_the_room(visits, 3);
}

static int tries_respect_the_room(void *arg)
{
    void (*const visits[])(struct room **) = {try_to_read, try_to_write,
                                              write_in, try_to_read};
    (void)arg;
    return in_the_room(visits, 1);
}

static int waiting_writer_keeps_readers_out(void *arg)
{
    struct room room = {0};
    (void)arg;
    rn_waitgroup_add(&room.done, 2);
    rn_rwmutex_rlock(&room.rw);
    rn_go(write_in, &room);
    settle(); /* it waits */
    HOLDS(!rn_rwmutex_try_rlock(&room.rw));
    rn_go(read_in, &room);
    settle();
    HOLDS(room.readers == 0);
    rn_rwmutex_runlock(&room.rw);
    rn_waitgroup_wait(&room.done);
    HOLDS(room.count == 1);
    return 0;
}

static void read_once(struct room **own)
{
    struct room *room = *own;
    rn_rwmutex_rlock(&room->rw);
    room->got++;
    rn_rwmutex_runlock(&room->rw);
    rn_waitgroup_done(&room->done);
}

/* Woken, it may find the next writer; the one after that waits for it. */
static int reader_is_passed_once(void *arg)
{
    struct room room = {0};
    (void)arg;
    rn_waitgroup_add(&room.done, 1);
    rn_rwmutex_lock(&room.rw);
    rn_go(read_once, &room);
    settle();
    for (int i = 0; i < 2; i++) {
        HOLDS(room.got == 0 || i > 0);
        rn_rwmutex_unlock(&room.rw);
        rn_rwmutex_lock(&room.rw);
        if (i == 0)
            settle(); /* it has tried */
    }
    HOLDS(room.got == 1);
    rn_rwmutex_unlock(&room.rw);
    rn_waitgroup_wait(&room.done);
    return 0;
}

/* -------------------------------------------------------------- waitgroup */

static void wait_for_work(struct room **own)
{
    rn_waitgroup_wait(&(*own)->work);
    HOLDS((*own)->got == 2); /* not before both are done */
    rn_waitgroup_done(&(*own)->done);
}

static void do_work(struct room **own)
{
    rn_yield();
    (*own)->got++;
    rn_waitgroup_done(&(*own)->work);
    rn_waitgroup_done(&(*own)->done);
}

static int waitgroup_wakes_all_and_not_early(void *arg)
{
    struct room room = {0};
    (void)arg;
    rn_waitgroup_add(&room.done, 5);
    rn_waitgroup_add(&room.work, 2);
    rn_go(wait_for_work, &room);
    rn_go(do_work, &room);
    rn_go(wait_for_work, &room);
    rn_go(do_work, &room);
    rn_go(wait_for_work, &room);
    rn_waitgroup_wait(&room.done);
    return 0;
}

static void work_till_the_deadline(struct room **own)
{
    rn_sleep_until((*own)->deadline);
    (*own)->got = 2;
    rn_waitgroup_done(&(*own)->work);
    rn_waitgroup_done(&(*own)->done);
}

static void wait_till_the_deadline(struct room **own)
{
    struct room *room = *own;
    int status = rn_waitgroup_wait_until(room->deadline, &room->work);
    HOLDS(status == RN_OK || status == RN_TIMEOUT);
    HOLDS(status == RN_TIMEOUT || room->got == 2);
    HOLDS(rn_now() >= room->deadline);
    rn_waitgroup_done(&room->done);
}

static int timed_waits_end_either_way(void *arg)
{
    struct room room = {.deadline = rn_deadline(RN_MS)};
    (void)arg;
    rn_waitgroup_add(&room.done, 4);
    rn_waitgroup_add(&room.work, 1);
    rn_go(wait_till_the_deadline, &room);
    rn_go(work_till_the_deadline, &room);
    rn_go(wait_till_the_deadline, &room);
    rn_go(wait_for_work, &room);
    rn_waitgroup_wait(&room.done);
    HOLDS(rn_waitgroup_wait_until(0, &room.work) == RN_OK);
    return 0;
}

static void count_once(struct room **own)
{
    (*own)->got++;
    rn_waitgroup_done(&(*own)->done);
}

static int waitgroup_is_used_again(void *arg)
{
    struct room room = {0};
    (void)arg;
    for (int round = 1; round <= 3; round++) {
        rn_waitgroup_add(&room.done, 2);
        rn_go(count_once, &room);
        rn_go(count_once, &room);
        rn_waitgroup_wait(&room.done);
        HOLDS(room.got == 2 * round);
    }
    return 0;
}

/* ------------------------------------------------------------------- once */

static void prepare(void *arg)
{
    struct room *room = arg;
    HOLDS(++room->got == 1);
    rn_yield();
    rn_yield();
    room->ready = 1;
}

static void use(struct room **own)
{
    rn_once_do(&(*own)->once, prepare, *own);
    HOLDS((*own)->ready == 1);
    rn_once_do(&(*own)->once, prepare, *own);
    rn_waitgroup_done(&(*own)->done);
}

static int once_runs_once_before_anybody_goes_on(void *arg)
{
    struct room room = {0};
    (void)arg;
    rn_waitgroup_add(&room.done, 3);
    for (int i = 0; i < 3; i++)
        rn_go(use, &room);
    rn_waitgroup_wait(&room.done);
    HOLDS(room.got == 1);
    return 0;
}

const struct scenario sync_scenarios[] = {
    SCENARIO(mutex_excludes),
    SCENARIO(try_lock_excludes),
    SCENARIO(timed_lock_is_had_or_not),
    SCENARIO(giving_up_blocks_nobody),
    SCENARIO(long_wait_is_handed_the_lock),
    SCENARIO(another_may_unlock),
    SCENARIO(philosophers_all_eat),
    SCENARIO(readers_share_writers_exclude),
    SCENARIO(readers_get_in_after_a_writer),
    SCENARIO(writers_take_turns),
    SCENARIO(tries_respect_the_room),
    SCENARIO(waiting_writer_keeps_readers_out),
    SCENARIO(reader_is_passed_once),
    SCENARIO(waitgroup_wakes_all_and_not_early),
    SCENARIO(timed_waits_end_either_way),
    SCENARIO(waitgroup_is_used_again),
    SCENARIO(once_runs_once_before_anybody_goes_on),
    SCENARIOS_END,
};
