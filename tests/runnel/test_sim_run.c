/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated runs from outside: what they return, that a seed gives the same
 * run each time, that failures are found, replayed and cut down. These cases
 * are plain main programs.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "check.h"

static const char *const schedules[] = {NULL, "uniform", "pct:1", "pct:2",
                                        "pct:3:50"};
#define SCHEDULES (sizeof(schedules) / sizeof(schedules[0]))

#define STEPS 60

struct journal {
    int steps[STEPS];
    _Atomic(int) count;
};

struct writer {
    struct journal *journal;
    rn_chan(int) ring;
    int me;
};

static void write_steps(struct writer *own)
{
    for (int i = 0; i < 10; i++) {
        int value = own->me;
        struct rn_case cases[] = {rn_case_send(own->ring, &value),
                                  rn_case_recv(own->ring, &value)};

        rn_select_until(rn_deadline(RN_US), cases, 2);
        int at = atomic_fetch_add(&own->journal->count, 1);
        if (at < STEPS)
            own->journal->steps[at] = value;
        rn_sleep((int64_t)rn_sim_draw(3) * RN_MS);
    }
}

static int write_journal(void *arg)
{
    struct journal *journal = arg;
    rn_chan(int) ring = rn_chan_make(int, 1);

    memset(journal, 0, sizeof(*journal));
    for (int i = 1; i <= 4; i++)
        rn_go(write_steps, (struct writer){journal, ring, i});
    rn_sleep(RN_S);
    rn_chan_free(ring);
    return 0;
}

/* The same seed gives the same run, whatever ran before; others differ. */
static void seed_decides_everything(void)
{
    static struct journal first, second;

    for (size_t i = 0; i < SCHEDULES; i++) {
        int different = 0;

        for (uint64_t seed = 1; seed <= 30; seed++) {
            struct rn_sim_options options = {.seed = seed,
                                             .schedule = schedules[i]};
            struct rn_sim_result one, two, other;

            CHECK_EQ_INT(rn_sim_run(&options, write_journal, &first), 0);
            rn_sim_last(&one);
            CHECK_EQ_INT(rn_sim_run(&options, write_journal, &second), 0);
            rn_sim_last(&two);
            CHECK(one.hash == two.hash);
            CHECK(memcmp(&first, &second, sizeof(first)) == 0);
            CHECK(memcmp(&one, &two, sizeof(one)) == 0);
            options.seed += 1000;
            CHECK_EQ_INT(rn_sim_run(&options, write_journal, &second), 0);
            rn_sim_last(&other);
            different += one.hash != other.hash;
        }
        CHECK_MSG(different >= 29, "%s: only %d of 30 seeds differ",
                  schedules[i] ? schedules[i] : "NULL", different);
    }
}

static int return_argument(void *arg)
{
    return *(int *)arg;
}

/* What the function returns is returned. */
static void run_returns_what_its_function_returns(void)
{
    struct rn_sim_options options = {.quiet = true};
    int values[] = {0, 7, -5};

    for (size_t i = 0; i < 3; i++)
        CHECK_EQ_INT(rn_sim_run(&options, return_argument, &values[i]),
                     values[i]);
}

static void wait_for_ever(int *own)
{
    rn_chan(int) nil = NULL;

    rn_recv(nil, own);
}

static int leave_one_behind(void *arg)
{
    (void)arg;
    rn_go(wait_for_ever, 1);
    return 0;
}

/* A goroutine that nobody can wake is found, unless it may be left. */
static void left_goroutine_is_a_deadlock(void)
{
    struct rn_sim_options options = {.quiet = true};
    struct rn_sim_result result;

    for (size_t i = 0; i < SCHEDULES; i++) {
        options.schedule = schedules[i];
        options.leave_others = false;
        CHECK_EQ_INT(rn_sim_run(&options, leave_one_behind, NULL), RN_DEADLOCK);
        rn_sim_last(&result);
        CHECK_EQ_INT(result.status, RN_DEADLOCK);
        options.leave_others = true;
        CHECK_EQ_INT(rn_sim_run(&options, leave_one_behind, NULL), 0);
    }
}

static int spin(void *arg)
{
    for (;;) {
        if (arg)
            rn_yield();
        else
            rn_chan_len((rn_chan(int))NULL), rn_sleep(0);
    }
    return 0;
}

/* A run that goes on for ever ends. */
static void endless_run_is_stopped(void)
{
    struct rn_sim_options options = {.quiet = true, .steps_max = 1000};
    int yes = 1;

    for (size_t i = 0; i < SCHEDULES; i++) {
        options.schedule = schedules[i];
        CHECK_EQ_INT(rn_sim_run(&options, spin, NULL), RN_ENDLESS);
        CHECK_EQ_INT(rn_sim_run(&options, spin, &yes), RN_ENDLESS);
    }
}

