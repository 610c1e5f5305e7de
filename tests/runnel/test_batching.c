/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches: by number, weight and time, never empty, nothing lost, order kept.
 */
#include "rn_check.h"

struct feed {
    rn_sender(int) out;
    int count;     /* negative: for ever */
    int64_t pause; /* after each */
};

static int feed(struct rn_ctx *ctx, struct feed *own)
{
    int status = RN_OK;

    for (int i = 0; i != own->count && status == RN_OK; i++) {
        status = rn_send_ctx(ctx, own->out, i);
        rn_sleep(own->pause);
    }
    rn_close(own->out);
    return status;
}

/* What came, batch by batch; the values must be 0, 1, 2, ... */
struct tally {
    int batches;
    int values;
    int sizes[32];
    int64_t came[32];
};

static void count(struct tally *tally, rn_chan(rn_batch(int)) batches)
{
    rn_range (rn_batch(int), batch, batches) {
        const int *items = rn_batch_items(batch);
        size_t size = rn_batch_count(batch);

        CHECK(size > 0);
        for (size_t i = 0; i < size; i++)
            CHECK_EQ_INT(items[i], tally->values++);
        tally->sizes[tally->batches % 32] = (int)size;
        tally->came[tally->batches % 32] = rn_now();
        tally->batches++;
        rn_batch_free(batch);
    }
}

static size_t weigh(const int *value)
{
    return (size_t)*value;
}

static struct tally run(struct feed feeding, struct rn_batch_limits limits,
                        bool weighed)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) values = rn_group_chan(group, int, 4);
    rn_chan(rn_batch(int)) batches = rn_group_chan(group, rn_batch(int), 2);
    struct tally tally = {0};

    if (weighed)
        rn_batches_weighed(group, values, batches, weigh, limits);
    else
        rn_batches(group, values, batches, limits);
    feeding.out = rn_send_end(values);
    rn_group_go(group, feed, feeding);
    count(&tally, batches);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    rn_check_alone();
    return tally;
}

/* Full batches, then what is left. */
static void by_number(void)
{
    struct tally tally = run((struct feed){.count = 250},
                             (struct rn_batch_limits){.count = 100}, false);

    CHECK_EQ_INT(tally.values, 250);
    CHECK_EQ_INT(tally.batches, 3);
    CHECK_EQ_INT(tally.sizes[1], 100);
    CHECK_EQ_INT(tally.sizes[2], 50);
    tally = run((struct feed){.count = 200},
                (struct rn_batch_limits){.count = 100}, false);
    CHECK_EQ_INT(tally.batches, 2);
}

/* Without limits: one batch; without values: none. */
static void without_limits(void)
{
    struct tally tally =
        run((struct feed){.count = 1000}, (struct rn_batch_limits){0}, false);

    CHECK_EQ_INT(tally.batches, 1);
    CHECK_EQ_INT(tally.values, 1000);
    tally = run((struct feed){.count = 0}, (struct rn_batch_limits){0}, false);
    CHECK_EQ_INT(tally.batches, 0);
}

/* 0..9 by their own weight, at most 10: 0-4, 5, 6, 7, 8, 9; too heavy: alone.
 */
