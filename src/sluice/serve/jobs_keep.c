/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs_keep.c: which jobs are remembered, and what goes with one that is not.
 *
 * The last that ended are kept (jobs_options), and those that somebody has yet
 * to learn of. A job that is removed takes its record, its upload, its rejected
 * rows, and its lines in the target's ledger with it.
 */
#include <stdlib.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "serve/jobs_internal.h"

/* A large file takes the file system a while. */
static void unlink_path(void *arg)
{
    char **path = arg;
    unlink(*path);
}

static void remove_file(char *path)
{
    if (path)
        rn_block(unlink_path, &path);
    free(path);
}

void jobs_remove_upload(struct jobs *jobs, struct job *job)
{
    remove_file(jobs_upload_path(jobs, job));
    upload_spool_release(&jobs->spool, job->spooled);
    job->spooled = 0;
}

/* Somebody has yet to learn how it ended. */
static bool is_watched(const struct jobs *jobs, const struct job *job)
{
    const struct jobs_watch *w = jobs->watches;
    while (w && w->only != job)
        w = w->next;
    return w || job->awaited;
}

/* Records of older programs have times alone. */
static int64_t time_of_end(const struct job *job)
{
    if (job->ended_ms != 0)
        return job->ended_ms;
    return job->started_ms != 0 ? job->started_ms : job->created_ms;
}

static bool ended_before(const struct job *a, const struct job *b)
{
    if (a->ended != b->ended)
        return a->ended < b->ended;
    if (time_of_end(a) != time_of_end(b))
        return time_of_end(a) < time_of_end(b);
    return a->version < b->version;
}

static bool has_ended(const struct job *job)
{
    return !job_state_is_live(job->state) && !job->busy;
}

/* The first to have ended, unlinked, when enough have ended after it. */
static struct job *oldest_beyond(struct jobs *jobs)
{
    struct job *oldest = NULL;
    size_t later = 0;
    for (struct job *job = jobs->newest; job; job = job->next)
        if (has_ended(job) && !is_watched(jobs, job) &&
            (!oldest || ended_before(job, oldest)))
            oldest = job;
    for (struct job *job = jobs->newest; oldest && job; job = job->next)
        later += has_ended(job) && ended_before(oldest, job);
    if (!oldest || later < jobs->keep)
        return NULL;
    jobs_unlink(jobs, oldest);
    return oldest;
}

/* A job whose import may have left lines in its target's ledger. */
static bool has_ledger(const struct jobs *jobs, const struct job *job)
{
    return job->started_ms != 0 && job->state != JOB_SUCCEEDED &&
           job->target_index < jobs->place_count;
}

/* Removes all that is kept of a job that nobody can find any more. */
static void forget(struct jobs *jobs, struct job *job)
{
    struct issue why;
    store_delete(jobs->store, job, &why);
    jobs_remove_upload(jobs, job);
    remove_file(jobs_rejects_path(jobs, job->id));
    if (has_ledger(jobs, job)) {
        jobs_lock(jobs);
        jobs_owe_lines(jobs, job->id, job->target_index);
        jobs_pay_lines(jobs, job->target_index);
        jobs_unlock(jobs);
    }
    job_free(job);
}

/* Forgets the oldest of more than are kept. */
void jobs_prune(struct jobs *jobs)
{
    struct job *old;
    do {
        jobs_lock(jobs);
        old = oldest_beyond(jobs);
        jobs_unlock(jobs);
        if (old)
            forget(jobs, old);
    } while (old);
}

int jobs_remove(struct jobs *jobs, const char *id)
{
    int status = JOBS_OK;
    jobs_lock(jobs);
    struct job *job = jobs_find(jobs, id);
    if (!job)
        status = JOBS_NOT_FOUND;
    else if (job_state_is_live(job->state) || job->busy)
        status = JOBS_WRONG;
    else
        jobs_unlink(jobs, job);
    jobs_unlock(jobs);
    if (status == JOBS_OK)
        forget(jobs, job);
    return status;
}
