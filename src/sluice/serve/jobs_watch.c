/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs_watch.c: to be told when jobs change, and to wait for one to end.
 */
#include <runnel/runnel.h>

#include "serve/jobs_internal.h"

bool jobs_watch(struct jobs *jobs, struct jobs_watch *watch, const char *id)
{
    jobs_lock(jobs);
    watch->only = id ? jobs_find(jobs, id) : NULL;
    bool found = !id || watch->only;
    if (found) {
        watch->kick = rn_chan_make(int, 1);
        watch->gone = false;
        watch->next = jobs->watches;
        jobs->watches = watch;
    }
    jobs_unlock(jobs);
    return found;
}

void jobs_unwatch(struct jobs *jobs, struct jobs_watch *watch)
{
    jobs_lock(jobs);
    struct jobs_watch **at = &jobs->watches;
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    jobs_unlock(jobs);
    rn_chan_free(watch->kick);
    if (watch->only)
        jobs_prune(jobs); /* it may have been kept for this watch alone */
}

/* Under the lock: true when the watched job has ended. */
static bool take_outcome(const struct job *job, struct job_outcome *outcome)
{
    if (job_state_is_live(job->state) || job->busy)
        return false;
    *outcome = (struct job_outcome){.state = job->state,
                                    .method = job->method,
                                    .total = job->total,
                                    .success = job->success,
                                    .errors = job->errors,
                                    .duration = job->duration,
                                    .error = job->error};
    return true;
}

int jobs_wait(struct rn_ctx *ctx, struct jobs *jobs, const char *id,
              struct job_outcome *outcome)
{
    struct jobs_watch watch = {.ends = true};
    if (!jobs_watch(jobs, &watch, id))
        return JOBS_NOT_FOUND;
    int status = RN_OK;
    for (;;) {
        jobs_lock(jobs);
        bool gone = watch.gone;
        if (!gone)
            watch.only->awaited = false; /* the watch keeps it from now on */
        bool done = !gone && take_outcome(watch.only, outcome);
        jobs_unlock(jobs);
        if (gone || done) {
            status = gone ? JOBS_NOT_FOUND : JOBS_OK;
            break;
        }
        status = rn_recv_ctx(ctx, watch.kick, NULL);
        if (status != RN_OK)
            break;
    }
    jobs_unwatch(jobs, &watch);
    return status;
}
