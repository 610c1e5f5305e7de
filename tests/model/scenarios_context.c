/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenarios_context.c: contexts and groups.
 */
#include "scenarios.h"

struct tree {
    struct rn_ctx *root;
    struct rn_ctx *middle;
    struct rn_ctx *leaves[2];
    struct rn_waitgroup done;
    int64_t deadline;
    _Atomic(int) woken;
};

static void plant(struct tree *tree)
{
    *tree = (struct tree){.deadline = rn_deadline(RN_MS)};
    tree->root = rn_ctx_with_cancel(rn_ctx_background());
    tree->middle = rn_ctx_with_cancel(tree->root);
    for (int i = 0; i < 2; i++)
        tree->leaves[i] = rn_ctx_with_cancel(tree->middle);
}

static void fell(struct tree *tree)
{
    rn_waitgroup_wait(&tree->done);
    for (int i = 0; i < 2; i++)
        rn_ctx_release(tree->leaves[i]);
    rn_ctx_release(tree->middle);
    rn_ctx_release(tree->root);
}

static void wait_for_leaf(struct part *own)
{
    struct tree *tree = own->state;
    HOLDS(rn_ctx_wait(tree->leaves[own->me]) == RN_CANCELED);
    HOLDS(rn_ctx_err(tree->leaves[own->me]) == RN_CANCELED);
    tree->woken++;
    rn_waitgroup_done(&tree->done);
}

static int cancel_wakes_every_waiter(void *arg)
{
    struct tree tree;
    (void)arg;
    plant(&tree);
    rn_waitgroup_add(&tree.done, 3);
    for (int i = 0; i < 3; i++)
        rn_go(wait_for_leaf, (struct part){&tree, 0});
    rn_ctx_cancel(tree.leaves[0]);
    rn_waitgroup_wait(&tree.done);
    HOLDS(tree.woken == 3);
    HOLDS(rn_ctx_err(tree.leaves[1]) == RN_OK);
    HOLDS(rn_ctx_err(tree.middle) == RN_OK);
    fell(&tree);
    return 0;
}

static int cancel_reaches_the_whole_tree(void *arg)
{
    struct tree tree;
    (void)arg;
    plant(&tree);
    rn_waitgroup_add(&tree.done, 2);
    for (int i = 0; i < 2; i++)
        rn_go(wait_for_leaf, (struct part){&tree, i});
    rn_ctx_cancel(tree.root);
    HOLDS(rn_ctx_err(tree.middle) == RN_CANCELED);
    HOLDS(rn_ctx_err(tree.leaves[0]) == RN_CANCELED);
    HOLDS(rn_ctx_err(tree.leaves[1]) == RN_CANCELED);
    fell(&tree);
    return 0;
}

static void cancel_node(struct part *own)
{
    struct tree *tree = own->state;
    struct rn_ctx *nodes[] = {tree->leaves[0], tree->middle, tree->root};
    rn_ctx_cancel(nodes[own->me]);
    HOLDS(rn_ctx_err(nodes[own->me]) == RN_CANCELED);
    rn_waitgroup_done(&tree->done);
}

static int everybody_cancels_at_once(void *arg)
{
    struct tree tree;
    (void)arg;
    plant(&tree);
    rn_waitgroup_add(&tree.done, 4);
    for (int i = 0; i < 3; i++)
        rn_go(cancel_node, (struct part){&tree, i});
    rn_go(wait_for_leaf, (struct part){&tree, 1});
    fell(&tree);
    return 0;
}

static void make_child(struct part *own)
{
    struct tree *tree = own->state;
    struct rn_ctx *child = rn_ctx_with_cancel(tree->root);
    HOLDS(rn_ctx_wait(child) == RN_CANCELED);
    rn_ctx_release(child);
    rn_waitgroup_done(&tree->done);
}

static int child_never_misses_the_cancel(void *arg)
{
    struct tree tree;
    (void)arg;
    plant(&tree);
    rn_waitgroup_add(&tree.done, 3);
    rn_go(make_child, (struct part){&tree, 0});
    rn_go(cancel_node, (struct part){&tree, 2});
    rn_go(make_child, (struct part){&tree, 1});
    fell(&tree);
    return 0;
}

