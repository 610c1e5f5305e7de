/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Once: the function runs once, and nobody returns before it has finished.
 */
#include "rn_check.h"

struct shared {
    struct rn_once once;
    int calls;
    _Atomic(bool) finished;
    struct rn_waitgroup all;
};

static void call_slowly(void *arg)
{
    struct shared *shared = arg;

    shared->calls++;
    for (int i = 0; i < 5; i++)
        rn_yield();
    rn_sleep(10 * RN_US);
    atomic_store(&shared->finished, true);
}

static void race_for_it(struct shared **own)
{
    struct shared *shared = *own;

    rn_once_do(&shared->once, call_slowly, shared);
    CHECK(atomic_load(&shared->finished));
    CHECK_EQ_INT(shared->calls, 1);
    rn_waitgroup_done(&shared->all);
}

/* 10 racers: one call; all return after it has finished. */
static void ten_racers_make_one_call(void)
{
    for (int round = 0; round < rn_check_rounds(500); round++) {
        struct shared shared = {0};

        rn_waitgroup_add(&shared.all, 10);
        for (int i = 0; i < 10; i++)
            rn_go(race_for_it, &shared);
        rn_waitgroup_wait(&shared.all);
        CHECK_EQ_INT(shared.calls, 1);
    }
}

static void never(void *arg)
{
    (void)arg;
    CHECK_MSG(false, "a second function ran");
}

/* Afterwards nothing runs, not even another function. */
static void second_function_is_not_run(void)
{
    struct shared shared = {0};

    rn_once_do(&shared.once, call_slowly, &shared);
    for (int i = 0; i < 100; i++)
        rn_once_do(&shared.once, never, NULL);
    CHECK_EQ_INT(shared.calls, 1);
}

struct made {
    struct rn_once_value value;
    int number;
    int calls;
    struct rn_waitgroup all;
};

static void *make_slowly(void *arg)
{
    struct made *made = arg;

    rn_yield();
    made->calls++;
    return &made->number;
}

static void get_it(struct made **own)
{
    struct made *made = *own;

    CHECK(rn_once_value(&made->value, make_slowly, made) == &made->number);
    rn_waitgroup_done(&made->all);
}

/* A once-value is made once, and every caller gets that one. */
static void value_is_made_once(void)
{
    for (int round = 0; round < rn_check_rounds(500); round++) {
        struct made made = {.number = 7};

        rn_waitgroup_add(&made.all, 10);
        for (int i = 0; i < 10; i++)
            rn_go(get_it, &made);
        rn_waitgroup_wait(&made.all);
        CHECK_EQ_INT(made.calls, 1);
        CHECK(rn_once_value(&made.value, NULL, NULL) == &made.number);
    }
}

RN_CHECK_MAIN(ten_racers_make_one_call, second_function_is_not_run,
              value_is_made_once)
