/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.c: who waits, who runs, and who is told.
 *
 * One lock protects everything that is shared; it is held for moments, never
 * while a file or the store is written. The list holds every job, newest
 * first. Invariants under the lock:
 *
 *  1. A job is in its client's queue if and only if it is JOB_QUEUED and not
 *     busy.
 *  2. `running` counts the goroutines that run a job; each target counts its
 *     own. A job starts when there is a place in both.
 *  3. A job that is live or busy is not removed; its owner alone writes it to
 *     the store (job.h).
 *  4. A job that is awaited or watched is removed on demand only (jobs_remove),
 *     and not for there being too many.
 *  5. `version` grows with every change; a job's is that of its last one. It
 *     starts from the clock, so that it grows across restarts as well.
 *
 * Clients take turns (job_queue.h). A target that takes one import at a time
 * (SQLite) is passed over while it is busy, and holds up nobody else.
 *
 * Longer than other files: one lock, and all that is done under it.
 *
 * Rejected: a worker goroutine a place that takes jobs from a channel. A
 * channel is one queue, and one client's thousand files would stand before
 * everybody else's one.
 */
#include "serve/jobs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "serve/http_metrics.h"
#include "serve/job_folder.h"
#include "serve/job_queue.h"
#include "serve/job_run.h"
#include "serve/jobs_view.h"

struct place {
    struct job_target target;
    unsigned running;
    unsigned limit; /* 0: none */
    struct rn_mutex schema;
};

struct jobs {
    struct rn_mutex lock;
    struct store *store;
    struct job_folder folder;
    struct place *places;
    size_t place_count;
    struct job_target *targets; /* as jobs_targets shows them */
    unsigned running_max;
    unsigned waiting_max;
    unsigned keep;

    struct job *newest;
    struct job_queue queue;
    unsigned running;
    unsigned waiting;
    uint64_t version;
    uint64_t removals;
    bool stopping;
    struct rn_ctx *ctx; /* of all that run */
    struct rn_waitgroup runners;
    struct jobs_watch *watches;
};

static char *upload_path(const struct jobs *jobs, const struct job *job)
{
    return job_folder_path(jobs->folder.spool, job->id);
}

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
static struct metric running_now =
    METRIC_GAUGE("sluice_imports_running", "Imports that run.");

static void register_metrics(void)
{
    metric_register(&uploaded);
    for (int i = JOB_SUCCEEDED; i < JOB_STATES; i++)
        metric_register(&ended[i]);
    metric_register(&waiting_now);
    metric_register(&running_now);
    job_metrics_register();
}

/* ------------------------------------------------------------ lock, changes */

static void lock(struct jobs *jobs)
{
    rn_mutex_lock(&jobs->lock);
}

static void unlock(struct jobs *jobs)
{
    rn_mutex_unlock(&jobs->lock);
}

static void changed(struct jobs *jobs, struct job *job)
{
    job->version = ++jobs->version;
    for (struct jobs_watch *w = jobs->watches; w; w = w->next) {
        if (w->only &&
            (w->only != job || (w->ends && job_state_is_live(job->state))))
            continue;
        rn_try_send(w->kick, 1);
    }
}

static struct job *find(const struct jobs *jobs, const char *id)
{
    struct job *job = jobs->newest;
    while (job && strcmp(job->id, id) != 0)
        job = job->next;
    return job;
}

/* -------------------------------------------------------------------- queue */

static bool enqueue(struct jobs *jobs, struct job *job)
{
    if (!job_queue_add(&jobs->queue, job))
        return false;
    jobs->waiting++;
    metric_add(&waiting_now, 1);
    return true;
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
static void start_waiting(struct jobs *jobs)
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
        changed(jobs, job);
        rn_go_with(&options, run_job, (struct start){jobs, job});
    }
}

static void remove_upload(const struct jobs *jobs, const struct job *job)
{
    char *path = upload_path(jobs, job);
    if (path)
        unlink(path);
    free(path);
}

static void prune(struct jobs *jobs);

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
    changed(jobs, job);
    start_waiting(jobs);
}

static void tell_changed(void *arg, struct job *job)
{
    changed(arg, job);
}

