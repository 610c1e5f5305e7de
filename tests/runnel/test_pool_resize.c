/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools change their size while they work: never more jobs at once than that.
 */
#include "rn_check.h"

/* Jobs that say when they run and wait to be told to end. */
struct shop {
    rn_chan(int) begun;
    rn_chan(char) may_end;
};

static int serve(struct rn_ctx *ctx, struct shop *shop, int *job)
{
    int status = rn_send_ctx(ctx, shop->begun, *job);

    return status < 0 ? status : rn_recv_ctx(ctx, shop->may_end, NULL);
}

static void open_shop(struct shop *shop, struct rn_group *group)
{
    shop->begun = rn_group_chan(group, int, 100);
    shop->may_end = rn_group_chan(group, char, 0);
}

static void wait_for_workers(struct rn_pool *pool, size_t count)
{
    while (rn_pool_workers(pool) != count)
        rn_sleep(RN_US);
}

/* More workers take more of the jobs that wait. */
static void grows(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 100);
    struct shop shop;
    struct rn_pool *pool;

    open_shop(&shop, group);
    pool = rn_pool_each(group, 1, jobs, serve, &shop);
    for (int i = 0; i < 20; i++)
        rn_send(jobs, i);
    rn_recv(shop.begun, NULL);
    rn_check_settle();
    CHECK_EQ_INT(rn_chan_len(shop.begun), 0);
    rn_pool_resize(pool, 4);
    CHECK_EQ_INT(rn_pool_workers(pool), 4);
    for (int i = 0; i < 3; i++)
        rn_recv(shop.begun, NULL);
    rn_check_settle();
    CHECK_EQ_INT(rn_chan_len(shop.begun), 0);
    rn_close(jobs);
    for (int i = 0; i < 20; i++)
        rn_send(shop.may_end, 0);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    rn_check_alone();
}

/* Workers without a job leave at once. */
static void idle_ones_leave_at_once(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 100);
    struct shop shop;
    struct rn_pool *pool;

    open_shop(&shop, group);
    pool = rn_pool_each(group, 8, jobs, serve, &shop);
    rn_check_settle();
    rn_pool_resize(pool, 2);
    for (int i = 0; i < 20; i++)
        rn_send(jobs, i);
    wait_for_workers(pool, 2);
    for (int i = 0; i < 2; i++)
        rn_recv(shop.begun, NULL);
    rn_check_settle();
    CHECK_EQ_INT(rn_chan_len(shop.begun), 0);
    rn_close(jobs);
    for (int i = 0; i < 20; i++)
        rn_send(shop.may_end, 0);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    rn_check_alone();
}

/* Busy ones leave after their job. */
static void busy_ones_finish_first(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 100);
    struct shop shop;
    struct rn_pool *pool;

    open_shop(&shop, group);
    pool = rn_pool_each(group, 6, jobs, serve, &shop);
    for (int i = 0; i < 30; i++)
        rn_send(jobs, i);
    for (int i = 0; i < 6; i++)
        rn_recv(shop.begun, NULL);
    rn_pool_resize(pool, 1);
    CHECK_EQ_INT(rn_pool_workers(pool), 6);
    for (int i = 0; i < 5; i++)
        rn_send(shop.may_end, 0);
    wait_for_workers(pool, 1);
    CHECK_EQ_INT(rn_chan_len(shop.begun), 0);
    rn_send(shop.may_end, 0);
    rn_recv(shop.begun, NULL);
    rn_check_settle();
    CHECK_EQ_INT(rn_chan_len(shop.begun), 0);
    rn_close(jobs);
    for (int i = 0; i < 24; i++)
        rn_send(shop.may_end, 0);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
}

static int pass(struct rn_ctx *ctx, void *state, int *job, int *out)
{
    CHECK(ctx && !state);
    if (rn_draw(4) == 0)
        rn_sleep(rn_draw(10) * RN_US);
    *out = *job;
    return RN_OK;
}

struct sizes {
    struct rn_pool *pool;
    int changes;
};

static int change_size(struct rn_ctx *ctx, struct sizes *own)
{
    for (int i = 0; i < own->changes && rn_ctx_err(ctx) == RN_OK; i++) {
        rn_pool_resize(own->pool, 1 + rn_draw(9));
        rn_sleep(rn_draw(10) * RN_US);
    }
    return RN_OK;
}

struct jobs {
    rn_sender(int) out;
    int count;
};

static int send_jobs(struct rn_ctx *ctx, struct jobs *own)
{
    int status = RN_OK;

    for (int i = 0; i < own->count && status == RN_OK; i++)
        status = rn_send_ctx(ctx, own->out, i);
    rn_close(own->out);
    return status;
}

/* Sizes that change all the time lose no job and no order. */
static void nothing_is_lost_meanwhile(void)
{
    const int total = rn_check_rounds(20000);

    for (int ordered = 0; ordered < 2; ordered++) {
        struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
        rn_chan(int) jobs = rn_group_chan(group, int, 4);
        rn_chan(int) results = rn_group_chan(group, int, 4);
        struct rn_pool *pool;
        long sum = 0;
        int last = -1;

        pool = ordered
                   ? rn_pool_map_ordered(group, 3, jobs, results, pass, NULL)
                   : rn_pool_map(group, 3, jobs, results, pass, NULL);
        rn_group_go(group, change_size, (struct sizes){pool, 50});
        rn_group_go(group, send_jobs, (struct jobs){rn_send_end(jobs), total});
        rn_range (int, result, results) {
            CHECK(!ordered || result == last + 1);
            last = result;
            sum += result;
        }
        CHECK_EQ_INT(rn_group_wait(group), RN_OK);
        CHECK_EQ_INT(sum, (long)total * (total - 1) / 2);
        rn_check_alone();
    }
}

/* A pool that has ended stays ended. */
static void ended_stays_ended(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 0);
    rn_chan(int) results = rn_group_chan(group, int, 0);
    struct rn_pool *pool = rn_pool_map(group, 2, jobs, results, pass, NULL);

    rn_close(jobs);
    CHECK(!rn_recv(results, NULL));
    rn_pool_resize(pool, 5);
    CHECK_EQ_INT(rn_pool_workers(pool), 0);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
}

/* Workers that wait in order and are sent away take no place with them. */
static void idle_ones_leave_no_gap(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) jobs = rn_group_chan(group, int, 0);
    rn_chan(int) results = rn_group_chan(group, int, 0);
    struct rn_pool *pool =
        rn_pool_map_ordered(group, 2, jobs, results, pass, NULL);

    for (int i = 0; i < 200; i++) {
        rn_check_settle();
        rn_pool_resize(pool, 1);
        wait_for_workers(pool, 1);
        rn_pool_resize(pool, 2);
    }
    for (int i = 0; i < 10; i++) {
        int result = -1;

        rn_send(jobs, i);
        CHECK(rn_recv(results, &result));
        CHECK_EQ_INT(result, i);
    }
    rn_close(jobs);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    rn_check_alone();
}

RN_CHECK_MAIN(grows, idle_ones_leave_at_once, busy_ones_finish_first,
              nothing_is_lost_meanwhile, idle_ones_leave_no_gap,
              ended_stays_ended)
