/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When nobody can ever wake: "all goroutines are asleep - deadlock!", status 2,
 * and for each goroutine what it waits for and where it was created.
 */
#include "rn_death.h"

static rn_chan(int) idle;
static struct rn_mutex mutex;
static struct rn_rwmutex rw;
static struct rn_waitgroup group;

/* A receive that nobody will answer. */
static void receive_for_ever(void)
{
    idle = rn_chan_make(int, 0);
    rn_recv(idle, NULL);
}

/* A send that nobody will take. */
static void send_for_ever(void)
{
    idle = rn_chan_make(int, 0);
    rn_send(idle, 1);
}

/* A receive from a nil channel, with nothing else alive. */
static void receive_from_nil(void)
{
    rn_chan(int) nil = NULL;

    rn_recv(nil, NULL);
}

/* A select without a case. */
static void select_nothing(void)
{
    rn_select(NULL, 0);
}

/* A select of which no case can ever happen. */
static void select_for_ever(void)
{
    struct rn_case cases[2];

    idle = rn_chan_make(int, 0);
    cases[0] = rn_case_recv(idle, NULL);
    cases[1] = rn_case_none();
    rn_select(cases, 2);
}

/* A mutex locked twice by the same goroutine. */
static void lock_twice(void)
{
    rn_mutex_lock(&mutex);
    rn_mutex_lock(&mutex);
}

/* The write side asked for by who holds the read side. */
static void write_lock_while_reading(void)
{
    rn_rwmutex_rlock(&rw);
    rn_rwmutex_lock(&rw);
}

/* A wait at a Cond that nobody signals. */
static void wait_for_no_signal(void)
{
    static struct rn_cond cond;

    rn_mutex_lock(&mutex);
    rn_cond_wait(&cond, &mutex);
}

/* More places of a semaphore wanted than are left, with nobody to release. */
static void acquire_for_ever(void)
{
    static struct rn_semaphore places = RN_SEMAPHORE(3);

    rn_semaphore_acquire(&places, 2);
    rn_semaphore_acquire(&places, 2);
}

/* A WaitGroup whose counter nobody brings down. */
static void wait_for_nobody(void)
{
    rn_waitgroup_add(&group, 1);
    rn_waitgroup_wait(&group);
}

/* A wait for the end of the background context. */
static void wait_for_background(void)
{
    rn_ctx_wait(rn_ctx_background());
}

/* A wait for a context that nobody cancels. */
static void wait_for_canceled_never(void)
{
    rn_ctx_wait(rn_ctx_with_cancel(rn_ctx_background()));
}

/* A receive with the deadline that never comes. */
static void receive_until_never(void)
{
    idle = rn_chan_make(int, 0);
    rn_recv_until(RN_NEVER, idle, NULL);
}

static void receive_idle(void)
{
    rn_recv(idle, NULL);
}

static void lock_mutex(void)
{
    rn_task_set_name("the locker");
    rn_mutex_lock(&mutex);
}

/* Each goroutine is told, with its name, its wait and its origin. */
static void many_kinds_at_once(void)
{
    idle = rn_chan_make(int, 0);
    rn_mutex_lock(&mutex);
    rn_go_void(receive_idle);
    rn_go_void(lock_mutex);
    rn_waitgroup_add(&group, 1);
    rn_waitgroup_wait(&group);
}

static void nothing(void *arg)
{
    (void)arg;
}

/* The same after timers have fired and blocking calls have returned. */
static void after_everything_else(void)
{
    struct rn_timer *timer = rn_timer_make(RN_MS);

    rn_recv(rn_timer_chan(timer), NULL);
    rn_timer_free(timer);
    rn_block(nothing, NULL);
    rn_sleep(RN_MS);
    receive_for_ever();
}

/* A timer that was stopped wakes nobody. */
static void after_a_stopped_timer(void)
{
    struct rn_timer *timer = rn_timer_make(3600 * RN_S);

    rn_timer_stop(timer);
    receive_for_ever();
}

/* Signals are notified, but nobody receives them. */
static void no_one_receives_signals(void)
{
    rn_chan(int) signals = rn_chan_make(int, 1);

    CHECK_EQ_INT(rn_signal_notify(signals, SIGUSR1), RN_OK);
    receive_for_ever();
}

/* A debug server listens, and is no hope. */
static void only_a_debug_server_waits(void)
{
    struct rn_debug_server *server = NULL;
    struct rn_conn *conn = NULL;
    const char *request =
        "GET /debug/counters HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char answer[1024];

    CHECK_EQ_INT(rn_debug_serve("127.0.0.1:0", NULL, &server), RN_OK);
    CHECK_EQ_INT(rn_dial(rn_ctx_background(), rn_debug_address(server), &conn),
                 RN_OK);
    CHECK_EQ_INT(rn_conn_write(conn, request, strlen(request), NULL), RN_OK);
    CHECK(rn_conn_read_full(conn, answer, sizeof(answer)) > 0);
    rn_conn_free(conn);
    receive_for_ever();
}

static void receive_locked(void)
{
    rn_lock_thread();
    rn_recv(idle, NULL);
}

/* Those who wait have threads of their own, main and another. */
static void asleep_on_threads_of_their_own(void)
{
    idle = rn_chan_make(int, 0);
    rn_lock_thread();
    rn_go_void(receive_locked);
    rn_recv(idle, NULL);
}

#define ASLEEP "all goroutines are asleep - deadlock!"

static const struct rn_death deaths[] = {
    {"receive_for_ever", receive_for_ever, 2, {ASLEEP, "receive"}},
    {"send_for_ever", send_for_ever, 2, {ASLEEP, "send"}},
    {"receive_from_nil", receive_from_nil, 2, {ASLEEP, "nil"}},
    {"select_nothing", select_nothing, 2, {ASLEEP, "select"}},
    {"select_for_ever", select_for_ever, 2, {ASLEEP, "select"}},
    {"lock_twice", lock_twice, 2, {ASLEEP, "mutex"}},
    {"write_lock_while_reading", write_lock_while_reading, 2, {ASLEEP, "rw"}},
    {"wait_for_no_signal", wait_for_no_signal, 2, {ASLEEP, "cond wait"}},
    {"acquire_for_ever", acquire_for_ever, 2, {ASLEEP, "semaphore acquire"}},
    {"wait_for_nobody", wait_for_nobody, 2, {ASLEEP, "wait"}},
    {"wait_for_background", wait_for_background, 2, {ASLEEP, "context"}},
    {"wait_for_canceled_never",
     wait_for_canceled_never,
     2,
     {ASLEEP, "context"}},
    {"receive_until_never", receive_until_never, 2, {ASLEEP, "receive"}},
    {"many_kinds_at_once",
     many_kinds_at_once,
     2,
     {ASLEEP, "receive", "mutex", "the locker", "wait",
      "test_panic_deadlock.c:"}},
    {"after_everything_else", after_everything_else, 2, {ASLEEP, "receive"}},
    {"after_a_stopped_timer", after_a_stopped_timer, 2, {ASLEEP, "receive"}},
    {"only_a_debug_server_waits",
     only_a_debug_server_waits,
     2,
     {ASLEEP, "receive"}},
    {"asleep_on_threads_of_their_own",
     asleep_on_threads_of_their_own,
     2,
     {ASLEEP, "goroutine 1 [chan receive, made at",
      "goroutine 2 [chan receive, made at"}},
    {"no_one_receives_signals",
     no_one_receives_signals,
     2,
     {ASLEEP, "receive"}},
};

RN_DEATH_MAIN(deaths)
