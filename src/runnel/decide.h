/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h: the decisions of a simulated run, in the order they are made.
 *
 * Whatever a simulated run leaves open is settled by decide(): which of `count`
 * ways it goes. Somebody proposes one (schedule.h by the seed, a fault by its
 * rate); a list made from an earlier run, or a function that goes through all
 * of them, may say otherwise. Way 0 is always the plain one: go on, take the
 * oldest, no fault. So a run is its decisions, a list names only those that
 * are not 0, and to shorten a failure means to turn decisions into 0.
 *
 * Every decision goes into a log, which is in memory that a child process
 * shares with its parent: how a run that crashed had come there is known.
 *
 * One thread decides: there is no lock.
 */
#ifndef RUNNEL_DECIDE_H
#define RUNNEL_DECIDE_H

#include "base.h"

enum decision_kind {
    DECIDE_PREEMPT, /* 0: go on; n: the n-th runnable task goes first */
    DECIDE_NEXT,    /* which runnable task runs */
    DECIDE_CASE,    /* which ready case, where to begin */
    DECIDE_TIMER,   /* which of those due, and whether tasks run between */
    DECIDE_FAULT,   /* 1: the call fails */
    DECIDE_NET,     /* how many bytes, how long a delay */
    DECISION_KINDS
};

struct decision {
    uint32_t kind;
    uint32_t count; /* ways there were */
    uint32_t way;   /* the one taken */
    uint32_t who;   /* number of the goroutine that then runs, or ran */
};

/* A decision that a list fixes: the one with this number. */
struct forced {
    uint32_t at;
    uint32_t way;
};

/* Decisions that the log keeps; later ones are only counted. */
#define DECISIONS_KEPT 1000000u

/* For a new run. `list` (borrowed, ascending) is looked at when not NULL, then
 * `ask` when not NULL; otherwise every proposal is taken. */
struct decide_by {
    const struct forced *list;
    size_t list_count;
    uint32_t (*ask)(enum decision_kind kind, uint32_t count);
};
void decide_begin(const struct decide_by *by);

/* True when proposals are taken: somebody must draw one. */
bool decide_takes_proposals(void);

/* The way to go, of `count` > 0. */
uint32_t decide(enum decision_kind kind, uint32_t count, uint32_t proposal);

/* Who runs now, and when, for the hash; and whether the last decision said so. */
void decide_note(uint32_t who, int64_t now, bool decided);

/* Of this run: decisions so far, a hash of all of it, the first ones. */
struct decisions {
    uint64_t count;
    uint64_t hash;
};
const struct decisions *decisions_made(void);
/* At most DECISIONS_KEPT; NULL when there is no memory for them. */
const struct decision *decisions_log(void);

#endif
