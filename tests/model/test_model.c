/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_model.c: run queue, timers, waits, locks and idle workers (model_*.c) in
 * all interleavings of two or three threads (explorer.h).
 *
 *     test_model [--bound N] [NAME...]
 *
 * Interleavings with at most N preemptions (2): `make model` takes more.
 */
#include <limits.h>
#include <stdlib.h>

#include <runnel/runnel.h>

#include "check.h"
#include "explorer.h"
#include "model_env.h"

static unsigned bound = 2;

/* ------------------------------------------- the explorer finds what is wrong */

static int cell;

static void wrong_begin(void)
{
    cell = 0;
}

/* Read, then write: an update is lost when the other comes between. */
static void wrong_increment(void)
{
    int before = cell;
    explorer_step();
    cell = before + 1;
}

static void wrong_end(void)
{
    MUST(cell == 2);
}

static void wait_for_nothing(void)
{
    struct wait_for what = {0};
    sched_park(what, NULL, NULL);
}

static bool never(void)
{
    return false;
}

static void wait_for_ever(void)
{
    explorer_until(never);
}

static void nothing(void)
{
}

static void lost_update_is_found(void)
{
    const struct model wrong = {
        "wrong", wrong_begin, {wrong_increment, wrong_increment}, wrong_end};
    struct explored result;

    CHECK(explore(&wrong, 0, 0, &result));
    CHECK(result.complete);
    CHECK(!explore(&wrong, 1, 0, &result));
    CHECK(strstr(result.failure, "cell == 2"));
}

static void sleep_for_ever_is_found(void)
{
    const struct model parked = {
        "parked", nothing, {wait_for_nothing, nothing}, nothing};
    const struct model waits = {
        "waits", nothing, {wait_for_ever, nothing}, nothing};
    struct explored result;

    CHECK(!explore(&parked, 0, 0, &result));
    CHECK_EQ_STR(result.failure, "nobody can go on");
    CHECK(!explore(&waits, 0, 0, &result));
    CHECK_EQ_STR(result.failure, "nobody can go on");
}

/* Two threads of two steps between points: 6 orders, without a bound. */
static void three_steps(void)
{
    explorer_step();
    explorer_step();
}

static void interleavings_are_counted(void)
{
    const struct model two = {
        "two", nothing, {three_steps, three_steps}, nothing};
    struct explored result;

    CHECK(explore(&two, UINT_MAX, 0, &result));
    CHECK(result.complete);
    /* Three pieces each, in any order: 6! / (3! 3!). */
    CHECK_EQ_INT(result.runs, 20);
}

/* Also where readers leave marks, which leave no count behind. */
static void leaving_too_often_is_found(void)
{
    struct explored result;

    CHECK(!explore(&leaves_twice, 0, 0, &result));
    CHECK_EQ_STR(result.failure, "fatal error");
}

static const struct {
    const struct model *models;
    const size_t *count;
} tables[] = {{runq_models, &runq_model_count},
              {timer_models, &timer_model_count},
              {wait_models, &wait_model_count},
              {lock_models, &lock_model_count},
              {idle_models, &idle_model_count}};

/* Of all tables, one after another; NULL: there are no more. */
static const struct model *model_at(size_t i)
{
    for (size_t k = 0; k < sizeof(tables) / sizeof(tables[0]); k++) {
        if (i < *tables[k].count)
            return &tables[k].models[i];
        i -= *tables[k].count;
    }
    return NULL;
}

static const struct model *find_model(const char *name)
{
    const struct model *model;

    for (size_t i = 0; (model = model_at(i)); i++)
        if (strcmp(model->name, name) == 0)
            return model;
    return NULL;
}

/* Of every thread mutant, and of some that one thread could find as well. */
static void planted_mistakes_are_found(void)
{
    static const struct {
        enum mutant mutant;
        const char *by;
    } planted[] = {
        {MUTANT_SEIZE_BLIND, "runq_owner_and_thief"},
        {MUTANT_ENTER_BLIND, "runq_owner_and_thief"},
        {MUTANT_CLAIM_BLIND, "select_either_of_two"},
        {MUTANT_CLAIM_BLIND, "wait_recv_or_cancel"},
        {MUTANT_LOSE_RECEIVER, "chan_meets"},
        {MUTANT_CLOSE_WAKES_ONE, "chan_close_wakes"},
        {MUTANT_TOKEN_MISSED, "wait_context"},
        {MUTANT_CHILD_MISSES, "context_child_or_cancel"},
        {MUTANT_UNMARKED_WAITER, "mutex_two"},
        {MUTANT_MARKS_LIGHT, "mutex_two"},
        {MUTANT_SHARES_UNFENCED, "mutex_two"},
        {MUTANT_SHARES_UNFENCED, "rwmutex_writers"},
        {MUTANT_LAST_READER, "rwmutex_readers_writer"},
        {MUTANT_MARK_BLIND, "rwmutex_spread"},
        {MUTANT_MARKS_LOST, "rwmutex_spread"},
        {MUTANT_GROUP_EARLY, "waitgroup"},
        {MUTANT_ONCE_EARLY, "once"},
        {MUTANT_IDLE_BLIND, "idle_or_woken"},
        {MUTANT_RESERVE_EARLY, "idle_one_at_a_time"},
        {MUTANT_TIMER_UNSAID, "idle_timer_is_added"},
        {MUTANT_TIMER_UNTOLD, "idle_timer_is_added"},
    };

    for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
        const struct model *model = find_model(planted[i].by);
        struct explored result;

        mutant_planted = planted[i].mutant;
        CHECK_MSG(model && !explore(model, 2, 0, &result),
                  "mutant %d is not found by %s", planted[i].mutant,
                  planted[i].by);
    }
    mutant_planted = MUTANT_NONE;
}

static const struct model *running;

static void explore_model(void)
{
    struct explored result;

    bool held = explore(running, bound, 0, &result);
    CHECK_MSG(held, "%s: %s, in run %" PRIu64 ": %s", running->name,
              result.failure, result.runs, result.trace);
    CHECK(result.complete || result.failure);
    printf("# %s: %" PRIu64 " interleavings\n", running->name, result.runs);
}

int main(int argc, char **argv)
{
    static const struct check_case own[] = {
        {"lost_update_is_found", lost_update_is_found},
        {"sleep_for_ever_is_found", sleep_for_ever_is_found},
        {"interleavings_are_counted", interleavings_are_counted},
        {"leaving_too_often_is_found", leaving_too_often_is_found},
        {"planted_mistakes_are_found", planted_mistakes_are_found}};
    size_t number = 0;
    size_t failed = 0;

    if (argc > 2 && strcmp(argv[1], "--bound") == 0) {
        bound = (unsigned)atoi(argv[2]);
        argc -= 2;
        argv += 2;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (check_selected(argc, argv, own[i].name))
            failed += !check_run(&own[i], ++number);
    for (size_t i = 0; (running = model_at(i)); i++) {
        const struct check_case one = {running->name, explore_model};

        if (check_selected(argc, argv, one.name))
            failed += !check_run(&one, ++number);
    }
    printf("1..%zu\n", number);
    return failed > 0 || number == 0;
}
