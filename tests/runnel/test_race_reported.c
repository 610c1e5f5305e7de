/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliberate races between goroutines on one worker: a build with
 * ThreadSanitizer reports each, though only one ever runs at a time. Without it
 * there is nothing to report and the cases are skipped.
 */
#include "rn_death.h"

static int value;
static _Atomic(int) arrived;
static rn_chan(int) first;
static rn_chan(int) second;
static struct rn_rwmutex rw;
static struct rn_mutex mutex;
static struct rn_waitgroup group;

/* Tells main without ordering anything. */
static void arrive(void)
{
    atomic_fetch_add_explicit(&arrived, 1, memory_order_relaxed);
}

static void await(int count)
{
    while (atomic_load_explicit(&arrived, memory_order_relaxed) < count)
        rn_yield();
}

static void write_value(void)
{
    value++;
    arrive();
}

/* Two goroutines write; nothing orders them. */
static void two_writers(void)
{
    rn_go_void(write_value);
    rn_go_void(write_value);
    await(2);
}

/* The end of a goroutine orders nothing, nor does yielding. */
static void end_is_no_edge(void)
{
    rn_go_void(write_value);
    await(1);
    value++;
}

/* Sleeping until it must be over orders nothing. */
static void sleep_is_no_edge(void)
{
    rn_go_void(write_value);
    rn_sleep(20 * RN_MS);
    value++;
}

static void write_and_send_first(void)
{
    value++;
    rn_send(first, 1);
    arrive();
}

static void make_channels(size_t capacity)
{
    first = rn_chan_make(int, capacity);
    second = rn_chan_make(int, capacity);
}

/* A message on another channel orders nothing. */
static void wrong_channel(void)
{
    make_channels(1);
    rn_go_void(write_and_send_first);
    rn_send(second, 1);
    await(1);
    rn_recv(second, NULL);
    value++;
}

static void write_and_receive_first(void)
{
    value++;
    rn_recv(first, NULL);
    arrive();
}

/* Buffered: the receive is not before the end of the same send. */
static void buffered_reverse(void)
{
    make_channels(10);
    rn_go_void(write_and_receive_first);
    rn_send(first, 1);
    await(1);
    value++;
}

/* The same when the receiver waited for the value. */
static void buffered_reverse_waiting(void)
{
    make_channels(10);
    rn_go_void(write_and_receive_first);
    rn_check_settle();
    rn_send(first, 1);
    await(1);
    value++;
}

/* Nor is the receive before the next send: there are more places. */
static void buffered_reverse_next(void)
{
    make_channels(2);
    rn_go_void(write_and_receive_first);
    rn_check_settle();
    rn_send(first, 1);
    rn_send(first, 2);
    await(1);
    value++;
}

/* A sender that waited for a place is not before the receive that made it. */
static void buffered_sender_waiting(void)
{
    make_channels(1);
    rn_send(first, 1);
    rn_go_void(write_and_send_first);
    rn_check_settle();
    rn_recv(first, NULL);
    await(1);
    value++;
}

static void write_as_reader(void)
{
    rn_rwmutex_rlock(&rw);
    value++;
    rn_rwmutex_runlock(&rw);
    arrive();
}

/* Readers do not order each other. */
static void readers_that_write(void)
{
    rn_go_void(write_as_reader);
    rn_go_void(write_as_reader);
    await(2);
}

static void write_under_mutex(void)
{
    rn_mutex_lock(&mutex);
    value++;
    rn_mutex_unlock(&mutex);
    arrive();
}

/* A lock that only one of two takes. */
static void half_locked(void)
{
    rn_go_void(write_under_mutex);
    rn_go_void(write_value);
    await(2);
}

static void send_second(void)
{
    rn_send(second, 1);
    arrive();
}

/* The case of a select that did not happen orders nothing. */
static void case_not_taken(void)
{
    struct rn_case cases[2];

    make_channels(0);
    cases[0] = rn_case_recv(first, NULL);
    cases[1] = rn_case_recv(second, NULL);
    rn_go_void(write_and_send_first);
    rn_go_void(send_second);
    rn_recv(second, NULL);
    value++;
    rn_select(cases, 2);
}

static void write_in_a_place(void)
{
    rn_send(first, 1);
    value++;
    rn_recv(first, NULL);
    arrive();
}

/* A channel of two places lets two in: it is no lock. */
static void two_places_are_no_lock(void)
{
    make_channels(2);
    rn_go_void(write_in_a_place);
    rn_go_void(write_in_a_place);
    await(2);
}

static void write_and_close_first(void)
{
    value++;
    rn_close(first);
    arrive();
}

/* The close of another channel orders nothing. */
static void wrong_close(void)
{
    make_channels(0);
    rn_go_void(write_and_close_first);
    rn_close(second);
    await(1);
    rn_recv(second, NULL);
    value++;
}

/* Seeing by its length that a channel was sent to orders nothing. */
static void length_is_no_edge(void)
{
    make_channels(10);
    rn_go_void(write_and_send_first);
    while (rn_chan_len(first) == 0)
        rn_yield();
    value++;
}

static void write_in_the_group(void)
{
    rn_waitgroup_wait(&group);
    arrive();
    await(2); /* both are out of the wait */
    rn_waitgroup_add(&group, 1);
    value++;
    rn_waitgroup_done(&group);
    arrive();
}

