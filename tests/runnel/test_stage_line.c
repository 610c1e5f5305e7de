/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipelines: values travel through stages, ends travel down, errors and cancel
 * stop every stage and leave no goroutine.
 */
#include "rn_check.h"

struct numbers {
    int next;
    int count; /* then the end */
    int fails; /* at that number: status -9; 0: never */
};

static int generate(struct rn_ctx *ctx, struct numbers *state, int *number)
{
    CHECK(ctx);
    *number = ++state->next;
    if (state->fails && *number == state->fails)
        return -9;
    return *number <= state->count ? RN_OK : RN_CLOSED;
}

static int square(struct rn_ctx *ctx, void *state, int *number, long *square)
{
    CHECK(ctx && !state);
    *square = (long)*number * *number;
    return RN_OK;
}

static int keep_even(struct rn_ctx *ctx, const int *refused, long *number,
                     long *even)
{
    CHECK(ctx);
    *even = *number;
    if (*number == *refused)
        return -8;
    return *number % 2 ? RN_SKIP : RN_OK;
}

struct list {
    long values[10];
    int count;
    int most; /* more: status -6 */
};

static int collect(struct rn_ctx *ctx, struct list *list, long *number)
{
    CHECK(ctx);
    if (list->count == list->most)
        return -6;
    if (list->count < 10)
        list->values[list->count] = *number;
    list->count++;
    return RN_OK;
}

struct trial {
    struct numbers numbers;
    int refused;
    struct list list;
};

static int run(struct rn_ctx *ctx, struct trial *trial, size_t capacity)
{
    struct rn_group *line = rn_group_make(ctx, 0);
    rn_chan(int) numbers = rn_group_chan(line, int, capacity);
    rn_chan(long) squares = rn_group_chan(line, long, capacity);
    rn_chan(long) even = rn_group_chan(line, long, capacity);

    rn_source(line, numbers, generate, &trial->numbers);
    rn_stage(line, numbers, squares, square, NULL);
    rn_stage(line, squares, even, keep_even, (const int *)&trial->refused);
    rn_sink(line, even, collect, &trial->list);
    return rn_group_wait(line);
}

/* Generate, square, keep even: 1 .. 10 give 4, 16, 36, 64, 100. */
static void squares_that_are_even(void)
{
    for (size_t capacity = 0; capacity < 3; capacity++) {
        struct trial trial = {.numbers = {.count = 10}, .list = {.most = 100}};

        CHECK_EQ_INT(run(rn_ctx_background(), &trial, capacity), RN_OK);
        CHECK_EQ_INT(trial.list.count, 5);
        for (int i = 0; i < 5; i++)
            CHECK_EQ_INT(trial.list.values[i], 4L * (i + 1) * (i + 1));
        rn_check_alone();
    }
}

/* An empty source ends the whole line. */
static void empty_line(void)
{
    struct trial trial = {.list = {.most = 100}};

    CHECK_EQ_INT(run(rn_ctx_background(), &trial, 0), RN_OK);
    CHECK_EQ_INT(trial.list.count, 0);
    rn_check_alone();
}

/* Errors of the first, the middle and the last stage end an endless line. */
static void errors_end_the_line(void)
{
    struct trial first = {.numbers = {.count = 1 << 30, .fails = 50},
                          .list = {.most = 1 << 30}};
    struct trial middle = {.numbers = {.count = 1 << 30},
                           .refused = 2500,
                           .list = {.most = 1 << 30}};
    struct trial last = {.numbers = {.count = 1 << 30}, .list = {.most = 20}};

    CHECK_EQ_INT(run(rn_ctx_background(), &first, 1), -9);
    CHECK_EQ_INT(run(rn_ctx_background(), &middle, 1), -8);
    CHECK_EQ_INT(run(rn_ctx_background(), &last, 1), -6);
    CHECK_EQ_INT(last.list.count, 20);
    rn_check_alone();
}

static int skip_for_ever(struct rn_ctx *ctx, void *state, int *number)
{
    CHECK(ctx && !state);
    *number = 0;
    rn_sleep(10 * RN_US);
    return RN_SKIP;
}

/* The context's end stops the line, also while nothing comes. */
static void timeout_ends_the_line(void)
{
    struct trial trial = {.numbers = {.count = 1 << 30},
                          .list = {.most = 1 << 30}};
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    struct rn_group *silent = rn_group_make(ctx, 0);
    rn_chan(int) numbers = rn_group_chan(silent, int, 1);

    rn_source(silent, numbers, skip_for_ever, NULL);
    CHECK_EQ_INT(rn_group_wait(silent), RN_TIMEOUT);
    CHECK_EQ_INT(run(ctx, &trial, 1), RN_TIMEOUT);
    rn_ctx_release(ctx);
    rn_check_alone();
}

static _Atomic(int) pages;

static void drop_page(char **page)
{
    free(*page);
    atomic_fetch_sub(&pages, 1);
}

static int read_page(struct rn_ctx *ctx, void *state, char **page)
{
    CHECK(ctx && !state);
    *page = calloc(1, 16);
    atomic_fetch_add(&pages, 1);
    return RN_OK;
}

static int pass_page(struct rn_ctx *ctx, void *state, char **in, char **out)
{
    CHECK(ctx && !state);
    *out = *in;
    return RN_OK;
}

static int print_page(struct rn_ctx *ctx, int *left, char **page)
{
    CHECK(ctx);
    drop_page(page);
    return --*left > 0 ? RN_OK : -5;
}

/* Wherever a value was when the line broke: it is dropped. */
static void values_on_their_way_are_dropped(void)
{
    struct rn_group *line = rn_group_make(rn_ctx_background(), 0);
    rn_chan(char *) raw = rn_group_chan(line, char *, 4);
    rn_chan(char *) cooked = rn_group_chan(line, char *, 4);
    int left = 30;

    rn_chan_set_drop(raw, drop_page);
    rn_chan_set_drop(cooked, drop_page);
    rn_source(line, raw, read_page, NULL);
    rn_pool_map_ordered(line, 3, raw, cooked, pass_page, NULL);
    rn_sink(line, cooked, print_page, &left);
    CHECK_EQ_INT(rn_group_wait(line), -5);
    CHECK_EQ_INT(atomic_load(&pages), 0);
    rn_check_alone();
}

static int panic_at_ten(struct rn_ctx *ctx, int *next, int *number)
{
    CHECK(ctx);
    *number = (*next)++;
    if (*number == 10)
        rn_panic("ten");
    return RN_OK;
}

static void run_to_ten(void *arg)
{
    struct list *list = arg;
    struct rn_group *line = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) numbers = rn_group_chan(line, int, 0);
    rn_chan(long) squares = rn_group_chan(line, long, 0);
    int next = 0;

    rn_source(line, numbers, panic_at_ten, &next);
    rn_stage(line, numbers, squares, square, NULL);
    rn_sink(line, squares, collect, list);
    rn_group_wait(line);
}

/* A panic of the source reaches the one who waits for the line. */
static void panic_ends_the_line(void)
{
    struct list list = {.most = 100};
    struct rn_panic panic;

    CHECK_EQ_INT(rn_try(run_to_ten, &list, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "ten");
    CHECK(list.count <= 10);
    rn_check_alone();
}

RN_CHECK_MAIN(squares_that_are_even, empty_line, errors_end_the_line,
              timeout_ends_the_line, panic_ends_the_line,
              values_on_their_way_are_dropped)
