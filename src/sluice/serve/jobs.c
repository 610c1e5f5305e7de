/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.c: who waits, who runs, and who may not any more.
 *
 * Clients take turns (job_queue.h). A target that takes one import at a time
 * (SQLite) is passed over while it is busy, and holds up nobody else.
 *
 * Rejected: a worker goroutine a place that takes jobs from a channel. A
 * channel is one queue, and one client's thousand files would stand before
 * everybody else's one.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "serve/http_metrics.h"
#include "serve/job_run.h"
#include "serve/jobs_internal.h"

/* ----------------------------------------------------------------- metrics */

static struct metric uploaded = METRIC_COUNTER(
    "sluice_upload_bytes_total", "Bytes of the files that were queued.");
#define ENDED(state)                                \
    METRIC_LABELED(COUNTER, "sluice_imports_total", \
                   "Imports that have ended.", "state=\"" state "\"")
static struct metric ended[JOB_STATES] = {
    [JOB_SUCCEEDED] = ENDED("succeeded"),
    [JOB_FAILED] = ENDED("failed"),
    [JOB_CANCELED] = ENDED("canceled"),
    [JOB_INTERRUPTED] = ENDED("interrupted"),
};
static struct metric waiting_now =
    METRIC_GAUGE("sluice_imports_queued", "Imports that wait.");
static int64_t spool_bytes(void *arg)
{
    const struct jobs *jobs = arg;
    return (int64_t)atomic_load_explicit(&jobs->spool.bytes,
                                         memory_order_relaxed);
}

static struct metric spooled_now = {
    .name = "sluice_spool_bytes",
    .help = "Bytes of the files that are received or kept.",
    .kind = METRIC_KIND_GAUGE,
    .read = spool_bytes};
static struct metric running_now =
    METRIC_GAUGE("sluice_imports_running", "Imports that run.");

void jobs_register_metrics(struct jobs *jobs)
{
    spooled_now.arg = jobs;
    metric_register(&spooled_now);
    upload_register_metrics();
    metric_register(&uploaded);
    for (int i = JOB_SUCCEEDED; i < JOB_STATES; i++)
        metric_register(&ended[i]);
    metric_register(&waiting_now);
    metric_register(&running_now);
    job_metrics_register();
}

/* -------------------------------------------------------------------- queue */

void jobs_enqueue(struct jobs *jobs, struct job *job)
{
    job_queue_add(&jobs->queue, job);
    jobs->waiting++;
    metric_add(&waiting_now, 1);
}

static void waits_no_more(struct jobs *jobs)
{
    jobs->waiting--;
    metric_add(&waiting_now, -1);
}

static bool has_place(void *arg, const struct job *job)
{
    const struct jobs *jobs = arg;
    const struct place *place = &jobs->places[job->target_index];
    return place->limit == 0 || place->running < place->limit;
}

/* The next that may run, taken out of the queue; NULL: none may. */
static struct job *take_next(struct jobs *jobs)
{
    if (jobs->running >= jobs->running_max || jobs->stopping)
        return NULL;
    struct job *job = job_queue_take(&jobs->queue, has_place, jobs);
    if (job)
        waits_no_more(jobs);
    return job;
}

/* ------------------------------------------------------------------ running */

struct start {
    struct jobs *jobs;
    struct job *job;
};

static void run_job(struct start *own);

/* Under the lock: starts all that may run. */
void jobs_start_waiting(struct jobs *jobs)
{
    static const struct rn_task_options options = {.name = "import job",
                                                   .stack_size = JOBS_STACK};
    for (;;) {
        struct job *job = take_next(jobs);
        if (!job)
            return;
        jobs->running++;
        jobs->places[job->target_index].running++;
        metric_add(&running_now, 1);
        job_reset(job);
        job->state = JOB_RUNNING;
        job->started_ms = job_now_ms();
        job->ctx = rn_ctx_with_cancel(jobs->ctx);
        rn_waitgroup_add(&jobs->runners, 1);
        jobs_changed(jobs, job);
        rn_go_with(&options, run_job, (struct start){jobs, job});
    }
}

/* Under the lock: the job runs no more. */
static void end_run(struct jobs *jobs, struct job *job, enum job_state state)
{
    jobs->running--;
    jobs->places[job->target_index].running--;
    metric_add(&running_now, -1);
    metric_add(&ended[state], 1);
    rn_ctx_cancel(job->ctx);
    rn_ctx_release(job->ctx);
    job->ctx = NULL;
    job->state = state;
    if (job->owes_lines)
        jobs_owe_lines(jobs, job->id, job->target_index);
    else if (state == JOB_SUCCEEDED)
        jobs_pay_lines(jobs, job->target_index);
    jobs_changed(jobs, job);
    jobs_start_waiting(jobs);
}

static void tell_changed(void *arg, struct job *job)
{
    jobs_changed(arg, job);
}

static enum job_state run_in_place(struct jobs *jobs, struct job *job)
{
    struct place *place = &jobs->places[job->target_index];
    char *upload = jobs_upload_path(jobs, job);
    char *rejects = jobs_rejects_path(jobs, job->id);
    const struct job_place lent = {.store = jobs->store,
                                   .dsn = place->target.dsn,
                                   .upload = upload,
                                   .rejects = rejects,
                                   .rejects_bytes = jobs->rejects_bytes,
                                   .table_locks = &place->tables,
                                   .stopping = &jobs->stopping,
                                   .lock = &jobs->lock,
                                   .changed = tell_changed,
                                   .arg = jobs};
    enum job_state state = JOB_FAILED;
    if (upload && rejects)
        state = job_run(job, &lent);
    free(upload);
    free(rejects);
    return state;
}

