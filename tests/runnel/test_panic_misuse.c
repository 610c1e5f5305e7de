/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Misuse ends the program with status 2, the mistake, the goroutine and where
 * it was created on standard error.
 */
#include <pthread.h>

#include "rn_death.h"

static rn_chan(int) shared;
static rn_key(int) local_key;

/* A send on a closed channel panics. */
static void send_on_closed(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);

    rn_close(chan);
    rn_send(chan, 1);
}

/* A try_send on a closed channel panics. */
static void try_send_on_closed(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);

    rn_close(chan);
    rn_try_send(chan, 1);
}

/* A send_until on a closed channel panics. */
static void send_until_on_closed(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);

    rn_close(chan);
    rn_send_until(0, chan, 1);
}

/* A select that chooses a send on a closed channel panics. */
static void select_send_on_closed(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    int value = 1;
    struct rn_case cases[] = {rn_case_send(chan, &value)};

    rn_close(chan);
    rn_select(cases, 1);
}

static void send_shared(void)
{
    rn_task_set_name("the sender");
    rn_send(shared, 1);
}

/* The sender had parked when the channel was closed. */
static void parked_sender_on_close(void)
{
    shared = rn_chan_make(int, 0);
    rn_go_void(send_shared);
    rn_sleep(5 * RN_MS);
    rn_close(shared);
    rn_sleep(RN_S);
}

static void select_shared(void)
{
    rn_chan(int) nil = NULL;
    int value = 1;
    struct rn_case cases[] = {
        rn_case_send(shared, &value),
        rn_case_recv(nil, NULL),
    };

    rn_select(cases, 2);
}

/* A select that had parked with a send panics when its channel is closed. */
static void parked_select_on_close(void)
{
    shared = rn_chan_make(int, 0);
    rn_go_void(select_shared);
    rn_sleep(5 * RN_MS);
    rn_close(shared);
    rn_sleep(RN_S);
}

/* Closing a closed channel panics. */
static void close_of_closed(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);

    rn_close(chan);
    rn_close(chan);
}

/* Closing a nil channel panics. */
static void close_of_nil(void)
{
    rn_chan(int) nil = NULL;

    rn_close(nil);
}

/* Freeing a channel that somebody waits on panics. */
static void free_while_waited_on(void)
{
    shared = rn_chan_make(int, 0);
    rn_go_void(send_shared);
    rn_sleep(5 * RN_MS);
    rn_chan_free(shared);
}

/* A capacity that memory cannot hold panics. */
static void absurd_capacity(void)
{
    rn_chan_make(int, SIZE_MAX / 2);
}

/* An element larger than RN_ELEMENT_MAX panics. */
static void absurd_element(void)
{
    rn_chan_make_(RN_ELEMENT_MAX + 1, 0, "here");
}

/* A select with more than RN_CASES_MAX cases panics. */
static void too_many_cases(void)
{
    struct rn_case cases[RN_CASES_MAX + 1];

    for (int i = 0; i <= RN_CASES_MAX; i++)
        cases[i] = rn_case_none();
    rn_try_select(cases, RN_CASES_MAX + 1);
}

/* A WaitGroup counter below zero panics. */
static void negative_waitgroup(void)
{
    struct rn_waitgroup group = {0};

    rn_waitgroup_add(&group, 1);
    rn_waitgroup_done(&group);
    rn_waitgroup_done(&group);
}

/* Unlocking a mutex that is not locked ends the program. */
static void unlock_of_unlocked_mutex(void)
{
    struct rn_mutex mutex = {0};

    rn_mutex_lock(&mutex);
    rn_mutex_unlock(&mutex);
    rn_mutex_unlock(&mutex);
}

/* Unlocking an RWMutex that is not locked ends the program. */
static void unlock_of_unlocked_rwmutex(void)
{
    struct rn_rwmutex rw = {0};

    rn_rwmutex_unlock(&rw);
}

/* Read-unlocking an RWMutex that is not locked ends the program. */
static void runlock_of_unlocked_rwmutex(void)
{
    struct rn_rwmutex rw = {0};

    rn_rwmutex_runlock(&rw);
}

/* Write-unlocking an RWMutex that is read-locked ends the program. */
static void unlock_of_read_locked_rwmutex(void)
{
    struct rn_rwmutex rw = {0};

    rn_rwmutex_rlock(&rw);
    rn_rwmutex_unlock(&rw);
}

