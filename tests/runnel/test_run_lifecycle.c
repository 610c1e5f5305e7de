/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rn_run from outside: what it returns, what happens to goroutines that are
 * left, and that it can be done again. These cases are plain main programs.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "check.h"

static int return_argument(void *arg)
{
    return *(int *)arg;
}

/* The status of main is that of rn_run. */
static void run_returns_what_main_returns(void)
{
    for (int status = -3; status < 200; status += 29)
        CHECK_EQ_INT(rn_run(return_argument, &status), status);
}

static _Atomic(int) after_main;
static _Atomic(int) before_end;

static void linger(int *own)
{
    atomic_fetch_add(&before_end, 1);
    rn_sleep(*own * RN_MS);
    atomic_fetch_add(&after_main, 1);
}

static void linger_for_ever(int *own)
{
    rn_chan(int) nil = NULL;

    atomic_fetch_add(&before_end, 1);
    rn_recv(nil, own);
    atomic_fetch_add(&after_main, 1);
}

static int leave_others(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        rn_go(linger, 1000);
        rn_go(linger_for_ever, i);
    }
    while (atomic_load(&before_end) < 200)
        rn_yield();
    return 4;
}

/* When main returns, the others run no more, whatever they wait for. */
static void main_ends_the_rest(void)
{
    for (unsigned procs = 1; procs <= 4; procs *= 2) {
        struct rn_options options = {.procs = procs};

        atomic_store(&before_end, 0);
        atomic_store(&after_main, 0);
        CHECK_EQ_INT(rn_run_with(&options, leave_others, NULL), 4);
        CHECK_EQ_INT(atomic_load(&after_main), 0);
    }
}

static void spin_and_yield(void)
{
    atomic_fetch_add(&before_end, 1);
    for (;;)
        rn_yield();
}

static void spin_locked(void)
{
    CHECK_EQ_INT(rn_lock_thread(), RN_OK);
    spin_and_yield();
}

static int leave_runners(void *arg)
{
    (void)arg;
    atomic_store(&before_end, 0);
    for (int i = 0; i < 9; i++)
        rn_go_void(spin_and_yield);
    rn_go_void(spin_locked);
    while (atomic_load(&before_end) < 10)
        rn_yield();
    return 0;
}

/* Goroutines that never park for long do not keep the program alive either. */
static void main_ends_those_that_run(void)
{
    for (unsigned procs = 1; procs <= 4; procs *= 2) {
        struct rn_options options = {.procs = procs};

        CHECK_EQ_INT(rn_run_with(&options, leave_runners, NULL), 0);
    }
}

static int leave_short_work(void *arg)
{
    (void)arg;
    for (int i = 0; i < 50; i++)
        rn_go(linger, 2);
    return 9;
}

static void count_drop(void *value)
{
    ++*(int *)value;
}

static rn_key(int) counted_key = {.drop = count_drop};

static int set_local(void *arg)
{
    rn_local_set(&counted_key, (int *)arg);
    return 0;
}

/* What main has set as its own is dropped before rn_run returns. */
static void main_drops_its_locals(void)
{
    int drops = 0;

    CHECK_EQ_INT(rn_run(set_local, &drops), 0);
    CHECK_EQ_INT(drops, 1);
}

/* With wait_all, rn_run returns main's status after all have ended. */
static void wait_all_waits_for_all(void)
{
    for (unsigned procs = 1; procs <= 4; procs *= 2) {
        struct rn_options options = {.procs = procs, .wait_all = true};

        atomic_store(&after_main, 0);
        CHECK_EQ_INT(rn_run_with(&options, leave_short_work, NULL), 9);
        CHECK_EQ_INT(atomic_load(&after_main), 50);
    }
}

static void pass_on(rn_sender(int) *own)
{
    rn_send(*own, 1);
}

static int some_work(void *arg)
{
    rn_chan(int) chan = rn_chan_make(int, 0);

    for (int i = 0; i < 20; i++)
        rn_go(pass_on, rn_send_end(chan));
    for (int i = 0; i < 20; i++)
        rn_recv(chan, arg);
    CHECK_EQ_INT(rn_task_id(), 1);
    rn_chan_free(chan);
    return 0;
}

