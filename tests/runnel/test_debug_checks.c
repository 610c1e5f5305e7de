/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A build with -Dchecks=true finds mistakes of the runtime itself: planted ones,
 * on locks, tasks and queues of the test's own. In other builds nobody looks,
 * and the cases are skipped.
 */
#include "rn_death.h"

#include "../../src/runnel/sched.h"
#include "../../src/runnel/waitq.h"

#ifdef RN_CHECKS

static lock_word locks[2];

/* Each class before the one above it is right, all of them at once. */
static void in_order(void)
{
    lock_word all[LOCK_SCHED + 1] = {0};

    for (int class = 0; class <= LOCK_SCHED; class ++)
        if (class != LOCK_PRIMITIVE && class != LOCK_DESCRIPTOR)
            lock_acquire_as((enum lock_class) class, &all[class]);
    CHECK_EQ_INT(lock_held(), LOCK_SCHED - 1);
    for (int class = 0; class <= LOCK_SCHED; class ++)
        if (class != LOCK_PRIMITIVE && class != LOCK_DESCRIPTOR)
            lock_release(&all[class]);
    CHECK_EQ_INT(lock_held(), 0);
    lock_acquire_as(LOCK_CHANNEL, &locks[0]);
    lock_acquire_as(LOCK_CHANNEL, &locks[1]);
    lock_release(&locks[0]);
    lock_release(&locks[1]);
}

/* A channel after a timer queue: both are named. */
static void class_before_its_turn(void)
{
    lock_acquire_as(LOCK_TIMERQ, &locks[0]);
    lock_acquire_as(LOCK_CHANNEL, &locks[1]);
}

/* Two channels, the higher address first. */
static void channels_against_their_addresses(void)
{
    lock_acquire_as(LOCK_CHANNEL, &locks[1]);
    lock_acquire_as(LOCK_CHANNEL, &locks[0]);
}

/* A lock that the thread holds already would wait for itself. */
static void same_lock_again(void)
{
    lock_acquire_as(LOCK_TOKEN, &locks[0]);
    lock_acquire_as(LOCK_TOKEN, &locks[0]);
}

/* Two primitives never hold each other's guard. */
static void two_primitives(void)
{
    lock_acquire_as(LOCK_PRIMITIVE, &locks[0]);
    lock_acquire_as(LOCK_CHANNEL, &locks[1]);
}

/* A lock that its thread does not hold. */
static void release_without_a_lock(void)
{
    lock_release(&locks[0]);
}

/* A goroutine that parks while a lock is held, which nobody releases for it. */
static void parked_with_a_lock(void)
{
    lock_acquire_as(LOCK_LEAF, &locks[0]);
    rn_sleep(RN_MS);
}

/* A task that does not wait is made ready. */
static void ready_without_a_wait(void)
{
    static struct task ended = {.state = TASK_DEAD};

    sched_ready(&ended);
}

/* A record that is put into the queue of waiters a second time. */
static void queued_twice(void)
{
    static struct rn_waiter_ records[2];
    struct rn_waiter_ *first = NULL;
    struct rn_waiter_ *last = NULL;
    struct waitq q = {&first, &last};

    waitq_push_back(q, &records[0]);
    waitq_push_back(q, &records[1]);
    waitq_push_front(q, &records[1]);
}

static const struct rn_death deaths[] = {
    {"ready_without_a_wait",
     ready_without_a_wait,
     2,
     {"sched.c:", "may_move(", "does not hold", "goroutine 1 [running]: main"}},
    {"queued_twice",
     queued_twice,
     2,
     {"waitq.c:", "waitq_check(q) does not hold"}},
    {"in_order", in_order, 0, {NULL}},
    {"class_before_its_turn",
     class_before_its_turn,
     2,
     {"lock order: the lock of a channel is taken while that of a timer queue "
      "is held",
      "goroutine 1 [running]: main"}},
    {"channels_against_their_addresses",
     channels_against_their_addresses,
     2,
     {"the lock of a channel is taken while that of a channel is held"}},
    {"same_lock_again",
     same_lock_again,
     2,
     {"of a cancel token is taken while that of a cancel token is held"}},
    {"two_primitives",
     two_primitives,
     2,
     {"of a channel is taken while that of a primitive of sync.h is held"}},
    {"release_without_a_lock",
     release_without_a_lock,
     2,
     {"a lock is released that its thread does not hold"}},
    {"parked_with_a_lock",
     parked_with_a_lock,
     2,
     {"is taken while that of a leaf is held"}},
};

RN_DEATH_MAIN(deaths)

#else

int main(void)
{
    printf("1..0 # SKIP built without -Dchecks=true\n");
    return 0;
}

#endif