static enum job_state run_in_place(struct jobs *jobs, struct job *job)
{
    struct place *place = &jobs->places[job->target_index];
    char *upload = upload_path(jobs, job);
    char *rejects = jobs_rejects_path(jobs, job->id);
    const struct job_place lent = {.store = jobs->store,
                                   .dsn = place->target.dsn,
                                   .upload = upload,
                                   .rejects = rejects,
                                   .schema_lock = &place->schema,
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
        remove_upload(jobs, job);
    lock(jobs);
    end_run(jobs, job, state);
    unlock(jobs);
    prune(jobs);
    rn_waitgroup_done(&jobs->runners);
}

/* ----------------------------------------------------------------- removing */

static void unlink_job(struct jobs *jobs, struct job *job)
{
    struct job **at = &jobs->newest;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    jobs->removals++;
    for (struct jobs_watch *w = jobs->watches; w; w = w->next) {
        if (w->only && w->only != job)
            continue;
        w->gone = w->only == job;
        rn_try_send(w->kick, 1);
    }
}

/* Somebody has yet to learn how it ended. */
static bool is_watched(const struct jobs *jobs, const struct job *job)
{
    const struct jobs_watch *w = jobs->watches;
    while (w && w->only != job)
        w = w->next;
    return w || job->awaited;
}

/* A program that died did not write when its imports ended. */
static int64_t end_of(const struct job *job)
{
    if (job->ended_ms != 0)
        return job->ended_ms;
    return job->started_ms != 0 ? job->started_ms : job->created_ms;
}

static bool has_ended(const struct job *job)
{
    return !job_state_is_live(job->state) && !job->busy;
}

/* How many of those that are kept have ended after the job. */
static size_t count_later(const struct jobs *jobs, const struct job *than)
{
    size_t count = 0;
    bool newer = true; /* who came later is taken to have ended later */
    for (const struct job *job = jobs->newest; job; job = job->next) {
        if (job == than)
            newer = false;
        else if (has_ended(job) && (end_of(job) > end_of(than) ||
                                    (newer && end_of(job) == end_of(than))))
            count++;
    }
    return count;
}

/* The first to have ended, unlinked, when enough have ended after it. */
static struct job *oldest_beyond(struct jobs *jobs)
{
    struct job *oldest = NULL;
    for (struct job *job = jobs->newest; job; job = job->next) {
        if (has_ended(job) && !is_watched(jobs, job) &&
            (!oldest || end_of(job) <= end_of(oldest)))
            oldest = job;
    }
    if (!oldest || count_later(jobs, oldest) < jobs->keep)
        return NULL;
    unlink_job(jobs, oldest);
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
    char *rejects = jobs_rejects_path(jobs, job->id);
    store_delete(jobs->store, job->id, &why);
    remove_upload(jobs, job);
    if (rejects)
        unlink(rejects);
    free(rejects);
    if (has_ledger(jobs, job))
        job_drop_lines(job, jobs->places[job->target_index].target.dsn,
                       &jobs->runners);
    job_free(job);
}

/* Forgets the oldest of more than are kept. */
static void prune(struct jobs *jobs)
{
    struct job *old;
    do {
        lock(jobs);
        old = oldest_beyond(jobs);
        unlock(jobs);
        if (old)
            forget(jobs, old);
    } while (old);
}

int jobs_remove(struct jobs *jobs, const char *id)
{
    int status = JOBS_OK;
    lock(jobs);
    struct job *job = find(jobs, id);
    if (!job)
        status = JOBS_NOT_FOUND;
    else if (job_state_is_live(job->state) || job->busy)
        status = JOBS_WRONG;
    else
        unlink_job(jobs, job);
    unlock(jobs);
    if (status == JOBS_OK)
        forget(jobs, job);
    return status;
}

/* ------------------------------------------------------------------- submit */

/* False, and *index behind the last, when no target bears the name. */
static bool find_place(const struct jobs *jobs, const char *name, size_t *index)
{
    *index = 0;
    if (!name || !*name)
        return true;
    for (; *index < jobs->place_count; ++*index)
        if (strcmp(jobs->places[*index].target.name, name) == 0)
            return true;
    return false;
}

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
                       const struct job *job, struct issue *why)
{
    char *path = upload_path(jobs, job);
    if (!path)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    int status = upload_keep(request->upload, path);
    if (status < 0)
        issue_set(why, ISSUE_IO, "the upload cannot be kept: %s",
                  rn_status_text(status));
    else
        status = store_put(jobs->store, job, JOB_QUEUED, why);
    if (status < 0)
        unlink(path);
    free(path);
    return status < 0 ? -1 : 0;
}