/* A runtime can follow another, with other options, many times. */
static void run_can_follow_run(void)
{
    for (unsigned i = 0; i < 200; i++) {
        struct rn_options options = {
            .procs = 1 + i % 3,
            .simulate = i % 5 == 0,
            .seed = i,
        };
        int got = 0;

        CHECK_EQ_INT(rn_run_with(&options, some_work, &got), 0);
        CHECK_EQ_INT(got, 1);
    }
}

static int run_inside(void *arg)
{
    int status = 0;

    (void)arg;
    return rn_run(return_argument, &status);
}

/* Not inside a goroutine. */
static void run_inside_is_refused(void)
{
    CHECK_EQ_INT(rn_run(run_inside, NULL), RN_INVALID);
}

static int tell_procs(void *arg)
{
    *(unsigned *)arg = rn_procs();
    return 0;
}

/* $RUNNEL_PROCS counts when the options do not say. */
static void environment_sets_the_workers(void)
{
    struct rn_options five = {.procs = 5};
    unsigned procs = 0;

    setenv("RUNNEL_PROCS", "3", 1);
    CHECK_EQ_INT(rn_run(tell_procs, &procs), 0);
    CHECK_EQ_INT(procs, 3);
    CHECK_EQ_INT(rn_run_with(&five, tell_procs, &procs), 0);
    CHECK_EQ_INT(procs, 5);
    unsetenv("RUNNEL_PROCS");
    CHECK_EQ_INT(rn_run(tell_procs, &procs), 0);
    CHECK(procs >= 1);
    CHECK_EQ_INT(rn_run_with(NULL, tell_procs, &procs), 0);
    CHECK(procs >= 1);
}

static int tell_thread(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    return 0;
}

static void *run_on_thread(void *arg)
{
    CHECK_EQ_INT(rn_run(tell_thread, arg), 0);
    return NULL;
}

/* rn_run may be called on any thread, which then works as a worker. */
static void caller_is_a_worker(void)
{
    struct rn_options one = {.procs = 1};
    pthread_t inside;
    pthread_t thread;

    CHECK_EQ_INT(rn_run_with(&one, tell_thread, &inside), 0);
    CHECK(pthread_equal(inside, pthread_self()));
    CHECK_EQ_INT(pthread_create(&thread, NULL, run_on_thread, &inside), 0);
    CHECK_EQ_INT(pthread_join(thread, NULL), 0);
}

#define STEPS 400

struct journal {
    int steps[STEPS];
    _Atomic(int) count;
};

struct writer {
    struct journal *journal;
    int me;
};

static void write_steps(struct writer *own)
{
    for (int i = 0; i < 20; i++) {
        int at = atomic_fetch_add(&own->journal->count, 1);

        if (at < STEPS)
            own->journal->steps[at] = own->me;
        if (i % 3 == 0)
            rn_sleep(own->me * 10 * RN_US);
        else
            rn_yield();
    }
}

static int write_journal(void *arg)
{
    for (int i = 1; i <= 20; i++)
        rn_go(write_steps, (struct writer){arg, i});
    return 0;
}

static void simulate(uint64_t seed, struct journal *journal)
{
    struct rn_options options = {
        .simulate = true, .seed = seed, .wait_all = true};

    memset(journal->steps, 0, sizeof(journal->steps));
    atomic_store(&journal->count, 0);
    CHECK_EQ_INT(rn_run_with(&options, write_journal, journal), 0);
    CHECK_EQ_INT(atomic_load(&journal->count), STEPS);
}

/* The same seed gives the same run; other seeds give others. */
static void seed_decides_the_run(void)
{
    static struct journal first;
    static struct journal second;
    int different = 0;

    for (uint64_t seed = 1; seed <= 20; seed++) {
        simulate(seed, &first);
        simulate(seed, &second);
        CHECK(memcmp(first.steps, second.steps, sizeof(first.steps)) == 0);
        simulate(seed + 1000, &second);
        different +=
            memcmp(first.steps, second.steps, sizeof(first.steps)) != 0;
    }
    CHECK_MSG(different >= 19, "only %d of 20 other seeds differ", different);
}

static int sleep_an_hour(void *arg)
{
    int64_t start = rn_now();

    (void)arg;
    rn_sleep(3600 * RN_S);
    CHECK(rn_now() - start >= 3600 * RN_S);
    return 0;
}

