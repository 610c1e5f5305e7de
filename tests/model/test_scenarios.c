/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scenarios.c: every scenario under many schedules.
 *
 *     test_scenarios [--seeds N] [--deep N] [NAME...]
 *
 * N seeds (20,000) uniformly and by PCT of depth 2, and --deep N (0) by PCT of
 * depth 3. A failure prints its seed and schedule; to run it again:
 *
 *     RUNNEL_SEED=... RUNNEL_SCHEDULE=... test_scenarios NAME
 */
#include <stdlib.h>

#include "check.h"
#include "scenario_list.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 300
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "atexit_sleep_ms=0";
}
#define SEEDS 100
#endif
#endif
#ifndef SEEDS
#define SEEDS 20000
#endif

static const struct scenario *running;
static uint64_t seeds = SEEDS;
static uint64_t deep;

static void explore(const char *schedule, uint64_t count)
{
    const struct rn_sim_options options = {.seed = 1, .schedule = schedule};
    struct rn_sim_result result = {0};
    int status = rn_sim_explore(&options, count, running->run, NULL, &result);

    CHECK_MSG(status == RN_OK,
              "%s: %s; RUNNEL_SEED=%" PRIu64 " RUNNEL_SCHEDULE=%s: %s",
              running->name, rn_status_text(status), result.seed,
              result.schedule, result.message);
}

static void run_scenario(void)
{
    explore("uniform", seeds);
    explore("pct:2", seeds);
    if (deep > 0)
        explore("pct:3", deep);
}

/* Takes options out of argv; the number of words left. */
static int take_options(int argc, char **argv)
{
    int words = 1;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
            seeds = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--deep") == 0 && i + 1 < argc)
            deep = strtoull(argv[++i], NULL, 10);
        else
            argv[words++] = argv[i];
    }
    return words;
}

int main(int argc, char **argv)
{
    size_t number = 0;
    size_t failed = 0;

    argc = take_options(argc, argv);
    for (size_t i = 0; i < scenario_count(); i++) {
        const struct check_case one = {scenario_at(i)->name, run_scenario};

        if (!check_selected(argc, argv, one.name))
            continue;
        running = scenario_at(i);
        failed += !check_run(&one, ++number);
    }
    printf("1..%zu\n", number);
    return failed > 0 || number == 0;
}
