/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers one after another, moved and shared, and signals that come between.
 */
#include <pthread.h>

#include "rn_check.h"

/* Ten timers one after another take at least ten times as long as one. */
static void chained_timers_add_up(void)
{
    int64_t start = rn_now();

    for (int i = 1; i <= 10; i++) {
        struct rn_timer *timer = rn_timer_make(RN_MS);
        int64_t at = 0;

        CHECK(rn_recv(rn_timer_chan(timer), &at));
        CHECK(at - start >= i * RN_MS);
        rn_timer_free(timer);
    }
    CHECK(rn_now() - start >= 10 * RN_MS);
}

/* One timer set anew from its own channel's receiver, again and again. */
static void one_timer_is_used_again(void)
{
    struct rn_timer *timer = rn_timer_make(0);

    for (int i = 0; i < rn_check_rounds(500); i++) {
        CHECK(rn_recv(rn_timer_chan(timer), NULL));
        CHECK(!rn_timer_reset(timer, i % 3 * RN_US));
    }
    CHECK(rn_recv(rn_timer_chan(timer), NULL));
    CHECK(!rn_timer_stop(timer));
    CHECK_EQ_INT(rn_try_recv(rn_timer_chan(timer), NULL), RN_AGAIN);
    rn_timer_free(timer);
}

