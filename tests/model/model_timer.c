/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_timer.c: the order in which timers leave their queue.
 */
#include <runnel/runnel.h>

#include "check.h"
#include "explorer.h"
#include "model_env.h"

/* More than one batch, and than what the queue takes for small. */
#define TIMERS 200
/* Removed, postponed, and left as they are, in turn. */
#define KINDS  3

static struct timer timers[TIMERS];
static int received;
static int64_t fired_last;
static int64_t unit;

static void timers_begin(void)
{
    memset(timers, 0, sizeof(timers));
    unit = 1;
    fired_last = 0;
    received = 0;
}

/* So far apart that most lie in the wheel, at several levels. */
static void far_timers_begin(void)
{
    timers_begin();
    unit = RN_S;
}

/* In no order, and several at one time. */
static int64_t timer_time(size_t i)
{
    return unit * (1 + (int64_t)(i * 7919 % 97));
}

static void expire_till(int64_t now, size_t most)
{
    struct timer *due[TIMERQ_BATCH];
    size_t count;
    do {
        count = timerq_expire(&model_timers, now, due, most);
        MUST(count <= most);
        for (size_t i = 0; i < count; i++) {
            MUST(due[i]->when <= now && due[i]->when >= fired_last);
            MUST((size_t)(due[i] - timers) % KINDS != 0);
            fired_last = due[i]->when;
            received++;
        }
    } while (count > 0);
}

/*
 * Some are stopped, and some postponed: among those that are due with them, or
 * behind them.
 */
static void timers_in_order(void)
{
    for (size_t i = 0; i < TIMERS; i++) {
        timers[i].when = timer_time(i);
        timerq_add(&model_timers, &timers[i]);
    }
    for (size_t i = 0; i < TIMERS; i++) {
        if (i % KINDS == 0)
            MUST(timerq_remove(&timers[i]));
        else if (i % KINDS == 1)
            MUST(timerq_postpone(&timers[i],
                                 timers[i].when + unit * (int64_t)(i % 60)));
    }
    expire_till(0, TIMERQ_BATCH);
    expire_till(30 * unit, 5);
    expire_till(60 * unit, TIMERQ_BATCH);
    expire_till(1000 * unit, TIMERQ_BATCH);
}

/* What is put in while others are on their way, and is due before them, leaves
 * before them; all that are taken out are gone, wherever they were. */
static void timers_come_and_go(void)
{
    struct timer *due[TIMERQ_BATCH];
    for (size_t i = 0; i < TIMERS; i++) {
        timers[i].when = 1000 * unit + timer_time(i);
        timerq_add(&model_timers, &timers[i]);
    }
    MUST(timerq_expire(&model_timers, 1050 * unit, due, 1) == 1);
    due[0]->when = unit;
    timerq_add(&model_timers, due[0]);
    struct timer *again = due[0];
    MUST(timerq_expire(&model_timers, 1050 * unit, due, 1) == 1);
    MUST(due[0] == again);
    /* Who looked at the clock earlier finds nothing. */
    MUST(timerq_expire(&model_timers, unit, due, 1) == 0);
    for (size_t i = 0; i < TIMERS; i++)
        (void)timerq_remove(&timers[i]);
}

static void none_is_left(void)
{
    MUST(timerq_count(&model_timers) == 0);
    MUST(timerq_next(&model_timers) == RN_NEVER);
}

static void timers_end(void)
{
    MUST(received == TIMERS - (TIMERS + KINDS - 1) / KINDS);
    MUST(timerq_count(&model_timers) == 0);
    MUST(timerq_next(&model_timers) == RN_NEVER);
}

const struct model timer_models[] = {
    {"timers_leave_in_order", timers_begin, {timers_in_order}, timers_end},
    {"far_timers_leave_in_order",
     far_timers_begin,
     {timers_in_order},
     timers_end},
    {"timers_come_and_go",
     far_timers_begin,
     {timers_come_and_go},
     none_is_left},
};

const size_t timer_model_count = sizeof(timer_models) / sizeof(timer_models[0]);
