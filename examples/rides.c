/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rides.c: a worker pool that hands out something there is little of.
 *
 * Workers take ride requests from one channel and give each the nearest driver
 * who is free. Look at take_nearest: a place in the channel `idle` is the right
 * to one driver, so a worker parks there while all are driving; which driver is
 * decided under the lock. From then on the driver belongs to that worker alone
 * and is changed without the lock: were one given twice, the race build would
 * say so, and `drive` would notice.
 *
 *     rides
 *     rides --requests 100000 --drivers 50 --unit-us 0
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/example.h"

#define TOWN 1000 /* streets each way */

static int64_t requests = 200;
static int64_t drivers = 12;
static int64_t workers = 8;
static int64_t unit_us = 20;

struct place {
    int x, y;
};

struct driver {
    bool free;         /* under fleet.lock */
    struct place at;   /* its worker's, and fleet.lock's while free */
    int64_t passenger; /* its worker's; 0: none */
    int64_t rides;     /* its worker's */
};

struct fleet {
    struct rn_mutex lock;
    struct driver *drivers;
    rn_chan(char) idle; /* as many values as drivers are free */
};

struct request {
    int64_t number; /* from 1 */
    struct place from, to;
};

struct worker {
    rn_receiver(struct request) requests;
    rn_sender(int64_t) done; /* how far the driver came from */
    struct fleet *fleet;
};

static int64_t distance(struct place a, struct place b)
{
    return abs(a.x - b.x) + abs(a.y - b.y);
}

/* Parks until a driver is free; NULL when the work is called off. */
static struct driver *take_nearest(struct rn_ctx *ctx, struct fleet *fleet,
                                   struct place from)
{
    struct driver *nearest = NULL;

    if (rn_recv_ctx(ctx, fleet->idle, NULL) != RN_OK)
        return NULL;
    rn_mutex_lock(&fleet->lock);
    for (int64_t i = 0; i < drivers; i++) {
        struct driver *driver = &fleet->drivers[i];
        if (driver->free && (!nearest || distance(driver->at, from) <
                                             distance(nearest->at, from)))
            nearest = driver;
    }
    nearest->free = false;
    rn_mutex_unlock(&fleet->lock);
    return nearest;
}

static void set_free(struct fleet *fleet, struct driver *driver)
{
    rn_mutex_lock(&fleet->lock);
    driver->free = true;
    rn_mutex_unlock(&fleet->lock);
    rn_send(fleet->idle, 0); /* has room for all */
}

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

static int work(struct rn_ctx *ctx, struct worker *own)
{
    struct request request;

    while (rn_recv_ctx(ctx, own->requests, &request) == RN_OK) {
        struct driver *driver = take_nearest(ctx, own->fleet, request.from);
        if (!driver)
            break;
        int64_t away = distance(driver->at, request.from);
        int status = drive(ctx, driver, &request);
        set_free(own->fleet, driver);
        if (status != RN_OK || rn_send_ctx(ctx, own->done, away) != RN_OK)
            break;
    }
    return RN_OK;
}

static int call(struct rn_ctx *ctx, rn_sender(struct request) *out)
{
    uint64_t state = 1;

    for (int64_t n = 1; n <= requests; n++) {
        uint64_t r = example_random(&state);
        struct request request = {
            n,
            {(int)(r % TOWN), (int)(r / 1000 % TOWN)},
            {(int)(r / 1000000 % TOWN), (int)(r / 1000000000 % TOWN)}};
        if (rn_send_ctx(ctx, *out, request) != RN_OK)
            break;
    }
    rn_close(*out);
    return RN_OK;
}

static void open_fleet(struct fleet *fleet)
{
    uint64_t state = 2;

    fleet->idle = rn_chan_make(char, (size_t)drivers);
    for (int64_t i = 0; i < drivers; i++) {
        uint64_t r = example_random(&state);
        fleet->drivers[i].at =
            (struct place){(int)(r % TOWN), (int)(r / 1000 % TOWN)};
        set_free(fleet, &fleet->drivers[i]);
    }
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct fleet fleet = {.drivers =
                              calloc((size_t)drivers, sizeof(struct driver))};
    if (!fleet.drivers) {
        example_error("not enough memory for %lld drivers", (long long)drivers);
        return 1;
    }
    open_fleet(&fleet);
    rn_chan(struct request) queue = rn_chan_make(struct request, 16);
    rn_chan(int64_t) done = rn_chan_make(int64_t, 16);
    struct rn_group *group = rn_group_make(ctx, 0);

    rn_group_go(group, call, rn_send_end(queue));
    for (int64_t i = 0; i < workers; i++)
        rn_group_go(
            group, work,
            (struct worker){rn_recv_end(queue), rn_send_end(done), &fleet});
    int64_t served = 0, way = 0, away, driven = 0;
    while (served < requests && rn_recv_ctx(ctx, done, &away) == RN_OK) {
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
    rn_chan_free(done);
    rn_chan_free(queue);
    rn_chan_free(fleet.idle);
    free(fleet.drivers);
    return served == requests && driven == requests ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"requests", "N", "rides asked for", .number = &requests, .min = 0,
         .max = 10000000},
        {"drivers", "N", "drivers in town", .number = &drivers, .min = 1,
         .max = 100000},
        {"workers", "N", "requests handled at once", .number = &workers,
         .min = 1, .max = 10000},
        {"unit-us", "US", "time from one street to the next",
         .number = &unit_us, .min = 0, .max = 1000000},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage = "[--requests N] [--drivers N]",
                          .about = "Gives each request the nearest driver.",
                          .options = options,
                          .run = run});
}
