/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rn_block: the call runs elsewhere, the others go on, and what it did is seen.
 */
#include <pthread.h>
#include <time.h>

#include "rn_check.h"

static void sleep_as_a_thread(int64_t ns)
{
    struct timespec time = {.tv_sec = ns / RN_S, .tv_nsec = ns % RN_S};

    while (nanosleep(&time, &time) < 0)
        continue;
}

struct call {
    int input;
    int output;
    bool foreign;
    int64_t takes;
    struct rn_waitgroup *all;
};

static void square_slowly(void *arg)
{
    struct call *call = arg;

    sleep_as_a_thread(call->takes);
    call->foreign = rn_task_id() == 0;
    call->output = call->input * call->input;
}

/* What the function did is there afterwards, and it ran outside a goroutine. */
static void effects_are_visible(void)
{
    for (int i = 0; i < rn_check_rounds(2000) + 10; i++) {
        struct call call = {.input = i % 100};

        rn_block(square_slowly, &call);
        CHECK_EQ_INT(call.output, call.input * call.input);
        CHECK(call.foreign);
    }
}

static void block_once(struct call *own)
{
    rn_block(square_slowly, own);
    CHECK_EQ_INT(own->output, own->input * own->input);
    rn_waitgroup_done(own->all);
}

/* From 300 goroutines at once: more than there are threads, and all end. */
static void many_may_block(void)
{
    struct rn_waitgroup all = {0};

    rn_waitgroup_add(&all, 300);
    for (int i = 0; i < 300; i++)
        rn_go(block_once,
              (struct call){.input = i, .takes = i % 5 * RN_MS, .all = &all});
    rn_waitgroup_wait(&all);
}

struct meeting {
    pthread_barrier_t barrier;
};

static void meet(void *arg)
{
    struct meeting *meeting = arg;

    pthread_barrier_wait(&meeting->barrier);
}

struct guest {
    struct meeting *meeting;
    struct rn_waitgroup *all;
};

static void go_to_meeting(struct guest *own)
{
    rn_block(meet, own->meeting);
    rn_waitgroup_done(own->all);
}

/* As many calls block at once as there may be threads. */
static void calls_block_at_the_same_time(void)
{
    struct rn_waitgroup all = {0};
    struct meeting meeting;

    CHECK_EQ_INT(pthread_barrier_init(&meeting.barrier, NULL, RN_BLOCK_THREADS),
                 0);
    rn_waitgroup_add(&all, RN_BLOCK_THREADS);
    for (int i = 0; i < RN_BLOCK_THREADS; i++)
        rn_go(go_to_meeting, (struct guest){&meeting, &all});
    rn_waitgroup_wait(&all);
    pthread_barrier_destroy(&meeting.barrier);
}

struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t opened;
    bool open;
    struct rn_waitgroup *all;
};

static void wait_at_gate(void *arg)
{
    struct gate *gate = arg;

    pthread_mutex_lock(&gate->mutex);
    while (!gate->open)
        pthread_cond_wait(&gate->opened, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void block_at_gate(struct gate **own)
{
    rn_block(wait_at_gate, *own);
    rn_waitgroup_done((*own)->all);
}

static void pass_ball(rn_chan(int) *own)
{
    rn_range (int, ball, *own)
        CHECK(ball >= 0);
}

/* While calls block, timers fire and goroutines run. */
static void others_go_on_meanwhile(void)
{
    struct rn_waitgroup all = {0};
    struct gate gate = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                        .opened = PTHREAD_COND_INITIALIZER,
                        .all = &all};
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_timer *timer;

    rn_waitgroup_add(&all, 10);
    for (int i = 0; i < 10; i++)
        rn_go(block_at_gate, &gate);
    rn_check_settle();
    rn_go(pass_ball, chan);
    for (int i = 0; i < 100; i++)
        rn_send(chan, i);
    rn_close(chan);
    for (int i = 0; i < 3; i++) {
        timer = rn_timer_make(RN_MS);
        CHECK(rn_recv(rn_timer_chan(timer), NULL));
        rn_timer_free(timer);
    }
    CHECK_EQ_INT(rn_waitgroup_wait_until(0, &all), RN_TIMEOUT);
    pthread_mutex_lock(&gate.mutex);
    gate.open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.mutex);
    rn_waitgroup_wait(&all);
    rn_chan_free(chan);
}

static void nested(void *arg)
{
    rn_block(square_slowly, arg);
}

/* On a foreign thread it is a plain call. */
static void nested_call_is_plain(void)
{
    struct call call = {.input = 9};

    rn_block(nested, &call);
    CHECK_EQ_INT(call.output, 81);
}

RN_CHECK_MAIN(effects_are_visible, many_may_block, calls_block_at_the_same_time,
              others_go_on_meanwhile, nested_call_is_plain)
