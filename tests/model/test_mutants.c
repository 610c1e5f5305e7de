/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mutants.c: every planted mistake is found by some scenario.
 *
 * This program is linked with a runtime that can make the mistakes of
 * src/runnel/mutant.h. Each is planted in turn, and scenarios are run under a
 * few seeds until one of them fails.
 */
#include <stdlib.h>

#include "../../src/runnel/mutant.h"

#include "check.h"
#include "scenario_list.h"

/* Schedules of a kind for each scenario. */
#define SEEDS 400

enum mutant mutant_planted;

static const struct {
    const char *name;
    const char *what;
} mutants[] = {
#define MUTANT_TEXT_(name, text) [MUTANT_##name] = {#name, text},
    MUTANTS(MUTANT_TEXT_)};

static bool fails(const struct scenario *scenario, const char *schedule,
                  struct rn_sim_result *result)
{
    const struct rn_sim_options options = {.seed = 1,
                                           .schedule = schedule,
                                           .steps_max = 10000,
                                           .quiet = true,
                                           .timeout_s = 3};

    return rn_sim_explore(&options, SEEDS, scenario->run, NULL, result) !=
           RN_OK;
}

/* Says who finds the planted one; false when nobody does. */
static bool found(void)
{
    unsigned finders = 0;

    for (size_t i = 0; i < scenario_count(); i++) {
        const struct scenario *scenario = scenario_at(i);
        struct rn_sim_result result = {0};

        if (!fails(scenario, "uniform", &result) &&
            !fails(scenario, "pct:2", &result))
            continue;
        if (finders++ == 0)
            fprintf(stderr, "# %s: by %s, run %" PRIu64 ", %s (%s)\n",
                    mutants[mutant_planted].name, scenario->name, result.runs,
                    result.schedule, rn_status_text(result.status));
        if (!getenv("ALL_FINDERS"))
            return true;
    }
    if (finders > 0)
        fprintf(stderr, "# %s: %u scenarios find it\n",
                mutants[mutant_planted].name, finders);
    return finders > 0;
}

static void mutant_is_found(void)
{
    CHECK_MSG(found(), "nobody sees that %s", mutants[mutant_planted].what);
}

/* Without one, all is well under the same seeds. */
static void nothing_is_found(void)
{
    for (size_t i = 0; i < scenario_count(); i++) {
        struct rn_sim_result result = {0};

        CHECK_MSG(!fails(scenario_at(i), "uniform", &result), "%s: %s",
                  scenario_at(i)->name, rn_status_text(result.status));
    }
}

int main(int argc, char **argv)
{
    const struct check_case none = {"no_mutant", nothing_is_found};
    size_t number = 1;
    size_t failed = !check_run(&none, number);

    for (int i = 1; i < MUTANT_END; i++) {
        const struct check_case one = {mutants[i].name, mutant_is_found};

        if (!check_selected(argc, argv, one.name))
            continue;
        mutant_planted = (enum mutant)i;
        failed += !check_run(&one, ++number);
    }
    printf("1..%zu\n", number);
    return failed > 0;
}
