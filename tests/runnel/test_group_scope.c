/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rn_group_run: a scope that no goroutine outlives.
 */
#include "rn_check.h"

struct scope {
    _Atomic(int) running;
    int results[20];
    int status; /* what the body returns */
    rn_chan(char) door;
};

struct job {
    struct scope *scope;
    int number;
};

static int square(struct rn_ctx *ctx, struct job *own)
{
    (void)ctx;
    atomic_fetch_add(&own->scope->running, 1);
    for (int i = 0; i < own->number % 5; i++)
        rn_yield();
    own->scope->results[own->number] = own->number * own->number;
    atomic_fetch_sub(&own->scope->running, 1);
    return 0;
}

static int start_twenty(struct rn_group *group, void *arg)
{
    struct scope *scope = arg;

    for (int i = 0; i < 20; i++)
        rn_group_go(group, square, (struct job){scope, i});
    return scope->status;
}

/* Left only after every function has ended; results lie in order. */
static void scope_waits_for_all(void)
{
    for (size_t limit = 0; limit < 4; limit++) {
        struct scope scope = {0};

        CHECK_EQ_INT(
            rn_group_run(rn_ctx_background(), limit, start_twenty, &scope), 0);
        CHECK_EQ_INT(atomic_load(&scope.running), 0);
        for (int i = 0; i < 20; i++)
            CHECK_EQ_INT(scope.results[i], i * i);
    }
}

static int wait_for_cancel(struct rn_ctx *ctx, struct job *own)
{
    int status = rn_ctx_wait(ctx);

    CHECK_EQ_INT(rn_ctx_cause(ctx), -71);
    atomic_fetch_sub(&own->scope->running, 1);
    return status;
}

static int start_and_fail(struct rn_group *group, void *arg)
{
    struct scope *scope = arg;

    for (int i = 0; i < 5; i++) {
        atomic_fetch_add(&scope->running, 1);
        rn_group_go(group, wait_for_cancel, (struct job){scope, i});
    }
    return -71;
}

/* A body that fails cancels what it started, waits, and returns its error. */
static void body_error_cancels_and_waits(void)
{
    struct scope scope = {0};

    CHECK_EQ_INT(rn_group_run(rn_ctx_background(), 0, start_and_fail, &scope),
                 -71);
    CHECK_EQ_INT(atomic_load(&scope.running), 0);
}

static int fail_now(struct rn_ctx *ctx, struct job *own)
{
    (void)ctx;
    (void)own;
    return -71;
}

static int start_one_that_fails(struct rn_group *group, void *arg)
{
    struct scope *scope = arg;

    atomic_fetch_add(&scope->running, 1);
    rn_group_go(group, wait_for_cancel, (struct job){scope, 0});
    rn_group_go(group, fail_now, (struct job){scope, 1});
    rn_ctx_wait(rn_group_ctx(group)); /* the body hears of it too */
    return RN_OK;
}

/* A function's error reaches the body and the others, with its cause. */
static void function_error_reaches_the_body(void)
{
    struct scope scope = {0};

    CHECK_EQ_INT(
        rn_group_run(rn_ctx_background(), 0, start_one_that_fails, &scope),
        -71);
    CHECK_EQ_INT(atomic_load(&scope.running), 0);
}

static int start_inner(struct rn_group *group, void *arg)
{
    int status =
        rn_group_run(rn_group_ctx(group), 0, start_one_that_fails, arg);

    CHECK_EQ_INT(status, -71);
    CHECK_EQ_INT(rn_ctx_err(rn_group_ctx(group)), RN_OK);
    return status - 1;
}

/* Scopes nest; an inner error goes up only as the body lets it. */
static void scopes_nest(void)
{
    struct scope scope = {0};

    CHECK_EQ_INT(rn_group_run(rn_ctx_background(), 0, start_inner, &scope),
                 -72);
}

static int hear_the_parent(struct rn_ctx *ctx, struct job *own)
{
    (void)own;
    return rn_ctx_wait(ctx);
}

static int start_nested(struct rn_group *group, void *arg)
{
    struct scope *scope = arg;

    rn_group_go(group, hear_the_parent, (struct job){scope, 0});
    rn_close(scope->door);
    return rn_ctx_wait(rn_group_ctx(group));
}

static int nest_once(struct rn_group *group, void *arg)
{
    return rn_group_run(rn_group_ctx(group), 0, start_nested, arg);
}

struct canceler {
    struct rn_ctx *ctx;
    struct scope *scope;
};

static void cancel_when_open(struct canceler *own)
{
    rn_recv(own->scope->door, NULL);
    rn_ctx_cancel(own->ctx);
}

/* A cancel from outside reaches the innermost scope, and all end. */
static void outer_cancel_goes_down(void)
{
    struct scope scope = {.door = rn_chan_make(char, 0)};
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());

    rn_go(cancel_when_open, (struct canceler){ctx, &scope});
    CHECK_EQ_INT(rn_group_run(ctx, 0, nest_once, &scope), RN_CANCELED);
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(ctx);
    rn_chan_free(scope.door);
}

static int nothing(struct rn_group *group, void *arg)
{
    (void)group;
    return *(int *)arg;
}

/* An empty scope returns what its body says; positive is no error. */
static void empty_scope_is_its_body(void)
{
    int status = 0;

    CHECK_EQ_INT(rn_group_run(rn_ctx_background(), 0, nothing, &status), 0);
    status = 5;
    CHECK_EQ_INT(rn_group_run(rn_ctx_background(), 0, nothing, &status), 0);
    status = -5;
    CHECK_EQ_INT(rn_group_run(rn_ctx_background(), 3, nothing, &status), -5);
}

RN_CHECK_MAIN(scope_waits_for_all, body_error_cancels_and_waits,
              function_error_reaches_the_body, scopes_nest,
              outer_cancel_goes_down, empty_scope_is_its_body)