/* Waiting until nobody is in, and going in, is no lock. */
static void waitgroup_is_no_lock(void)
{
    rn_waitgroup_add(&group, 1);
    rn_go_void(write_in_the_group);
    rn_go_void(write_in_the_group);
    rn_check_settle();
    rn_waitgroup_done(&group);
    await(4);
}

static void write_and_say_done(void)
{
    value++;
    rn_waitgroup_done(&group);
}

static void wait_for_the_group(void)
{
    rn_waitgroup_wait(&group);
    arrive();
}

/* What another waited for is not ordered before the caller. */
static void another_has_waited(void)
{
    rn_waitgroup_add(&group, 1);
    rn_go_void(write_and_say_done);
    rn_go_void(wait_for_the_group);
    await(1);
    value++;
}

static void write_later(void *arg)
{
    (void)arg;
    write_value();
}

/* The function of a timer orders nothing after it. */
static void timer_function_is_no_edge(void)
{
    struct rn_timer *timer = rn_after_func(RN_MS, write_later, NULL);
    await(1);
    value++;
    rn_timer_free(timer);
}

static struct rn_cond cond;

static void write_when_signaled(void)
{
    rn_mutex_lock(&mutex);
    arrive();
    rn_cond_wait(&cond, &mutex);
    rn_mutex_unlock(&mutex);
    value++;
    arrive();
}

/* What is done after a signal is not ordered before who was woken by it. */
static void after_the_signal(void)
{
    rn_go_void(write_when_signaled);
    await(1);
    rn_mutex_lock(&mutex);
    rn_mutex_unlock(&mutex);
    rn_cond_signal(&cond);
    value++;
    await(2);
}

static void *make_int(void)
{
    return calloc(1, sizeof(int));
}

static void write_what_was_got(struct rn_cache **own)
{
    int *number = rn_cache_get(*own);
    ++*number;
    arrive();
}

/* An object that is used after it was put back is another's by then. */
static void used_after_put(void)
{
    struct rn_cache *cache = rn_cache_make(4, make_int, free);
    int *number = rn_cache_get(cache);
    rn_cache_put(cache, number);
    rn_go(write_what_was_got, cache);
    await(1);
    ++*number;
}

static _Atomic(int) mixed;

static void write_atomically(void)
{
    atomic_fetch_add_explicit(&mixed, 1, memory_order_release);
    arrive();
}

/* An access that is not atomic beside one that is. */
static void atomic_beside_plain(void)
{
    rn_go_void(write_atomically);
    await(1);
    ++*(int *)(uintptr_t)&mixed;
}

/* A close that nothing orders after a send is one that may come before it. */
static void close_beside_send(void)
{
    make_channels(10);
    rn_go_void(write_and_send_first);
    await(1);
    rn_close(first);
}

static void write_and_select(void)
{
    int one = 1;
    struct rn_case cases[] = {rn_case_send(first, &one)};

    value++;
    rn_select(cases, 1);
    arrive();
}

/* The same when the send is the case of a select. */
static void close_beside_select(void)
{
    make_channels(10);
    rn_go_void(write_and_select);
    await(1);
    rn_close(first);
}

/* A mutex that is written over while another may lock it. */
static void mutex_written_over(void)
{
    rn_go_void(write_under_mutex);
    await(1);
    mutex = (struct rn_mutex){0};
}

static void write_in_a_new_group(void)
{
    struct rn_stats stats = {0};

    rn_waitgroup_add(&group, 1);
    arrive();
    while (stats.parks < 1) { /* until who waits has come */
        rn_yield();
        rn_stats(&stats);
    }
    value++;
    rn_waitgroup_done(&group);
}

/* The first add must come before the wait, not beside it. */
static void first_add_beside_wait(void)
{
    rn_go_void(write_in_a_new_group);
    await(1);
    rn_waitgroup_wait(&group);
}

#define REPORTED(name)                                      \
    {                                                       \
#name, name, 66,                                    \
        {                                                   \
            "WARNING: ThreadSanitizer: data race", "write_" \
        }                                                   \
    }

static const struct rn_death deaths[] = {
    REPORTED(two_writers),
    REPORTED(end_is_no_edge),
    REPORTED(sleep_is_no_edge),
    REPORTED(wrong_channel),
    REPORTED(buffered_reverse),
    REPORTED(buffered_reverse_waiting),
    REPORTED(buffered_reverse_next),
    REPORTED(buffered_sender_waiting),
    REPORTED(readers_that_write),
    REPORTED(half_locked),
    REPORTED(case_not_taken),
    REPORTED(two_places_are_no_lock),
    REPORTED(wrong_close),
    REPORTED(length_is_no_edge),
    REPORTED(waitgroup_is_no_lock),
    REPORTED(another_has_waited),
    REPORTED(timer_function_is_no_edge),
    REPORTED(after_the_signal),
    REPORTED(used_after_put),
    REPORTED(atomic_beside_plain),
    REPORTED(close_beside_send),
    REPORTED(close_beside_select),
    REPORTED(mutex_written_over),
    REPORTED(first_add_beside_wait),
};

int main(int argc, char **argv)
{
    if (RN_CHECK_TSAN)
        return rn_death_main(argc, argv, deaths,
                             sizeof(deaths) / sizeof(deaths[0]));
    printf("1..0 # SKIP built without ThreadSanitizer\n");
    return 0;
}
