/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutex: exclusion, try, deadline, and no waiter passed over for ever.
 */
#include "rn_check.h"

struct hammer {
    struct rn_mutex *mutex;
    int *count;
    _Atomic(int) *inside;
    int rounds;
    bool tries;
    struct rn_waitgroup *all;
};

static void take_lock(const struct hammer *hammer, int round)
{
    if (hammer->tries && round % 3 == 0) {
        while (!rn_mutex_try_lock(hammer->mutex))
            rn_yield();
        return;
    }
    rn_mutex_lock(hammer->mutex);
}

static void hammer_mutex(struct hammer *own)
{
    for (int i = 0; i < own->rounds; i++) {
        take_lock(own, i);
        CHECK_EQ_INT(atomic_fetch_add(own->inside, 1), 0);
        (*own->count)++;
        if (i % 7 == 0)
            rn_yield();
        CHECK_EQ_INT(atomic_fetch_sub(own->inside, 1), 1);
        rn_mutex_unlock(own->mutex);
    }
    rn_waitgroup_done(own->all);
}

/* Never two inside; the count they keep without atomics is exact. */
static void one_at_a_time(void)
{
    struct rn_mutex mutex = {0};
    struct rn_waitgroup all = {0};
    _Atomic(int) inside = 0;
    int count = 0;
    struct hammer hammer = {.mutex = &mutex,
                            .count = &count,
                            .inside = &inside,
                            .rounds = rn_check_rounds(2000) + 10,
                            .all = &all};

    rn_waitgroup_add(&all, 10);
    for (int i = 0; i < 10; i++) {
        hammer.tries = i % 2;
        rn_go(hammer_mutex, hammer);
    }
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(count, 10 * hammer.rounds);
    CHECK(rn_mutex_try_lock(&mutex));
    rn_mutex_unlock(&mutex);
}

/* try_lock fails on a held lock, takes a free one. */
static void try_lock_tells_the_truth(void)
{
    struct rn_mutex mutex = {0};

    CHECK(rn_mutex_try_lock(&mutex));
    CHECK(!rn_mutex_try_lock(&mutex));
    rn_mutex_unlock(&mutex);
    rn_mutex_lock(&mutex);
    CHECK(!rn_mutex_try_lock(&mutex));
    rn_mutex_unlock(&mutex);
    CHECK(rn_mutex_try_lock(&mutex));
    rn_mutex_unlock(&mutex);
}

static void unlock_it(struct rn_mutex **own)
{
    rn_mutex_unlock(*own);
}

/* One may lock and another unlock. */
static void another_may_unlock(void)
{
    struct rn_mutex mutex = {0};

    for (int i = 0; i < 10; i++) {
        rn_mutex_lock(&mutex);
        rn_go(unlock_it, &mutex);
        rn_mutex_lock(&mutex);
        rn_mutex_unlock(&mutex);
    }
    while (rn_task_count() > 1)
        rn_yield();
}