/* A wait for a timer's channel may have a deadline of its own. */
static void waits_for_timers_have_deadlines(void)
{
    struct rn_timer *timer = rn_timer_make(3600 * RN_S);
    int64_t deadline = rn_deadline(RN_MS);

    CHECK_EQ_INT(rn_recv_until(deadline, rn_timer_chan(timer), NULL),
                 RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    CHECK(rn_timer_reset(timer, 0));
    CHECK_EQ_INT(
        rn_recv_until(rn_deadline(60 * RN_S), rn_timer_chan(timer), NULL),
        RN_OK);
    rn_timer_free(timer);
}

struct user {
    struct rn_timer *timer;
    int rounds;
    _Atomic(int) *left;
};

static void stop_and_reset(struct user *own)
{
    for (int i = 0; i < own->rounds; i++) {
        /* Who finds a setting that has not fired takes it away. */
        if (i % 3)
            *own->left += !rn_timer_reset(own->timer, i % 5 * RN_US);
        else
            *own->left -= rn_timer_stop(own->timer);
        if (i % 4 == 0)
            rn_yield();
    }
}

static void count(void *arg)
{
    atomic_fetch_add((_Atomic(int) *)arg, 1);
}

/* Many stop and reset one timer at once: afterwards it obeys as before. */
static void many_set_one_timer(void)
{
    _Atomic(int) calls = 0;
    _Atomic(int) left[2] = {1, 1}; /* settings that have fired, or will */
    struct rn_timer *timers[2] = {rn_timer_make(0),
                                  rn_after_func(0, count, &calls)};

    for (int i = 0; i < 2; i++) {
        struct rn_waitgroup all = {0};

        for (int k = 0; k < 8; k++)
            rn_waitgroup_go(
                &all, stop_and_reset,
                (struct user){timers[i], rn_check_rounds(500) + 5, &left[i]});
        rn_waitgroup_wait(&all);
        left[i] -= rn_timer_stop(timers[i]);
    }
    CHECK_EQ_INT(rn_try_recv(rn_timer_chan(timers[0]), NULL), RN_AGAIN);
    /* A stop does not wait for a call that it came too late for. */
    while (atomic_load(&calls) < left[1])
        rn_yield();
    CHECK(!rn_timer_reset(timers[1], 0));
    while (atomic_load(&calls) <= left[1])
        rn_yield();
    CHECK(!rn_timer_reset(timers[0], 0));
    CHECK(rn_recv(rn_timer_chan(timers[0]), NULL));
    while (rn_task_count() > 1)
        rn_yield();
    CHECK_EQ_INT(atomic_load(&calls), left[1] + 1);
    rn_timer_free(timers[0]);
    rn_timer_free(timers[1]);
}

static void ignore_signal(int number)
{
    (void)number;
}

struct pest {
    pthread_t victim;
    _Atomic(bool) stop;
};

static void *send_signals(void *arg)
{
    struct pest *pest = arg;

    while (!atomic_load(&pest->stop)) {
        pthread_kill(pest->victim, SIGUSR1);
        kill(getpid(), SIGUSR1);
    }
    return NULL;
}

/* Signals that interrupt the workers shorten no sleep and lose no timer. */
static void signals_shorten_no_sleep(void)
{
    struct sigaction action = {.sa_handler = ignore_signal};
    struct pest pest = {.victim = pthread_self()};
    struct rn_timer *timer = rn_timer_make(2 * RN_MS);
    pthread_t thread;

    if (rn_check_simulated()) {
        rn_timer_free(timer);
        return; /* signals are not simulated */
    }
    sigaction(SIGUSR1, &action, NULL);
    CHECK_EQ_INT(pthread_create(&thread, NULL, send_signals, &pest), 0);
    for (int i = 0; i < 10; i++) {
        int64_t start = rn_now();

        rn_sleep(500 * RN_US);
        CHECK(rn_now() - start >= 500 * RN_US);
    }
    CHECK(rn_recv(rn_timer_chan(timer), NULL));
    atomic_store(&pest.stop, true);
    pthread_join(thread, NULL);
    rn_timer_free(timer);
}

#define CALLS 300

static rn_key(int) mine_key;

struct called {
    int number;
    _Atomic(uint64_t) id;
    _Atomic(bool) fresh;
    struct rn_mutex *gate;
    _Atomic(int) *over;
};

/* Every third one parks: what is due behind it runs elsewhere meanwhile. */
static void look_around(void *arg)
{
    struct called *own = arg;

    atomic_store(&own->id, rn_task_id());
    atomic_store(&own->fresh, !rn_local_get(&mine_key));
    rn_local_set(&mine_key, &own->number);
    rn_task_set_name("called");
    if (own->number % 3 == 0) {
        rn_mutex_lock(own->gate);
        rn_mutex_unlock(own->gate);
    }
    CHECK(rn_local_get(&mine_key) == &own->number);
    CHECK_EQ_INT(rn_task_id(), atomic_load(&own->id));
    atomic_fetch_add(own->over, 1);
}

/* Functions that are due together are each a goroutine of its own: its number,
 * its locals, and one that parks holds up none. */
static void each_function_is_a_goroutine(void)
{
    static struct called calls[CALLS];
    struct rn_timer *timers[CALLS];
    struct rn_mutex gate = {0};
    _Atomic(int) over = 0;

    rn_mutex_lock(&gate);
    for (int i = 0; i < CALLS; i++) {
        calls[i] = (struct called){.number = i, .gate = &gate, .over = &over};
        timers[i] = rn_after_func(i % 2 * 100 * RN_US, look_around, &calls[i]);
    }
    while (atomic_load(&over) < CALLS - (CALLS + 2) / 3)
        rn_sleep(100 * RN_US);
    CHECK_EQ_INT(atomic_load(&over), CALLS - (CALLS + 2) / 3);
    rn_mutex_unlock(&gate);
    while (atomic_load(&over) < CALLS || rn_task_count() > 1)
        rn_sleep(100 * RN_US);
    for (int i = 0; i < CALLS; i++) {
        CHECK(atomic_load(&calls[i].fresh));
        for (int k = 0; k < i; k++)
            CHECK(atomic_load(&calls[i].id) != atomic_load(&calls[k].id));
        CHECK(!rn_timer_stop(timers[i]));
        rn_timer_free(timers[i]);
    }
}

/* Far ones, of which all but one are stopped: that one fires, and nothing that
 * was stopped keeps the end from being seen. */
static void stopped_far_timers_hold_up_nothing(void)
{
    enum { FAR = 500 };
    static struct rn_timer *timers[FAR];
    int64_t at = 0;

    for (int i = 0; i < FAR; i++)
        timers[i] = rn_timer_make((i + 1) * 3600 * RN_S);
    for (int i = 0; i < FAR; i++)
        if (i != FAR / 2)
            CHECK(rn_timer_stop(timers[i]));
    CHECK(rn_timer_reset(timers[FAR / 2], RN_MS));
    CHECK(rn_recv(rn_timer_chan(timers[FAR / 2]), &at));
    for (int i = 0; i < FAR; i++)
        rn_timer_free(timers[i]);
}

RN_CHECK_MAIN(chained_timers_add_up, one_timer_is_used_again,
              waits_for_timers_have_deadlines, many_set_one_timer,
              signals_shorten_no_sleep, each_function_is_a_goroutine,
              stopped_far_timers_hold_up_nothing)
