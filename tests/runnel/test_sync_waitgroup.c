/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WaitGroup: waits for all, wakes all, can be used again, can give up waiting.
 */
#include "rn_check.h"

struct barrier {
    struct rn_waitgroup *first;
    struct rn_waitgroup *second;
    rn_sender(bool) passed;
};

static void meet_twice(struct barrier *own)
{
    rn_waitgroup_done(own->first);
    rn_waitgroup_wait(own->second);
    rn_send(own->passed, true);
}

/* A barrier of two groups for 16 goroutines, used 8 times over. */
static void groups_are_a_barrier_and_reusable(void)
{
    struct rn_waitgroup first = {0};
    struct rn_waitgroup second = {0};
    rn_chan(bool) passed = rn_chan_make(bool, 16);

    for (int round = 0; round < 8; round++) {
        rn_waitgroup_add(&first, 16);
        rn_waitgroup_add(&second, 16);
        for (int i = 0; i < 16; i++)
            rn_go(meet_twice,
                  (struct barrier){&first, &second, rn_send_end(passed)});
        rn_waitgroup_wait(&first);
        for (int i = 0; i < 16; i++) {
            CHECK_EQ_INT(rn_try_recv(passed, NULL), RN_AGAIN);
            rn_waitgroup_done(&second);
        }
        for (int i = 0; i < 16; i++)
            CHECK(rn_recv(passed, NULL));
    }
    rn_chan_free(passed);
}

struct racer {
    struct rn_waitgroup *group;
    _Atomic(int) *count;
};

static void count_and_say_done(struct racer *own)
{
    atomic_fetch_add(own->count, 1);
    rn_waitgroup_done(own->group);
}

/* Wait never returns early while two Dones race with it. */
static void wait_is_never_early(void)
{
    for (int i = 0; i < rn_check_rounds(5000); i++) {
        struct rn_waitgroup group = {0};
        _Atomic(int) count = 0;

        rn_waitgroup_add(&group, 1);
        rn_go(count_and_say_done, (struct racer){&group, &count});
        rn_waitgroup_add(&group, 1);
        rn_go(count_and_say_done, (struct racer){&group, &count});
        rn_waitgroup_wait(&group);
        CHECK_EQ_INT(atomic_load(&count), 2);
    }
}

static void wait_and_count(struct racer *own)
{
    rn_waitgroup_wait(own->group);
    atomic_fetch_add(own->count, 1);
}

/* Many waiters wait; all wake. */
static void all_waiters_wake(void)
{
    struct rn_waitgroup group = {0};
    _Atomic(int) woken = 0;

    rn_waitgroup_add(&group, 2);
    for (int i = 0; i < 100; i++)
        rn_go(wait_and_count, (struct racer){&group, &woken});
    rn_waitgroup_done(&group);
    rn_check_settle();
    CHECK_EQ_INT(atomic_load(&woken), 0);
    rn_waitgroup_add(&group, -1);
    while (rn_task_count() > 1)
        rn_yield();
    CHECK_EQ_INT(atomic_load(&woken), 100);
}

/* With nothing to wait for, nobody waits. */
static void empty_group_does_not_wait(void)
{
    struct rn_waitgroup group = {0};

    rn_waitgroup_wait(&group);
    CHECK_EQ_INT(rn_waitgroup_wait_until(0, &group), RN_OK);
    rn_waitgroup_add(&group, 5);
    rn_waitgroup_add(&group, -5);
    rn_waitgroup_wait(&group);
}

static void done_later(struct racer *own)
{
    rn_sleep(RN_MS);
    count_and_say_done(own);
}

/* wait_until gives up at the deadline, and later waits still work. */
static void deadline_ends_a_wait(void)
{
    struct rn_waitgroup group = {0};
    _Atomic(int) count = 0;
    int64_t deadline = rn_deadline(RN_MS);

    rn_waitgroup_add(&group, 1);
    CHECK_EQ_INT(rn_waitgroup_wait_until(0, &group), RN_TIMEOUT);
    CHECK_EQ_INT(rn_waitgroup_wait_until(deadline, &group), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    rn_go(done_later, (struct racer){&group, &count});
    CHECK_EQ_INT(rn_waitgroup_wait_until(rn_deadline(60 * RN_S), &group),
                 RN_OK);
    CHECK_EQ_INT(atomic_load(&count), 1);
}

struct item {
    _Alignas(64) char padding;
    int number;
    int *place;
};

static void fill_place(struct item *own)
{
    CHECK((uintptr_t)own % 64 == 0);
    rn_yield();
    *own->place = own->number;
}

/* rn_waitgroup_go counts before it starts: wait sees what each one did. */
static void go_counts_before_it_starts(void)
{
    for (int round = 0; round < rn_check_rounds(300); round++) {
        struct rn_waitgroup group = {0};
        int places[20] = {0};

        for (int i = 0; i < 20; i++)
            rn_waitgroup_go(
                &group, fill_place,
                (struct item){.number = i + 1, .place = &places[i]});
        rn_waitgroup_wait(&group);
        for (int i = 0; i < 20; i++)
            CHECK_EQ_INT(places[i], i + 1);
    }
}

/* A group need not be aligned beyond its type: anywhere in a struct. */
static void group_lies_anywhere_in_a_struct(void)
{
    struct {
        char first;
        struct rn_waitgroup group;
        char between;
        struct rn_waitgroup other;
    } places = {0};
    _Atomic(int) count = 0;

    rn_waitgroup_add(&places.group, 1);
    rn_waitgroup_add(&places.other, 1);
    rn_go(count_and_say_done, (struct racer){&places.group, &count});
    rn_go(count_and_say_done, (struct racer){&places.other, &count});
    rn_waitgroup_wait(&places.other);
    rn_waitgroup_wait(&places.group);
    CHECK_EQ_INT(atomic_load(&count), 2);
}

RN_CHECK_MAIN(groups_are_a_barrier_and_reusable, wait_is_never_early,
              all_waiters_wake, empty_group_does_not_wait, deadline_ends_a_wait,
              go_counts_before_it_starts, group_lies_anywhere_in_a_struct)