/* Simulated time is virtual: an hour passes at once. */
static void simulated_hour_passes_at_once(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    int64_t start = rn_now();

    CHECK_EQ_INT(rn_run_with(&options, sleep_an_hour, NULL), 0);
    CHECK(rn_now() - start < 60 * RN_S);
}

/* $RUNNEL_SEED simulates from outside. */
static void environment_sets_the_seed(void)
{
    setenv("RUNNEL_SEED", "7", 1);
    CHECK_EQ_INT(rn_run(sleep_an_hour, NULL), 0);
    unsetenv("RUNNEL_SEED");
}

/* A goroutine started while no runtime runs ends the program, and says so. */
static void go_outside_of_a_run_is_refused(void)
{
    char text[4096];
    size_t length = 0;
    ssize_t got = 0;
    int status = 0;
    int fds[2];
    int argument = 1;
    pid_t child;

    if (!CHECK_EQ_INT(pipe(fds), 0))
        return;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        rn_go(linger, argument);
        _exit(0);
    }
    close(fds[1]);
    do {
        got = read(fds[0], text + length, sizeof(text) - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    text[length] = '\0';
    close(fds[0]);
    CHECK_EQ_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    CHECK_MSG(strstr(text, "while no runtime runs") &&
                  strstr(text, "test_run_lifecycle.c:"),
              "it said: %s", text);
}

static int profile_in_simulation(void *arg)
{
    (void)arg;
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, 1), -ENOTSUP);
    CHECK_EQ_INT(rn_profile_write(RN_PROFILE_GOROUTINE, RN_PROFILE_FOLDED, 2),
                 -ENOTSUP);
    CHECK_EQ_INT(rn_debug_serve("127.0.0.1:0", NULL, NULL), -ENOTSUP);
    return 0;
}

static int profile_left_on(void *arg)
{
    (void)arg;
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, 1), RN_OK);
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_MUTEX, 1), RN_OK);
    return rn_profile_start(RN_PROFILE_CPU, 100) == -ENOTSUP ? 0 : 1;
}

/*
 * Profiles are refused outside of a run and in simulation; the end of a run
 * ends those that are on.
 */
static void profiles_belong_to_a_run(void)
{
    const struct rn_options simulated = {.simulate = true, .seed = 1};

    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, 1), RN_INVALID);
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_BLOCK), RN_INVALID);
    CHECK_EQ_INT(rn_profile_write(RN_PROFILE_BLOCK, RN_PROFILE_FOLDED, 2),
                 RN_INVALID);
    CHECK_EQ_INT(rn_run_with(&simulated, profile_in_simulation, NULL), 0);
    for (int i = 0; i < 2; i++)
        CHECK(rn_run(profile_left_on, NULL) >= 0);
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_BLOCK), RN_INVALID);
}

static char served_at[RN_ADDRESS_MAX] = "127.0.0.1:0";

static int serve_debug(void *arg)
{
    struct rn_debug_server *server = NULL;

    (void)arg;
    CHECK_EQ_INT(rn_debug_serve(served_at, NULL, &server), RN_OK);
    if (server)
        snprintf(served_at, sizeof(served_at), "%s", rn_debug_address(server));
    return 0;
}

/* A debug server ends with its run, and its port is free for the next. */
static void debug_server_ends_with_its_run(void)
{
    const struct rn_options till_the_last = {.wait_all = true};

    CHECK_EQ_INT(rn_run(serve_debug, NULL), 0);
    CHECK_EQ_INT(rn_run_with(&till_the_last, serve_debug, NULL), 0);
    CHECK_EQ_INT(rn_run(serve_debug, NULL), 0);
    CHECK_EQ_INT(rn_debug_serve(served_at, NULL, NULL), RN_INVALID);
}

/* All workers but one, perhaps, are where nobody looks for them. */
static int lower_and_sleep(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        CHECK_EQ_INT(rn_set_procs(4), RN_OK);
        rn_sleep(100 * RN_US);
        CHECK_EQ_INT(rn_set_procs(1), RN_OK);
        rn_sleep(RN_MS);
    }
    return 0;
}