static void fail_late(int *own)
{
    rn_sleep(RN_S);
    RN_SIM_CHECK(*own == 2);
}

static int fail_in_goroutine(void *arg)
{
    (void)arg;
    rn_go(fail_late, 1);
    rn_sleep(2 * RN_S);
    abort(); /* never reached */
}

/* The first failed check ends the run, and is told. */
static void failed_check_ends_the_run(void)
{
    struct rn_sim_options options = {.quiet = true};
    struct rn_sim_result result;

    CHECK_EQ_INT(rn_sim_run(&options, fail_in_goroutine, NULL), RN_FAILED);
    rn_sim_last(&result);
    CHECK(strstr(result.message, "does not hold: *own == 2"));
    CHECK(strstr(result.message, "test_sim_run.c:"));
}

static int sleep_a_year(void *arg)
{
    int64_t start = rn_now();

    (void)arg;
    for (int day = 0; day < 365; day++)
        rn_sleep(24 * 3600 * RN_S);
    RN_SIM_CHECK(rn_now() - start == INT64_C(365) * 24 * 3600 * RN_S);
    RN_SIM_CHECK(rn_simulated());
    return 0;
}

/* Time passes when all sleep, exactly as much as they asked for. */
static void time_jumps(void)
{
    struct rn_sim_options options = {.seed = 3};
    int64_t start = rn_now();

    CHECK_EQ_INT(rn_sim_run(&options, sleep_a_year, NULL), 0);
    CHECK(rn_now() - start < 600 * RN_S);
    CHECK(!rn_simulated());
}

/* ------------------------------------------------- failures to be found */

struct account {
    _Atomic(int) balance; /* no data race: the update is lost all the same */
    struct rn_waitgroup done;
    rn_chan(int) tick;
};

/* Reads, is interrupted, writes: an update gets lost, seldom. */
static void deposit(struct account **own)
{
    int seen = (*own)->balance;

    rn_try_send((*own)->tick, 1);
    (*own)->balance = seen + 1;
    rn_waitgroup_done(&(*own)->done);
}

static int deposit_twice(void *arg)
{
    struct account account = {.tick = rn_chan_make(int, 4)};

    (void)arg;
    rn_waitgroup_add(&account.done, 2);
    rn_go(deposit, &account);
    rn_go(deposit, &account);
    rn_waitgroup_wait(&account.done);
    rn_chan_free(account.tick);
    RN_SIM_CHECK(account.balance == 2);
    return 0;
}

static int deposit_and_panic(void *arg)
{
    struct account account = {.tick = rn_chan_make(int, 4)};

    (void)arg;
    rn_waitgroup_add(&account.done, 2);
    rn_go(deposit, &account);
    rn_go(deposit, &account);
    rn_waitgroup_wait(&account.done);
    rn_chan_free(account.tick);
    if (account.balance != 2)
        rn_panic("an update is lost");
    return 0;
}

static int deposit_and_crash(void *arg)
{
    if (deposit_and_panic == arg)
        return 0;
    struct account account = {.tick = rn_chan_make(int, 4)};

    rn_waitgroup_add(&account.done, 2);
    rn_go(deposit, &account);
    rn_go(deposit, &account);
    rn_waitgroup_wait(&account.done);
    rn_chan_free(account.tick);
    if (account.balance != 2)
        raise(SIGKILL);
    return 0;
}

/* Exploring finds it, under every schedule; its seed finds it again. */
static void explored_failure_replays(void)
{
    for (size_t i = 0; i < SCHEDULES; i++) {
        struct rn_sim_options options = {
            .seed = 1, .schedule = schedules[i], .quiet = true};
        struct rn_sim_result found, again;
        int status =
            rn_sim_explore(&options, 2000, deposit_twice, NULL, &found);

        if (schedules[i] && strcmp(schedules[i], "pct:1") == 0) {
            CHECK_EQ_INT(status, RN_OK); /* no interruptions at depth 1 */
            CHECK_EQ_INT(found.runs, 2000);
            continue;
        }
        CHECK_EQ_INT(status, RN_FAILED);
        CHECK(strstr(found.message, "account.balance == 2"));
        options.seed = found.seed;
        options.schedule = found.schedule;
        CHECK_EQ_INT(rn_sim_run(&options, deposit_twice, NULL), RN_FAILED);
        rn_sim_last(&again);
        CHECK(again.hash == found.hash);
        CHECK_EQ_INT(again.steps, found.steps);
    }
}

