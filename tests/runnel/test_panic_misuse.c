/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Misuse ends the program with status 2, the mistake, the goroutine and where
 * it was created on standard error.
 */
#include <pthread.h>

#include "rn_death.h"

static rn_chan(int) shared;

static void send_on_closed(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);

    rn_close(chan);
    rn_send(chan, 1);
}

static void try_send_on_closed(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);

    rn_close(chan);
    rn_try_send(chan, 1);
}

static void send_until_on_closed(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);

    rn_close(chan);
    rn_send_until(0, chan, 1);
}

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

static void parked_select_on_close(void)
{
    shared = rn_chan_make(int, 0);
    rn_go_void(select_shared);
    rn_sleep(5 * RN_MS);
    rn_close(shared);
    rn_sleep(RN_S);
}

static void close_of_closed(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);

    rn_close(chan);
    rn_close(chan);
}

static void close_of_nil(void)
{
    rn_chan(int) nil = NULL;

    rn_close(nil);
}

static void free_while_waited_on(void)
{
    shared = rn_chan_make(int, 0);
    rn_go_void(send_shared);
    rn_sleep(5 * RN_MS);
    rn_chan_free(shared);
}

static void absurd_capacity(void)
{
    rn_chan_make(int, SIZE_MAX / 2);
}

static void absurd_element(void)
{
    rn_chan_make_(RN_ELEMENT_MAX + 1, 0, "here");
}

static void too_many_cases(void)
{
    struct rn_case cases[RN_CASES_MAX + 1];

    for (int i = 0; i <= RN_CASES_MAX; i++)
        cases[i] = rn_case_none();
    rn_try_select(cases, RN_CASES_MAX + 1);
}

static void negative_waitgroup(void)
{
    struct rn_waitgroup group = {0};

    rn_waitgroup_add(&group, 1);
    rn_waitgroup_done(&group);
    rn_waitgroup_done(&group);
}

static void unlock_of_unlocked_mutex(void)
{
    struct rn_mutex mutex = {0};

    rn_mutex_lock(&mutex);
    rn_mutex_unlock(&mutex);
    rn_mutex_unlock(&mutex);
}

static void unlock_of_unlocked_rwmutex(void)
{
    struct rn_rwmutex rw = {0};

    rn_rwmutex_unlock(&rw);
}

static void runlock_of_unlocked_rwmutex(void)
{
    struct rn_rwmutex rw = {0};

    rn_rwmutex_runlock(&rw);
}

static void unlock_of_read_locked_rwmutex(void)
{
    struct rn_rwmutex rw = {0};

    rn_rwmutex_rlock(&rw);
    rn_rwmutex_unlock(&rw);
}

static void runlock_of_write_locked_rwmutex(void)
{
    struct rn_rwmutex rw = {0};

    rn_rwmutex_lock(&rw);
    rn_rwmutex_runlock(&rw);
}

static void unlock_in_cond_wait(void)
{
    struct rn_mutex mutex = {0};
    struct rn_cond cond = {0};

    rn_cond_wait(&cond, &mutex);
}

static void copied_cond(void)
{
    struct rn_cond cond = {0};
    struct rn_cond copy;

    rn_cond_signal(&cond);
    copy = cond;
    rn_cond_signal(&copy);
}

static void release_of_too_many_places(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(2);

    rn_semaphore_acquire(&places, 1);
    rn_semaphore_release(&places, 2);
}

static void more_places_than_there_are(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(2);

    rn_semaphore_acquire(&places, 3);
}

static void negative_weight(void)
{
    struct rn_semaphore places = RN_SEMAPHORE(2);

    rn_semaphore_try_acquire(&places, -1);
}

static void ticker_without_period(void)
{
    rn_ticker_make(0);
}

static void ticker_reset_without_period(void)
{
    rn_timer_reset(rn_ticker_make(RN_S), -1);
}

static void context_without_parent(void)
{
    rn_ctx_with_cancel(NULL);
}

static rn_key(int) local_key;

static void *set_local_in_thread(void *arg)
{
    rn_local_set(&local_key, (int *)arg);
    return NULL;
}

static void local_on_a_thread(void)
{
    pthread_t thread;
    int number = 1;

    pthread_create(&thread, NULL, set_local_in_thread, &number);
    pthread_join(thread, NULL);
}

static void panic_by_hand(void)
{
    rn_panic("answer %d is not %s", 41, "right");
}

static void panic_in_goroutine(void)
{
    rn_go_void(panic_by_hand);
    rn_sleep(RN_S);
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
    {"local_on_a_thread", local_on_a_thread, 2, {"rn_local_set on a thread"}},
    {"panic_by_hand", panic_by_hand, 2, {"answer 41 is not right"}},
    {"panic_in_goroutine",
     panic_in_goroutine,
     2,
     {"answer 41 is not right", "test_panic_misuse.c:"}},
};

RN_DEATH_MAIN(deaths)
