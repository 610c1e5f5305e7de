/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_who.h: what a reader of a trace knows of each goroutine and foreign
 * thread at the moment it has come to.
 *
 * Open regions are a chain, innermost first, of places in one array. All memory
 * is mapped, grows twofold and goes at once; there is never more of it than
 * events.
 */
#ifndef RUNNEL_TRACE_WHO_H
#define RUNNEL_TRACE_WHO_H

#include "base.h"

enum who_state { WHO_UNKNOWN, WHO_READY, WHO_RUNS, WHO_WAITS, WHO_ENDED };

/* Regions of one goroutine that are shown within each other. */
#define WHO_DEPTH 32

struct who {
    uint64_t key;  /* a goroutine's id, or that of a thread; 0: a free place */
    uint64_t flow; /* the arrow that ends where it goes on; 0: none */
    uint32_t state;
    uint32_t depth;   /* open regions, with those beyond WHO_DEPTH */
    uint32_t regions; /* the innermost; 0: none */
};

/* A key that no goroutine has. */
static inline uint64_t who_thread(unsigned number)
{
    return UINT64_C(1) << 63 | number;
}

struct region {
    const char *name;
    uint32_t outer; /* 0: none */
};

struct whos {
    struct who *table; /* open addressing, at most half full */
    size_t places;
    size_t count;
    struct region *regions;
    uint32_t region_places;
    uint32_t region_count; /* from 1 */
    uint32_t free;         /* chain of those that are free */
};

/* All of these: NULL, or false, when memory is out. */
struct who *who_find(struct whos *all, uint64_t key);
bool who_push(struct whos *all, struct who *who, const char *name);
/* Takes the innermost out. */
void who_pop(struct whos *all, struct who *who);
/* From the innermost on; how many. */
size_t who_open(const struct whos *all, const struct who *who,
                const char *names[WHO_DEPTH]);
void who_drop(struct whos *all);

#endif
