/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_who.c: a hash table, and an array with a chain of free places.
 */
#include "trace_who.h"

#include <string.h>

#include "os.h"

#define PLACES_FIRST 1024

static struct who *place_of(struct who *table, size_t places, uint64_t key)
{
    size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
    while (table[at & (places - 1)].key != 0 &&
           table[at & (places - 1)].key != key)
        at++;
    return &table[at & (places - 1)];
}

static bool grow_table(struct whos *all)
{
    size_t places = all->places ? 2 * all->places : PLACES_FIRST;
    struct who *table = os_map(places * sizeof(*table));
    if (!table)
        return false;
    for (size_t i = 0; i < all->places; i++)
        if (all->table[i].key != 0)
            *place_of(table, places, all->table[i].key) = all->table[i];
    if (all->table)
        os_unmap(all->table, all->places * sizeof(*table));
    all->table = table;
    all->places = places;
    return true;
}

struct who *who_find(struct whos *all, uint64_t key)
{
    if (2 * all->count >= all->places && !grow_table(all))
        return NULL;
    struct who *who = place_of(all->table, all->places, key);
    all->count += who->key == 0;
    who->key = key;
    return who;
}

static bool grow_regions(struct whos *all)
{
    uint32_t places = all->regions ? 2 * all->region_places : PLACES_FIRST;
    struct region *regions = os_map(places * sizeof(*regions));
    if (!regions)
        return false;
    if (all->regions) {
        memcpy(regions, all->regions, all->region_places * sizeof(*regions));
        os_unmap(all->regions, all->region_places * sizeof(*regions));
    }
    all->regions = regions;
    all->region_places = places;
    return true;
}

bool who_push(struct whos *all, struct who *who, const char *name)
{
    uint32_t place = all->free;
    if (who->depth++ >= WHO_DEPTH)
        return true;
    if (place != 0) {
        all->free = all->regions[place].outer;
    } else {
        if (all->region_count + 1 >= all->region_places && !grow_regions(all))
            return false;
        place = ++all->region_count;
    }
    all->regions[place] = (struct region){name, who->regions};
    who->regions = place;
    return true;
}

void who_pop(struct whos *all, struct who *who)
{
    uint32_t place = who->regions;
    if (who->depth-- > WHO_DEPTH)
        return;
    who->regions = all->regions[place].outer;
    all->regions[place].outer = all->free;
    all->free = place;
}

size_t who_open(const struct whos *all, const struct who *who,
                const char *names[WHO_DEPTH])
{
    size_t count = 0;
    for (uint32_t at = who->regions; at != 0; at = all->regions[at].outer)
        names[count++] = all->regions[at].name;
    return count;
}

void who_drop(struct whos *all)
{
    if (all->table)
        os_unmap(all->table, all->places * sizeof(*all->table));
    if (all->regions)
        os_unmap(all->regions, all->region_places * sizeof(*all->regions));
    *all = (struct whos){0};
}
