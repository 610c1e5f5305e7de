/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet.h: drivers in a town, handed out so that none is given twice.
 *
 * A driver that was taken belongs to the taker alone, who changes it without a
 * lock until it is given back.
 */
#ifndef FLEET_H
#define FLEET_H

#include <runnel/runnel.h>

#define TOWN        1000 /* streets each way */
#define DRIVERS_MAX 100000

struct place {
    int x, y;
};

struct driver {
    bool free;         /* under the fleet's lock */
    struct place at;   /* its taker's, and under the lock while free */
    int64_t passenger; /* its taker's; 0: none */
    int64_t rides;     /* its taker's */
};

struct fleet {
    struct rn_semaphore idle; /* as many places as drivers are free */
    struct rn_mutex lock;
    int64_t count;
    struct driver drivers[DRIVERS_MAX];
};

/* All free, at places drawn from *chance. */
void fleet_open(struct fleet *fleet, int64_t count, uint64_t *chance);

/* Parks until a driver is free; NULL when the work is called off. */
struct driver *fleet_take_nearest(struct rn_ctx *ctx, struct fleet *fleet,
                                  struct place from);
void fleet_give_back(struct fleet *fleet, struct driver *driver);

struct place some_place(uint64_t *chance);
int64_t distance(struct place a, struct place b);

#endif
