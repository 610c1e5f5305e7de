/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rn_check.h: runs cases as the main goroutine of a runtime.
 *
 *     static void send_meets_receive(void) { ... CHECK(...) ... }
 *
 *     RN_CHECK_MAIN(send_meets_receive)
 *
 * The program takes, before or after names of cases:
 *
 *     --procs N            that many workers (default 1)
 *     --seeds N [--from S] simulation: each case under seeds S .. S+N-1 (S = 1)
 *     --seed S             simulation: that seed alone
 *     --repeat N           each case N times (not with seeds)
 *     --part N             of the rounds within a case one in N, at least one:
 *                          for many repetitions of a case that repeats itself
 *     --timeout S          seconds a case may take (default 120)
 *     --no-fork            everything in this process, for a debugger
 *
 * Each case has a process of its own, so that a crash, a deadlock report or a
 * hang is one failed case; the parent then prints the command that replays it,
 * with the seed.
 *
 * What stands in check.h holds: checks count and never jump. A case leaves no
 * goroutine behind unless it says why.
 */
#ifndef RN_CHECK_H
#define RN_CHECK_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "check.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RN_CHECK_TSAN 1
#endif
#if __has_feature(address_sanitizer)
#define RN_CHECK_ASAN 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define RN_CHECK_TSAN 1
#endif
#ifdef __SANITIZE_ADDRESS__
#define RN_CHECK_ASAN 1
#endif
#ifndef RN_CHECK_TSAN
#define RN_CHECK_TSAN 0
#endif
#ifndef RN_CHECK_ASAN
#define RN_CHECK_ASAN 0
#endif

#if RN_CHECK_TSAN
/* A program without races need not wait for them at its end. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "atexit_sleep_ms=0";
}
#endif

/* A case that had to be skipped, in its process's exit status. */
#define RN_CHECK_SKIPPED 77

/* What the child tells its parent while it runs. */
struct rn_check_progress {
    uint64_t seed;
    unsigned round;
    char skipped[120];
};

static struct {
    const char *program;
    const struct check_case *running;
    struct rn_check_progress *progress;
    unsigned procs;
    unsigned repeat;
    unsigned part; /* of the rounds within a case, one in so many */
    unsigned timeout_s;
    uint64_t seed;  /* the first one */
    uint64_t seeds; /* how many; 0: no simulation */
    bool in_process;
} rn_check = {.procs = 1, .repeat = 1, .part = 1, .timeout_s = 120, .seed = 1};

/* The options under which the cases run, for one that starts its own. */
static inline struct rn_options rn_check_options(void)
{
    return (struct rn_options){
        .procs = rn_check.procs,
        .simulate = rn_check.seeds > 0,
        .seed = rn_check.progress->seed,
    };
}

static inline bool rn_check_simulated(void)
{
    return rn_check.seeds > 0;
}

/* Of `all` rounds as many as this build and mode can afford, at least one. */
static inline int rn_check_rounds(int all)
{
    int rounds = all;

    rounds /= (int)rn_check.part;
    if (rn_check_simulated())
        rounds /= 500;
    else if (RN_CHECK_TSAN || RN_CHECK_ASAN)
        rounds /= 10;
    return rounds > 0 ? rounds : 1;
}

/*
 * Gives the others time to get as far as they can. With one worker, and in
 * simulation, they have all parked (or ended) afterwards; with more they have
 * most likely, so no check may fail only because they have not.
 */
static inline void rn_check_settle(void)
{
    if (rn_check_simulated()) {
        rn_sleep(RN_US);
        return;
    }
    for (int i = 0; i < 64; i++)
        rn_yield();
}

/* Checks that no other goroutine is left, or soon will be: none has leaked. */
static inline bool rn_check_alone(void)
{
    int64_t deadline = rn_deadline(10 * RN_S);

    while (rn_task_count() > 1 && rn_now() < deadline)
        rn_sleep(20 * RN_US);
    return CHECK_EQ_INT(rn_task_count(), 1);
}

static inline int rn_check_start(void *arg)
{
    (void)arg;
    rn_check.running->run();
    return 0;
}

/* All rounds of the running case; stops after the first that fails. */
static inline int rn_check_rounds_of_case(void)
{
    const uint64_t count = rn_check.seeds ? rn_check.seeds : rn_check.repeat;
    const char *skipped;

    for (uint64_t i = 0; i < count; i++) {
        struct rn_options options;

        rn_check.progress->round = (unsigned)i;
        rn_check.progress->seed = rn_check.seed + (rn_check.seeds ? i : 0);
        options = rn_check_options();
        CHECK_EQ_INT(rn_run_with(&options, rn_check_start, NULL), 0);
        if (atomic_load_explicit(&check_failures, memory_order_relaxed))
            return 1;
    }
    skipped = atomic_load_explicit(&check_skipped, memory_order_relaxed);
    if (skipped) {
        snprintf(rn_check.progress->skipped, sizeof(rn_check.progress->skipped),
                 "%s", skipped);
        return RN_CHECK_SKIPPED;
    }
    return 0;
}