static void run_job(struct start *own)
{
    struct jobs *jobs = own->jobs;
    struct job *job = own->job;
    enum job_state state = run_in_place(jobs, job);
    if (state == JOB_SUCCEEDED)
        jobs_remove_upload(jobs, job);
    jobs_lock(jobs);
    end_run(jobs, job, state);
    jobs_unlock(jobs);
    jobs_prune(jobs);
    rn_waitgroup_done(&jobs->runners);
}

/* ------------------------------------------------------------------- submit */

/* Under the lock. JOBS_OK: there is room for one more, and it is taken. */
static int reserve(struct jobs *jobs)
{
    if (jobs->stopping)
        return JOBS_STOPPING;
    if (jobs->waiting >= jobs->waiting_max)
        return JOBS_FULL;
    jobs->waiting++; /* given back by enqueue's caller */
    return JOBS_OK;
}

/* Upload and record, in this order: an upload without a record is swept up. */
static int put_on_disk(struct jobs *jobs, const struct job_request *request,
                       struct job *job, struct issue *why)
{
    char *path = jobs_upload_path(jobs, job);
    if (!path)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    int status = upload_keep(request->upload, path);
    if (status == RN_OK)
        job->spooled = job->size;
    free(path);
    if (status < 0)
        issue_set(why, ISSUE_IO, "the upload cannot be kept: %s",
                  rn_status_text(status));
    else
        status = store_put(jobs->store, job, JOB_QUEUED, why);
    if (status < 0)
        jobs_remove_upload(jobs, job);
    return status < 0 ? -1 : 0;
}

/* Under the lock: the job waits from now on. */
static void let_wait(struct jobs *jobs, struct job *job)
{
    jobs->waiting--; /* the place that reserve took */
    job->busy = false;
    job->state = JOB_QUEUED;
    jobs_enqueue(jobs, job);
    jobs_changed(jobs, job);
    jobs_start_waiting(jobs);
}

int jobs_submit(struct jobs *jobs, const struct job_request *request,
                char id[JOB_ID_SIZE], struct issue *why)
{
    size_t place;
    if (!jobs_find_place(jobs, request->target, &place))
        return JOBS_NOT_FOUND;
    jobs_lock(jobs);
    int status = reserve(jobs);
    uint64_t made = ++jobs->version;
    jobs_unlock(jobs);
    if (status != JOBS_OK)
        return status;

    struct job *job = job_make(request, jobs->places[place].target.name);
    if (!job)
        issue_set(why, ISSUE_MEMORY, "out of memory");
    else
        job->made = made;
    bool kept = job && put_on_disk(jobs, request, job, why) == 0;
    jobs_lock(jobs);
    if (kept) {
        strcpy(id, job->id);
        job->target_index = place;
        job->awaited = request->awaited;
        jobs_insert(jobs, job);
        metric_add(&uploaded, (int64_t)job->size);
        let_wait(jobs, job);
    } else {
        jobs->waiting--;
        job_free(job);
    }
    jobs_unlock(jobs);
    return kept ? JOBS_OK : JOBS_FAILED;
}

/* ----------------------------------------------------------- cancel, retry */

/* A job that waited is canceled by its new owner: us. */
static void cancel_waiting(struct jobs *jobs, struct job *job)
{
    struct issue why;
    store_put(jobs->store, job, JOB_CANCELED, &why);
    jobs_lock(jobs);
    job->busy = false;
    metric_add(&ended[JOB_CANCELED], 1);
    jobs_changed(jobs, job);
    jobs_unlock(jobs);
    jobs_prune(jobs);
}

int jobs_cancel(struct jobs *jobs, const char *id)
{
    int status = JOBS_OK;
    bool waited = false;
    jobs_lock(jobs);
    struct job *job = jobs_find(jobs, id);
    if (!job) {
        status = JOBS_NOT_FOUND;
    } else if (job->state == JOB_RUNNING) {
        job->cancel = true;
        rn_ctx_cancel(job->ctx);
    } else if (job->state == JOB_QUEUED && !job->busy) {
        job_queue_remove(&jobs->queue, job);
        waits_no_more(jobs);
        job->busy = true;
        job->state = JOB_CANCELED;
        job->ended_ms = job_now_ms();
        job->ended = ++jobs->version;
        issue_set(&job->error, ISSUE_CANCELED, "canceled before it started");
        waited = true;
    } else {
        status = JOBS_WRONG;
    }
    jobs_unlock(jobs);
    if (waited)
        cancel_waiting(jobs, job);
    return status;
}

int jobs_retry(struct jobs *jobs, const char *id)
{
    struct issue why;
    jobs_lock(jobs);
    struct job *job = jobs_find(jobs, id);
    int status = JOBS_OK;
    if (!job)
        status = JOBS_NOT_FOUND;
    else if (job_state_is_live(job->state) || job->busy ||
             job->state == JOB_SUCCEEDED ||
             job->target_index == jobs->place_count)
        status = JOBS_WRONG;
    else
        status = reserve(jobs);
    if (status == JOBS_OK) {
        job->busy = true;
        job->cancel = false;
        job->attempt++;
        job_reset(job);
    }
    jobs_unlock(jobs);
    if (status != JOBS_OK)
        return status;
    /* Not written: it runs now, and is interrupted again after a crash. */
    store_put(jobs->store, job, JOB_QUEUED, &why);
    jobs_lock(jobs);
    let_wait(jobs, job);
    jobs_unlock(jobs);
    return JOBS_OK;
}
