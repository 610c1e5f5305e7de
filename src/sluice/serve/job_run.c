/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_run.c: one import, from the moment it may start to its last record.
 *
 *     store: running ─▶ import_run ─▶ store: how it ended
 *                         │   ▲
 *            rejects ─────┤   │ the ledger is dropped only after the store
 *            progress ────┘   │ has the result (import_watch.on_settled)
 *
 * A crash at any point leaves either a record that says "running", which the
 * next program shows as interrupted and whose retry finds the ledger, or one
 * that says how it ended.
 *
 * Rejected rows go to a file, a line each (issueline.h), in row order; a retry
 * writes it anew, because the ledger holds what an earlier run has refused.
 * They are written where they come up: into the page cache, which takes
 * microseconds. What waits for the disk (fsync, removing a large file) is done
 * where it may block.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "issueline.h"
#include "serve/http_metrics.h"
#include "serve/job_run.h"

static struct metric rows_loaded = METRIC_COUNTER(
    "sluice_rows_loaded_total", "Rows that imports have put into a table.");
static struct metric rows_rejected = METRIC_COUNTER(
    "sluice_rows_rejected_total", "Rows that imports have rejected.");
/* How long imports took that ended well, as a histogram of Prometheus. */
#define BUCKETS 8
static const double bucket_seconds[BUCKETS] = {0.1, 0.5, 1,   5,
                                               15,  60,  300, 1800};
static _Atomic uint64_t bucket_counts[BUCKETS + 1];
static _Atomic uint64_t sum_ns;

static void observe(int64_t duration_ns)
{
    size_t bucket = 0;
    while (bucket < BUCKETS &&
           (double)duration_ns > bucket_seconds[bucket] * 1e9)
        bucket++;
    atomic_fetch_add_explicit(&bucket_counts[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&sum_ns, (uint64_t)duration_ns,
                              memory_order_relaxed);
}

static void print_histogram(void *arg, FILE *out)
{
    static const char name[] = "sluice_import_seconds";
    uint64_t count = 0;
    (void)arg;
    metric_print_head(out, name, "histogram",
                      "How long imports took that ended well.");
    for (size_t i = 0; i <= BUCKETS; i++) {
        count += atomic_load_explicit(&bucket_counts[i], memory_order_relaxed);
        if (i < BUCKETS)
            fprintf(out, "%s_bucket{le=\"%g\"} %llu\n", name, bucket_seconds[i],
                    (unsigned long long)count);
    }
    fprintf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %g\n%s_count %llu\n",
            name, (unsigned long long)count, name,
            (double)atomic_load_explicit(&sum_ns, memory_order_relaxed) / 1e9,
            name, (unsigned long long)count);
}

void job_metrics_register(void)
{
    metric_register(&rows_loaded);
    metric_register(&rows_rejected);
    metric_source_register(print_histogram, NULL);
}

struct runner {
    const struct job_place *place;
    struct job *job;
    FILE *rejects;    /* opened by the first one */
    uint64_t written; /* bytes of it */
    bool lost;        /* they could not be written to the end */
    uint64_t by_code[ISSUE_REFUSED + 1]; /* the import's own, until shown */
    bool recorded;                       /* the store has the good end */
};

static void lock_shown(struct runner *runner)
{
    rn_mutex_lock(runner->place->lock);
}

static void unlock_shown(struct runner *runner)
{
    runner->place->changed(runner->place->arg, runner->job);
    rn_mutex_unlock(runner->place->lock);
}

/* ----------------------------------------------------------------- rejects */

static int rejects_failed(struct issue *why)
{
    return issue_set(why, ISSUE_IO, "the rejected rows cannot be kept: %s",
                     strerror(errno));
}

static void show_sample(struct runner *runner, const struct issue *reject)
{
    struct job *job = runner->job;
    lock_shown(runner);
    if (!job->samples)
        job->samples = calloc(JOB_SAMPLES, sizeof(*job->samples));
    if (job->samples)
        job->samples[job->sample_count++] = *reject;
    unlock_shown(runner);
}

static int on_reject(void *arg, const struct issue *reject, struct issue *why)
{
    struct runner *runner = arg;
    char line[ISSUE_LINE_MAX];
    if (!runner->rejects)
        runner->rejects = fopen(runner->place->rejects, "we");
    if (!runner->rejects)
        return rejects_failed(why);
    size_t len = issue_to_line(reject, line);
    line[len++] = '\n';
    if (runner->written + len > runner->place->rejects_bytes)
        return issue_set(why, ISSUE_LIMIT,
                         "more than %llu MiB of rejected rows, which is what "
                         "the server keeps: see whether this list belongs "
                         "into this table",
                         (unsigned long long)runner->place->rejects_bytes >>
                             20);
    runner->written += len;
    if (fwrite(line, 1, len, runner->rejects) != len)
        return rejects_failed(why);
    if (issue_is_row(reject->code))
        runner->by_code[reject->code]++;
    if (runner->job->sample_count < JOB_SAMPLES)
        show_sample(runner, reject);
    return 0;
}

