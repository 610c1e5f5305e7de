/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No deadlock is reported while a timer, a descriptor, a blocking call or a
 * foreign thread may still wake somebody. (A report would end the case with
 * status 2.) Each waits long enough for every worker to fall asleep.
 */
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>

#include "rn_check.h"

#define LONG_ENOUGH (30 * RN_MS)

static void sleep_as_a_thread(void)
{
    struct timespec time = {.tv_nsec = LONG_ENOUGH};

    while (nanosleep(&time, &time) < 0)
        continue;
}

/* No deadlock is reported while a goroutine sleeps. */
static void sleeper_will_wake(void)
{
    rn_sleep(LONG_ENOUGH);
}

/* Nor while a timer will send on a channel that somebody waits for. */
static void timer_will_fire(void)
{
    struct rn_timer *timer = rn_timer_make(LONG_ENOUGH);

    CHECK(rn_recv(rn_timer_chan(timer), NULL));
    rn_timer_free(timer);
}

/* Nor while a wait has a deadline. */
static void deadline_will_pass(void)
{
    rn_chan(int) idle = rn_chan_make(int, 0);
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), LONG_ENOUGH);

    CHECK_EQ_INT(rn_recv_until(rn_deadline(LONG_ENOUGH), idle, NULL),
                 RN_TIMEOUT);
    CHECK_EQ_INT(rn_ctx_wait(ctx), RN_TIMEOUT);
    rn_ctx_release(ctx);
    rn_chan_free(idle);
}

static void send_on(void *arg)
{
    rn_chan(int) *chan = arg;

    rn_send(*chan, 1);
}

/* Nor while a timer will run a function. */
static void function_will_run(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_timer *timer = rn_after_func(LONG_ENOUGH, send_on, &chan);

    CHECK(rn_recv(chan, NULL));
    while (rn_task_count() > 1)
        rn_yield();
    rn_timer_free(timer);
    rn_chan_free(chan);
}

static void write_eventfd(void *arg)
{
    uint64_t one = 1;

    sleep_as_a_thread();
    CHECK_EQ_INT(write(*(int *)arg, &one, sizeof(one)), sizeof(one));
}

static void *write_eventfd_on_thread(void *arg)
{
    write_eventfd(arg);
    return NULL;
}

static void join_thread(void *arg)
{
    CHECK_EQ_INT(pthread_join(*(pthread_t *)arg, NULL), 0);
}

/* The thread never calls the runtime; the descriptor alone keeps hope alive. */
static void descriptor_will_be_ready(void)
{
    int fd = eventfd(0, EFD_NONBLOCK);
    pthread_t thread;

    CHECK_EQ_INT(pthread_create(&thread, NULL, write_eventfd_on_thread, &fd),
                 0);
    CHECK_EQ_INT(rn_wait_fd(fd, RN_READ, RN_NEVER), RN_READ);
    rn_block(join_thread, &thread);
    close(fd);
}

static void block_a_while(void *arg)
{
    (void)arg;
    sleep_as_a_thread();
}

/* Nor while a blocking call is under way. */
static void call_will_return(void)
{
    rn_block(block_a_while, NULL);
}

static void send_from_call(void *arg)
{
    sleep_as_a_thread();
    send_on(arg);
}

static void block_and_send(rn_chan(int) *own)
{
    rn_block(send_from_call, own);
}

/* Main waits on a channel that only the blocking call will send on. */
static void call_will_send(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);

    rn_go(block_and_send, chan);
    CHECK(rn_recv(chan, NULL));
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(chan);
}

struct handover {
    rn_chan(int) chan;
    rn_chan(int) back;
};

static void *send_on_thread(void *arg)
{
    struct handover *handover = arg;

    rn_send(handover->chan, 1);
    sleep_as_a_thread();
    rn_send(handover->chan, 2);
    rn_recv(handover->back, NULL);
    sleep_as_a_thread();
    rn_close(handover->chan);
    return NULL;
}

/* A thread that has used the runtime before is busy elsewhere, then sends. */
static void thread_will_send(void)
{
    struct handover handover = {rn_chan_make(int, 0), rn_chan_make(int, 0)};
    pthread_t thread;
    int got = 0;

    CHECK_EQ_INT(pthread_create(&thread, NULL, send_on_thread, &handover), 0);
    CHECK(rn_recv(handover.chan, &got));
    CHECK(rn_recv(handover.chan, &got));
    CHECK_EQ_INT(got, 2);
    rn_send(handover.back, 1);
    CHECK(!rn_recv(handover.chan, NULL));
    rn_block(join_thread, &thread);
    rn_chan_free(handover.chan);
    rn_chan_free(handover.back);
}

static void *send_late_on_thread(void *arg)
{
    sleep_as_a_thread();
    send_on(arg);
    return NULL;
}

/* A thread that has not used the runtime yet. */
static void unknown_thread_will_send(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    pthread_t thread;

    CHECK_EQ_INT(pthread_create(&thread, NULL, send_late_on_thread, &chan), 0);
    CHECK(rn_recv(chan, NULL));
    rn_block(join_thread, &thread);
    rn_chan_free(chan);
}

RN_CHECK_MAIN(sleeper_will_wake, timer_will_fire, deadline_will_pass,
              function_will_run, descriptor_will_be_ready, call_will_return,
              call_will_send, thread_will_send, unknown_thread_will_send)
