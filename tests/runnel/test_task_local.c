/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutine-local values: each has its own, and they end with it.
 */
#include <pthread.h>

#include "rn_check.h"

struct log {
    int order[8];
    int count;
};

struct logged {
    struct log *log;
    int number;
};

static void write_log(void *value)
{
    const struct logged *logged = value;

    logged->log->order[logged->log->count++] = logged->number;
}

static rn_key(int) number_key;
static rn_key(int) other_key;
static rn_key(struct logged) first_key = {.drop = write_log};
static rn_key(struct logged) second_key = {.drop = write_log};

static void use_own_value(int *own)
{
    CHECK(!rn_local_get(&number_key));
    rn_local_set(&number_key, own);
    for (int i = 0; i < 10; i++) {
        rn_yield();
        CHECK(rn_local_get(&number_key) == own);
    }
}

/* Each goroutine has its own value, wherever it wakes; at first none. */
static void each_has_its_own(void)
{
    struct rn_waitgroup all = {0};
    int number = -1;

    rn_local_set(&number_key, &number);
    for (int i = 0; i < 50; i++)
        rn_waitgroup_go(&all, use_own_value, i);
    rn_waitgroup_wait(&all);
    CHECK(rn_local_get(&number_key) == &number);
    rn_local_clear(&number_key);
    CHECK(!rn_local_get(&number_key));
}

/* Different keys hold different values; setting one anew leaves the other. */
static void keys_are_apart(void)
{
    int numbers[3];

    rn_local_set(&number_key, &numbers[0]);
    rn_local_set(&other_key, &numbers[1]);
    CHECK(rn_local_get(&number_key) == &numbers[0]);
    rn_local_set(&number_key, &numbers[2]);
    CHECK(rn_local_get(&number_key) == &numbers[2]);
    CHECK(rn_local_get(&other_key) == &numbers[1]);
    rn_local_clear(&number_key);
    rn_local_clear(&number_key);
    CHECK(rn_local_get(&other_key) == &numbers[1]);
    rn_local_clear(&other_key);
}

static void set_two(struct logged *own)
{
    struct logged second = {own->log, own->number + 1};

    rn_local_set(&first_key, own);
    rn_local_set(&second_key, &second);
    rn_yield();
    CHECK_EQ_INT(own->log->count, 0);
    rn_local_clear(&second_key);
    CHECK_EQ_INT(own->log->count, 1);
}

/* The end of a goroutine drops what it had; whoever waited for it sees that. */
static void end_drops_the_values(void)
{
    struct log log = {0};
    struct rn_waitgroup all = {0};

    rn_waitgroup_go(&all, set_two, (struct logged){&log, 1});
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(log.count, 2);
    CHECK_EQ_INT(log.order[0], 2);
    CHECK_EQ_INT(log.order[1], 1);
}

static int set_in_group(struct rn_ctx *ctx, struct logged *own)
{
    (void)ctx;
    rn_local_set(&first_key, own);
    rn_local_set(&second_key, own);
    return 0;
}

static int set_and_return(struct logged *own)
{
    return set_in_group(NULL, own);
}

/* Groups and joins wait for that too. */
static void waits_include_the_drop(void)
{
    struct log log = {0};
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);

    rn_group_go(group, set_in_group, (struct logged){&log, 1});
    rn_group_wait(group);
    CHECK_EQ_INT(log.count, 2);
    rn_join(rn_spawn(set_and_return, (struct logged){&log, 2}));
    CHECK_EQ_INT(log.count, 4);
}

/* Setting anew drops the value before, setting the same one does not. */
static void setting_anew_drops(void)
{
    struct log log = {0};
    struct logged first = {&log, 1};
    struct logged second = {&log, 2};

    rn_local_set(&first_key, &first);
    rn_local_set(&first_key, &first);
    CHECK_EQ_INT(log.count, 0);
    rn_local_set(&first_key, &second);
    CHECK_EQ_INT(log.count, 1);
    CHECK_EQ_INT(log.order[0], 1);
    rn_local_clear(&first_key);
    CHECK_EQ_INT(log.count, 2);
}

static void set_again(void *value)
{
    struct logged *logged = value;

    write_log(logged);
    if (logged->number++ < 3)
        rn_local_set(&second_key, logged);
}

static rn_key(struct logged) stubborn_key = {.drop = set_again};

static void be_stubborn(struct logged *own)
{
    rn_local_set(&stubborn_key, own);
}

/* A value that is set while others are dropped is dropped as well. */
static void set_while_dropping_is_dropped(void)
{
    struct log log = {0};
    struct rn_waitgroup all = {0};

    rn_waitgroup_go(&all, be_stubborn, (struct logged){&log, 1});
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(log.count, 2);
}

static void *read_in_thread(void *arg)
{
    CHECK(!rn_local_get(&number_key));
    return arg;
}

/* A foreign thread has no values. */
static void thread_has_none(void)
{
    pthread_t thread;
    int number = 1;

    if (rn_check_simulated())
        return; /* threads are not simulated */
    rn_local_set(&number_key, &number);
    CHECK_EQ_INT(pthread_create(&thread, NULL, read_in_thread, NULL), 0);
    pthread_join(thread, NULL);
    rn_local_clear(&number_key);
}

RN_CHECK_MAIN(each_has_its_own, keys_are_apart, end_drops_the_values,
              waits_include_the_drop, setting_anew_drops,
              set_while_dropping_is_dropped, thread_has_none)
