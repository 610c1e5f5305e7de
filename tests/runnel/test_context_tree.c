/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts: what makes one done, what it then says, and how that goes down the
 * tree and not up.
 */
#include "rn_check.h"

/* The background is never done and has no deadline. */
static void background_is_never_done(void)
{
    struct rn_ctx *ctx = rn_ctx_background();

    CHECK_EQ_INT(rn_ctx_err(ctx), RN_OK);
    CHECK(rn_ctx_deadline(ctx) == RN_NEVER);
    CHECK(rn_ctx_retain(ctx) == ctx);
    rn_ctx_release(ctx);
    rn_ctx_release(ctx);
    CHECK(rn_ctx_background() == ctx);
    rn_ctx_release(NULL);
}

/* cancel makes the whole subtree done before it returns, nothing above it. */
static void cancel_goes_down(void)
{
    struct rn_ctx *root = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *left = rn_ctx_with_cancel(root);
    struct rn_ctx *right = rn_ctx_with_timeout(root, 60 * RN_S);
    struct rn_ctx *leaf = rn_ctx_with_cancel(left);
    struct rn_ctx *leaf2 = rn_ctx_with_deadline(left, RN_NEVER);

    CHECK_EQ_INT(rn_ctx_err(leaf), RN_OK);
    rn_ctx_cancel(left);
    CHECK_EQ_INT(rn_ctx_err(left), RN_CANCELED);
    CHECK_EQ_INT(rn_ctx_err(leaf), RN_CANCELED);
    CHECK_EQ_INT(rn_ctx_err(leaf2), RN_CANCELED);
    CHECK_EQ_INT(rn_ctx_err(root), RN_OK);
    CHECK_EQ_INT(rn_ctx_err(right), RN_OK);
    rn_ctx_cancel(root);
    CHECK_EQ_INT(rn_ctx_err(root), RN_CANCELED);
    CHECK_EQ_INT(rn_ctx_err(right), RN_CANCELED);
    CHECK_EQ_INT(rn_ctx_err(left), RN_CANCELED);
    rn_ctx_release(root);
    rn_ctx_release(leaf2);
    rn_ctx_release(left);
    rn_ctx_release(right);
    rn_ctx_release(leaf);
}

/* The deadline makes it done with RN_TIMEOUT, and never before. */
static void deadline_ends_it(void)
{
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 2 * RN_MS);
    struct rn_ctx *child = rn_ctx_with_cancel(ctx);

    CHECK(rn_ctx_err(child) == RN_OK || rn_now() >= rn_ctx_deadline(ctx));
    CHECK_EQ_INT(rn_ctx_wait(child), RN_TIMEOUT);
    CHECK(rn_now() >= rn_ctx_deadline(ctx));
    CHECK_EQ_INT(rn_ctx_err(child), RN_TIMEOUT);
    CHECK_EQ_INT(rn_ctx_wait(ctx), RN_TIMEOUT);
    rn_ctx_release(ctx);
    rn_ctx_release(child);
}

/* What it says first it says for ever: cancel after the deadline, and again. */
static void first_reason_stays(void)
{
    struct rn_ctx *late = rn_ctx_with_deadline(rn_ctx_background(), 0);
    struct rn_ctx *early = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    int first;

    CHECK_EQ_INT(rn_ctx_err(late), RN_TIMEOUT);
    rn_ctx_cancel(late);
    CHECK_EQ_INT(rn_ctx_err(late), RN_TIMEOUT);
    rn_ctx_cancel(early);
    rn_ctx_cancel(early);
    first = rn_ctx_err(early); /* the deadline's, where a machine stalls */
    CHECK(first == RN_CANCELED || rn_now() >= rn_ctx_deadline(early));
    rn_sleep(2 * RN_MS);
    CHECK_EQ_INT(rn_ctx_err(early), first);
    rn_ctx_release(late);
    rn_ctx_release(early);
}

/* A deadline in the past: done from the start, without a timer. */
static void past_deadline_is_done_at_once(void)
{
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), -RN_S);
    struct rn_ctx *child = rn_ctx_with_cancel(ctx);

    CHECK_EQ_INT(rn_ctx_err(ctx), RN_TIMEOUT);
    CHECK_EQ_INT(rn_ctx_err(child), RN_TIMEOUT);
    CHECK_EQ_INT(rn_ctx_wait(child), RN_TIMEOUT);
    rn_ctx_release(ctx);
    rn_ctx_release(child);
}