/* More workers than processors, then fewer: timers come all the same. */
static void fewer_workers_sleep_no_longer(void)
{
    const struct rn_options options = {.procs = 4};
    cpu_set_t all;
    cpu_set_t one;

    CPU_ZERO(&one);
    CHECK_EQ_INT(sched_getaffinity(0, sizeof(all), &all), 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && CPU_COUNT(&one) == 0)
            CPU_SET(cpu, &one);
    CHECK_EQ_INT(sched_setaffinity(0, sizeof(one), &one), 0);
    CHECK_EQ_INT(rn_run_with(&options, lower_and_sleep, NULL), 0);
    CHECK_EQ_INT(sched_setaffinity(0, sizeof(all), &all), 0);
}

enum { NEW_LOCKS = 4096, VISITS = 16 };

static struct rn_mutex new_locks[NEW_LOCKS];
static int visited[NEW_LOCKS];
static _Atomic(int) reached[2]; /* by either thread */

static void *visit_locks(void *arg)
{
    _Atomic(int) *own = arg;
    _Atomic(int) *other = &reached[own == reached];

    for (int i = 0; i < NEW_LOCKS; i++) {
        atomic_store(own, i);
        while (atomic_load(other) < i)
            sched_yield(); /* both begin with a new lock together */
        for (int k = 0; k < VISITS; k++) {
            rn_mutex_lock(&new_locks[i]);
            visited[i]++;
            rn_mutex_unlock(&new_locks[i]);
        }
    }
    return NULL;
}

/* Threads fight over new locks, without a runtime, when one was simulated. */
static void locks_outlive_a_simulated_run(void)
{
    const struct rn_options options = {.simulate = true};
    int status = 0;

    CHECK_EQ_INT(rn_run_with(&options, return_argument, &status), 0);
    for (int round = 0; round < 10; round++) {
        pthread_t threads[2];

        memset(new_locks, 0, sizeof(new_locks));
        memset(visited, 0, sizeof(visited));
        reached[0] = reached[1] = 0;
        for (int i = 0; i < 2; i++)
            CHECK_EQ_INT(
                pthread_create(&threads[i], NULL, visit_locks, &reached[i]), 0);
        for (int i = 0; i < 2; i++)
            CHECK_EQ_INT(pthread_join(threads[i], NULL), 0);
        for (int i = 0; i < NEW_LOCKS; i++)
            CHECK_EQ_INT(visited[i], 2 * VISITS);
    }
}

/* Statuses have texts; unknown ones too. */
static void statuses_have_texts(void)
{
    static const int statuses[] = {
        RN_OK,      RN_AGAIN,    RN_NOMEM, RN_INVALID, RN_CLOSED,
        RN_TIMEOUT, RN_CANCELED, -9,       -123456,    7};

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        const char *text = rn_status_text(statuses[i]);

        if (CHECK(text))
            CHECK(strlen(text) > 1);
    }
    CHECK_EQ_STR(rn_status_text(RN_TIMEOUT), "timed out");
    CHECK_EQ_STR(rn_status_text(RN_CANCELED), "canceled");
}

/* A status is the negation of an errno number; the deadline's is the usual. */
static void statuses_are_errno_numbers(void)
{
    CHECK_EQ_INT(RN_TIMEOUT, -ETIMEDOUT);
    CHECK_EQ_INT(RN_CANCELED, -ECANCELED);
    CHECK_EQ_INT(RN_CLOSED, -EPIPE);
    CHECK_EQ_INT(RN_AGAIN, -EAGAIN);
    CHECK_EQ_INT(RN_NOMEM, -ENOMEM);
    CHECK_EQ_INT(RN_INVALID, -EINVAL);
}

CHECK_MAIN(run_returns_what_main_returns, main_ends_the_rest,
           main_ends_those_that_run, main_drops_its_locals,
           wait_all_waits_for_all, run_can_follow_run, run_inside_is_refused,
           environment_sets_the_workers, caller_is_a_worker,
           seed_decides_the_run, simulated_hour_passes_at_once,
           environment_sets_the_seed, go_outside_of_a_run_is_refused,
           profiles_belong_to_a_run, debug_server_ends_with_its_run,
           fewer_workers_sleep_no_longer, locks_outlive_a_simulated_run,
           statuses_have_texts, statuses_are_errno_numbers)
