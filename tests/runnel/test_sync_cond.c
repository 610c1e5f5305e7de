/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cond: who is woken, in which order, and by what else a wait ends.
 */
#include "rn_check.h"

#define WAITERS 8

struct scene {
    struct rn_mutex lock;
    struct rn_cond cond;
    int arrived;        /* under lock, like the rest */
    int woken[WAITERS]; /* who, in the order of waking */
    int count;
};

struct role {
    struct scene *scene;
    int number;
    struct rn_waitgroup *all;
};

/* Waits once, without a loop: a wake-up without reason would be seen. */
static void wait_once(struct role *own)
{
    struct scene *scene = own->scene;

    rn_mutex_lock(&scene->lock);
    scene->arrived++;
    rn_cond_wait(&scene->cond, &scene->lock);
    scene->woken[scene->count++] = own->number;
    rn_mutex_unlock(&scene->lock);
    rn_waitgroup_done(own->all);
}

static int read_count(struct scene *scene)
{
    int count;

    rn_mutex_lock(&scene->lock);
    count = scene->count;
    rn_mutex_unlock(&scene->lock);
    return count;
}

/* Starts a waiter; returns when it is in the queue: it has the lock until. */
static void start_waiter(struct scene *scene, int number,
                         struct rn_waitgroup *all)
{
    int arrived = 0;

    rn_waitgroup_add(all, 1);
    rn_go(wait_once, (struct role){scene, number, all});
    while (arrived <= number) {
        rn_yield();
        rn_mutex_lock(&scene->lock);
        arrived = scene->arrived;
        rn_mutex_unlock(&scene->lock);
    }
}

static void await_count(struct scene *scene, int count)
{
    while (read_count(scene) < count)
        rn_yield();
}

/* Each signal wakes exactly one, the one that has waited longest. */
static void signal_wakes_one_in_order(void)
{
    struct scene scene = {0};
    struct rn_waitgroup all = {0};

    for (int i = 0; i < WAITERS; i++)
        start_waiter(&scene, i, &all);
    for (int i = 0; i < WAITERS; i++) {
        CHECK_EQ_INT(read_count(&scene), i);
        rn_cond_signal(&scene.cond);
        await_count(&scene, i + 1);
        rn_check_settle();
        CHECK_EQ_INT(read_count(&scene), i + 1);
        CHECK_EQ_INT(scene.woken[i], i);
    }
    rn_waitgroup_wait(&all);
}

/* Broadcast wakes all who wait now, and nobody who comes later. */
static void broadcast_wakes_who_waits_now(void)
{
    struct scene scene = {0};
    struct rn_waitgroup all = {0};

    for (int i = 0; i < WAITERS - 1; i++)
        start_waiter(&scene, i, &all);
    rn_cond_broadcast(&scene.cond);
    start_waiter(&scene, WAITERS - 1, &all);
    await_count(&scene, WAITERS - 1);
    rn_check_settle();
    CHECK_EQ_INT(read_count(&scene), WAITERS - 1);
    rn_cond_broadcast(&scene.cond);
    rn_waitgroup_wait(&all);
}

/* A signal that finds nobody is forgotten. */
static void signal_is_not_kept(void)
{
    struct scene scene = {0};
    struct rn_waitgroup all = {0};

    rn_cond_signal(&scene.cond);
    rn_cond_broadcast(&scene.cond);
    start_waiter(&scene, 0, &all);
    rn_check_settle();
    CHECK_EQ_INT(read_count(&scene), 0);
    rn_cond_signal(&scene.cond);
    rn_waitgroup_wait(&all);
}

/* A newcomer does not take the signal of one that waits. */
static void newcomer_steals_no_signal(void)
{
    for (int round = 0; round < rn_check_rounds(500); round++) {
        struct scene scene = {0};
        struct rn_waitgroup all = {0};

        start_waiter(&scene, 0, &all);
        rn_cond_signal(&scene.cond);
        start_waiter(&scene, 1, &all);
        await_count(&scene, 1);
        CHECK_EQ_INT(scene.woken[0], 0);
        rn_cond_signal(&scene.cond);
        rn_waitgroup_wait(&all);
    }
}

struct relay {
    struct rn_mutex lock;
    struct rn_cond turned;
    int turn;
    int steps;
};

struct runner {
    struct relay *relay;
    int number;
    int rounds;
    struct rn_waitgroup *all;
};

static void run_relay(struct runner *own)
{
    struct relay *relay = own->relay;

    for (int i = 0; i < own->rounds; i++) {
        rn_mutex_lock(&relay->lock);
        while (relay->turn != own->number)
            rn_cond_wait(&relay->turned, &relay->lock);
        relay->steps++;
        relay->turn = (relay->turn + 1) % 3;
        rn_cond_broadcast(&relay->turned);
        rn_mutex_unlock(&relay->lock);
    }
    rn_waitgroup_done(own->all);
}

/* Three hand a variable round in turn: it stays consistent. */
static void three_take_turns(void)
{
    struct relay relay = {0};
    struct rn_waitgroup all = {0};
    int rounds = rn_check_rounds(1000) + 5;

    rn_waitgroup_add(&all, 3);
    for (int i = 0; i < 3; i++)
        rn_go(run_relay, (struct runner){&relay, i, rounds, &all});
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(relay.steps, 3 * rounds);
}