/* Read-unlocking an RWMutex that is write-locked ends the program. */
static void runlock_of_write_locked_rwmutex(void)
{
    struct rn_rwmutex rw = {0};

    rn_rwmutex_lock(&rw);
    rn_rwmutex_runlock(&rw);
}

/* Waiting at a Cond without holding the mutex ends the program. */
static void unlock_in_cond_wait(void)
{
    struct rn_mutex mutex = {0};
    struct rn_cond cond = {0};

    rn_cond_wait(&cond, &mutex);
}

/* Using a copy of a Cond that has been used panics. */
static void copied_cond(void)
{
    struct rn_cond cond = {0};
    struct rn_cond copy;

    rn_cond_signal(&cond);
    copy = cond;
    rn_cond_signal(&copy);
}

/* Giving back more places of a semaphore than are taken panics. */
static void release_of_too_many_places(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(2);

    rn_semaphore_acquire(&places, 1);
    rn_semaphore_release(&places, 2);
}

/* Asking for more places than a semaphore has panics. */
static void more_places_than_there_are(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(2);

    rn_semaphore_acquire(&places, 3);
}

/* A negative weight for a semaphore panics. */
static void negative_weight(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(2);

    rn_semaphore_try_acquire(&places, -1);
}

/* A ticker whose period is not positive panics. */
static void ticker_without_period(void)
{
    rn_ticker_make(0);
}

/* Resetting a ticker to a period that is not positive panics. */
static void ticker_reset_without_period(void)
{
    rn_timer_reset(rn_ticker_make(RN_S), -1);
}

/* A context made from a NULL parent panics. */
static void context_without_parent(void)
{
    rn_ctx_with_cancel(NULL);
}

static void *set_local_in_thread(void *arg)
{
    rn_local_set(&local_key, (int *)arg);
    return NULL;
}

/* So does one with a deadline, or with a cause for it. */
static void deadline_without_parent(void)
{
    rn_ctx_with_deadline(NULL, RN_NEVER);
}

/* So does one with a time-out. */
static void timeout_without_parent(void)
{
    rn_ctx_with_timeout(NULL, RN_S);
}

/* So does one with a value. */
static void value_without_parent(void)
{
    int number = 1;

    rn_ctx_with_value(NULL, &local_key, &number);
}

/* So does one without the parent's end. */
static void apart_without_parent(void)
{
    rn_ctx_without_cancel(NULL);
}

/* So does a function to be run after none. */
static void after_func_without_parent(void)
{
    rn_ctx_after_func(NULL, free, NULL);
}

/* Canceling the background context panics. */
static void cancel_of_background(void)
{
    rn_ctx_cancel(rn_ctx_background());
}

/* Starting a goroutine of a null function panics, and says where. */
static void go_without_function(void)
{
    void (*null)(int *) = NULL;

    rn_go(null, 1);
}

/* So does starting one with a handle. */
static void spawn_without_function(void)
{
    int (*null)(int *) = NULL;

    rn_spawn(null, 1);
}

/* So does starting one in a group. */
static void group_go_without_function(void)
{
    int (*null)(struct rn_ctx *, int *) = NULL;

    rn_group_go(rn_group_make(rn_ctx_background(), 0), null, 1);
}

/* A cache without a function to drop what it does not keep panics. */
static void cache_without_drop(void)
{
    rn_cache_make(1, NULL, NULL);
}

/* Setting a goroutine-local value on a foreign thread panics. */
static void local_on_a_thread(void)
{
    pthread_t thread;
    int number = 1;

    pthread_create(&thread, NULL, set_local_in_thread, &number);
    pthread_join(thread, NULL);
}

/* rn_panic says its message and ends the program with status 2. */
static void panic_by_hand(void)
{
    rn_panic("answer %d is not %s", 41, "right");
}

/* A panic in any goroutine ends the program, and names where it was created. */
static void panic_in_goroutine(void)
{
    rn_go_void(panic_by_hand);
    rn_sleep(RN_S);
}

static void write_much(struct rn_conn **own)
{
    static const char zeroes[1 << 20];

    rn_conn_write(*own, zeroes, sizeof(zeroes), NULL);
}

