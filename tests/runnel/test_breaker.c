/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Circuit breakers: each arrow of the state diagram, and that late news is no
 * news. Time passes only in the simulation, or is none at all.
 */
#include "rn_check.h"

static int answer(struct rn_ctx *ctx, int *status)
{
    CHECK(ctx);
    return *status;
}

static int ask(struct rn_breaker *breaker, int status)
{
    return rn_breaker_call(rn_ctx_background(), breaker, answer, &status);
}

/* Failures in a row open it; a success in between starts the row anew. */
static void failures_in_a_row_open_it(void)
{
    struct rn_breaker breaker = {.failures = 3, .open_ns = 3600 * RN_S};

    for (int i = 0; i < 10; i++)
        CHECK_EQ_INT(ask(&breaker, i % 3 == 2 ? RN_OK : -5),
                     i % 3 == 2 ? RN_OK : -5);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_CLOSED);
    CHECK_EQ_INT(ask(&breaker, -5), -5);
    CHECK_EQ_INT(ask(&breaker, -5), -5);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_OPEN);
    CHECK_EQ_INT(ask(&breaker, RN_OK), RN_AGAIN);
}

/* The default: five. */
static void five_by_default(void)
{
    struct rn_breaker breaker = {.open_ns = 3600 * RN_S};

    for (int i = 0; i < 5; i++)
        CHECK_EQ_INT(ask(&breaker, -5), -5);
    CHECK_EQ_INT(ask(&breaker, -5), RN_AGAIN);
}

/* Cancel says nothing about the service. */
static void cancel_is_no_failure(void)
{
    struct rn_breaker breaker = {.failures = 1, .open_ns = 0};

    for (int i = 0; i < 10; i++)
        CHECK_EQ_INT(ask(&breaker, RN_CANCELED), RN_CANCELED);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_CLOSED);
    CHECK_EQ_INT(ask(&breaker, -5), -5);
    CHECK_EQ_INT(ask(&breaker, RN_CANCELED), RN_CANCELED);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_HALF_OPEN);
    CHECK_EQ_INT(ask(&breaker, RN_OK), RN_OK);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_CLOSED);
}

/* It stays open as long as it was told, no shorter, no longer. */
static void opens_for_its_time(void)
{
    struct rn_breaker breaker = {.failures = 1, .open_ns = 10 * RN_S};

    if (!rn_check_simulated()) {
        CHECK_SKIP("only in virtual time");
        return;
    }
    ask(&breaker, -5);
    rn_sleep(10 * RN_S - 1);
    CHECK_EQ_INT(ask(&breaker, RN_OK), RN_AGAIN);
    rn_sleep(1);
    CHECK_EQ_INT(ask(&breaker, -5), -5);
    CHECK_EQ_INT(ask(&breaker, RN_OK), RN_AGAIN);
    rn_sleep(10 * RN_S);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_HALF_OPEN);
    CHECK_EQ_INT(ask(&breaker, RN_OK), RN_OK);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_CLOSED);
}

/* So many probes and no more; all of them close it, one opens it again. */
static void probes_decide(void)
{
    struct rn_breaker breaker = {.failures = 1, .probes = 3, .open_ns = 0};
    uint64_t passes[3];
    uint64_t refused;

    for (int round = 0; round < 2; round++) {
        ask(&breaker, -5);
        for (int i = 0; i < 3; i++)
            CHECK_EQ_INT(rn_breaker_enter(&breaker, &passes[i]), RN_OK);
        CHECK_EQ_INT(rn_breaker_enter(&breaker, &refused), RN_AGAIN);
        rn_breaker_leave(&breaker, passes[0], RN_OK);
        rn_breaker_leave(&breaker, passes[1], RN_CANCELED);
        CHECK_EQ_INT(rn_breaker_enter(&breaker, &passes[1]), RN_OK);
        CHECK_EQ_INT(rn_breaker_enter(&breaker, &refused), RN_AGAIN);
        rn_breaker_leave(&breaker, passes[1], round ? -5 : RN_OK);
        rn_breaker_leave(&breaker, passes[2], RN_OK);
        CHECK_EQ_INT(rn_breaker_state(&breaker),
                     round ? RN_BREAKER_HALF_OPEN : RN_BREAKER_CLOSED);
    }
}

/* A call from before it opened neither closes it nor opens it again. */
static void late_news_is_no_news(void)
{
    struct rn_breaker breaker = {.failures = 1, .open_ns = 3600 * RN_S};
    uint64_t early[2];
    uint64_t pass;

    CHECK_EQ_INT(rn_breaker_enter(&breaker, &early[0]), RN_OK);
    CHECK_EQ_INT(rn_breaker_enter(&breaker, &early[1]), RN_OK);
    ask(&breaker, -5);
    rn_breaker_leave(&breaker, early[0], RN_OK);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_OPEN);
    breaker.until_ = 0;
    CHECK_EQ_INT(rn_breaker_enter(&breaker, &pass), RN_OK);
    rn_breaker_leave(&breaker, early[1], -5);
    rn_breaker_leave(&breaker, pass, RN_OK);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_CLOSED);
}

static int panic_now(struct rn_ctx *ctx, void *state)
{
    CHECK(ctx && !state);
    rn_panic("broken");
}

static void call_broken(void *breaker)
{
    rn_breaker_call(rn_ctx_background(), (struct rn_breaker *)breaker,
                    panic_now, NULL);
}

/* A panic counts as a failure, and goes on. */
static void panic_is_a_failure(void)
{
    struct rn_breaker breaker = {.failures = 2, .open_ns = 3600 * RN_S};

    for (int i = 0; i < 2; i++)
        CHECK_EQ_INT(rn_try(call_broken, &breaker, NULL), RN_PANICKED);
    CHECK_EQ_INT(ask(&breaker, RN_OK), RN_AGAIN);
}

struct storm {
    struct rn_breaker *breaker;
    _Atomic(int) *inside;
    struct rn_waitgroup *left;
};

static void storm(struct storm *own)
{
    for (int i = 0; i < 50; i++) {
        uint64_t pass;

        if (rn_breaker_enter(own->breaker, &pass) != RN_OK) {
            rn_yield();
            continue;
        }
        atomic_fetch_add(own->inside, 1);
        rn_yield();
        atomic_fetch_sub(own->inside, 1);
        rn_breaker_leave(own->breaker, pass, rn_draw(2) ? RN_OK : -5);
    }
    rn_waitgroup_done(own->left);
}

/* Many at once: every arrow at random, and in the end it can be closed. */
static void storm_of_calls(void)
{
    struct rn_breaker breaker = {.failures = 2, .probes = 2, .open_ns = 0};
    struct rn_waitgroup left = {0};
    _Atomic(int) inside = 0;

    rn_waitgroup_add(&left, 8);
    for (int i = 0; i < 8; i++)
        rn_go(storm, (struct storm){&breaker, &inside, &left});
    rn_waitgroup_wait(&left);
    CHECK_EQ_INT(atomic_load(&inside), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ_INT(ask(&breaker, RN_OK), RN_OK);
    CHECK_EQ_INT(rn_breaker_state(&breaker), RN_BREAKER_CLOSED);
    rn_check_alone();
}

RN_CHECK_MAIN(failures_in_a_row_open_it, five_by_default, cancel_is_no_failure,
              opens_for_its_time, probes_decide, late_news_is_no_news,
              panic_is_a_failure, storm_of_calls)
