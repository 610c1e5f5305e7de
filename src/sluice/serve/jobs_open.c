/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs_open.c: takes up what an earlier program left, and lays it all down.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <runnel/runnel.h>

#include "serve/jobs_internal.h"

static bool is_known(void *arg, const char *name)
{
    return jobs_find(arg, name) != NULL;
}

/* A job that has ended well needs no upload any more. */
static bool has_upload(void *arg, const char *name)
{
    const struct job *job = jobs_find(arg, name);
    return job && job->state != JOB_SUCCEEDED;
}

/* What is there counts as it did before. */
static void count_upload(struct jobs *jobs, struct job *job)
{
    struct stat found;
    char *path = jobs_upload_path(jobs, job);
    if (path && has_upload(jobs, job->id) && stat(path, &found) == 0) {
        job->spooled = (uint64_t)found.st_size;
        jobs->spool.bytes += job->spooled;
    }
    free(path);
}

static void take_loaded(void *arg, struct job *job)
{
    struct jobs *jobs = arg;
    char *rejects = jobs_rejects_path(jobs, job->id);
    if (rejects && job->errors > 0)
        job_read_samples(job, rejects);
    free(rejects);
    if (job->version > jobs->version)
        jobs->version = job->version;
    jobs_insert(jobs, job);
}

static void take_lines(void *arg, const char *id, const char *target)
{
    size_t place;
    if (jobs_find_place(arg, target, &place))
        jobs_owe_lines(arg, id, place);
}

/* What an earlier program was doing when it ended. */
static int take_up(struct jobs *jobs, struct job *job, struct issue *why)
{
    bool known = jobs_find_place(jobs, job->target, &job->target_index);
    if (!known && job->state == JOB_QUEUED) {
        job->state = JOB_FAILED;
        job->ended = ++jobs->version;
        issue_set(&job->error, ISSUE_NOT_FOUND,
                  "there is no target %s any more", job->target);
        return store_put(jobs->store, job, JOB_FAILED, why);
    }
    if (job->state == JOB_QUEUED)
        jobs_enqueue(jobs, job);
    if (job->state != JOB_RUNNING)
        return 0;
    job->state = JOB_INTERRUPTED;
    job->ended = ++jobs->version;
    issue_set(&job->error, ISSUE_CANCELED,
              "the server ended before the import did");
    return store_put(jobs->store, job, JOB_INTERRUPTED, why);
}

/* The list is newest first; those who wait wait in the order they came. */
static int take_up_all(struct jobs *jobs, struct job *job, struct issue *why)
{
    size_t count = 0;
    for (const struct job *at = job; at; at = at->next)
        count++;
    struct job **order = calloc(count + 1, sizeof(*order));
    int status = order ? 0 : issue_set(why, ISSUE_MEMORY, "out of memory");
    for (count = 0; order && job; job = job->next)
        order[count++] = job;
    while (status == 0 && count > 0)
        status = take_up(jobs, order[--count], why);
    free(order);
    return status;
}

static int copy_targets(struct jobs *jobs, const struct jobs_options *options,
                        struct issue *why)
{
    jobs->places = calloc(options->target_count + 1, sizeof(*jobs->places));
    jobs->targets = calloc(options->target_count + 1, sizeof(*jobs->targets));
    for (size_t i = 0;
         jobs->places && jobs->targets && i < options->target_count; i++) {
        struct job_target *target = &jobs->places[i].target;
        target->name = strdup(options->targets[i].name);
        target->dsn = strdup(options->targets[i].dsn);
        jobs->place_count++;
        if (!target->name || !target->dsn)
            break;
        jobs->targets[i] = *target;
        jobs->places[i].limit = sink_target_imports(target->dsn);
    }
    bool whole = jobs->place_count == options->target_count &&
                 options->target_count > 0 &&
                 jobs->targets[options->target_count - 1].dsn;
    return whole ? 0 : issue_set(why, ISSUE_MEMORY, "out of memory");
}

