/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retries: as many as allowed, later and later, by chance but from the seed;
 * contexts end them; what is not worth another try is not tried.
 */
#include "rn_check.h"

struct calls {
    int made;
    int fail; /* so many times */
    int status;
    int64_t at[16];
};

static int call(struct rn_ctx *ctx, struct calls *calls)
{
    CHECK(ctx);
    calls->at[calls->made % 16] = rn_now();
    calls->made++;
    return calls->made <= calls->fail ? calls->status : calls->made;
}

/* Until one succeeds; its status comes back. */
static void until_one_succeeds(void)
{
    struct rn_backoff backoff = {.attempts = 5, .first_ns = 10 * RN_US};
    struct calls calls = {.fail = 3, .status = -5};
    int64_t waits = 0;

    CHECK_EQ_INT(rn_retry(rn_ctx_background(), &backoff, call, &calls), 4);
    CHECK_EQ_INT(calls.made, 4);
    for (int i = 1; i < 4; i++) {
        int64_t wait = calls.at[i] - calls.at[i - 1];

        CHECK(wait >= 10 * RN_US << (i - 1));
        if (rn_check_simulated())
            CHECK_EQ_INT(wait, 10 * RN_US << (i - 1));
        waits += wait;
    }
    CHECK(waits >= 70 * RN_US);
}

/* When all fail: the last status, after just so many attempts. */
static void until_attempts_run_out(void)
{
    struct rn_backoff backoff = {.attempts = 3, .first_ns = RN_US};
    struct calls calls = {.fail = 100, .status = -5};

    CHECK_EQ_INT(rn_retry(rn_ctx_background(), &backoff, call, &calls), -5);
    CHECK_EQ_INT(calls.made, 3);
    calls = (struct calls){.fail = 100, .status = -5};
    backoff.attempts = 1;
    CHECK_EQ_INT(rn_retry(rn_ctx_background(), &backoff, call, &calls), -5);
    CHECK_EQ_INT(calls.made, 1);
}

static bool only_five(int status)
{
    return status == -5;
}

/* Some failures are for ever. */
static void not_worth_another_try(void)
{
    struct rn_backoff backoff = {.attempts = 9, .first_ns = RN_US};
    struct calls canceled = {.fail = 100, .status = RN_CANCELED};
    struct calls other = {.fail = 100, .status = -6};
    struct calls five = {.fail = 2, .status = -5};

    CHECK_EQ_INT(rn_retry(rn_ctx_background(), &backoff, call, &canceled),
                 RN_CANCELED);
    CHECK_EQ_INT(canceled.made, 1);
    backoff.again = only_five;
    CHECK_EQ_INT(rn_retry(rn_ctx_background(), &backoff, call, &other), -6);
    CHECK_EQ_INT(other.made, 1);
    CHECK_EQ_INT(rn_retry(rn_ctx_background(), &backoff, call, &five), 3);
}

/* A deadline in the next wait ends it now; done before: not called. */
static void contexts_end_it(void)
{
    struct rn_backoff backoff = {.first_ns = 3600 * RN_S};
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 100 * RN_S);
    struct rn_ctx *done = rn_ctx_with_timeout(rn_ctx_background(), 0);
    struct calls calls = {.fail = 100, .status = -5};

    CHECK_EQ_INT(rn_retry(ctx, &backoff, call, &calls), -5);
    CHECK_EQ_INT(calls.made, 1);
    CHECK_EQ_INT(rn_ctx_err(ctx), RN_OK);
    CHECK_EQ_INT(rn_retry(done, &backoff, call, &calls), RN_TIMEOUT);
    CHECK_EQ_INT(calls.made, 1);
    rn_ctx_release(ctx);
    rn_ctx_release(done);
}

static void cancel_soon(struct rn_ctx **own)
{
    rn_sleep(RN_MS);
    rn_ctx_cancel(*own);
    rn_ctx_release(*own);
}

/* Cancel wakes it from its wait. */
static void cancel_ends_the_wait(void)
{
    struct rn_backoff backoff = {.first_ns = 3600 * RN_S};
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct calls calls = {.fail = 100, .status = -5};

    rn_go(cancel_soon, rn_ctx_retain(ctx));
    CHECK_EQ_INT(rn_retry(ctx, &backoff, call, &calls), -5);
    CHECK_EQ_INT(calls.made, 1);
    rn_ctx_release(ctx);
    rn_check_alone();
}

/* The waits grow to their bound, whatever the numbers. */
static void waits_grow_to_a_bound(void)
{
    struct rn_backoff backoff = {.first_ns = 100, .max_ns = 1000, .factor = 3};
    struct rn_backoff endless = {.first_ns = RN_S, .factor = 10};
    struct rn_backoff constant = {.first_ns = 7, .factor = 1};
    struct rn_backoff none = {0};

    CHECK_EQ_INT(rn_backoff_ns(&backoff, 1), 100);
    CHECK_EQ_INT(rn_backoff_ns(&backoff, 2), 300);
    CHECK_EQ_INT(rn_backoff_ns(&backoff, 3), 900);
    CHECK_EQ_INT(rn_backoff_ns(&backoff, 4), 1000);
    CHECK_EQ_INT(rn_backoff_ns(&backoff, UINT32_MAX), 1000);
    CHECK(rn_backoff_ns(&endless, UINT32_MAX) > RN_NEVER / 2);
    CHECK_EQ_INT(rn_backoff_ns(&constant, UINT32_MAX), 7);
    CHECK_EQ_INT(rn_backoff_ns(&none, 10), 0);
}

/* Jitter takes away at most its part, and not always the same. */
static void jitter_stays_in_its_part(void)
{
    struct rn_backoff backoff = {.first_ns = RN_S, .jitter = 0.25};
    int64_t least = RN_S;
    int64_t most = 0;

    for (int i = 0; i < 100; i++) {
        int64_t wait = rn_backoff_ns(&backoff, 1);

        CHECK(wait <= RN_S && wait >= RN_S - RN_S / 4 - 1);
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
    }
    CHECK(most - least > RN_S / 20);
}

static int panic_now(struct rn_ctx *ctx, void *state)
{
    CHECK(ctx && !state);
    rn_panic("not again");
}

static void retry_panic(void *backoff)
{
    rn_retry(rn_ctx_background(), (const struct rn_backoff *)backoff, panic_now,
             NULL);
}

/* A panic is no failure to be tried again. */
static void panic_goes_through(void)
{
    struct rn_backoff backoff = {.first_ns = RN_US};
    struct rn_panic panic;

    CHECK_EQ_INT(rn_try(retry_panic, &backoff, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "not again");
}

RN_CHECK_MAIN(until_one_succeeds, until_attempts_run_out, not_worth_another_try,
              contexts_end_it, cancel_ends_the_wait, waits_grow_to_a_bound,
              jitter_stays_in_its_part, panic_goes_through)
