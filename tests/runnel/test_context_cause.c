/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Causes: why a context is done, in the words of whoever ended it.
 */
#include "rn_check.h"

#define REFUSED (-111)

/* Not done: no cause, RN_OK; the text is never NULL. */
static void live_context_has_no_cause(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());

    CHECK_EQ_INT(rn_ctx_cause(rn_ctx_background()), RN_OK);
    CHECK_EQ_INT(rn_ctx_cause(ctx), RN_OK);
    CHECK(rn_ctx_cause_text(ctx));
    rn_ctx_release(ctx);
}

/* cancel without a cause: the cause is RN_CANCELED itself. */
static void cancel_is_its_own_cause(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *other = rn_ctx_with_cancel(rn_ctx_background());

    rn_ctx_cancel(ctx);
    CHECK_EQ_INT(rn_ctx_cause(ctx), RN_CANCELED);
    CHECK_EQ_STR(rn_ctx_cause_text(ctx), "canceled");
    rn_ctx_cancel_cause(other, 0, NULL);
    CHECK_EQ_INT(rn_ctx_cause(other), RN_CANCELED);
    CHECK_EQ_STR(rn_ctx_cause_text(other), "canceled");
    rn_ctx_release(ctx);
    rn_ctx_release(other);
}

/* The cause flows down, err says RN_CANCELED everywhere; nothing goes up. */
static void cause_flows_down(void)
{
    char text[] = "connection refused by the bank";
    struct rn_ctx *top = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *ctx = rn_ctx_with_cancel(top);
    struct rn_ctx *child = rn_ctx_with_timeout(ctx, 3600 * RN_S);
    struct rn_ctx *leaf = rn_ctx_with_cancel(child);

    rn_ctx_cancel_cause(ctx, REFUSED, text);
    memset(text, 'x', sizeof(text) - 1); /* it was copied */
    CHECK_EQ_INT(rn_ctx_err(leaf), RN_CANCELED);
    CHECK_EQ_INT(rn_ctx_cause(ctx), REFUSED);
    CHECK_EQ_INT(rn_ctx_cause(child), REFUSED);
    CHECK_EQ_INT(rn_ctx_cause(leaf), REFUSED);
    CHECK_EQ_INT(rn_ctx_cause(top), RN_OK);
    rn_ctx_release(top);
    rn_ctx_release(ctx); /* its words outlive its maker's reference */
    rn_ctx_release(child);
    CHECK_EQ_STR(rn_ctx_cause_text(leaf), "connection refused by the bank");
    rn_ctx_release(leaf);
}

/* The first cause stays, whoever comes later with another. */
static void first_cause_wins(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *child = rn_ctx_with_cancel(ctx);

    rn_ctx_cancel_cause(child, -5, "first");
    rn_ctx_cancel_cause(child, -6, "second");
    rn_ctx_cancel_cause(ctx, -7, "third");
    rn_ctx_cancel(ctx);
    CHECK_EQ_INT(rn_ctx_cause(child), -5);
    CHECK_EQ_STR(rn_ctx_cause_text(child), "first");
    CHECK_EQ_INT(rn_ctx_cause(ctx), -7);
    CHECK_EQ_STR(rn_ctx_cause_text(ctx), "third");
    rn_ctx_release(child);
    rn_ctx_release(ctx);
}

/* A child of a context that is done starts with the same cause. */
static void child_of_done_has_its_cause(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *child;

    rn_ctx_cancel_cause(ctx, -5, "gone");
    child = rn_ctx_with_timeout(ctx, RN_S);
    CHECK_EQ_INT(rn_ctx_err(child), RN_CANCELED);
    CHECK_EQ_INT(rn_ctx_cause(child), -5);
    CHECK_EQ_STR(rn_ctx_cause_text(child), "gone");
    rn_ctx_release(child);
    rn_ctx_release(ctx);
}