/* Under the lock: the job waits from now on. */
static bool let_wait(struct jobs *jobs, struct job *job)
{
    jobs->waiting--; /* the place that reserve took */
    job->busy = false;
    job->state = JOB_QUEUED;
    if (!enqueue(jobs, job)) {
        job->state = JOB_FAILED;
        issue_set(&job->error, ISSUE_MEMORY, "out of memory");
        changed(jobs, job);
        return false;
    }
    changed(jobs, job);
    start_waiting(jobs);
    return true;
}

int jobs_submit(struct jobs *jobs, const struct job_request *request,
                char id[JOB_ID_SIZE], struct issue *why)
{
    size_t place;
    if (!find_place(jobs, request->target, &place))
        return JOBS_NOT_FOUND;
    lock(jobs);
    int status = reserve(jobs);
    unlock(jobs);
    if (status != JOBS_OK)
        return status;

    struct job *job = job_make(request, jobs->places[place].target.name);
    if (!job)
        issue_set(why, ISSUE_MEMORY, "out of memory");
    bool kept = job && put_on_disk(jobs, request, job, why) == 0;
    lock(jobs);
    if (kept) {
        strcpy(id, job->id);
        job->target_index = place;
        job->awaited = request->awaited;
        job->next = jobs->newest;
        jobs->newest = job;
        metric_add(&uploaded, (int64_t)job->size);
        kept = let_wait(jobs, job);
        if (!kept)
            *why = job->error;
    } else {
        jobs->waiting--;
        job_free(job);
    }
    unlock(jobs);
    return kept ? JOBS_OK : JOBS_FAILED;
}

/* ----------------------------------------------------------- cancel, retry */

/* A job that waited is canceled by its new owner: us. */
static void cancel_waiting(struct jobs *jobs, struct job *job)
{
    struct issue why;
    store_put(jobs->store, job, JOB_CANCELED, &why);
    lock(jobs);
    job->busy = false;
    metric_add(&ended[JOB_CANCELED], 1);
    changed(jobs, job);
    unlock(jobs);
    prune(jobs);
}

int jobs_cancel(struct jobs *jobs, const char *id)
{
    int status = JOBS_OK;
    bool waited = false;
    lock(jobs);
    struct job *job = find(jobs, id);
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
        issue_set(&job->error, ISSUE_CANCELED, "canceled before it started");
        waited = true;
    } else {
        status = JOBS_WRONG;
    }
    unlock(jobs);
    if (waited)
        cancel_waiting(jobs, job);
    return status;
}

int jobs_retry(struct jobs *jobs, const char *id)
{
    struct issue why;
    lock(jobs);
    struct job *job = find(jobs, id);
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
    unlock(jobs);
    if (status != JOBS_OK)
        return status;
    /* Not written: it runs now, and is interrupted again after a crash. */
    store_put(jobs->store, job, JOB_QUEUED, &why);
    lock(jobs);
    let_wait(jobs, job);
    unlock(jobs);
    return JOBS_OK;
}

/* ----------------------------------------------------------------- watching */

bool jobs_visit(struct jobs *jobs, const char *id,
                void (*visit)(void *arg, const struct job *job), void *arg)
{
    lock(jobs);
    const struct job *job = find(jobs, id);
    if (job)
        visit(arg, job);
    unlock(jobs);
    return job != NULL;
}

uint64_t jobs_visit_all(struct jobs *jobs, uint64_t since,
                        bool (*visit)(void *arg, const struct job *job),
                        void *arg)
{
    lock(jobs);
    uint64_t version = jobs->version;
    bool more = true;
    for (const struct job *job = jobs->newest; job && more; job = job->next)
        if (job->version > since)
            more = visit(arg, job);
    unlock(jobs);
    return version;
}

bool jobs_watch(struct jobs *jobs, struct jobs_watch *watch, const char *id)
{
    lock(jobs);
    watch->only = id ? find(jobs, id) : NULL;
    bool found = !id || watch->only;
    if (found) {
        watch->kick = rn_chan_make(int, 1);
        watch->gone = false;
        watch->next = jobs->watches;
        jobs->watches = watch;
    }
    unlock(jobs);
    return found;
}

