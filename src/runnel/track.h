/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track.h: what was made and not given back, when somebody wants to know.
 *
 * Beside the objects, not in them: a program that does not ask pays a load and
 * a branch for each.
 */
#ifndef RUNNEL_TRACK_H
#define RUNNEL_TRACK_H

#include "base.h"

enum track_kind { TRACK_CONTEXT, TRACK_CHANNEL, TRACK_TIMER, TRACK_KINDS };

struct tracked {
    void *object; /* NULL: a free place */
    enum track_kind kind;
    const char *where; /* made there, or NULL */
};

/* Written before the workers start, read by all. */
extern bool track_is_on;

void track_begin(void);
/* Forgets all. */
void track_end(void);

void track_add_now(enum track_kind kind, void *object, const char *where);
void track_place_now(void *object, const char *where);
void track_remove_now(void *object);

static inline void track_add(enum track_kind kind, void *object,
                             const char *where)
{
    if (unlikely(track_is_on))
        track_add_now(kind, object, where);
}

/* Where it was made, for one that was added without. */
static inline void track_place(void *object, const char *where)
{
    if (unlikely(track_is_on))
        track_place_now(object, where);
}

/* One that was never added is no mistake. */
static inline void track_remove(void *object)
{
    if (unlikely(track_is_on))
        track_remove_now(object);
}

/* The bounds of the table; without the lock. */
void track_table(uintptr_t *low, uintptr_t *high);
/* Calls for each, in no order, under the lock. */
void track_each(void (*visit)(const struct tracked *t, void *arg), void *arg);

#endif
