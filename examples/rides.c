/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rides.c: a worker pool that hands out something there is little of.
 *
 * Workers take ride requests from one channel and give each the nearest driver
 * who is free (fleet.h); when all are driving, a worker parks until one comes
 * back. Look at serve and drive: from take to give back the driver belongs to
 * that worker alone and is changed without a lock. Were one given twice, the
 * race build would say so, and `drive` would notice.
 *
 *     rides
 *     rides --requests 100000 --drivers 50 --unit-us 0
 */
#include <stdio.h>

#include "common/example.h"
#include "fleet.h"

static int64_t requests = 200, drivers = 12, workers = 8, unit_us = 20;

static struct fleet fleet;

struct request {
    int64_t number; /* from 1 */
    struct place from, to;
};

static int drive(struct rn_ctx *ctx, struct driver *driver,
                 const struct request *request)
{
    int64_t way = distance(request->from, request->to);

    if (driver->passenger != 0)
        rn_panic("a driver was given to requests %lld and %lld",
                 (long long)driver->passenger, (long long)request->number);
    driver->passenger = request->number;
    int status = unit_us > 0 ? example_sleep(ctx, way * unit_us * RN_US)
                             : rn_ctx_err(ctx);
    driver->at = request->to;
    driver->rides++;
    driver->passenger = 0;
    return status;
}

/* A request, and how far its driver came from. */
static int serve(struct rn_ctx *ctx, void *state, struct request *request,
                 int64_t *away)
{
    struct driver *driver = fleet_take_nearest(ctx, &fleet, request->from);
    (void)state;

    if (!driver)
        return rn_ctx_err(ctx);
    *away = distance(driver->at, request->from);
    int status = drive(ctx, driver, request);
    fleet_give_back(&fleet, driver);
    return status;
}

struct caller {
    uint64_t chance;
    int64_t called;
};

static int call(struct rn_ctx *ctx, struct caller *own, struct request *next)
{
    (void)ctx;
    if (own->called == requests)
        return RN_CLOSED;
    next->number = ++own->called;
    next->from = some_place(&own->chance);
    next->to = some_place(&own->chance);
    return RN_OK;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(struct request) queue = rn_group_chan(group, struct request, 16);
    rn_chan(int64_t) done = rn_group_chan(group, int64_t, 16);
    struct caller caller = {.chance = 1};
    uint64_t chance = 2;
    int64_t served = 0, way = 0, driven = 0;
    (void)argc;
    (void)argv;

    fleet_open(&fleet, drivers, &chance);
    rn_source(group, queue, call, &caller);
    rn_pool_map(group, (size_t)workers, queue, done, serve, NULL);
    rn_range (int64_t, away, done) {
        served++;
        way += away;
    }
    rn_group_wait(group);
    for (int64_t i = 0; i < drivers; i++)
        driven += fleet.drivers[i].rides;
    printf("%lld of %lld requests served by %lld drivers, each %lld streets "
           "away on average\n",
           (long long)served, (long long)requests, (long long)drivers,
           (long long)(served > 0 ? way / served : 0));
    return served == requests && driven == requests ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"requests", "N", "rides asked for", .number = &requests, 0, 10000000},
        {"drivers", "N", "drivers in town", .number = &drivers, 1, DRIVERS_MAX},
        {"workers", "N", "requests handled at once", .number = &workers, 1,
         10000},
        {"unit-us", "US", "time from one street to the next",
         .number = &unit_us, 0, 1000000},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage = "[--requests N] [--drivers N]",
                          .about = "Gives each request the nearest driver.",
                          .options = options,
                          .run = run});
}
