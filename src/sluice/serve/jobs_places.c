/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs_places.c: where jobs put their files and their rows, and how many may
 * look into a file at once. What they are is settled once the jobs are open.
 */
#include <string.h>

#include <runnel/runnel.h>

#include "serve/jobs_internal.h"

char *jobs_upload_path(const struct jobs *jobs, const struct job *job)
{
    return job_folder_path(jobs->folder.spool, job->id);
}

char *jobs_rejects_path(const struct jobs *jobs, const char *id)
{
    return job_folder_path(jobs->folder.rejects, id);
}

struct upload_spool *jobs_spool(struct jobs *jobs)
{
    return &jobs->spool;
}

/* Longer than most take; then the client is told to come again. */
#define LOOK_PATIENCE (10 * RN_S)

int jobs_look_begin(struct jobs *jobs)
{
    return rn_semaphore_acquire_until(rn_deadline(LOOK_PATIENCE), &jobs->looks,
                                      1);
}

void jobs_look_end(struct jobs *jobs)
{
    rn_semaphore_release(&jobs->looks, 1);
}

int64_t jobs_look_ns(const struct jobs *jobs)
{
    return jobs->look_ns;
}

const struct job_target *jobs_targets(const struct jobs *jobs, size_t *count)
{
    *count = jobs->place_count;
    return jobs->targets;
}

/* False, and *index behind the last, when no target bears the name. */
bool jobs_find_place(const struct jobs *jobs, const char *name, size_t *index)
{
    *index = 0;
    if (!name || !*name)
        return true;
    for (; *index < jobs->place_count; ++*index)
        if (strcmp(jobs->places[*index].target.name, name) == 0)
            return true;
    return false;
}
