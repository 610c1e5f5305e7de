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

#define REPORTED(name)                                      \
    {                                                       \
#name, name, 66,                                    \
        {                                                   \
            "WARNING: ThreadSanitizer: data race", "write_" \
        }                                                   \
    }

static const struct rn_death deaths[] = {
    REPORTED(two_writers),           REPORTED(end_is_no_edge),
    REPORTED(sleep_is_no_edge),      REPORTED(wrong_channel),
    REPORTED(buffered_reverse),      REPORTED(buffered_reverse_waiting),
    REPORTED(buffered_reverse_next), REPORTED(buffered_sender_waiting),
    REPORTED(readers_that_write),    REPORTED(half_locked),
    REPORTED(case_not_taken),
};

int main(int argc, char **argv)
{
    if (RN_CHECK_TSAN)
        return rn_death_main(argc, argv, deaths,
                             sizeof(deaths) / sizeof(deaths[0]));
    printf("1..0 # SKIP built without ThreadSanitizer\n");
    return 0;
}