/* The deadline ends a wait, never early, with the mutex locked. */
static void deadline_ends_a_wait(void)
{
    struct rn_mutex lock = {0};
    struct rn_cond cond = {0};
    int64_t deadline = rn_deadline(RN_MS);

    rn_mutex_lock(&lock);
    CHECK_EQ_INT(rn_cond_wait_until(deadline, &cond, &lock), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    CHECK(!rn_mutex_try_lock(&lock));
    CHECK_EQ_INT(rn_cond_wait_until(0, &cond, &lock), RN_TIMEOUT);
    CHECK(!rn_mutex_try_lock(&lock));
    rn_mutex_unlock(&lock);
}

static void cancel_it(struct rn_ctx **own)
{
    rn_ctx_cancel(*own);
}

/* A context ends a wait with its reason, with the mutex locked. */
static void context_ends_a_wait(void)
{
    struct rn_mutex lock = {0};
    struct rn_cond cond = {0};
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());

    rn_mutex_lock(&lock);
    rn_go(cancel_it, ctx);
    CHECK_EQ_INT(rn_cond_wait_ctx(ctx, &cond, &lock), RN_CANCELED);
    CHECK(!rn_mutex_try_lock(&lock));
    CHECK_EQ_INT(rn_cond_wait_ctx(ctx, &cond, &lock), RN_CANCELED);
    CHECK(!rn_mutex_try_lock(&lock));
    rn_mutex_unlock(&lock);
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(ctx);
}

struct racer {
    struct rn_mutex *lock;
    struct rn_cond *cond;
    int64_t deadline;
    _Atomic(int) *woken;
    _Atomic(int) *queued;
    struct rn_waitgroup *all;
};

static void wait_at_the_edge(struct racer *own)
{
    rn_mutex_lock(own->lock);
    atomic_fetch_add(own->queued, 1);
    if (rn_cond_wait_until(own->deadline, own->cond, own->lock) == RN_OK)
        atomic_fetch_add(own->woken, 1);
    rn_mutex_unlock(own->lock);
    rn_waitgroup_done(own->all);
}

/* A signal that meets a deadline wakes somebody else: none is lost. */
static void racing_deadline_loses_no_signal(void)
{
    for (int i = 0; i < rn_check_rounds(500); i++) {
        struct rn_mutex lock = {0};
        struct rn_cond cond = {0};
        struct rn_waitgroup all = {0};
        _Atomic(int) woken = 0;
        _Atomic(int) queued = 0;
        int64_t deadline = rn_deadline(30 * RN_US);
        struct racer racer = {&lock, &cond, deadline, &woken, &queued, &all};

        rn_waitgroup_add(&all, 3);
        rn_go(wait_at_the_edge, racer);
        rn_go(wait_at_the_edge, racer);
        racer.deadline = RN_NEVER;
        rn_go(wait_at_the_edge, racer);
        while (atomic_load(&queued) < 3)
            rn_yield();
        rn_sleep_until(deadline);
        for (int k = 0; k < 3; k++) {
            rn_mutex_lock(&lock); /* all are in the queue now */
            rn_mutex_unlock(&lock);
            rn_cond_signal(&cond);
        }
        rn_waitgroup_wait(&all);
        CHECK(atomic_load(&woken) >= 1);
    }
}

/* Producers and consumers over one slot: a storm that loses no wake-up. */
struct slot {
    struct rn_mutex lock;
    struct rn_cond changed;
    bool full;
    int value;
    int64_t sum;
};

struct trader {
    struct slot *slot;
    int rounds;
    struct rn_waitgroup *all;
};

static void produce(struct trader *own)
{
    for (int i = 1; i <= own->rounds; i++) {
        rn_mutex_lock(&own->slot->lock);
        while (own->slot->full)
            rn_cond_wait(&own->slot->changed, &own->slot->lock);
        own->slot->full = true;
        own->slot->value = i;
        rn_cond_broadcast(&own->slot->changed);
        rn_mutex_unlock(&own->slot->lock);
    }
    rn_waitgroup_done(own->all);
}

static void consume(struct trader *own)
{
    for (int i = 1; i <= own->rounds; i++) {
        rn_mutex_lock(&own->slot->lock);
        while (!own->slot->full)
            rn_cond_wait(&own->slot->changed, &own->slot->lock);
        own->slot->full = false;
        own->slot->sum += own->slot->value;
        rn_mutex_unlock(&own->slot->lock);
        rn_cond_broadcast(&own->slot->changed);
    }
    rn_waitgroup_done(own->all);
}

/* Four producers and four consumers over one slot: no wake-up is lost. */
static void storm_loses_no_wake_up(void)
{
    struct slot slot = {0};
    struct rn_waitgroup all = {0};
    int rounds = rn_check_rounds(500) + 5;

    rn_waitgroup_add(&all, 8);
    for (int i = 0; i < 4; i++) {
        rn_go(produce, (struct trader){&slot, rounds, &all});
        rn_go(consume, (struct trader){&slot, rounds, &all});
    }
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(slot.sum, (int64_t)4 * rounds * (rounds + 1) / 2);
}

RN_CHECK_MAIN(signal_wakes_one_in_order, broadcast_wakes_who_waits_now,
              signal_is_not_kept, newcomer_steals_no_signal, three_take_turns,
              deadline_ends_a_wait, context_ends_a_wait,
              racing_deadline_loses_no_signal, storm_loses_no_wake_up)
