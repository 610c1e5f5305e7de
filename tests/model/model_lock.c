/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_lock.c: Mutex, RWMutex, WaitGroup and Once in all interleavings.
 */
#include <runnel/runnel.h>

#include "check.h"
#include "explorer.h"
#include "model_env.h"

static struct rn_mutex mutex;
static struct rn_rwmutex rw;
static struct rn_waitgroup group;
static struct rn_once once;
static int value;
static int inside;
static int readers;

static void locks_begin(void)
{
    mutex = (struct rn_mutex){0};
    rw = (struct rn_rwmutex){0};
    group = (struct rn_waitgroup){0};
    once = (struct rn_once){0};
    inside = 0;
    readers = 0;
    value = 0;
    model_deadline = model_now + 10;
    rn_waitgroup_add(&group, 2);
}

/* Readers have met before: they leave marks in the places of their workers. */
static void spread_begin(void)
{
    locks_begin();
    atomic_store(&rw.state_, 16 | LIGHT_SHARED);
}

/* Who waits looks a little before it parks. */
static void spin_begin(void)
{
    locks_begin();
    model_procs = 2;
}

/* The same with one worker's places for all, which hold one mark. */
static void spread_begin_together(void)
{
    spread_begin();
    model_places = 1;
}

static void locks_end(void)
{
    model_places = EXPLORER_THREADS;
    model_procs = 1;
    MUST(inside == 0 && readers == 0);
    MUST(rn_mutex_try_lock(&mutex));
    MUST(rn_rwmutex_try_lock(&rw));
}

static void enter(void)
{
    rn_mutex_lock(&mutex);
    MUST(inside++ == 0);
    explorer_step();
    inside--;
    rn_mutex_unlock(&mutex);
}

static void try_to_enter(void)
{
    if (!rn_mutex_try_lock(&mutex))
        return;
    MUST(inside++ == 0);
    explorer_step();
    inside--;
    rn_mutex_unlock(&mutex);
}

static void enter_in_time(void)
{
    if (rn_mutex_lock_until(model_deadline, &mutex) != RN_OK)
        return;
    MUST(inside++ == 0);
    explorer_step();
    inside--;
    rn_mutex_unlock(&mutex);
}

static void read_in(void)
{
    rn_rwmutex_rlock(&rw);
    readers++;
    MUST(inside == 0);
    explorer_step();
    readers--;
    rn_rwmutex_runlock(&rw);
}

static void write_in(void)
{
    rn_rwmutex_lock(&rw);
    MUST(inside++ == 0 && readers == 0);
    explorer_step();
    inside--;
    rn_rwmutex_unlock(&rw);
}

static void read_twice(void)
{
    read_in();
    read_in();
}

static void try_to_write_in(void)
{
    if (!rn_rwmutex_try_lock(&rw))
        return;
    MUST(inside++ == 0 && readers == 0);
    explorer_step();
    inside--;
    rn_rwmutex_unlock(&rw);
}

static void write_in_time(void)
{
    if (rn_rwmutex_lock_until(model_deadline, &rw) != RN_OK)
        return;
    MUST(inside++ == 0 && readers == 0);
    explorer_step();
    inside--;
    rn_rwmutex_unlock(&rw);
}

/* One takes the read side, another gives it back from another worker. */
static bool handed;

static void handed_begin(void)
{
    spread_begin();
    handed = false;
}

static bool is_handed(void)
{
    return handed;
}

static void read_and_hand(void)
{
    rn_rwmutex_rlock(&rw);
    readers++;
    MUST(inside == 0);
    handed = true;
}

static void leave_for_another(void)
{
    explorer_until(is_handed);
    MUST(inside == 0);
    readers--;
    rn_rwmutex_runlock(&rw);
}

/* Nobody writes or waits: a reader who only tries gets in. */
static void must_try_to_read(void)
{
    MUST(rn_rwmutex_try_rlock(&rw));
    readers++;
    explorer_step();
    readers--;
    rn_rwmutex_runlock(&rw);
}

