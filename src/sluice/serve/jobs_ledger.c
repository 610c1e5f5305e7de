/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs_ledger.c: lines of ledgers that nobody will read again.
 *
 * An import drops its own when it has succeeded, and often nothing is left to
 * do. What it could not drop, because the program or the database ended first,
 * and what imports leave that are removed, is owed: the store knows it
 * (store_lines_dropped), and so does a list for each target here. It is tried
 * at the start, when something is added, and when an import into that target
 * has succeeded, since its database answers then. One at a time tries.
 */
#include <stdlib.h>
#include <string.h>

#include <runnel/runnel.h>

#include "serve/jobs_internal.h"

/* For a database to forget imports; each is a DELETE by key. */
#define FORGET_PATIENCE (5 * RN_S)

/* What is taken to the database at once. */
#define BATCH 64

struct lines {
    struct lines *next;
    char id[JOB_ID_SIZE];
};

void jobs_owe_lines(struct jobs *jobs, const char *id, size_t place)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    if (!lines)
        return; /* the next start finds them in the store */
    strcpy(lines->id, id);
    lines->next = jobs->places[place].owed;
    jobs->places[place].owed = lines;
}

struct payment {
    struct jobs *jobs;
    struct place *place;
};

/* Under the lock: the first of those that are owed, out of the list. */
static size_t take_some(struct place *place, struct lines *some[BATCH])
{
    size_t count = 0;
    while (place->owed && count < BATCH) {
        some[count++] = place->owed;
        place->owed = place->owed->next;
    }
    return count;
}

/* How many of them were dropped, from the first. */
static size_t drop(struct jobs *jobs, const struct place *place,
                   struct lines *const some[BATCH], size_t count)
{
    struct issue why;
    size_t done;
    const char *names[BATCH];
    for (size_t i = 0; i < count; i++)
        names[i] = some[i]->id;
    struct rn_ctx *ctx =
        rn_ctx_with_timeout(rn_ctx_background(), FORGET_PATIENCE);
    import_forget(ctx, place->target.dsn, names, count, &done, &why);
    rn_ctx_release(ctx);
    for (size_t i = 0; i < done; i++)
        store_lines_dropped(jobs->store, names[i]);
    return done;
}

/* Until nothing is owed, or the database does not answer. */
static void pay(struct payment *own)
{
    struct jobs *jobs = own->jobs;
    struct place *place = own->place;
    struct lines *some[BATCH];
    size_t count = 0;
    size_t done = 0;
    do {
        jobs_lock(jobs);
        for (size_t i = done; i < count; i++) { /* those that were not */
            some[i]->next = place->owed;
            place->owed = some[i];
        }
        bool failed = done < count;
        count = failed ? 0 : take_some(place, some);
        place->paying = count > 0;
        jobs_unlock(jobs);
        done = count > 0 ? drop(jobs, place, some, count) : 0;
        for (size_t i = 0; i < done; i++)
            free(some[i]);
    } while (count > 0);
    rn_waitgroup_done(&jobs->runners);
}

void jobs_pay_lines(struct jobs *jobs, size_t index)
{
    static const struct rn_task_options options = {.name = "ledger",
                                                   .stack_size = JOBS_STACK};
    struct place *place = &jobs->places[index];
    if (!place->owed || place->paying)
        return;
    place->paying = true;
    rn_waitgroup_add(&jobs->runners, 1);
    rn_go_with(&options, pay, (struct payment){jobs, place});
}

void jobs_forget_lines(struct place *place)
{
    while (place->owed) {
        struct lines *lines = place->owed;
        place->owed = lines->next;
        free(lines);
    }
}
