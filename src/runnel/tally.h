/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h: counts and sums by call stack, added to from anywhere, also from a
 * signal handler.
 *
 * Invariants:
 *
 *  1. Adding takes no lock and allocates nothing: an entry is written in memory
 *     that was set aside, published by one compare-and-swap, and never changed
 *     but for its two sums. What finds no room is counted in `lost`.
 *  2. Who adds says so in `inside` first and looks at `on` then; who shuts
 *     clears `on` first and looks at `inside` then. So after tally_shut nobody
 *     adds, and what is there may be thrown away.
 *  3. The memory stays from the first tally_open to tally_end, so whoever reads
 *     it in a copy of the process (copy.h) finds whole entries.
 */
#ifndef RUNNEL_TALLY_H
#define RUNNEL_TALLY_H

#include "base.h"

#define TALLY_FRAMES 64 /* of a stack, innermost first; deeper ones are cut */
#define TALLY_NAME   40 /* of a goroutine's name, its NUL included */

struct tally_key {
    const char *where; /* where the goroutine was created; NULL: none runs */
    uint32_t reason;   /* the adder's */
    uint32_t depth;    /* frames */
    char name[TALLY_NAME];
    void *frames[TALLY_FRAMES];
};

struct tally_entry {
    uint64_t hash;
    _Atomic(uint64_t) count;
    _Atomic(uint64_t) sum;
    struct tally_key key; /* of its frames only the first `depth` are there */
};

struct tally {
    _Atomic(bool) on;
    _Atomic(uint32_t) inside;
    _Atomic(uint64_t) lost;
    struct tally_room *room;
};

/* Empties it and lets add; not while it is open. RN_OK or RN_NOMEM. */
int tally_open(struct tally *tally);
/* Nobody adds from now on; what was added stays. */
void tally_shut(struct tally *tally);
/* Shuts it and gives its memory back. */
void tally_end(struct tally *tally);

/* The name is cut to fit, and the rest of it zeroed; NULL: none. */
void tally_set_name(struct tally_key *key, const char *name);

/* Adds to the sums of the key; nothing while it is shut. */
void tally_add(struct tally *tally, const struct tally_key *key, uint64_t count,
               uint64_t sum);

/* The next entry, from *at = 0 on; NULL: no more. */
const struct tally_entry *tally_next(const struct tally *tally, size_t *at);

#endif