/* What is called where it may block. */
static void close_rejects(void *arg)
{
    struct runner *runner = arg;
    FILE *file = runner->rejects;
    bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (fclose(file) != 0 || !good ||
        upload_sync_name(runner->place->rejects) < 0)
        runner->lost = true;
    runner->rejects = NULL;
}

static void remove_rejects(void *arg)
{
    const struct runner *runner = arg;
    unlink(runner->place->rejects);
}

static int keep_rejects(struct runner *runner, struct issue *why)
{
    if (runner->rejects)
        rn_block(close_rejects, runner);
    if (runner->lost)
        return issue_set(why, ISSUE_IO, "the rejected rows cannot be kept");
    return 0;
}

/* ---------------------------------------------------------------- progress */

static void show_codes(struct runner *runner)
{
    memcpy(runner->job->by_code, runner->by_code, sizeof(runner->by_code));
}

static void on_progress(void *arg, const struct progress *now)
{
    struct runner *runner = arg;
    lock_shown(runner);
    runner->job->progress = *now;
    show_codes(runner);
    unlock_shown(runner);
}

/* ------------------------------------------------------------------ the end */

static bool take_result(struct runner *runner,
                        const struct import_result *result)
{
    struct job *job = runner->job;
    lock_shown(runner);
    bool taken = job_take_result(job, result);
    show_codes(runner);
    job->ended_ms = job_now_ms();
    runner->place->changed(runner->place->arg, job);
    job->ended = job->version;
    rn_mutex_unlock(runner->place->lock);
    return taken;
}

static int on_settled(void *arg, const struct import_result *result,
                      struct issue *why)
{
    struct runner *runner = arg;
    if (keep_rejects(runner, why) < 0)
        return -1;
    if (!take_result(runner, result))
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    if (store_put(runner->place->store, runner->job, JOB_SUCCEEDED, why) < 0)
        return -1;
    runner->recorded = true;
    metric_add(&rows_loaded, (int64_t)result->success);
    metric_add(&rows_rejected, (int64_t)result->errors);
    observe(result->duration);
    return 0;
}

static enum job_state ended_badly(struct runner *runner,
                                  const struct import_result *result,
                                  const struct issue *why)
{
    struct job *job = runner->job;
    struct issue second;
    keep_rejects(runner, &second);
    take_result(runner, result);
    lock_shown(runner);
    job->error = *why;
    enum job_state state = job->cancel                ? JOB_CANCELED
                           : *runner->place->stopping ? JOB_INTERRUPTED
                                                      : JOB_FAILED;
    unlock_shown(runner);
    /* When this fails, the next program shows it as interrupted. */
    store_put(runner->place->store, job, state, &second);
    return state;
}

static const struct import_watch watch = {.on_reject = on_reject,
                                          .on_settled = on_settled};

static int run_import(struct runner *runner, struct import_result *result,
                      struct issue *why)
{
    const struct job_place *place = runner->place;
    struct job *job = runner->job;
    struct import_options options = {
        .file = place->upload,
        .file_name = job->name,
        .target = place->dsn,
        .table = job->table,
        .sheet = job->sheet,
        .preset = job->preset,
        .separator = job->separator,
        .maps = (const char *const *)job->maps,
        .map_count = job->map_count,
        .has_method = job->has_method,
        .method = job->method,
        .on_progress = on_progress,
        .progress_arg = runner,
        .name = job->id,
        .table_locks = place->table_locks,
        .watch = &watch,
        .watch_arg = runner,
    };
    return import_run(job->ctx, &options, result, why);
}

/* A part of a file may still read as a whole one. */
static int check_upload(const struct job *job, const char *path,
                        struct issue *why)
{
    struct stat found;
    if (stat(path, &found) < 0 || (uint64_t)found.st_size == job->size)
        return 0; /* that it is not there is the import's to say */
    return issue_set(why, ISSUE_IO,
                     "%llu bytes of the upload are left of %llu: send the file "
                     "again",
                     (unsigned long long)found.st_size,
                     (unsigned long long)job->size);
}

enum job_state job_run(struct job *job, const struct job_place *place)
{
    struct runner runner = {.place = place, .job = job};
    struct import_result result = {0};
    struct issue why = {0};
    enum job_state state = JOB_SUCCEEDED;
    rn_block(remove_rejects, &runner); /* an earlier attempt's */
    int status = store_put(place->store, job, JOB_RUNNING, &why);
    if (status == 0)
        status = check_upload(job, place->upload, &why);
    if (status == 0)
        status = run_import(&runner, &result, &why);
    if (status < 0 && !runner.recorded)
        state = ended_badly(&runner, &result, &why);
    else if (result.dropped)
        store_lines_dropped(place->store, job->id);
    job->owes_lines = state == JOB_SUCCEEDED && !result.dropped;
    import_result_clear(&result);
    return state;
}
