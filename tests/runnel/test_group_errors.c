/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups: the first error is kept and cancels the rest; wait waits for all.
 */
#include "rn_check.h"

struct work {
    int number;
    int status;
    int64_t after;
    _Atomic(int) *ended;
};

static int do_work(struct rn_ctx *ctx, struct work *own)
{
    CHECK(ctx);
    rn_sleep(own->after);
    atomic_fetch_add(own->ended, 1);
    return own->status;
}

static int wait_until_canceled(struct rn_ctx *ctx, struct work *own)
{
    int status = rn_ctx_wait(ctx);

    atomic_fetch_add(own->ended, 1);
    return status;
}

static int fail_when_canceled(struct rn_ctx *ctx, struct work *own)
{
    CHECK(rn_ctx_wait(ctx) < 0);
    atomic_fetch_add(own->ended, 1);
    return own->status;
}

/* All succeed: RN_OK, after every one has ended. */
static void all_succeed(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    _Atomic(int) ended = 0;

    for (int i = 0; i < 20; i++)
        rn_group_go(group, do_work,
                    (struct work){.after = i % 3 * RN_US, .ended = &ended});
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    CHECK_EQ_INT(atomic_load(&ended), 20);
}

/* A group without functions ends at once. */
static void empty_group_is_ok(void)
{
    CHECK_EQ_INT(rn_group_wait(rn_group_make(rn_ctx_background(), 0)), RN_OK);
    CHECK_EQ_INT(rn_group_wait(rn_group_make(rn_ctx_background(), 3)), RN_OK);
}

/* The first error cancels the rest, and is what wait returns. */
static void first_error_cancels_the_rest(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    _Atomic(int) ended = 0;
    struct work work = {.status = -5, .after = RN_MS, .ended = &ended};

    for (int i = 0; i < 10; i++)
        rn_group_go(group, wait_until_canceled, work);
    CHECK_EQ_INT(rn_ctx_err(rn_group_ctx(group)), RN_OK);
    rn_group_go(group, do_work, work);
    CHECK_EQ_INT(rn_group_wait(group), -5);
    CHECK_EQ_INT(atomic_load(&ended), 11);
}

/* Of several errors the first in time is kept. */
static void first_in_time_is_kept(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    _Atomic(int) ended = 0;

    /* Canceled by the first. */
    rn_group_go(group, fail_when_canceled,
                (struct work){.status = -7, .ended = &ended});
    rn_group_go(group, do_work,
                (struct work){.status = -6, .after = RN_MS, .ended = &ended});
    CHECK_EQ_INT(rn_group_wait(group), -6);
    CHECK_EQ_INT(atomic_load(&ended), 2);
}

/* Positive statuses are no errors. */
static void positive_is_no_error(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    _Atomic(int) ended = 0;

    rn_group_go(group, do_work, (struct work){.status = 3, .ended = &ended});
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
}

struct parent_end {
    struct rn_ctx *ctx;
};

static void cancel_soon(struct parent_end *own)
{
    rn_sleep(RN_MS);
    rn_ctx_cancel(own->ctx);
    rn_ctx_release(own->ctx);
}

/* The parent's end reaches the functions of the group. */
static void parent_cancels_the_group(void)
{
    struct rn_ctx *parent = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_group *group = rn_group_make(parent, 0);
    _Atomic(int) ended = 0;

    for (int i = 0; i < 5; i++)
        rn_group_go(group, wait_until_canceled, (struct work){.ended = &ended});
    rn_go(cancel_soon, (struct parent_end){rn_ctx_retain(parent)});
    CHECK_EQ_INT(rn_group_wait(group), RN_CANCELED);
    CHECK_EQ_INT(atomic_load(&ended), 5);
    rn_ctx_release(parent);
}

/* An error in a group does not touch its parent. */
static void error_does_not_go_up(void)
{
    struct rn_ctx *parent = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_group *group = rn_group_make(parent, 0);
    _Atomic(int) ended = 0;

    rn_group_go(group, do_work, (struct work){.status = -1, .ended = &ended});
    CHECK_EQ_INT(rn_group_wait(group), -1);
    CHECK_EQ_INT(rn_ctx_err(parent), RN_OK);
    rn_ctx_cancel(parent);
    rn_ctx_release(parent);
}

static int run_inner(struct rn_ctx *ctx, struct work *own)
{
    struct rn_group *inner = rn_group_make(ctx, 2);
    struct work work = *own;

    for (int i = 0; i < 5; i++) {
        work.status = i == own->number ? own->status : 0;
        rn_group_go(inner, do_work, work);
    }
    return rn_group_wait(inner);
}

/* Groups in groups: the inner error comes out of the outer wait. */
static void groups_nest(void)
{
    struct rn_group *outer = rn_group_make(rn_ctx_background(), 0);
    _Atomic(int) ended = 0;

    for (int i = 0; i < 4; i++)
        rn_group_go(outer, run_inner,
                    (struct work){.number = i, .ended = &ended});
    CHECK_EQ_INT(rn_group_wait(outer), RN_OK);
    CHECK_EQ_INT(atomic_load(&ended), 20);

    outer = rn_group_make(rn_ctx_background(), 0);
    rn_group_go(outer, wait_until_canceled, (struct work){.ended = &ended});
    rn_group_go(outer, run_inner,
                (struct work){.number = 2, .status = -9, .ended = &ended});
    CHECK_EQ_INT(rn_group_wait(outer), -9);
}

struct spreading {
    struct rn_group *group;
    int depth;
    _Atomic(int) *ended;
};

static int spread(struct rn_ctx *ctx, struct spreading *own)
{
    (void)ctx;
    atomic_fetch_add(own->ended, 1);
    for (int i = 0; i < 3 && own->depth > 0; i++)
        rn_group_go(own->group, spread,
                    (struct spreading){own->group, own->depth - 1, own->ended});
    return 0;
}

/* A function may start more in its own group; wait waits for those too. */
static void functions_may_start_more(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    _Atomic(int) ended = 0;

    rn_group_go(group, spread, (struct spreading){group, 3, &ended});
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    CHECK_EQ_INT(atomic_load(&ended), 1 + 3 + 9 + 27);
}

RN_CHECK_MAIN(all_succeed, empty_group_is_ok, first_error_cancels_the_rest,
              first_in_time_is_kept, positive_is_no_error,
              parent_cancels_the_group, error_does_not_go_up, groups_nest,
              functions_may_start_more)
