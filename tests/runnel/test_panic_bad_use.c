/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be known of a misuse is said: what was done, by which goroutine,
 * created where.
 */
#include "rn_death.h"

static struct rn_mutex mutex;
static struct rn_mutex copy;

static void lock_it(void)
{
    rn_mutex_lock(&mutex);
}

/* The original has a waiter, so its copy has one that waits elsewhere. */
static void copy_with_waiter(void)
{
    struct rn_stats stats = {0};

    rn_mutex_lock(&mutex);
    rn_go_void(lock_it);
    while (stats.parks < 1) {
        rn_yield();
        rn_stats(&stats);
    }
    memcpy(&copy, &mutex, sizeof(copy));
}

/* Unlocking a copy of a mutex that has waiters is told. */
static void unlock_copy_of_a_mutex(void)
{
    copy_with_waiter();
    rn_mutex_unlock(&copy);
}

/* Locking a copy of a mutex that has waiters is told. */
static void lock_copy_of_a_mutex(void)
{
    copy_with_waiter();
    rn_mutex_lock(&copy);
}

static void unlock_twice(void)
{
    rn_task_set_name("the careless");
    rn_mutex_lock(&mutex);
    rn_mutex_unlock(&mutex);
    rn_mutex_unlock(&mutex);
}

/* A misuse is told with the goroutine, its name and origin. */
static void unlock_in_goroutine(void)
{
    rn_go_void(unlock_twice);
    rn_sleep(20 * RN_S);
}

static void go_at_exit(void)
{
    rn_go_void(lock_it);
}

/* atexit: the runtime has been closed by then. */
static void go_outside_rn_run(void)
{
    atexit(go_at_exit);
}

static void sleep_at_exit(void)
{
    rn_sleep(RN_S);
}

/* A sleep or timer while no runtime runs is told. */
static void sleep_outside_rn_run(void)
{
    atexit(sleep_at_exit);
}

struct large {
    char bytes[20000];
};

static void take_large(struct large *own)
{
    (void)own;
}

/* An argument that its stack cannot hold is told with the line. */
static void argument_needs_a_larger_stack(void)
{
    const struct rn_task_options small = {.stack_size = 16384};

    rn_go_with(&small, take_large, (struct large){{0}});
}

#ifdef RN_CHECKS
static rn_chan(int) chan;

/* Receiving from a freed channel is told (checked builds). */
static void receive_from_freed(void)
{
    chan = rn_chan_make(int, 1);
    rn_chan_free(chan);
    rn_recv(chan, NULL);
}

/* Closing a freed channel is told (checked builds). */
static void close_freed(void)
{
    chan = rn_chan_make(int, 1);
    rn_chan_free(chan);
    rn_close(chan);
}

/* A select with a freed channel is told (checked builds). */
static void select_with_freed(void)
{
    int value = 1;

    chan = rn_chan_make(int, 1);
    rn_chan_free(chan);
    struct rn_case cases[] = {rn_case_send(chan, &value)};
    rn_select(cases, 1);
}
#endif

static const struct rn_death deaths[] = {
    {"unlock_copy_of_a_mutex",
     unlock_copy_of_a_mutex,
     2,
     {"fatal error: a mutex was copied while it was in use\ngoroutine 1 "}},
    {"lock_copy_of_a_mutex",
     lock_copy_of_a_mutex,
     2,
     {"fatal error: a mutex was copied while it was in use\ngoroutine 1 "}},
    {"unlock_in_goroutine",
     unlock_in_goroutine,
     2,
     {"fatal error: unlock of unlocked mutex\ngoroutine 2 [running]: the "
      "careless\n    created at ",
      "test_panic_bad_use.c:"}},
    {"go_outside_rn_run",
     go_outside_rn_run,
     2,
     {"fatal error: goroutine started at ",
      "test_panic_bad_use.c:", " while no runtime runs\n"}},
    {"sleep_outside_rn_run",
     sleep_outside_rn_run,
     2,
     {"fatal error: a sleep, timer or deadline while no runtime runs\n"}},
    {"argument_needs_a_larger_stack",
     argument_needs_a_larger_stack,
     2,
     {"fatal error: cannot start a goroutine at ",
      "test_panic_bad_use.c:", "its argument needs a larger stack"}},
#ifdef RN_CHECKS
    {"receive_from_freed",
     receive_from_freed,
     2,
     {"use of a freed channel (made at ", "test_panic_bad_use.c:"}},
    {"close_freed",
     close_freed,
     2,
     {"use of a freed channel (made at ", "test_panic_bad_use.c:"}},
    {"select_with_freed",
     select_with_freed,
     2,
     {"use of a freed channel (made at ", "test_panic_bad_use.c:"}},
#endif
};

RN_DEATH_MAIN(deaths)
