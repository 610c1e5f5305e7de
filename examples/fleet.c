/* SPDX-License-Identifier: Apache-2.0 */
/* fleet.c: whether a driver is free says a semaphore, which one, the lock. */
#include "fleet.h"

#include <stdlib.h>

#include "common/example.h"

struct place some_place(uint64_t *chance)
{
    uint64_t r = example_random(chance);

    return (struct place){(int)(r % TOWN), (int)(r / TOWN % TOWN)};
}

int64_t distance(struct place a, struct place b)
{
    return abs(a.x - b.x) + abs(a.y - b.y);
}

void fleet_open(struct fleet *fleet, int64_t count, uint64_t *chance)
{
    fleet->idle = (struct rn_semaphore)RN_SEMAPHORE(count);
    fleet->count = count;
    for (int64_t i = 0; i < count; i++)
        fleet->drivers[i] =
            (struct driver){.free = true, .at = some_place(chance)};
}

struct driver *fleet_take_nearest(struct rn_ctx *ctx, struct fleet *fleet,
                                  struct place from)
{
    struct driver *nearest = NULL;

    if (rn_semaphore_acquire_ctx(ctx, &fleet->idle, 1) != RN_OK)
        return NULL;
    rn_mutex_lock(&fleet->lock);
    for (int64_t i = 0; i < fleet->count; i++) {
        struct driver *driver = &fleet->drivers[i];
        if (driver->free && (!nearest || distance(driver->at, from) <
                                             distance(nearest->at, from)))
            nearest = driver;
    }
    nearest->free = false; /* there is one: the semaphore says so */
    rn_mutex_unlock(&fleet->lock);
    return nearest;
}

void fleet_give_back(struct fleet *fleet, struct driver *driver)
{
    rn_mutex_lock(&fleet->lock);
    driver->free = true;
    rn_mutex_unlock(&fleet->lock);
    rn_semaphore_release(&fleet->idle, 1);
}
