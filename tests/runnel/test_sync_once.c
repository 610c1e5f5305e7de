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

/* One that goes on until it is told to end. */
struct held {
    struct rn_once once;
    struct rn_once_value value;
    rn_chan(int) begun;
    rn_chan(int) end;
    int number;
    int status;
    struct rn_waitgroup all;
};

static void hold(void *arg)
{
    struct held *held = arg;

    rn_send(held->begun, 0);
    rn_recv(held->end, NULL);
    held->number++;
}

static void *hold_value(void *arg)
{
    struct held *held = arg;

    hold(held);
    return &held->number;
}

static void run_past_its_deadline(struct held **own)
{
    struct held *held = *own;

    held->status = rn_once_do_until(rn_now(), &held->once, hold, held);
    rn_waitgroup_done(&held->all);
}

static void make_past_its_deadline(struct held **own)
{
    struct held *held = *own;
    void *value = NULL;

    held->status =
        rn_once_value_until(rn_now(), &held->value, hold_value, held, &value);
    CHECK(value == &held->number);
    rn_waitgroup_done(&held->all);
}

static void held_open(struct held *held, void (*function)(struct held **own))
{
    *held = (struct held){.begun = rn_chan_make(int, 0),
                          .end = rn_chan_make(int, 0)};
    rn_waitgroup_add(&held->all, 1);
    rn_go(function, held);
    rn_recv(held->begun, NULL);
}

static void held_close(struct held *held)
{
    rn_send(held->end, 0);
    rn_waitgroup_wait(&held->all);
    CHECK_EQ_INT(held->status, RN_OK);
    CHECK_EQ_INT(held->number, 1);
    rn_chan_free(held->begun);
    rn_chan_free(held->end);
}

/* Who waits for another gives up at its limit; who runs it does not. */
static void waiters_give_up_and_the_runner_does_not(void)
{
    struct rn_ctx *soon = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    struct held held;

    held_open(&held, run_past_its_deadline);
    CHECK_EQ_INT(rn_once_do_until(rn_now(), &held.once, never, NULL),
                 RN_TIMEOUT);
    CHECK_EQ_INT(rn_once_do_until(rn_deadline(RN_MS), &held.once, never, NULL),
                 RN_TIMEOUT);
    CHECK_EQ_INT(rn_once_do_ctx(soon, &held.once, never, NULL), RN_TIMEOUT);
    held_close(&held);
    CHECK_EQ_INT(rn_once_do_until(0, &held.once, never, NULL), RN_OK);
    CHECK_EQ_INT(rn_once_do_ctx(rn_ctx_background(), &held.once, never, NULL),
                 RN_OK);
    rn_ctx_release(soon);
}

/* The same for a once-value, which is written when there is one. */
static void value_is_not_written_when_given_up(void)
{
    struct rn_ctx *soon = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    struct held held;
    void *value = NULL;

    held_open(&held, make_past_its_deadline);
    CHECK_EQ_INT(rn_once_value_until(rn_now(), &held.value, NULL, NULL, &value),
                 RN_TIMEOUT);
    CHECK_EQ_INT(rn_once_value_ctx(soon, &held.value, NULL, NULL, &value),
                 RN_TIMEOUT);
    CHECK(value == NULL);
    held_close(&held);
    CHECK_EQ_INT(rn_once_value_until(0, &held.value, NULL, NULL, &value),
                 RN_OK);
    CHECK(value == &held.number);
    rn_ctx_release(soon);
}

/* A context that is done runs nothing, and says so also when all is over. */
static void done_context_wins(void)
{
    struct rn_ctx *done = rn_ctx_with_cancel(rn_ctx_background());
    struct shared shared = {0};

    rn_ctx_cancel(done);
    CHECK_EQ_INT(rn_once_do_ctx(done, &shared.once, never, NULL), RN_CANCELED);
    CHECK_EQ_INT(rn_once_do_until(0, &shared.once, call_slowly, &shared),
                 RN_OK);
    CHECK_EQ_INT(shared.calls, 1);
    CHECK_EQ_INT(rn_once_do_ctx(done, &shared.once, never, NULL), RN_CANCELED);
    rn_ctx_release(done);
}

RN_CHECK_MAIN(ten_racers_make_one_call, second_function_is_not_run,
              value_is_made_once, waiters_give_up_and_the_runner_does_not,
              value_is_not_written_when_given_up, done_context_wins)