/* Freeing a connection that somebody writes to ends the program. */
static void free_of_a_conn_in_use(void)
{
    struct rn_conn *reader;
    struct rn_conn *writer;
    char byte;

    CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK);
    rn_go(write_much, writer);
    /* The first byte is there, and the pipe does not hold all. */
    CHECK_EQ_INT(rn_conn_read(reader, &byte, 1), 1);
    rn_conn_free(writer);
}

static const struct rn_death deaths[] = {
    {"send_on_closed", send_on_closed, 2, {"send on closed channel"}},
    {"try_send_on_closed", try_send_on_closed, 2, {"send on closed channel"}},
    {"send_until_on_closed",
     send_until_on_closed,
     2,
     {"send on closed channel"}},
    {"select_send_on_closed",
     select_send_on_closed,
     2,
     {"send on closed channel"}},
    {"parked_sender_on_close",
     parked_sender_on_close,
     2,
     {"send on closed channel", "the sender", "test_panic_misuse.c:"}},
    {"parked_select_on_close",
     parked_select_on_close,
     2,
     {"send on closed channel", "test_panic_misuse.c:"}},
    {"close_of_closed", close_of_closed, 2, {"close of closed channel"}},
    {"close_of_nil", close_of_nil, 2, {"close of nil channel"}},
    {"free_while_waited_on", free_while_waited_on, 2, {"free"}},
    {"absurd_capacity", absurd_capacity, 2, {"too large"}},
    {"absurd_element", absurd_element, 2, {"element"}},
    {"too_many_cases", too_many_cases, 2, {"cases"}},
    {"negative_waitgroup", negative_waitgroup, 2, {"negative"}},
    {"unlock_of_unlocked_mutex",
     unlock_of_unlocked_mutex,
     2,
     {"unlock of unlocked mutex"}},
    {"unlock_of_unlocked_rwmutex",
     unlock_of_unlocked_rwmutex,
     2,
     {"unlock of unlocked rwmutex"}},
    {"runlock_of_unlocked_rwmutex",
     runlock_of_unlocked_rwmutex,
     2,
     {"not locked for reading"}},
    {"unlock_of_read_locked_rwmutex",
     unlock_of_read_locked_rwmutex,
     2,
     {"unlock of unlocked rwmutex"}},
    {"runlock_of_write_locked_rwmutex",
     runlock_of_write_locked_rwmutex,
     2,
     {"not locked for reading"}},
    {"unlock_in_cond_wait",
     unlock_in_cond_wait,
     2,
     {"unlock of unlocked mutex"}},
    {"copied_cond", copied_cond, 2, {"copied"}},
    {"release_of_too_many_places",
     release_of_too_many_places,
     2,
     {"more places than"}},
    {"more_places_than_there_are",
     more_places_than_there_are,
     2,
     {"3 places wanted"}},
    {"negative_weight", negative_weight, 2, {"negative weight"}},
    {"ticker_without_period", ticker_without_period, 2, {"period"}},
    {"ticker_reset_without_period", ticker_reset_without_period, 2, {"period"}},
    {"context_without_parent", context_without_parent, 2, {"parent"}},
    {"deadline_without_parent", deadline_without_parent, 2, {"parent"}},
    {"timeout_without_parent", timeout_without_parent, 2, {"parent"}},
    {"value_without_parent", value_without_parent, 2, {"parent"}},
    {"apart_without_parent", apart_without_parent, 2, {"parent"}},
    {"after_func_without_parent", after_func_without_parent, 2, {"parent"}},
    {"cancel_of_background", cancel_of_background, 2, {"background"}},
    {"go_without_function",
     go_without_function,
     2,
     {"without a function", "test_panic_misuse.c:"}},
    {"spawn_without_function",
     spawn_without_function,
     2,
     {"without a function", "test_panic_misuse.c:"}},
    {"group_go_without_function",
     group_go_without_function,
     2,
     {"without a function", "test_panic_misuse.c:"}},
    {"cache_without_drop", cache_without_drop, 2, {"drop"}},
    {"local_on_a_thread", local_on_a_thread, 2, {"rn_local_set on a thread"}},
    {"free_of_a_conn_in_use",
     free_of_a_conn_in_use,
     2,
     {"a connection is freed while it is in use"}},
    {"panic_by_hand", panic_by_hand, 2, {"answer 41 is not right"}},
    {"panic_in_goroutine",
     panic_in_goroutine,
     2,
     {"answer 41 is not right", "test_panic_misuse.c:"}},
};

RN_DEATH_MAIN(deaths)
