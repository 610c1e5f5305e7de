/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts under contention: cancels at the same time, creation against cancel,
 * cancel against the deadline, release against cancel.
 */
#include "rn_check.h"

#define NODES 100

struct canceler {
    struct rn_ctx *ctx;
    struct rn_waitgroup *all;
};

static void cancel_it(struct canceler *own)
{
    rn_ctx_cancel(own->ctx);
    CHECK_EQ_INT(rn_ctx_err(own->ctx), RN_CANCELED);
    rn_ctx_release(own->ctx);
    rn_waitgroup_done(own->all);
}

static void wait_for_it(struct canceler *own)
{
    CHECK_EQ_INT(rn_ctx_wait(own->ctx), RN_CANCELED);
    rn_ctx_release(own->ctx);
    rn_waitgroup_done(own->all);
}

/* A cheap generator, the same on every machine. */
static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void grow_tree(struct rn_ctx **nodes, int count, uint32_t *state)
{
    nodes[0] = rn_ctx_with_cancel(rn_ctx_background());
    for (int i = 1; i < count; i++)
        nodes[i] = rn_ctx_with_cancel(nodes[draw(state) % (uint32_t)i]);
}

static void shuffle(int *order, int count, uint32_t *state)
{
    for (int i = 0; i < count; i++) {
        int other = (int)(draw(state) % (uint32_t)(i + 1));

        order[i] = order[other];
        order[other] = i;
    }
}

/* Every node of a tree of 100 canceled at once, in random order, all end. */
static void simultaneous_cancels_all_end(void)
{
    const int count = rn_check_simulated() ? 20 : NODES;
    uint32_t state = 1;

    for (int round = 0; round < rn_check_rounds(50); round++) {
        struct rn_ctx *nodes[NODES];
        int order[NODES];
        struct rn_waitgroup all = {0};

        grow_tree(nodes, count, &state);
        shuffle(order, count, &state);
        rn_waitgroup_add(&all, 2 * count);
        for (int i = 0; i < count; i++)
            rn_go(wait_for_it,
                  (struct canceler){rn_ctx_retain(nodes[i]), &all});
        for (int i = 0; i < count; i++)
            rn_go(cancel_it, (struct canceler){nodes[order[i]], &all});
        rn_waitgroup_wait(&all);
    }
}

/* A child made while its parent is canceled never misses it. */
static void creation_never_misses_a_cancel(void)
{
    for (int round = 0; round < rn_check_rounds(3000); round++) {
        struct rn_ctx *parent = rn_ctx_with_cancel(rn_ctx_background());
        struct rn_waitgroup all = {0};
        struct rn_ctx *child;

        rn_waitgroup_add(&all, 1);
        rn_go(cancel_it, (struct canceler){rn_ctx_retain(parent), &all});
        if (round % 3 == 0)
            rn_yield();
        child = round % 2 ? rn_ctx_with_cancel(parent)
                          : rn_ctx_with_timeout(parent, 60 * RN_S);
        CHECK_EQ_INT(rn_ctx_wait(child), RN_CANCELED);
        rn_ctx_release(child);
        rn_waitgroup_wait(&all);
        rn_ctx_release(parent);
    }
}

struct racer {
    struct rn_ctx *ctx;
    int64_t at;
    struct rn_waitgroup *all;
};

static void cancel_at(struct racer *own)
{
    rn_sleep_until(own->at);
    rn_ctx_cancel(own->ctx);
    rn_ctx_release(own->ctx);
    rn_waitgroup_done(own->all);
}

/* Cancel and deadline at the same time: one wins, and all hear the same. */
static void cancel_against_deadline_has_one_winner(void)
{
    for (int round = 0; round < rn_check_rounds(500); round++) {
        int64_t at = rn_deadline(20 * RN_US);
        struct rn_ctx *ctx = rn_ctx_with_deadline(rn_ctx_background(), at);
        struct rn_ctx *child = rn_ctx_with_cancel(ctx);
        struct rn_waitgroup all = {0};
        int reason;

        rn_waitgroup_add(&all, 1);
        rn_go(cancel_at, (struct racer){rn_ctx_retain(ctx), at, &all});
        reason = rn_ctx_wait(child);
        CHECK(reason == RN_CANCELED || reason == RN_TIMEOUT);
        rn_waitgroup_wait(&all);
        CHECK_EQ_INT(rn_ctx_err(ctx), reason);
        CHECK_EQ_INT(rn_ctx_err(child), reason);
        rn_ctx_release(ctx);
        rn_ctx_release(child);
    }
}

struct family {
    struct rn_ctx *parent;
    struct rn_waitgroup *all;
};

static void children_come_and_go(struct family *own)
{
    for (int i = 0; i < 20; i++) {
        struct rn_ctx *child = i % 2 ? rn_ctx_with_cancel(own->parent)
                                     : rn_ctx_with_timeout(own->parent, RN_US);
        struct rn_ctx *grandchild = rn_ctx_with_cancel(child);

        rn_ctx_release(child);
        if (i % 3 == 0)
            rn_ctx_cancel(grandchild);
        rn_ctx_release(grandchild);
    }
    rn_ctx_release(own->parent);
    rn_waitgroup_done(own->all);
}

/* Children are made and released while the parent is canceled. */
static void release_against_cancel(void)
{
    for (int round = 0; round < rn_check_rounds(300); round++) {
        struct rn_ctx *parent = rn_ctx_with_cancel(rn_ctx_background());
        struct rn_waitgroup all = {0};

        rn_waitgroup_add(&all, 5);
        for (int i = 0; i < 4; i++)
            rn_go(children_come_and_go,
                  (struct family){rn_ctx_retain(parent), &all});
        rn_go(cancel_it, (struct canceler){rn_ctx_retain(parent), &all});
        rn_waitgroup_wait(&all);
        rn_ctx_release(parent);
    }
}

static void cancel_other_when_done(struct rn_ctx **own)
{
    rn_ctx_wait(own[0]);
    rn_ctx_cancel(own[0]);
}

/* A goroutine woken by the parent cancels again: no deadlock. */
static void woken_may_cancel_again(void)
{
    struct rn_ctx *parent = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *child = rn_ctx_with_cancel(parent);

    rn_go(cancel_other_when_done, child);
    rn_check_settle();
    rn_ctx_cancel(parent);
    CHECK_EQ_INT(rn_ctx_wait(child), RN_CANCELED);
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(child);
    rn_ctx_release(parent);
}

RN_CHECK_MAIN(simultaneous_cancels_all_end, creation_never_misses_a_cancel,
              cancel_against_deadline_has_one_winner, release_against_cancel,
              woken_may_cancel_again)