/* A panic or a crash is a failure of its seed, too. */
static void crash_is_known_by_its_seed(void)
{
    struct rn_sim_options options = {
        .seed = 1, .schedule = "pct:2", .quiet = true};
    struct rn_sim_result failed, panicked, crashed;

    rn_sim_explore(&options, 2000, deposit_twice, NULL, &failed);
    CHECK_EQ_INT(
        rn_sim_explore(&options, 2000, deposit_and_panic, NULL, &panicked),
        RN_CRASHED);
    CHECK_EQ_INT(
        rn_sim_explore(&options, 2000, deposit_and_crash, NULL, &crashed),
        RN_CRASHED);
    CHECK_EQ_INT(panicked.seed, failed.seed);
    CHECK_EQ_INT(crashed.seed, failed.seed);
    CHECK(crashed.hash == failed.hash);
    CHECK_EQ_STR(panicked.message, "the process ended with status 2");
    CHECK_EQ_STR(crashed.message, "died of signal 9");
    CHECK_EQ_INT(panicked.runs, failed.runs);
}

/* Minimizing leaves the one interruption that matters. */
static void failure_is_cut_down(void)
{
    static int (*const programs[])(void *) = {deposit_twice, deposit_and_panic};

    for (size_t i = 0; i < 2; i++) {
        struct rn_sim_options options = {.seed = 1, .quiet = true};
        struct rn_sim_result found;
        char text[400] = "";
        int status = rn_sim_explore(&options, 2000, programs[i], NULL, &found);

        options.seed = found.seed;
        options.schedule = found.schedule;
        CHECK_EQ_INT(
            rn_sim_minimize(&options, programs[i], NULL, text, sizeof(text)),
            1);
        options.schedule = text;
        CHECK_EQ_INT(rn_sim_explore(&options, 1, programs[i], NULL, &found),
                     status);
    }
}

/* What does not fail cannot be cut down; what does not fit is said. */
static void minimizing_has_statuses(void)
{
    struct rn_sim_options options = {.seed = 1};
    char text[8];
    int zero = 0;

    CHECK_EQ_INT(
        rn_sim_minimize(&options, return_argument, &zero, text, sizeof(text)),
        RN_AGAIN);
    options.schedule = "nonsense";
    CHECK_EQ_INT(
        rn_sim_minimize(&options, return_argument, &zero, text, sizeof(text)),
        RN_INVALID);
    options.schedule = "list:5=1";
    zero = 3; /* fails with any decisions */
    CHECK_EQ_INT(
        rn_sim_minimize(&options, return_argument, &zero, text, sizeof(text)),
        0);
    CHECK_EQ_STR(text, "list:");
    CHECK_EQ_INT(rn_sim_minimize(&options, return_argument, &zero, text, 3),
                 RN_INVALID);
}

/* Without interruptions all is well, with one the update is lost. */
static void enumerating_is_complete(void)
{
    struct rn_sim_options options = {.quiet = true};
    struct rn_sim_result result;

    CHECK_EQ_INT(rn_sim_enumerate(&options, 0, deposit_twice, NULL, &result),
                 RN_OK);
    CHECK(result.complete);
    options.preemptions = 1;
    CHECK_EQ_INT(rn_sim_enumerate(&options, 0, deposit_twice, NULL, &result),
                 RN_FAILED);
    CHECK(strncmp(result.schedule, "list:", 5) == 0);
    options.schedule = result.schedule;
    CHECK_EQ_INT(rn_sim_run(&options, deposit_twice, NULL), RN_FAILED);
    options.schedule = NULL;
    CHECK_EQ_INT(
        rn_sim_enumerate(&options, 2, deposit_and_panic, NULL, &result), RN_OK);
    CHECK(!result.complete);
    CHECK_EQ_INT(result.runs, 2);
    CHECK_EQ_INT(
        rn_sim_enumerate(&options, 0, deposit_and_panic, NULL, &result),
        RN_CRASHED);
    options.schedule = result.schedule;
    CHECK_EQ_INT(rn_sim_run(&options, deposit_twice, NULL), RN_FAILED);
}

/* Writes down who came, where the parent sees it. */
struct orders {
    int count;
    int order[100];
    _Atomic(int) now;
    struct rn_waitgroup done;
};

struct comer {
    struct orders *orders;
    int me;
};

static void come(struct comer *own)
{
    own->orders->now = own->orders->now * 10 + own->me;
    rn_waitgroup_done(&own->orders->done);
}

