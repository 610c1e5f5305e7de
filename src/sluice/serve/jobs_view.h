/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs_view.h: to look at jobs, and to be told when they change.
 */
#ifndef SLUICE_JOBS_VIEW_H
#define SLUICE_JOBS_VIEW_H

#include <runnel/chan.h>

#include "serve/job.h"

/*
 * The callback runs under the lock and must not park. False when there is no
 * such job. jobs_visit_all: newest first, until it returns false; returns the
 * version that was seen.
 */
bool jobs_visit(struct jobs *jobs, const char *id,
                void (*visit)(void *arg, const struct job *job), void *arg);
uint64_t jobs_visit_all(struct jobs *jobs,
                        bool (*visit)(void *arg, const struct job *job),
                        void *arg);
/*
 * Those that changed after the version `since`, at most `max`, in the order of
 * their changes. Returns the version up to which all were seen; *more: there
 * are others behind it. A version that is still to come is as none.
 */
uint64_t jobs_visit_changed(struct jobs *jobs, uint64_t since, size_t max,
                            void (*visit)(void *arg, const struct job *job),
                            void *arg, bool *more);

/*
 * A watch is kicked when the job changes (NULL: when any does): a value waits
 * on its channel. One goroutine uses it. False: there is no such job.
 */
struct jobs_watch {
    rn_chan(int) kick;
    bool ends; /* set before: kicked only when it is live no more */
    /* jobs_internal.h's own. */
    struct job *only;
    bool gone;
    struct jobs_watch *next;
};
bool jobs_watch(struct jobs *jobs, struct jobs_watch *watch, const char *id);
void jobs_unwatch(struct jobs *jobs, struct jobs_watch *watch);

/* How often jobs were removed: a number that only tells whether some were. */
uint64_t jobs_removals(struct jobs *jobs);

/* The first is the default. Borrowed. */
const struct job_target *jobs_targets(const struct jobs *jobs, size_t *count);

/*
 * What costs as much as an import and is none: previews and reports. Whoever
 * makes one has a place; RN_TIMEOUT when none becomes free in a while. Parks.
 */
int jobs_look_begin(struct jobs *jobs);
void jobs_look_end(struct jobs *jobs);
/* How long a preview may take. */
int64_t jobs_look_ns(const struct jobs *jobs);

/* Where a job's rejected rows are; owned, NULL when memory is out. */
char *jobs_rejects_path(const struct jobs *jobs, const char *id);

#endif