static void work_and_say_so(void)
{
    value++;
    rn_waitgroup_done(&group);
}

static void wait_for_work(void)
{
    rn_waitgroup_wait(&group);
    MUST(value == 2);
}

#define POISON 0xa5

/* The group is gone once a wait for it has returned: whoever says done has done
 * with it then, also when an earlier wait was given up. */
static void wait_in_time_and_free(void)
{
    if (rn_waitgroup_wait_until(model_deadline, &group) != RN_OK)
        rn_waitgroup_wait(&group);
    MUST(value == 2);
    memset(&group, POISON, sizeof(group));
}

static void work_for_two(void)
{
    work_and_say_so();
    work_and_say_so();
}

static void freed_end(void)
{
    for (size_t i = 0; i < sizeof(group); i++)
        MUST(((unsigned char *)&group)[i] == POISON);
}

static void prepare_once(void *arg)
{
    (void)arg;
    MUST(inside++ == 0);
    explorer_step();
    value++;
    inside--;
}

static void use_once(void)
{
    rn_once_do(&once, prepare_once, NULL);
    MUST(value == 1);
}

static void read_and_leave_twice(void)
{
    read_in();
    rn_rwmutex_runlock(&rw);
}

static void not_reached(void)
{
}

/* No lock may be used so. */
const struct model leaves_twice = {
    "leaves_twice", spread_begin, {read_and_leave_twice}, not_reached};

const struct model lock_models[] = {
    {"mutex_two", locks_begin, {enter, enter}, locks_end},
    {"mutex_three", locks_begin, {enter, enter, enter}, locks_end},
    {"mutex_try", locks_begin, {enter, try_to_enter, enter}, locks_end},
    {"mutex_or_deadline",
     locks_begin,
     {enter, enter_in_time, model_clock_runs},
     locks_end},
    {"rwmutex_readers_writer",
     locks_begin,
     {read_in, write_in, read_in},
     locks_end},
    {"rwmutex_writers", locks_begin, {write_in, read_in, write_in}, locks_end},
    {"mutex_spin", spin_begin, {enter, enter, enter}, locks_end},
    {"mutex_spin_try", spin_begin, {enter, try_to_enter, enter}, locks_end},
    {"rwmutex_spin", spin_begin, {read_in, write_in, read_in}, locks_end},
    {"rwmutex_spin_writers",
     spin_begin,
     {write_in, read_in, write_in},
     locks_end},
    {"rwmutex_spin_or_deadline",
     spin_begin,
     {read_in, write_in_time, model_clock_runs},
     locks_end},
    {"rwmutex_spread", spread_begin, {read_in, write_in, read_in}, locks_end},
    {"rwmutex_spread_writers",
     spread_begin,
     {write_in, read_in, write_in},
     locks_end},
    {"rwmutex_spread_again", spread_begin, {read_twice, write_in}, locks_end},
    {"rwmutex_spread_together",
     spread_begin_together,
     {read_in, write_in, read_in},
     locks_end},
    {"rwmutex_spread_try",
     spread_begin,
     {read_in, try_to_write_in, read_in},
     locks_end},
    {"rwmutex_spread_or_deadline",
     spread_begin,
     {read_in, write_in_time, model_clock_runs},
     locks_end},
    {"rwmutex_spread_handed",
     handed_begin,
     {read_and_hand, leave_for_another, write_in},
     locks_end},
    {"rwmutex_spread_handed_readers",
     handed_begin,
     {read_and_hand, leave_for_another, must_try_to_read},
     locks_end},
    {"waitgroup",
     locks_begin,
     {work_and_say_so, wait_for_work, work_and_say_so},
     locks_end},
    {"waitgroup_freed",
     locks_begin,
     {wait_in_time_and_free, work_for_two, model_clock_runs},
     freed_end},
    {"once", locks_begin, {use_once, use_once, use_once}, locks_end},
};

const size_t lock_model_count = sizeof(lock_models) / sizeof(lock_models[0]);
