/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merge, sorted merge, tee and bridge: nothing lost, order where it is
 * promised, outputs closed at the end, nothing left after errors and cancel.
 */
#include "rn_check.h"

enum { INPUTS = 5, VALUES = 40 };

struct feed {
    rn_sender(int) out;
    int first;
    int step;
    int count; /* negative: for ever */
};

static int feed(struct rn_ctx *ctx, struct feed *own)
{
    int status = RN_OK;

    for (int i = 0; i != own->count && status == RN_OK; i++) {
        if (rn_draw(8) == 0)
            rn_sleep(rn_draw(5) * RN_US);
        status = rn_send_ctx(ctx, own->out, own->first + i * own->step);
    }
    rn_close(own->out);
    return status;
}

/* INPUTS channels of the group, fed with i, i + INPUTS, ... */
static void make_inputs(struct rn_group *group, rn_chan(int) *inputs, int count)
{
    for (int i = 0; i < INPUTS; i++) {
        inputs[i] = rn_group_chan(group, int, i % 3);
        rn_group_go(group, feed,
                    (struct feed){rn_send_end(inputs[i]), i, INPUTS, count});
    }
}

/* Every value once; those of one input in order. */
static void merge_loses_nothing(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) inputs[INPUTS];
    rn_chan(int) out = rn_group_chan(group, int, 1);
    int next[INPUTS] = {0, 1, 2, 3, 4};
    int total = 0;

    make_inputs(group, inputs, VALUES);
    rn_merge(group, inputs, INPUTS, out);
    rn_range (int, value, out) {
        CHECK_EQ_INT(value, next[value % INPUTS]);
        next[value % INPUTS] += INPUTS;
        total++;
    }
    CHECK_EQ_INT(total, INPUTS * VALUES);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    rn_check_alone();
}

static int compare(const int *a, const int *b)
{
    return (*a > *b) - (*a < *b);
}

/* Sorted inputs give a sorted output, whoever is slow. */
static void sorted_merge_is_sorted(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_receiver(int) ends[INPUTS];
    rn_chan(int) inputs[INPUTS];
    rn_chan(int) out = rn_group_chan(group, int, 1);
    int expected = 0;

    make_inputs(group, inputs, VALUES);
    for (int i = 0; i < INPUTS; i++)
        ends[i] = rn_recv_end(inputs[i]);
    rn_merge_sorted(group, ends, INPUTS, out, compare);
    rn_range (int, value, out)
        CHECK_EQ_INT(value, expected++);
    CHECK_EQ_INT(expected, INPUTS * VALUES);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    rn_check_alone();
}

struct item {
    int key;
    int input;
};

static int by_key(const struct item *a, const struct item *b)
{
    return a->key - b->key;
}

/* Equal values come in the order of their inputs; empty inputs don't count. */
static void sorted_merge_is_stable(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(struct item) inputs[4];
    rn_chan(struct item) out = rn_group_chan(group, struct item, 0);
    int got = 0;

    for (int i = 0; i < 4; i++) {
        inputs[i] = rn_group_chan(group, struct item, 8);
        for (int k = 0; k < 3 && i != 2; k++)
            rn_send(inputs[i], {k, i});
        rn_close(inputs[i]);
    }
    rn_merge_sorted(group, inputs, 4, out, by_key);
    rn_range (struct item, item, out) {
        static const int order[] = {0, 1, 3};

        CHECK_EQ_INT(item.key, got / 3);
        CHECK_EQ_INT(item.input, order[got % 3]);
        got++;
    }
    CHECK_EQ_INT(got, 9);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
}

/* No input at all: the output is closed. */
static void nothing_to_merge(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) none[1] = {NULL};
    rn_chan(int) any = rn_group_chan(group, int, 0);
    rn_chan(int) sorted = rn_group_chan(group, int, 0);

    rn_merge(group, none, 0, any);
    rn_merge_sorted(group, none, 0, sorted, compare);
    CHECK(!rn_recv(any, NULL));
    CHECK(!rn_recv(sorted, NULL));
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
}

struct listener {
    rn_receiver(int) in;
    int expected;
};

static int listen_all(struct rn_ctx *ctx, struct listener *own)
{
    int expected = 0;

    CHECK(ctx);
    rn_range (int, value, own->in)
        CHECK_EQ_INT(value, expected++);
    CHECK_EQ_INT(expected, own->expected);
    return RN_OK;
}

/* Every output gets every value, in order. */
static void tee_gives_all_to_each(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) in = rn_group_chan(group, int, 2);
    rn_chan(int) outputs[3];

    for (int i = 0; i < 3; i++) {
        outputs[i] = rn_group_chan(group, int, i);
        rn_group_go(group, listen_all,
                    (struct listener){rn_recv_end(outputs[i]), VALUES});
    }
    rn_tee(group, in, outputs, 3);
    rn_group_go(group, feed, (struct feed){rn_send_end(in), 0, 1, VALUES});
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    rn_check_alone();
}