static void free_jobs(struct jobs *jobs)
{
    while (jobs->newest) {
        struct job *job = jobs->newest;
        jobs->newest = job->next;
        job_free(job);
    }
    for (size_t i = 0; i < jobs->place_count; i++) {
        free((char *)(uintptr_t)jobs->places[i].target.name);
        free((char *)(uintptr_t)jobs->places[i].target.dsn);
        jobs_forget_lines(&jobs->places[i]);
    }
    free(jobs->places);
    free(jobs->targets);
    store_close(jobs->store);
    rn_ctx_release(jobs->ctx);
    job_folder_close(&jobs->folder);
    free(jobs);
}

static int open_state(struct jobs *jobs, const char *state, struct issue *why)
{
    if (job_folder_open(&jobs->folder, state, why) < 0)
        return -1;
    jobs->spool.folder = jobs->folder.spool;
    char *path = job_folder_path(state, "jobs.sqlite");
    int status = -1;
    if (!path)
        issue_set(why, ISSUE_MEMORY, "out of memory");
    else if (store_open(&jobs->store, path, &jobs->version, why) == 0 &&
             store_load(jobs->store, take_loaded, jobs, why) == 0 &&
             store_load_lines(jobs->store, take_lines, jobs, why) == 0 &&
             take_up_all(jobs, jobs->newest, why) == 0)
        status = 0;
    free(path);
    return status;
}

static void set_bounds(struct jobs *jobs, const struct jobs_options *options)
{
    unsigned uploads = options->uploads ? options->uploads : UPLOADS_AT_ONCE;
    unsigned looks = options->looks ? options->looks : JOBS_LOOKS;
    jobs->spool.places = (struct rn_semaphore)RN_SEMAPHORE(uploads);
    jobs->spool.bytes_max =
        options->spool_bytes ? options->spool_bytes : JOBS_SPOOL_BYTES;
    jobs->looks = (struct rn_semaphore)RN_SEMAPHORE(looks);
    jobs->look_ns = options->look_ns ? options->look_ns : JOBS_LOOK_NS;
    jobs->rejects_bytes =
        options->rejects_bytes ? options->rejects_bytes : JOBS_REJECTS_BYTES;
}

int jobs_open(struct jobs **out, const struct jobs_options *options,
              struct issue *why)
{
    struct jobs *jobs = calloc(1, sizeof(*jobs));
    if (!jobs)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    jobs->running_max = options->running ? options->running : JOBS_RUNNING;
    jobs->waiting_max = options->waiting ? options->waiting : JOBS_WAITING;
    jobs->keep = options->keep ? options->keep : JOBS_KEPT;
    set_bounds(jobs, options);
    jobs->ctx = rn_ctx_with_cancel(rn_ctx_background());
    if (copy_targets(jobs, options, why) < 0 ||
        open_state(jobs, options->state, why) < 0) {
        free_jobs(jobs);
        return -1;
    }
    job_folder_sweep(jobs->folder.spool, has_upload, jobs);
    for (struct job *job = jobs->newest; job; job = job->next)
        count_upload(jobs, job);
    job_folder_sweep(jobs->folder.rejects, is_known, jobs);
    jobs_register_metrics(jobs);
    jobs_prune(jobs);
    jobs_lock(jobs);
    for (size_t i = 0; i < jobs->place_count; i++)
        jobs_pay_lines(jobs, i);
    jobs_start_waiting(jobs);
    jobs_unlock(jobs);
    *out = jobs;
    return 0;
}

void jobs_stop(struct jobs *jobs)
{
    jobs_lock(jobs);
    jobs->stopping = true;
    rn_ctx_cancel(jobs->ctx);
    jobs_unlock(jobs);
    rn_waitgroup_wait(&jobs->runners);
}

void jobs_close(struct jobs *jobs)
{
    free_jobs(jobs);
}