static void release_at_last(struct part *own)
{
    struct tree *tree = own->state;
    struct rn_ctx *child = rn_ctx_with_deadline(tree->root, tree->deadline);
    rn_sleep(RN_MS - (own->me ? 0 : RN_US));
    int status = rn_ctx_err(child);
    HOLDS(status == RN_OK || status == RN_CANCELED || status == RN_TIMEOUT);
    rn_ctx_release(child);
    rn_waitgroup_done(&tree->done);
}

static int release_meets_deadline_and_cancel(void *arg)
{
    struct tree tree;
    (void)arg;
    plant(&tree);
    rn_waitgroup_add(&tree.done, 3);
    rn_go(release_at_last, (struct part){&tree, 0});
    rn_go(release_at_last, (struct part){&tree, 1});
    rn_go(release_at_last, (struct part){&tree, 1});
    rn_sleep_until(tree.deadline);
    rn_ctx_cancel(tree.root);
    fell(&tree);
    return 0;
}

static void wait_for_the_end(struct part *own)
{
    struct tree *tree = own->state;
    int status = rn_ctx_wait(tree->middle);
    HOLDS(status == RN_CANCELED || status == RN_TIMEOUT);
    rn_yield();
    HOLDS(rn_ctx_err(tree->middle) == status); /* for ever */
    tree->woken += status == RN_TIMEOUT ? 100 : 1;
    rn_waitgroup_done(&tree->done);
}

/* Canceled at the moment of the deadline: one or the other, for all. */
static int deadline_or_cancel_but_not_both(void *arg)
{
    struct tree tree;
    (void)arg;
    plant(&tree);
    rn_ctx_release(tree.middle);
    tree.middle = rn_ctx_with_deadline(tree.root, tree.deadline);
    HOLDS(rn_ctx_deadline(tree.middle) == tree.deadline);
    rn_waitgroup_add(&tree.done, 2);
    rn_go(wait_for_the_end, (struct part){&tree, 0});
    rn_go(wait_for_the_end, (struct part){&tree, 0});
    rn_sleep_until(tree.deadline);
    rn_ctx_cancel(tree.root);
    HOLDS(rn_ctx_err(tree.root) == RN_CANCELED);
    rn_waitgroup_wait(&tree.done);
    HOLDS(tree.woken == 2 || tree.woken == 200);
    fell(&tree);
    return 0;
}

static int child_ends_by_its_parents_deadline(void *arg)
{
    struct rn_ctx *parent = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    struct rn_ctx *child = rn_ctx_with_timeout(parent, RN_S);
    int64_t start = rn_now();
    (void)arg;
    HOLDS(rn_ctx_deadline(child) == rn_ctx_deadline(parent));
    HOLDS(rn_ctx_wait(child) == RN_TIMEOUT);
    HOLDS(rn_now() - start == RN_MS);
    struct rn_ctx *late = rn_ctx_with_cancel(child);
    HOLDS(rn_ctx_err(late) == RN_TIMEOUT); /* done from the start */
    rn_ctx_release(late);
    rn_ctx_release(child);
    rn_ctx_release(parent);
    return 0;
}

/* ----------------------------------------------------------------- groups */

struct crew {
    struct rn_ctx *ctx;
    rn_chan(int) never;
    struct rn_group *group;
    _Atomic(int) first; /* the status that came first */
    _Atomic(int) inside;
    _Atomic(int) ended;
};

static int fail_with(struct rn_ctx *ctx, struct part *own)
{
    struct crew *crew = own->state;
    int none = 0;
    (void)ctx;
    rn_yield();
    /* No call of runnel from here to the return's own. */
    atomic_compare_exchange_strong(&crew->first, &none, -own->me);
    crew->ended++;
    return -own->me;
}

static int wait_for_cancel(struct rn_ctx *ctx, struct part *own)
{
    struct crew *crew = own->state;
    HOLDS(rn_recv_ctx(ctx, crew->never, NULL) == RN_CANCELED);
    crew->ended++;
    return RN_CANCELED;
}