/* A cause without text has its status's own. */
static void status_has_its_own_text(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());

    rn_ctx_cancel_cause(ctx, RN_CLOSED, NULL);
    CHECK_EQ_INT(rn_ctx_cause(ctx), RN_CLOSED);
    CHECK_EQ_STR(rn_ctx_cause_text(ctx), rn_status_text(RN_CLOSED));
    rn_ctx_release(ctx);
}

/* A deadline has a cause of its own, now or later, or RN_TIMEOUT. */
static void deadline_has_a_cause(void)
{
    struct rn_ctx *past = rn_ctx_with_deadline_cause(rn_ctx_background(), 1,
                                                     -62, "the bank was slow");
    struct rn_ctx *soon = rn_ctx_with_deadline_cause(
        rn_ctx_background(), rn_deadline(RN_MS), -62, "the bank was slow");
    struct rn_ctx *child = rn_ctx_with_cancel(soon);
    struct rn_ctx *plain = rn_ctx_with_timeout(rn_ctx_background(), 0);

    CHECK_EQ_INT(rn_ctx_err(past), RN_TIMEOUT);
    CHECK_EQ_INT(rn_ctx_cause(past), -62);
    CHECK_EQ_INT(rn_ctx_wait(child), RN_TIMEOUT);
    CHECK_EQ_INT(rn_ctx_cause(child), -62);
    CHECK_EQ_STR(rn_ctx_cause_text(child), "the bank was slow");
    CHECK_EQ_INT(rn_ctx_cause(plain), RN_TIMEOUT);
    CHECK_EQ_STR(rn_ctx_cause_text(plain), "timed out");
    rn_ctx_release(past);
    rn_ctx_release(child);
    rn_ctx_release(soon);
    rn_ctx_release(plain);
}

/* Canceled before its deadline, the deadline's cause is not said. */
static void deadline_cause_is_for_the_deadline(void)
{
    struct rn_ctx *ctx = rn_ctx_with_deadline_cause(
        rn_ctx_background(), rn_deadline(3600 * RN_S), -62, "slow");

    rn_ctx_cancel(ctx);
    CHECK_EQ_INT(rn_ctx_cause(ctx), RN_CANCELED);
    CHECK_EQ_STR(rn_ctx_cause_text(ctx), "canceled");
    rn_ctx_release(ctx);
}

struct canceler {
    struct rn_ctx *ctx;
    int status;
    struct rn_waitgroup *all;
};

static void cancel_for(struct canceler *own)
{
    char text[32];

    snprintf(text, sizeof(text), "reason %d", own->status);
    rn_ctx_cancel_cause(own->ctx, own->status, text);
    CHECK(rn_ctx_cause(own->ctx) < -100);
}

/* Many cancel at once: one cause, its status with its text, for ever. */
static void racing_causes_have_one_winner(void)
{
    for (int round = 0; round < rn_check_rounds(500); round++) {
        struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
        struct rn_ctx *child = rn_ctx_with_cancel(ctx);
        struct rn_waitgroup all = {0};
        char text[32];
        int cause;

        for (int i = 0; i < 6; i++)
            rn_waitgroup_go(&all, cancel_for,
                            (struct canceler){ctx, -101 - i, &all});
        rn_ctx_wait(child);
        cause = rn_ctx_cause(child);
        rn_waitgroup_wait(&all);
        snprintf(text, sizeof(text), "reason %d", cause);
        CHECK_EQ_INT(rn_ctx_cause(ctx), cause);
        CHECK_EQ_STR(rn_ctx_cause_text(ctx), text);
        CHECK_EQ_STR(rn_ctx_cause_text(child), text);
        rn_ctx_release(ctx);
        rn_ctx_release(child);
    }
}

RN_CHECK_MAIN(live_context_has_no_cause, cancel_is_its_own_cause,
              cause_flows_down, first_cause_wins, child_of_done_has_its_cause,
              status_has_its_own_text, deadline_has_a_cause,
              deadline_cause_is_for_the_deadline, racing_causes_have_one_winner)