/* A child's deadline is the earlier of its own and its parent's. */
static void deadline_is_the_earliest(void)
{
    int64_t far = rn_deadline(60 * RN_S);
    int64_t farther = far + RN_S;
    struct rn_ctx *root = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *parent = rn_ctx_with_deadline(root, far);
    struct rn_ctx *later = rn_ctx_with_deadline(parent, farther);
    struct rn_ctx *sooner = rn_ctx_with_deadline(later, far - RN_S);
    struct rn_ctx *plain = rn_ctx_with_cancel(sooner);

    CHECK(rn_ctx_deadline(root) == RN_NEVER);
    CHECK(rn_ctx_deadline(parent) == far);
    CHECK(rn_ctx_deadline(later) == far);
    CHECK(rn_ctx_deadline(sooner) == far - RN_S);
    CHECK(rn_ctx_deadline(plain) == far - RN_S);
    rn_ctx_cancel(root);
    rn_ctx_release(root);
    rn_ctx_release(parent);
    rn_ctx_release(later);
    rn_ctx_release(sooner);
    rn_ctx_release(plain);
}

/* A child of a context that is done is done, for the same reason. */
static void child_of_done_is_done(void)
{
    struct rn_ctx *canceled = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *children[3];

    rn_ctx_cancel(canceled);
    children[0] = rn_ctx_with_cancel(canceled);
    children[1] = rn_ctx_with_timeout(canceled, RN_S);
    children[2] = rn_ctx_with_cancel(children[1]);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_INT(rn_ctx_err(children[i]), RN_CANCELED);
        CHECK_EQ_INT(rn_ctx_wait(children[i]), RN_CANCELED);
        rn_ctx_release(children[i]);
    }
    rn_ctx_release(canceled);
}

struct waiting {
    struct rn_ctx *ctx;
    int reason;
    _Atomic(bool) *woken;
    struct rn_waitgroup *all;
};

static void wait_for_reason(struct waiting *own)
{
    CHECK_EQ_INT(rn_ctx_wait(own->ctx), own->reason);
    if (own->woken)
        atomic_store(own->woken, true);
    rn_ctx_release(own->ctx);
    rn_waitgroup_done(own->all);
}

/* cancel wakes all who wait, on it and below. */
static void cancel_wakes_all(void)
{
    struct rn_ctx *root = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *child = rn_ctx_with_cancel(root);
    struct rn_waitgroup all = {0};
    _Atomic(bool) woken = false;

    rn_waitgroup_add(&all, 20);
    for (int i = 0; i < 20; i++)
        rn_go(wait_for_reason,
              (struct waiting){rn_ctx_retain(i % 2 ? root : child), RN_CANCELED,
                               &woken, &all});
    rn_check_settle();
    CHECK(!atomic_load(&woken));
    rn_ctx_cancel(root);
    rn_waitgroup_wait(&all);
    rn_ctx_release(child);
    rn_ctx_release(root);
}

/* The creator may let go first; the context lives as long as somebody has it.
 */
static void references_keep_it_alive(void)
{
    struct rn_ctx *root = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    struct rn_ctx *child = rn_ctx_with_cancel(root);
    struct rn_waitgroup all = {0};

    rn_waitgroup_add(&all, 1);
    rn_go(wait_for_reason,
          (struct waiting){.ctx = child, .reason = RN_TIMEOUT, .all = &all});
    rn_ctx_release(root);
    rn_waitgroup_wait(&all);
}

/* The last release stops the timer and detaches; nothing fires afterwards. */
static void release_stops_the_timer(void)
{
    struct rn_ctx *root = rn_ctx_with_cancel(rn_ctx_background());

    for (int i = 0; i < 100; i++) {
        struct rn_ctx *child = rn_ctx_with_timeout(root, 100 * RN_US);

        if (i % 2)
            rn_ctx_cancel(child);
        rn_ctx_release(child);
    }
    rn_sleep(RN_MS);
    rn_ctx_cancel(root);
    rn_ctx_release(root);
}

/* 50 layers: a cancel at the top reaches the bottom, so does a deadline. */
static void layers_carry_it_to_the_bottom(void)
{
    for (int timed = 0; timed < 2; timed++) {
        struct rn_ctx *layers[50];
        struct rn_ctx *root =
            timed ? rn_ctx_with_timeout(rn_ctx_background(), RN_MS)
                  : rn_ctx_with_cancel(rn_ctx_background());

        for (int i = 0; i < 50; i++) {
            struct rn_ctx *parent = i ? layers[i - 1] : root;

            layers[i] = i % 3 ? rn_ctx_with_cancel(parent)
                              : rn_ctx_with_timeout(parent, 60 * RN_S);
        }
        if (!timed) {
            CHECK_EQ_INT(rn_ctx_err(layers[49]), RN_OK);
            rn_ctx_cancel(root);
        }
        CHECK_EQ_INT(rn_ctx_wait(layers[49]), timed ? RN_TIMEOUT : RN_CANCELED);
        for (int i = 0; i < 50; i++)
            rn_ctx_release(layers[i]);
        rn_ctx_release(root);
    }
}

RN_CHECK_MAIN(background_is_never_done, cancel_goes_down, deadline_ends_it,
              first_reason_stays, past_deadline_is_done_at_once,
              deadline_is_the_earliest, child_of_done_is_done, cancel_wakes_all,
              references_keep_it_alive, release_stops_the_timer,
              layers_carry_it_to_the_bottom)