uint64_t jobs_removals(struct jobs *jobs)
{
    lock(jobs);
    uint64_t removals = jobs->removals;
    unlock(jobs);
    return removals;
}

void jobs_unwatch(struct jobs *jobs, struct jobs_watch *watch)
{
    lock(jobs);
    struct jobs_watch **at = &jobs->watches;
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    unlock(jobs);
    rn_chan_free(watch->kick);
    if (watch->only)
        prune(jobs); /* it may have been kept for this watch alone */
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
        lock(jobs);
        bool gone = watch.gone;
        if (!gone)
            watch.only->awaited = false; /* the watch keeps it from now on */
        bool done = !gone && take_outcome(watch.only, outcome);
        unlock(jobs);
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

/* ------------------------------------------------------------ open and close */

char *jobs_rejects_path(const struct jobs *jobs, const char *id)
{
    return job_folder_path(jobs->folder.rejects, id);
}

const char *jobs_spool(const struct jobs *jobs)
{
    return jobs->folder.spool;
}

const struct job_target *jobs_targets(const struct jobs *jobs, size_t *count)
{
    *count = jobs->place_count;
    return jobs->targets;
}

static bool is_known(void *arg, const char *name)
{
    return find(arg, name) != NULL;
}

/* A job that has ended well needs no upload any more. */
static bool has_upload(void *arg, const char *name)
{
    const struct job *job = find(arg, name);
    return job && job->state != JOB_SUCCEEDED;
}

static void take_loaded(void *arg, struct job *job)
{
    struct jobs *jobs = arg;
    char *rejects = jobs_rejects_path(jobs, job->id);
    if (rejects && job->errors > 0)
        job_read_samples(job, rejects);
    free(rejects);
    job->next = jobs->newest;
    job->version = ++jobs->version;
    jobs->newest = job;
}

/* What an earlier program was doing when it ended. */
static int take_up(struct jobs *jobs, struct job *job, struct issue *why)
{
    bool known = find_place(jobs, job->target, &job->target_index);
    if (!known && job->state == JOB_QUEUED) {
        job->state = JOB_FAILED;
        issue_set(&job->error, ISSUE_NOT_FOUND,
                  "there is no target %s any more", job->target);
        return store_put(jobs->store, job, JOB_FAILED, why);
    }
    if (job->state == JOB_QUEUED)
        return enqueue(jobs, job)
                   ? 0
                   : issue_set(why, ISSUE_MEMORY, "out of memory");
    if (job->state != JOB_RUNNING)
        return 0;
    job->state = JOB_INTERRUPTED;
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
    job_queue_clear(&jobs->queue);
    for (size_t i = 0; i < jobs->place_count; i++) {
        free((char *)(uintptr_t)jobs->places[i].target.name);
        free((char *)(uintptr_t)jobs->places[i].target.dsn);
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
    char *path = job_folder_path(state, "jobs.sqlite");
    int status = -1;
    if (!path)
        issue_set(why, ISSUE_MEMORY, "out of memory");
    else if (store_open(&jobs->store, path, why) == 0 &&
             store_load(jobs->store, take_loaded, jobs, why) == 0 &&
             take_up_all(jobs, jobs->newest, why) == 0)
        status = 0;
    free(path);
    return status;
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
    jobs->version = (uint64_t)job_now_ms();
    jobs->ctx = rn_ctx_with_cancel(rn_ctx_background());
    if (copy_targets(jobs, options, why) < 0 ||
        open_state(jobs, options->state, why) < 0) {
        free_jobs(jobs);
        return -1;
    }
    job_folder_sweep(jobs->folder.spool, has_upload, jobs);
    job_folder_sweep(jobs->folder.rejects, is_known, jobs);
    register_metrics();
    prune(jobs);
    lock(jobs);
    start_waiting(jobs);
    unlock(jobs);
    *out = jobs;
    return 0;
}

void jobs_stop(struct jobs *jobs)
{
    lock(jobs);
    jobs->stopping = true;
    rn_ctx_cancel(jobs->ctx);
    unlock(jobs);
    rn_waitgroup_wait(&jobs->runners);
}

void jobs_close(struct jobs *jobs)
{
    free_jobs(jobs);
}
