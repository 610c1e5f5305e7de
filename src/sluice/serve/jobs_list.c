/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs_list.c: the list of jobs: found, changed, looked at, taken out.
 */
#include <string.h>

#include <runnel/runnel.h>

#include "serve/jobs_internal.h"

void jobs_lock(struct jobs *jobs)
{
    rn_mutex_lock(&jobs->lock);
}

void jobs_unlock(struct jobs *jobs)
{
    rn_mutex_unlock(&jobs->lock);
}

/* At the end of those that changed: nothing has a later version. */
static void append_changed(struct jobs *jobs, struct job *job)
{
    job->version = ++jobs->version;
    job->changed_after = NULL;
    job->changed_before = jobs->changed_last;
    if (jobs->changed_last)
        jobs->changed_last->changed_after = job;
    else
        jobs->changed_first = job;
    jobs->changed_last = job;
}

static void remove_changed(struct jobs *jobs, struct job *job)
{
    if (job->changed_before)
        job->changed_before->changed_after = job->changed_after;
    else
        jobs->changed_first = job->changed_after;
    if (job->changed_after)
        job->changed_after->changed_before = job->changed_before;
    else
        jobs->changed_last = job->changed_before;
}

void jobs_insert(struct jobs *jobs, struct job *job)
{
    struct job **at = &jobs->newest;
    while (*at && (*at)->made > job->made)
        at = &(*at)->next;
    job->next = *at;
    *at = job;
    append_changed(jobs, job);
}

void jobs_changed(struct jobs *jobs, struct job *job)
{
    remove_changed(jobs, job);
    append_changed(jobs, job);
    for (struct jobs_watch *w = jobs->watches; w; w = w->next) {
        if (w->only &&
            (w->only != job || (w->ends && job_state_is_live(job->state))))
            continue;
        rn_try_send(w->kick, 1);
    }
}

struct job *jobs_find(const struct jobs *jobs, const char *id)
{
    struct job *job = jobs->newest;
    while (job && strcmp(job->id, id) != 0)
        job = job->next;
    return job;
}

void jobs_unlink(struct jobs *jobs, struct job *job)
{
    struct job **at = &jobs->newest;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    remove_changed(jobs, job);
    jobs->removals++;
    for (struct jobs_watch *w = jobs->watches; w; w = w->next) {
        if (w->only && w->only != job)
            continue;
        w->gone = w->only == job;
        rn_try_send(w->kick, 1);
    }
}

bool jobs_visit(struct jobs *jobs, const char *id,
                void (*visit)(void *arg, const struct job *job), void *arg)
{
    jobs_lock(jobs);
    const struct job *job = jobs_find(jobs, id);
    if (job)
        visit(arg, job);
    jobs_unlock(jobs);
    return job != NULL;
}

uint64_t jobs_visit_all(struct jobs *jobs,
                        bool (*visit)(void *arg, const struct job *job),
                        void *arg)
{
    jobs_lock(jobs);
    uint64_t version = jobs->version;
    const struct job *job = jobs->newest;
    while (job && visit(arg, job))
        job = job->next;
    jobs_unlock(jobs);
    return version;
}

/* Under the lock: the first to have changed after `since`. */
static const struct job *changed_since(const struct jobs *jobs, uint64_t since)
{
    /* Nobody has seen what is still to come: it is another state's. */
    if (since == 0 || since > jobs->version)
        return jobs->changed_first;
    const struct job *first = NULL;
    for (const struct job *job = jobs->changed_last;
         job && job->version > since; job = job->changed_before)
        first = job;
    return first;
}

uint64_t jobs_visit_changed(struct jobs *jobs, uint64_t since, size_t max,
                            void (*visit)(void *arg, const struct job *job),
                            void *arg, bool *more)
{
    jobs_lock(jobs);
    uint64_t seen = since;
    const struct job *job = changed_since(jobs, since);
    for (; job && max > 0; job = job->changed_after, max--) {
        visit(arg, job);
        seen = job->version;
    }
    if (!job)
        seen = jobs->version;
    *more = job != NULL;
    jobs_unlock(jobs);
    return seen;
}

uint64_t jobs_removals(struct jobs *jobs)
{
    jobs_lock(jobs);
    uint64_t removals = jobs->removals;
    jobs_unlock(jobs);
    return removals;
}