static inline void rn_check_explain(int status)
{
    const struct rn_check_progress *progress = rn_check.progress;

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        CHECK_MSG(false, "%s hung: not done after %u s", rn_check.running->name,
                  rn_check.timeout_s);
    else if (WIFSIGNALED(status))
        CHECK_MSG(false, "%s died of signal %d", rn_check.running->name,
                  WTERMSIG(status));
    else
        CHECK_MSG(false, "%s ended with status %d", rn_check.running->name,
                  WEXITSTATUS(status));
    if (rn_check.seeds)
        fprintf(stderr, "# replay: %s --seed %" PRIu64 " %s\n",
                rn_check.program, progress->seed, rn_check.running->name);
    else
        fprintf(stderr, "# replay: %s --procs %u --repeat %u %s\n",
                rn_check.program, rn_check.procs, progress->round + 1,
                rn_check.running->name);
}

/* Runs the case in a process of its own and judges how that ended. */
static inline void rn_check_in_child(void)
{
    int status = 0;
    pid_t child;

    if (rn_check.in_process) {
        rn_check_rounds_of_case();
        return;
    }
    fflush(NULL);
    child = fork();
    if (!CHECK(child >= 0))
        return;
    if (child == 0) {
        alarm(rn_check.timeout_s);
        exit(rn_check_rounds_of_case());
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == RN_CHECK_SKIPPED)
        CHECK_SKIP(rn_check.progress->skipped);
    else if (status != 0)
        rn_check_explain(status);
}

/* Takes one option and its value; the number of arguments taken. */
static inline int rn_check_option(const char *name, const char *value)
{
    uint64_t number = value ? strtoull(value, NULL, 10) : 0;

    if (strcmp(name, "--no-fork") == 0) {
        rn_check.in_process = true;
        return 1;
    }
    if (strncmp(name, "--", 2) != 0 || !value)
        return 0;
    if (strcmp(name, "--procs") == 0)
        rn_check.procs = (unsigned)number;
    else if (strcmp(name, "--seeds") == 0)
        rn_check.seeds = number;
    else if (strcmp(name, "--from") == 0)
        rn_check.seed = number;
    else if (strcmp(name, "--repeat") == 0)
        rn_check.repeat = (unsigned)number;
    else if (strcmp(name, "--part") == 0)
        rn_check.part = number ? (unsigned)number : 1;
    else if (strcmp(name, "--timeout") == 0)
        rn_check.timeout_s = (unsigned)number;
    else if (strcmp(name, "--seed") == 0) {
        rn_check.seed = number;
        rn_check.seeds = 1;
    } else
        return 0;
    return 2;
}

/* Takes the options out of argv; the names that stay, or -1. */
static inline int rn_check_arguments(int argc, char **argv)
{
    int names = 1;

    for (int i = 1; i < argc;) {
        int taken = rn_check_option(argv[i], argv[i + 1]);

        if (taken == 0 && argv[i][0] == '-') {
            fprintf(stderr, "%s: unknown option %s\n", argv[0], argv[i]);
            return -1;
        }
        if (taken == 0)
            argv[names++] = argv[i++];
        i += taken;
    }
    argv[names] = NULL;
    return names;
}

static inline bool rn_check_prepare(int *argc, char **argv)
{
    *argc = rn_check_arguments(*argc, argv);
    if (*argc < 0)
        return false;
    rn_check.program = argv[0];
    rn_check.progress =
        mmap(NULL, sizeof(*rn_check.progress), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return rn_check.progress != MAP_FAILED;
}

static inline int rn_check_main(int argc, char **argv,
                                const struct check_case *cases, size_t count)
{
    size_t number = 0;
    size_t failed = 0;

    if (!rn_check_prepare(&argc, argv))
        return 2;
    for (size_t i = 0; i < count; i++) {
        struct check_case in_child = {cases[i].name, rn_check_in_child};

        if (!check_selected(argc, argv, cases[i].name))
            continue;
        rn_check.running = &cases[i];
        number++;
        failed += !check_run(&in_child, number);
    }
    if (number == 0)
        fprintf(stderr, "# no case has such a name\n");
    printf("1..%zu\n", number);
    return failed > 0 || number == 0;
}

/* RN_CHECK_MAIN(a, b, ...): main over cases that bear their functions' names.
 */
#define RN_CHECK_MAIN(...)                                       \
    int main(int argc, char **argv)                              \
    {                                                            \
        void (*const runs[])(void) = {__VA_ARGS__};              \
        char names[] = #__VA_ARGS__;                             \
        struct check_case cases[sizeof(runs) / sizeof(runs[0])]; \
        const size_t count = sizeof(runs) / sizeof(runs[0]);     \
                                                                 \
        for (size_t i = 0; i < count; i++)                       \
            cases[i].run = runs[i];                              \
        check_name(cases, count, names);                         \
        return rn_check_main(argc, argv, cases, count);          \
    }

#endif