static int any_order(void *arg)
{
    struct orders *orders = arg;

    orders->now = 0;
    orders->done = (struct rn_waitgroup){0};
    rn_waitgroup_add(&orders->done, 3);
    for (int i = 1; i <= 3; i++)
        rn_go(come, (struct comer){orders, i});
    rn_waitgroup_wait(&orders->done);
    if (orders->count < 100)
        orders->order[orders->count++] = orders->now;
    return 0;
}

/* Three goroutines that nobody interrupts come in 3 x 2 x 1 orders. */
static void enumerating_runs_every_order_once(void)
{
    struct rn_sim_options options = {0};
    struct rn_sim_result result;
    struct orders *orders = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK_EQ_INT(rn_sim_enumerate(&options, 0, any_order, orders, &result), 0);
    CHECK(result.complete);
    CHECK_EQ_INT(result.runs, 6);
    for (int i = 0; i < orders->count; i++) {
        CHECK(orders->order[i] >= 123 && orders->order[i] <= 321);
        for (int j = 0; j < i; j++)
            CHECK(orders->order[i] != orders->order[j]);
    }
    munmap(orders, sizeof(*orders));
}

/* ------------------------------------------------------------ environment */

/* $RUNNEL_SEED and $RUNNEL_SCHEDULE go before the options. */
static void environment_replays(void)
{
    struct rn_sim_options options = {
        .seed = 1, .schedule = "pct:2", .quiet = true};
    struct rn_sim_result found, again;
    char seed[32];

    rn_sim_explore(&options, 2000, deposit_twice, NULL, &found);
    snprintf(seed, sizeof(seed), "%" PRIu64, found.seed);
    setenv("RUNNEL_SEED", seed, 1);
    setenv("RUNNEL_SCHEDULE", found.schedule, 1);
    options = (struct rn_sim_options){.quiet = true};
    CHECK_EQ_INT(rn_sim_run(&options, deposit_twice, NULL), RN_FAILED);
    rn_sim_last(&again);
    CHECK(again.hash == found.hash);
    CHECK_EQ_INT(rn_sim_explore(&options, 1000, deposit_twice, NULL, &again),
                 RN_FAILED);
    CHECK_EQ_INT(again.runs, 1);
    setenv("RUNNEL_SCHEDULE", "list:", 1);
    CHECK_EQ_INT(rn_sim_run(&options, deposit_twice, NULL), RN_OK);
    CHECK_EQ_INT(rn_run(deposit_twice, NULL), RN_OK);
    unsetenv("RUNNEL_SEED");
    unsetenv("RUNNEL_SCHEDULE");
}

/* What is no schedule is refused. */
static void bad_schedules_are_refused(void)
{
    static const char *const bad[] = {
        "",          "pct",      "pct:",      "pct:0",        "pct:17",
        "pct:2:",    "pct:2:0",  "pct:2:1x",  "list",         "list:1",
        "list:1=",   "list:=1",  "list:2=1,", "list:2=1,2=1", "list:3=1,2=1",
        "list:1=1x", "uniform ", "pct:-1",    "list:,1=1"};
    int zero = 0;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct rn_sim_options options = {.schedule = bad[i]};

        CHECK_MSG(rn_sim_run(&options, return_argument, &zero) == RN_INVALID,
                  "\"%s\" is accepted", bad[i]);
    }
}

static int fault_sometimes(void *arg)
{
    int *count = arg;

    for (int i = 0; i < 1000; i++)
        *count += rn_sim_fault();
    return 0;
}

/* Faults come at their rate, and only when asked for. */
static void faults_come_at_their_rate(void)
{
    struct rn_sim_options options = {.seed = 5, .fault_one_in = 10};
    int count = 0;
    int none = 0;

    CHECK_EQ_INT(rn_sim_run(&options, fault_sometimes, &count), 0);
    CHECK_MSG(count > 50 && count < 200, "%d of 1000", count);
    options.fault_one_in = 0;
    CHECK_EQ_INT(rn_sim_run(&options, fault_sometimes, &none), 0);
    CHECK_EQ_INT(none, 0);
    CHECK(!rn_sim_fault());
}

static void come_and_go(int *own)
{
    (void)own;
}

static int try_to_start(void *arg)
{
    int *refused = arg;

    for (int i = 0; i < 200; i++) {
        int status = rn_try_go(come_and_go, i);

        RN_SIM_CHECK(status == RN_OK || status == RN_NOMEM);
        *refused += status == RN_NOMEM;
    }
    return 0;
}

