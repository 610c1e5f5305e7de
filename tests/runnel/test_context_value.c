/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in contexts, contexts that outlive their parent's end, large trees.
 */
#include "rn_check.h"

static rn_key(int) number_key;
static rn_key(int) other_key;
static rn_key(const char) name_key;

/* A value is found from below, however many layers down; above it is not. */
static void values_are_found_upwards(void)
{
    int number = 7;
    struct rn_ctx *top = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *ctx = rn_ctx_with_value(top, &number_key, &number);
    struct rn_ctx *leaf = rn_ctx_retain(ctx);

    for (int i = 0; i < 30; i++) {
        struct rn_ctx *parent = leaf;

        leaf = i % 3 == 0 ? rn_ctx_with_timeout(parent, RN_S)
                          : rn_ctx_with_cancel(parent);
        rn_ctx_release(parent);
    }
    CHECK(rn_ctx_value(ctx, &number_key) == &number);
    CHECK(rn_ctx_value(leaf, &number_key) == &number);
    CHECK(!rn_ctx_value(top, &number_key));
    CHECK(!rn_ctx_value(rn_ctx_background(), &number_key));
    rn_ctx_release(leaf);
    rn_ctx_release(ctx);
    rn_ctx_release(top);
}

/* The nearest value wins; what is above it is as it was. */
static void nearest_value_wins(void)
{
    int outer = 1;
    int inner = 2;
    struct rn_ctx *ctx =
        rn_ctx_with_value(rn_ctx_background(), &number_key, &outer);
    struct rn_ctx *child = rn_ctx_with_value(ctx, &number_key, &inner);

    CHECK(rn_ctx_value(child, &number_key) == &inner);
    CHECK(rn_ctx_value(ctx, &number_key) == &outer);
    rn_ctx_release(child);
    rn_ctx_release(ctx);
}

/* Keys of the same type and content are different keys. */
static void keys_do_not_collide(void)
{
    int number = 1;
    struct rn_ctx *ctx =
        rn_ctx_with_value(rn_ctx_background(), &number_key, &number);
    struct rn_ctx *child =
        rn_ctx_with_value(ctx, &name_key, (const char *)"north");

    CHECK(!rn_ctx_value(child, &other_key));
    CHECK(rn_ctx_value(child, &number_key) == &number);
    CHECK_EQ_STR(rn_ctx_value(child, &name_key), "north");
    rn_ctx_release(child);
    rn_ctx_release(ctx);
}

static void count_drop(void *value)
{
    ++*(int *)value;
}

static rn_key(int) owned_key = {.drop = count_drop};

/* A value that was given is dropped once, with the last reference. */
static void owned_value_is_dropped_once(void)
{
    int drops = 0;
    struct rn_ctx *ctx =
        rn_ctx_with_value(rn_ctx_background(), &owned_key, &drops);
    struct rn_ctx *child = rn_ctx_with_cancel(ctx);

    rn_ctx_cancel(ctx);
    rn_ctx_release(ctx);
    CHECK_EQ_INT(drops, 0);
    CHECK(rn_ctx_value(child, &owned_key) == &drops);
    rn_ctx_release(child);
    CHECK_EQ_INT(drops, 1);
}

/* A context with a value ends with its parent, and may be canceled alone. */
static void value_does_not_hinder_cancel(void)
{
    int number = 7;
    struct rn_ctx *top = rn_ctx_with_timeout(rn_ctx_background(), 60 * RN_S);
    struct rn_ctx *ctx = rn_ctx_with_value(top, &number_key, &number);
    struct rn_ctx *second = rn_ctx_with_value(top, &number_key, &number);

    CHECK_EQ_INT(rn_ctx_deadline(ctx) == rn_ctx_deadline(top), 1);
    rn_ctx_cancel(ctx);
    CHECK_EQ_INT(rn_ctx_err(top), RN_OK);
    rn_ctx_cancel(top);
    CHECK_EQ_INT(rn_ctx_err(second), RN_CANCELED);
    CHECK(rn_ctx_value(second, &number_key) == &number);
    rn_ctx_release(second);
    rn_ctx_release(ctx);
    rn_ctx_release(top);
}