/* lock_until gives up at the deadline, and then neither holds nor waits. */
static void deadline_ends_a_lock(void)
{
    struct rn_mutex mutex = {0};
    int64_t deadline;

    CHECK_EQ_INT(rn_mutex_lock_until(0, &mutex), RN_OK);
    CHECK_EQ_INT(rn_mutex_lock_until(0, &mutex), RN_TIMEOUT);
    deadline = rn_deadline(RN_MS);
    CHECK_EQ_INT(rn_mutex_lock_until(deadline, &mutex), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    rn_mutex_unlock(&mutex);
    CHECK_EQ_INT(rn_mutex_lock_until(rn_deadline(RN_S), &mutex), RN_OK);
    rn_go(unlock_it, &mutex);
    CHECK_EQ_INT(rn_mutex_lock_until(RN_NEVER, &mutex), RN_OK);
    rn_mutex_unlock(&mutex);
    while (rn_task_count() > 1)
        rn_yield();
}

struct edge {
    struct rn_mutex *mutex;
    int64_t deadline;
    _Atomic(int) *inside;
    struct rn_waitgroup *all;
};

static void lock_at_the_edge(struct edge *own)
{
    if (rn_mutex_lock_until(own->deadline, own->mutex) == RN_OK) {
        CHECK_EQ_INT(atomic_fetch_add(own->inside, 1), 0);
        rn_yield();
        atomic_fetch_sub(own->inside, 1);
        rn_mutex_unlock(own->mutex);
    }
    rn_waitgroup_done(own->all);
}

/* Deadlines that race the hand-over lose no lock and double none. */
static void racing_deadlines_lose_no_lock(void)
{
    struct rn_mutex mutex = {0};
    _Atomic(int) inside = 0;

    for (int i = 0; i < rn_check_rounds(500); i++) {
        struct rn_waitgroup all = {0};
        int64_t deadline = rn_deadline(20 * RN_US);

        rn_mutex_lock(&mutex);
        rn_waitgroup_add(&all, 4);
        for (int k = 0; k < 4; k++)
            rn_go(lock_at_the_edge,
                  (struct edge){&mutex, deadline + k * RN_US, &inside, &all});
        rn_sleep_until(deadline);
        rn_mutex_unlock(&mutex);
        rn_waitgroup_wait(&all);
        CHECK(rn_mutex_try_lock(&mutex));
        rn_mutex_unlock(&mutex);
    }
}

struct hog {
    struct rn_mutex *mutex;
    _Atomic(bool) *stop;
    struct rn_waitgroup *all;
};

/* Holds the lock nearly always: takes it again at once. */
static void relock_at_once(struct hog *own)
{
    while (!atomic_load(own->stop)) {
        rn_mutex_lock(own->mutex);
        rn_sleep(100 * RN_US);
        rn_mutex_unlock(own->mutex);
    }
    rn_waitgroup_done(own->all);
}

/* Against one who re-locks at once, a waiter gets its turn, ten times. */
static void waiter_is_not_starved(void)
{
    struct rn_mutex mutex = {0};
    struct rn_waitgroup all = {0};
    _Atomic(bool) stop = false;

    rn_waitgroup_add(&all, 1);
    rn_go(relock_at_once, (struct hog){&mutex, &stop, &all});
    for (int i = 0; i < 10; i++) {
        int64_t from = rn_now();

        rn_sleep(100 * RN_US);
        rn_mutex_lock(&mutex);
        rn_mutex_unlock(&mutex);
        CHECK_MSG(rn_now() - from < 5 * RN_S, "waited for %lld ms",
                  (long long)((rn_now() - from) / RN_MS));
    }
    atomic_store(&stop, true);
    rn_waitgroup_wait(&all);
}

/* Many locks, each new, and all come to each at about the same time. */
enum { NEW_LOCKS = 64, VISITS = 8 };

struct visitor {
    struct rn_mutex *locks; /* NEW_LOCKS */
    int *counts;
    int number;
    struct rn_waitgroup *all;
};

static void visit_each(struct visitor *own)
{
    for (int i = 0; i < NEW_LOCKS * VISITS; i++) {
        int at = i / VISITS;

        rn_mutex_lock(&own->locks[at]);
        own->counts[at]++;
        if ((i + own->number) % 5 == 0)
            rn_yield(); /* the others queue */
        rn_mutex_unlock(&own->locks[at]);
    }
    rn_waitgroup_done(own->all);
}

/* The first who has to wait meets a holder who lets go lightly: none is lost. */
static void new_locks_are_fought_over(void)
{
    for (int round = 0; round < rn_check_rounds(200); round++) {
        struct rn_mutex locks[NEW_LOCKS] = {0};
        int counts[NEW_LOCKS] = {0};
        struct rn_waitgroup all = {0};

        rn_waitgroup_add(&all, 4);
        for (int i = 0; i < 4; i++)
            rn_go(visit_each, (struct visitor){locks, counts, i, &all});
        rn_waitgroup_wait(&all);
        for (int i = 0; i < NEW_LOCKS; i++)
            CHECK_EQ_INT(counts[i], 4 * VISITS);
    }
}

RN_CHECK_MAIN(one_at_a_time, try_lock_tells_the_truth, another_may_unlock,
              deadline_ends_a_lock, racing_deadlines_lose_no_lock,
              waiter_is_not_starved, new_locks_are_fought_over)