static void by_weight(void)
{
    static const int sizes[] = {5, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct tally tally = run((struct feed){.count = 14},
                             (struct rn_batch_limits){.weight = 10}, true);

    CHECK_EQ_INT(tally.values, 14);
    CHECK_EQ_INT(tally.batches, 10);
    for (int i = 0; i < 10; i++)
        CHECK_EQ_INT(tally.sizes[i], sizes[i]);
    tally = run((struct feed){.count = 10},
                (struct rn_batch_limits){.weight = 4 * sizeof(int)}, false);
    CHECK_EQ_INT(tally.batches, 3);
    CHECK_EQ_INT(tally.sizes[0], 4);
    CHECK_EQ_INT(tally.sizes[2], 2);
}

/*
 * By time: the first value of a batch waits so long, never less when values
 * come slowly; in virtual time just so long.
 */
static void by_time(void)
{
    struct tally tally;
    int64_t begin = rn_now();

    tally = run((struct feed){.count = 10, .pause = 4 * RN_MS},
                (struct rn_batch_limits){.age_ns = 10 * RN_MS}, false);
    CHECK_EQ_INT(tally.values, 10);
    CHECK(tally.came[0] - begin >= 10 * RN_MS);
    if (!rn_check_simulated())
        return;
    CHECK_EQ_INT(tally.batches, 4);
    for (int i = 0; i < 3; i++)
        CHECK_EQ_INT(tally.sizes[i], 3);
    CHECK_EQ_INT(tally.came[0] - begin, 10 * RN_MS);
}

/* A stream that never pauses does not keep a batch from being due. */
static void by_time_in_a_steady_stream(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(int) values = rn_group_chan(group, int, 4);
    rn_chan(rn_batch(int)) batches = rn_group_chan(group, rn_batch(int), 0);

    rn_batches(group, values, batches, {.age_ns = 2 * RN_MS});
    rn_group_go(group, feed,
                (struct feed){rn_send_end(values), -1,
                              rn_check_simulated() ? 10 * RN_US : 0});
    for (int i = 0; i < 3; i++) {
        rn_batch(int) batch = NULL;

        CHECK(rn_recv(batches, &batch));
        rn_batch_free(batch);
    }
    rn_ctx_cancel(ctx);
    CHECK_EQ_INT(rn_group_wait(group), RN_CANCELED);
    rn_ctx_release(ctx);
    rn_check_alone();
}

static _Atomic(int) alive;

static void drop(int **value)
{
    free(*value);
    atomic_fetch_sub(&alive, 1);
}

static int make_values(struct rn_ctx *ctx, int *left, int **value)
{
    CHECK(ctx);
    if (*left == 0)
        return -4;
    (*left)--;
    *value = calloc(1, sizeof(int));
    atomic_fetch_add(&alive, 1);
    return RN_OK;
}

/*
 * Values that nobody received are dropped and their batches freed: those in the
 * channel, the one that could not be sent, the one being gathered.
 */
static void canceled_batches_are_dropped(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int *) values = rn_group_chan(group, int *, 2);
    rn_chan(rn_batch(int *)) batches = rn_group_chan(group, rn_batch(int *), 2);
    int left = 100;

    rn_chan_set_drop(values, drop);
    rn_source(group, values, make_values, &left);
    rn_batches(group, values, batches, {.count = 6});
    if (rn_draw(2)) {
        rn_batch(int *) batch = NULL;

        CHECK(rn_recv(batches, &batch));
        for (size_t i = 0; i < rn_batch_count(batch); i++)
            drop(&rn_batch_items(batch)[i]);
        rn_batch_free(batch);
    }
    rn_sleep(100 * RN_US);
    rn_ctx_cancel(rn_group_ctx(group));
    CHECK(rn_group_wait(group) < 0);
    CHECK_EQ_INT(atomic_load(&alive), 0);
}

/* Values that wait for their batch to fill up are dropped too. */
static void unfinished_batch_is_dropped(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int *) values = rn_group_chan(group, int *, 0);
    rn_chan(rn_batch(int *)) batches = rn_group_chan(group, rn_batch(int *), 2);
    int left = 3;

    rn_chan_set_drop(values, drop);
    rn_batches(group, values, batches, {.count = 6});
    rn_source(group, values, make_values, &left);
    CHECK_EQ_INT(rn_group_wait(group), -4);
    CHECK_EQ_INT(atomic_load(&alive), 0);
}

static size_t weigh_no_threes(const int *value)
{
    if (*value == 3)
        rn_panic("a three");
    return 1;
}

static void gather_no_threes(void *arg)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) values = rn_group_chan(group, int, 4);
    rn_chan(rn_batch(int)) batches = rn_group_chan(group, rn_batch(int), 2);

    rn_batches_weighed(group, values, batches, weigh_no_threes, {.weight = 2});
    rn_group_go(group, feed, (struct feed){rn_send_end(values), -1, 0});
    count(arg, batches);
    rn_group_wait(group);
}

/* A panic in the weighing ends the stage and reaches the group's owner. */
static void panic_ends_the_gathering(void)
{
    struct tally tally = {0};
    struct rn_panic panic;

    CHECK_EQ_INT(rn_try(gather_no_threes, &tally, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "a three");
    CHECK_EQ_INT(tally.batches, 1);
    rn_check_alone();
}

static int refuse(struct rn_ctx *ctx, void *state, rn_batch(int *) * batch)
{
    (void)ctx;
    (void)state;
    for (size_t i = 0; i < rn_batch_count(*batch); i++)
        drop(&rn_batch_items(*batch)[i]);
    rn_batch_free(*batch);
    return -9;
}

/* An error of who takes the batches ends the gathering, and drops the rest. */
static void error_ends_the_gathering(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int *) values = rn_group_chan(group, int *, 2);
    rn_chan(rn_batch(int *)) batches = rn_group_chan(group, rn_batch(int *), 2);
    int left = 1000000;

    rn_chan_set_drop(values, drop);
    rn_source(group, values, make_values, &left);
    rn_batches(group, values, batches, {.count = 6});
    rn_sink(group, batches, refuse, NULL);
    CHECK_EQ_INT(rn_group_wait(group), -9);
    CHECK_EQ_INT(atomic_load(&alive), 0);
    CHECK(left > 0);
    rn_check_alone();
}

RN_CHECK_MAIN(by_number, without_limits, by_weight, by_time,
              by_time_in_a_steady_stream, canceled_batches_are_dropped,
              unfinished_batch_is_dropped, error_ends_the_gathering,
              panic_ends_the_gathering)
