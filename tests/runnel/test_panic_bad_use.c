/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be known of a misuse is said: what was done, by which goroutine,
 * created where.
 */
#include <pthread.h>

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

#ifdef RN_CHECKS
/* Unlocking a copy of a locked mutex is told without waiters (checked builds). */
static void unlock_copy_without_waiters(void)
{
    rn_mutex_lock(&mutex);
    memcpy(&copy, &mutex, sizeof(copy));
    rn_mutex_unlock(&copy);
}

/* So is locking one, which would wait for ever (checked builds). */
static void lock_copy_without_waiters(void)
{
    rn_mutex_lock(&mutex);
    memcpy(&copy, &mutex, sizeof(copy));
    rn_mutex_lock(&copy);
}

/* And trying to (checked builds). */
static void try_lock_copy_without_waiters(void)
{
    rn_mutex_lock(&mutex);
    memcpy(&copy, &mutex, sizeof(copy));
    rn_mutex_try_lock(&copy);
}
#endif

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

static void select_too_much(void)
{
    struct rn_case cases[RN_CASES_MAX + 1];

    rn_task_set_name("the careless");
    for (int i = 0; i <= RN_CASES_MAX; i++)
        cases[i] = rn_case_none();
    rn_select(cases, RN_CASES_MAX + 1);
}

/* A select of too many cases is told with the numbers and the goroutine. */
static void select_beyond_the_bound(void)
{
    rn_go_void(select_too_much);
    rn_sleep(20 * RN_S);
}

static rn_key(int) key;

static void *set_local(void *arg)
{
    rn_local_set(&key, (int *)arg);
    return NULL;
}

/* What only goroutines may call is told to be called by a foreign thread. */
static void local_on_a_foreign_thread(void)
{
    pthread_t thread;
    int number = 1;

    pthread_create(&thread, NULL, set_local, &number);
    pthread_join(thread, NULL);
}

static void *wait_for_quiet(void *arg)
{
    rn_bubble_wait();
    return arg;
}

/* So is waiting for a bubble. */
static void bubble_wait_on_a_foreign_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, wait_for_quiet, NULL);
    pthread_join(thread, NULL);
}

/* Giving back a thread that was not taken is told. */
static void unlock_thread_without_lock(void)
{
    rn_unlock_thread();
}

static void notify_at_exit(void)
{
    rn_chan(int) signals = rn_chan_make(int, 1);

    rn_signal_notify(signals, SIGUSR1);
}

/* Asking for signals while no runtime runs is told. */
static void notify_outside_rn_run(void)
{
    atexit(notify_at_exit);
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

static void set_procs_at_exit(void)
{
    rn_set_procs(2);
}

/* So is asking for workers. */
static void procs_outside_rn_run(void)
{
    atexit(set_procs_at_exit);
}

static void take_number(int *own)
{
    (void)own;
}

static void try_go_at_exit(void)
{
    (void)rn_try_go(take_number, 1);
}

/* So is a start that may fail for lack of memory. */
static void try_go_outside_rn_run(void)
{
    atexit(try_go_at_exit);
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

/* Freeing a channel a second time is told (checked builds). */
static void free_twice(void)
{
    chan = rn_chan_make(int, 1);
    rn_chan_free(chan);
    rn_chan_free(chan);
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
    {"select_beyond_the_bound",
     select_beyond_the_bound,
     2,
     {"panic: select of 65 cases, at most 64\n\ngoroutine 2 [running]: the "
      "careless\n    created at ",
      "test_panic_bad_use.c:"}},
    {"local_on_a_foreign_thread",
     local_on_a_foreign_thread,
     2,
     {"panic: rn_local_set on a thread that runs no goroutine\n\n"
      "foreign thread\n"}},
    {"bubble_wait_on_a_foreign_thread",
     bubble_wait_on_a_foreign_thread,
     2,
     {"panic: rn_bubble_wait outside a bubble\n\nforeign thread\n"}},
    {"unlock_thread_without_lock",
     unlock_thread_without_lock,
     2,
     {"fatal error: rn_unlock_thread without rn_lock_thread\ngoroutine 1 "
      "[running]: main\n    created at rn_run\n"}},
    {"notify_outside_rn_run",
     notify_outside_rn_run,
     2,
     {"panic: signal notify outside the runtime\n\n"}},
    {"go_outside_rn_run",
     go_outside_rn_run,
     2,
     {"fatal error: goroutine started at ",
      "test_panic_bad_use.c:", " while no runtime runs\n"}},
    {"procs_outside_rn_run",
     procs_outside_rn_run,
     2,
     {"fatal error: rn_set_procs while no runtime runs\n"}},
    {"try_go_outside_rn_run",
     try_go_outside_rn_run,
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
    {"unlock_copy_without_waiters",
     unlock_copy_without_waiters,
     2,
     {"fatal error: a mutex was copied while it was in use\ngoroutine 1 "}},
    {"lock_copy_without_waiters",
     lock_copy_without_waiters,
     2,
     {"fatal error: a mutex was copied while it was in use\ngoroutine 1 "}},
    {"try_lock_copy_without_waiters",
     try_lock_copy_without_waiters,
     2,
     {"fatal error: a mutex was copied while it was in use\ngoroutine 1 "}},
    {"receive_from_freed",
     receive_from_freed,
     2,
     {"fatal error: use of a freed channel (made at ", "test_panic_bad_use.c:",
      "goroutine 1 [running]: main\n    created at rn_run\n"}},
    {"close_freed",
     close_freed,
     2,
     {"fatal error: use of a freed channel (made at ", "test_panic_bad_use.c:",
      "goroutine 1 [running]: main\n    created at rn_run\n"}},
    {"free_twice",
     free_twice,
     2,
     {"fatal error: use of a freed channel (made at ", "test_panic_bad_use.c:",
      "goroutine 1 [running]: main\n    created at rn_run\n"}},
    {"select_with_freed",
     select_with_freed,
     2,
     {"fatal error: use of a freed channel (made at ", "test_panic_bad_use.c:",
      "goroutine 1 [running]: main\n    created at rn_run\n"}},
#endif
};

RN_DEATH_MAIN(deaths)