/* A start that may fail does, at the rate of the faults. */
static void starts_fail_at_their_rate(void)
{
    struct rn_sim_options options = {.seed = 5, .fault_one_in = 4};
    int refused = 0;
    int none = 0;

    CHECK_EQ_INT(rn_sim_run(&options, try_to_start, &refused), 0);
    CHECK_MSG(refused > 20 && refused < 100, "%d of 200", refused);
    options.fault_one_in = 0;
    CHECK_EQ_INT(rn_sim_run(&options, try_to_start, &none), 0);
    CHECK_EQ_INT(none, 0);
}

static int run_inside(void *arg)
{
    struct rn_sim_options options = {0};
    struct rn_sim_result result;

    CHECK_EQ_INT(rn_sim_run(&options, return_argument, arg), RN_INVALID);
    CHECK_EQ_INT(rn_sim_explore(&options, 1, return_argument, arg, &result),
                 RN_INVALID);
    return 0;
}

/* A simulation cannot be started inside a goroutine. */
static void run_inside_is_refused(void)
{
    int zero = 0;

    CHECK_EQ_INT(rn_run(run_inside, &zero), 0);
}

/* What a failing run prints: the reason, how to replay it, its decisions. */
static void failure_prints_how_to_replay_it(void)
{
    struct rn_sim_options options = {.seed = 1, .schedule = "pct:2"};
    char text[4096] = "";
    int pipe_fds[2];
    int status = 0;

    if (!CHECK_EQ_INT(pipe(pipe_fds), 0))
        return;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipe_fds[1], 2);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
        _exit(rn_sim_explore(&options, 2000, deposit_twice, NULL, NULL) ==
              RN_FAILED);
    }
    close(pipe_fds[1]);
    size_t size = 0;
    for (;;) {
        ssize_t got = read(pipe_fds[0], text + size, sizeof(text) - 1 - size);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    close(pipe_fds[0]);
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    CHECK(strstr(text, "does not hold: account.balance == 2"));
    CHECK(strstr(text, "RUNNEL_SEED="));
    CHECK(strstr(text, "RUNNEL_SCHEDULE=pct:2:"));
    CHECK(strstr(text, "interrupt "));
    CHECK(strstr(text, "goes on"));
}

static char dumped[65536];

static void wait_at(rn_chan(int) *own)
{
    rn_recv(*own, NULL);
}

/* Dumps while two have waited for that long, one of them a minute less. */
static void dump_after(int64_t ns)
{
    rn_chan(int) quiet = rn_chan_make(int, 0);
    int fd = memfd_create("dump", MFD_CLOEXEC);

    for (int i = 0; i < 2; i++) {
        rn_go(wait_at, quiet);
        rn_sleep(ns > 60 * RN_S ? 60 * RN_S : 1);
    }
    rn_sleep(ns > 60 * RN_S ? ns - 120 * RN_S : ns);
    CHECK_EQ_INT(rn_dump(fd), RN_OK);
    ssize_t got = pread(fd, dumped, sizeof(dumped) - 1, 0);
    dumped[got > 0 ? got : 0] = '\0';
    close(fd);
    rn_close(quiet);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(quiet);
}

static int dump_waits(void *arg)
{
    (void)arg;
    dump_after(8 * RN_S);
    CHECK(strstr(dumped, "2 goroutines [chan receive, made at "));
    CHECK(!strstr(dumped, ", for "));
    dump_after(59 * RN_S);
    CHECK(strstr(dumped, ", for 59 seconds]: "));
    dump_after(180 * RN_S);
    CHECK(strstr(dumped, ", for 2 to 3 minutes]: "));
    dump_after(3600 * RN_S + 60 * RN_S);
    CHECK(strstr(dumped, ", for 1 hour]: "));
    return 0;
}

/* A dump says how long each has waited, the same in every run. */
static void waits_are_told_with_their_time(void)
{
    struct rn_sim_options options = {.seed = 5};

    for (int i = 0; i < 2; i++)
        CHECK_EQ_INT(rn_sim_run(&options, dump_waits, NULL), 0);
}

CHECK_MAIN(seed_decides_everything, waits_are_told_with_their_time,
           run_returns_what_its_function_returns, left_goroutine_is_a_deadlock,
           endless_run_is_stopped, failed_check_ends_the_run, time_jumps,
           explored_failure_replays, crash_is_known_by_its_seed,
           failure_is_cut_down, minimizing_has_statuses,
           enumerating_is_complete, enumerating_runs_every_order_once,
           environment_replays, bad_schedules_are_refused,
           faults_come_at_their_rate, starts_fail_at_their_rate,
           run_inside_is_refused, failure_prints_how_to_replay_it)