static int first_error_cancels_the_rest(void *arg)
{
    struct crew crew = {.never = rn_chan_make(int, 0)};
    (void)arg;
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_group_go(group, wait_for_cancel, (struct part){&crew, 0});
    rn_group_go(group, fail_with, (struct part){&crew, 7});
    rn_group_go(group, wait_for_cancel, (struct part){&crew, 0});
    HOLDS(rn_group_wait(group) == -7);
    HOLDS(crew.ended == 3); /* nobody outlives it */
    rn_chan_free(crew.never);
    return 0;
}

static int fail_later(struct rn_ctx *ctx, struct part *own)
{
    (void)ctx;
    rn_sleep(own->me * RN_MS);
    return -own->me;
}

static int earliest_error_is_kept(void *arg)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    (void)arg;
    rn_group_go(group, fail_later, (struct part){NULL, 3});
    rn_group_go(group, fail_later, (struct part){NULL, 1});
    rn_group_go(group, fail_later, (struct part){NULL, 2});
    HOLDS(rn_group_wait(group) == -1);
    return 0;
}

static int stay_inside(struct rn_ctx *ctx, struct part *own)
{
    struct crew *crew = own->state;
    (void)ctx;
    HOLDS(++crew->inside <= 2);
    rn_yield();
    crew->inside--;
    crew->ended++;
    return own->me;
}

static int limit_of_a_group_holds(void *arg)
{
    struct crew crew = {0};
    struct rn_group *group = rn_group_make(rn_ctx_background(), 2);
    int refused = 0;
    (void)arg;
    for (int i = 0; i < 3; i++)
        rn_group_go(group, stay_inside, (struct part){&crew, 0});
    refused = rn_group_try_go(group, stay_inside, (struct part){&crew, 0});
    HOLDS(refused == RN_OK || refused == RN_AGAIN);
    HOLDS(rn_group_wait(group) == RN_OK);
    HOLDS(crew.ended == 3 + (refused == RN_OK));
    return 0;
}

static int failing_members_give_their_place_back(void *arg)
{
    struct crew crew = {0};
    struct rn_group *group = rn_group_make(rn_ctx_background(), 1);
    (void)arg;
    for (int i = 1; i <= 3; i++)
        rn_group_go(group, fail_with, (struct part){&crew, i});
    HOLDS(rn_group_wait(group) == crew.first);
    HOLDS(crew.ended == 3);
    return 0;
}

static void cancel_soon(struct crew **own)
{
    rn_ctx_cancel((*own)->ctx);
}

static int group_hears_its_parents_cancel(void *arg)
{
    struct crew crew = {.never = rn_chan_make(int, 0),
                        .ctx = rn_ctx_with_cancel(rn_ctx_background())};
    struct rn_group *group = rn_group_make(crew.ctx, 0);
    (void)arg;
    rn_group_go(group, wait_for_cancel, (struct part){&crew, 0});
    rn_go(cancel_soon, &crew);
    rn_group_go(group, wait_for_cancel, (struct part){&crew, 0});
    HOLDS(rn_group_wait(group) == RN_CANCELED);
    HOLDS(crew.ended == 2);
    settle();
    rn_chan_free(crew.never);
    rn_ctx_release(crew.ctx);
    return 0;
}

const struct scenario context_scenarios[] = {
    SCENARIO(cancel_wakes_every_waiter),
    SCENARIO(cancel_reaches_the_whole_tree),
    SCENARIO(everybody_cancels_at_once),
    SCENARIO(child_never_misses_the_cancel),
    SCENARIO(release_meets_deadline_and_cancel),
    SCENARIO(deadline_or_cancel_but_not_both),
    SCENARIO(child_ends_by_its_parents_deadline),
    SCENARIO(first_error_cancels_the_rest),
    SCENARIO(earliest_error_is_kept),
    SCENARIO(limit_of_a_group_holds),
    SCENARIO(failing_members_give_their_place_back),
    SCENARIO(group_hears_its_parents_cancel),
    SCENARIOS_END,
};