/* without_cancel keeps the values, drops deadline, end and cause. */
static void without_cancel_keeps_values_only(void)
{
    int number = 7;
    struct rn_ctx *top = rn_ctx_with_timeout(rn_ctx_background(), 60 * RN_S);
    struct rn_ctx *ctx = rn_ctx_with_value(top, &number_key, &number);
    struct rn_ctx *apart = rn_ctx_without_cancel(ctx);
    struct rn_ctx *child = rn_ctx_with_cancel(apart);
    struct rn_ctx *late;

    rn_ctx_cancel_cause(top, -5, "gone");
    late = rn_ctx_without_cancel(ctx);
    CHECK_EQ_INT(rn_ctx_err(ctx), RN_CANCELED);
    CHECK_EQ_INT(rn_ctx_err(apart), RN_OK);
    CHECK_EQ_INT(rn_ctx_err(child), RN_OK);
    CHECK_EQ_INT(rn_ctx_err(late), RN_OK);
    CHECK_EQ_INT(rn_ctx_cause(apart), RN_OK);
    CHECK(rn_ctx_deadline(child) == RN_NEVER);
    rn_ctx_release(top);
    rn_ctx_release(ctx);
    CHECK(rn_ctx_value(child, &number_key) == &number);
    rn_ctx_cancel(apart);
    CHECK_EQ_INT(rn_ctx_err(child), RN_CANCELED);
    rn_ctx_release(late);
    rn_ctx_release(child);
    rn_ctx_release(apart);
}

static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

#define LAYERS 40

/* Random layers of values, cancels and deadlines: each value, one end. */
static void random_layers_keep_every_value(void)
{
    static rn_key(int) keys[LAYERS];
    uint32_t state = 1;

    for (int round = 0; round < rn_check_rounds(50); round++) {
        int values[LAYERS];
        bool has[LAYERS] = {0};
        struct rn_ctx *top = rn_ctx_with_cancel(rn_ctx_background());
        struct rn_ctx *leaf = rn_ctx_retain(top);

        for (int i = 0; i < LAYERS; i++) {
            struct rn_ctx *parent = leaf;

            switch (draw(&state) % 3) {
            case 0:
                leaf = rn_ctx_with_value(parent, &keys[i], &values[i]);
                has[i] = true;
                break;
            case 1:
                leaf = rn_ctx_with_cancel(parent);
                break;
            default:
                leaf = rn_ctx_with_timeout(parent, (i + 1) * RN_S);
                break;
            }
            rn_ctx_release(parent);
        }
        for (int i = 0; i < LAYERS; i++)
            CHECK(rn_ctx_value(leaf, &keys[i]) == (has[i] ? &values[i] : NULL));
        CHECK_EQ_INT(rn_ctx_err(leaf), RN_OK);
        rn_ctx_cancel(top);
        CHECK_EQ_INT(rn_ctx_err(leaf), RN_CANCELED);
        for (int i = 0; i < LAYERS; i++)
            CHECK(rn_ctx_value(leaf, &keys[i]) == (has[i] ? &values[i] : NULL));
        rn_ctx_release(leaf);
        rn_ctx_release(top);
    }
}

/* 100,000 children, some with children: all done when cancel returns. */
static void a_hundred_thousand_children_are_canceled(void)
{
    const int count = rn_check_simulated() ? 1000 : rn_check_rounds(100000);
    struct rn_ctx *top = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx **children = calloc((size_t)count, sizeof(*children));
    int alive = 0;

    if (!CHECK(children))
        return;
    for (int i = 0; i < count; i++)
        children[i] = rn_ctx_with_cancel(i % 3 ? children[i / 2] : top);
    rn_ctx_cancel(top);
    for (int i = 0; i < count; i++) {
        alive += rn_ctx_err(children[i]) != RN_CANCELED;
        rn_ctx_release(children[i]);
    }
    CHECK_EQ_INT(alive, 0);
    rn_ctx_release(top);
    free(children);
}

/* A chain 100,000 deep is canceled, and released, without a deep stack. */
static void a_deep_chain_needs_no_stack(void)
{
    const int count = rn_check_simulated() ? 1000 : rn_check_rounds(100000);
    struct rn_ctx *top = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *leaf = rn_ctx_retain(top);

    for (int i = 0; i < count; i++) {
        struct rn_ctx *parent = leaf;

        leaf = rn_ctx_with_cancel(parent);
        rn_ctx_release(parent);
    }
    rn_ctx_cancel_cause(top, -5, "from the top");
    CHECK_EQ_INT(rn_ctx_err(leaf), RN_CANCELED);
    CHECK_EQ_STR(rn_ctx_cause_text(leaf), "from the top");
    rn_ctx_release(top);
    rn_ctx_release(leaf);
}

RN_CHECK_MAIN(values_are_found_upwards, nearest_value_wins, keys_do_not_collide,
              owned_value_is_dropped_once, value_does_not_hinder_cancel,
              without_cancel_keeps_values_only, random_layers_keep_every_value,
              a_hundred_thousand_children_are_canceled,
              a_deep_chain_needs_no_stack)
