/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hedged calls: another copy after a delay or a failure, the first answer wins,
 * the others are canceled and have ended.
 */
#include "rn_check.h"

/* What each copy does, in the order of their starts. */
struct script {
    _Atomic(int) started;
    _Atomic(int) canceled;
    struct {
        int64_t takes; /* RN_NEVER: until it is canceled */
        int status;
    } copies[4];
};

static int play(struct rn_ctx *ctx, struct script *script, int *result)
{
    int number = atomic_fetch_add(&script->started, 1);
    struct rn_case done = rn_case_done(ctx);
    int64_t takes = script->copies[number].takes;
    int64_t until = takes == RN_NEVER ? RN_NEVER : rn_deadline(takes);

    *result = 100 + number;
    if (rn_select_until(until, &done, 1) == 0) {
        atomic_fetch_add(&script->canceled, 1);
        return rn_ctx_err(ctx);
    }
    return script->copies[number].status;
}

static const struct rn_hedge_plan plan = {.copies = 3, .delay_ns = RN_MS};

/* A fast answer needs no second copy. */
static void fast_answer_alone(void)
{
    struct script script = {.copies = {{0, RN_OK}}};
    static const struct rn_hedge_plan slow = {.copies = 3,
                                              .delay_ns = 3600 * RN_S};
    int result = 0;

    CHECK_EQ_INT(rn_hedge(rn_ctx_background(), &slow, play, &script, &result),
                 RN_OK);
    CHECK_EQ_INT(result, 100);
    CHECK_EQ_INT(atomic_load(&script.started), 1);
    rn_check_alone();
}

/* A slow one is overtaken and canceled. */
static void slow_answer_is_overtaken(void)
{
    struct script script = {.copies = {{RN_NEVER, 0}, {0, RN_OK}}};
    static const struct rn_hedge_plan two = {.copies = 2, .delay_ns = RN_MS};
    int64_t begin = rn_now();
    int result = 0;

    CHECK_EQ_INT(rn_hedge(rn_ctx_background(), &two, play, &script, &result),
                 RN_OK);
    CHECK_EQ_INT(result, 101);
    CHECK_EQ_INT(atomic_load(&script.canceled), 1);
    CHECK(rn_now() - begin >= RN_MS);
    if (rn_check_simulated())
        CHECK_EQ_INT(rn_now() - begin, RN_MS);
    rn_check_alone();
}

/* A failure starts the next copy at once. */
static void failure_starts_the_next(void)
{
    struct script script = {.copies = {{0, -5}, {0, -6}, {0, RN_OK}}};
    static const struct rn_hedge_plan slow = {.copies = 3,
                                              .delay_ns = 3600 * RN_S};
    int result = 0;

    CHECK_EQ_INT(rn_hedge(rn_ctx_background(), &slow, play, &script, &result),
                 RN_OK);
    CHECK_EQ_INT(result, 102);
    CHECK_EQ_INT(atomic_load(&script.started), 3);
}

/* When all fail, the last failure comes back and the result stays. */
static void all_fail(void)
{
    struct script script = {.copies = {{0, -5}, {0, -6}, {0, -7}}};
    static const struct rn_hedge_plan slow = {.copies = 3,
                                              .delay_ns = 3600 * RN_S};
    int result = 42;

    CHECK_EQ_INT(rn_hedge(rn_ctx_background(), &slow, play, &script, &result),
                 -7);
    CHECK_EQ_INT(result, 42);
    rn_check_alone();
}

/* The caller's context ends all copies. */
static void context_ends_all(void)
{
    struct script script = {
        .copies = {{RN_NEVER, 0}, {RN_NEVER, 0}, {RN_NEVER, 0}}};
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 10 * RN_MS);
    int result = 42;

    CHECK_EQ_INT(rn_hedge(ctx, &plan, play, &script, &result), RN_TIMEOUT);
    CHECK_EQ_INT(result, 42);
    CHECK_EQ_INT(atomic_load(&script.started), atomic_load(&script.canceled));
    CHECK_EQ_INT(rn_hedge(ctx, &plan, play, &script, &result), RN_TIMEOUT);
    rn_ctx_release(ctx);
    rn_check_alone();
}

struct pages {
    _Atomic(int) made;
    _Atomic(int) dropped;
};

static struct pages pages;

static int make_page(struct rn_ctx *ctx, void *state, char **page)
{
    CHECK(ctx && !state);
    rn_sleep(2 * RN_MS); /* hears of no cancel */
    *page = malloc(10);
    atomic_fetch_add(&pages.made, 1);
    return RN_OK;
}

static void drop_page(void *page)
{
    free(*(char **)page);
    atomic_fetch_add(&pages.dropped, 1);
}

/* Answers that came too late are dropped. */
static void late_answers_are_dropped(void)
{
    static const struct rn_hedge_plan dropping = {
        .copies = 3, .delay_ns = RN_MS / 2, .drop = drop_page};
    char *page = NULL;

    atomic_store(&pages.made, 0);
    atomic_store(&pages.dropped, 0);
    CHECK_EQ_INT(
        rn_hedge(rn_ctx_background(), &dropping, make_page, NULL, &page),
        RN_OK);
    free(page);
    CHECK_EQ_INT(atomic_load(&pages.dropped), atomic_load(&pages.made) - 1);
    rn_check_alone();
}

static int panic_second(struct rn_ctx *ctx, _Atomic(int) *count, int *result)
{
    *result = 0;
    if (atomic_fetch_add(count, 1) == 1)
        rn_panic("the second");
    return rn_ctx_wait(ctx);
}

static void hedge_panic(void *arg)
{
    _Atomic(int) count = 0;
    int result;

    rn_hedge(rn_ctx_background(), (const struct rn_hedge_plan *)arg,
             panic_second, &count, &result);
}

/* A panic of a copy cancels the others and reaches the caller. */
static void panic_reaches_the_caller(void)
{
    struct rn_hedge_plan two = {.copies = 2, .delay_ns = RN_MS};
    struct rn_panic panic;

    CHECK_EQ_INT(rn_try(hedge_panic, &two, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "the second");
    rn_check_alone();
}

RN_CHECK_MAIN(fast_answer_alone, slow_answer_is_overtaken,
              failure_starts_the_next, all_fail, context_ends_all,
              late_answers_are_dropped, panic_reaches_the_caller)