/* One channel after the other, however many. */
static void bridge_joins_channels_in_turn(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(rn_receiver(int)) in = rn_group_chan(group, rn_receiver(int), 2);
    rn_chan(int) out = rn_group_chan(group, int, 0);
    int expected = 0;

    rn_bridge(group, in, out);
    for (int i = 0; i < 3; i++) {
        rn_chan(int) part = rn_group_chan(group, int, 1);

        rn_group_go(group, feed,
                    (struct feed){rn_send_end(part), i * 10, 1, 10});
        rn_send(in, rn_recv_end(part));
        for (int k = 0; k < 10; k++) {
            int value = -1;

            CHECK(rn_recv(out, &value));
            CHECK_EQ_INT(value, expected++);
        }
    }
    rn_close(in);
    CHECK(!rn_recv(out, NULL));
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    rn_check_alone();
}

static int fail_soon(struct rn_ctx *ctx, int *own)
{
    CHECK(ctx);
    rn_sleep(RN_MS);
    return *own;
}

/* An error elsewhere in the group ends all of them, endless as they are. */
static void errors_end_them(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) inputs[INPUTS];
    rn_chan(int) merged = rn_group_chan(group, int, 1);
    rn_chan(int) twins[2];
    rn_chan(int) sorted = rn_group_chan(group, int, 1);
    rn_chan(rn_chan(int)) channels = rn_group_chan(group, rn_chan(int), 1);
    rn_chan(int) bridged = rn_group_chan(group, int, 1);

    twins[0] = rn_group_chan(group, int, 1);
    twins[1] = rn_group_chan(group, int, 1);
    make_inputs(group, inputs, -1);
    rn_merge(group, inputs, INPUTS, merged);
    rn_tee(group, merged, twins, 2);
    rn_merge_sorted(group, twins, 2, sorted, compare);
    rn_send(channels, sorted);
    rn_bridge(group, channels, bridged);
    rn_group_go(group, fail_soon, -11);
    rn_range (int, value, bridged)
        CHECK(value >= 0);
    CHECK_EQ_INT(rn_group_wait(group), -11);
    rn_check_alone();
}

static int refuse(const int *a, const int *b)
{
    if (*a > 20)
        rn_panic("refused");
    return compare(a, b);
}

static void merge_refused(void *arg)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) inputs[INPUTS];
    rn_chan(int) out = rn_group_chan(group, int, 1);
    int *received = arg;

    make_inputs(group, inputs, -1);
    rn_merge_sorted(group, inputs, INPUTS, out, refuse);
    rn_range (int, value, out)
        (*received)++;
    rn_group_wait(group);
}

/* A panic in the comparison reaches the one who waits for the group. */
static void panic_ends_the_merge(void)
{
    struct rn_panic panic;
    int received = 0;

    CHECK_EQ_INT(rn_try(merge_refused, &received, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "refused");
    CHECK(received <= 21);
    rn_check_alone();
}

static _Atomic(int) alive;

static void drop(int **value)
{
    free(*value);
    atomic_fetch_sub(&alive, 1);
}

static int make_values(struct rn_ctx *ctx, void *state, int **value)
{
    CHECK(ctx && !state);
    *value = calloc(1, sizeof(int));
    atomic_fetch_add(&alive, 1);
    return RN_OK;
}

static int by_nothing(int *const *a, int *const *b)
{
    return (*a)[0] - (*b)[0];
}

/* Values on their way are dropped, none twice. */
static void values_on_their_way_are_dropped(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int *) channels[6];

    for (int i = 0; i < 6; i++) {
        channels[i] = rn_group_chan(group, int *, 1);
        rn_chan_set_drop(channels[i], drop);
    }
    for (int i = 0; i < 4; i++)
        rn_source(group, channels[i], make_values, NULL);
    rn_merge(group, channels, 2, channels[4]);
    rn_merge_sorted(group, channels + 2, 2, channels[5], by_nothing);
    rn_group_go(group, fail_soon, -3);
    for (int i = 0; i < 10; i++) {
        int *value = NULL;

        if (rn_recv(channels[4 + i % 2], &value))
            drop(&value);
    }
    CHECK_EQ_INT(rn_group_wait(group), -3);
    CHECK_EQ_INT(atomic_load(&alive), 0);
}

RN_CHECK_MAIN(merge_loses_nothing, sorted_merge_is_sorted,
              sorted_merge_is_stable, nothing_to_merge, tee_gives_all_to_each,
              bridge_joins_channels_in_turn, errors_end_them,
              panic_ends_the_merge, values_on_their_way_are_dropped)
