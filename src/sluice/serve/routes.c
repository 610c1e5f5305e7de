/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.c: the addresses that programs and watchers use.
 */
#include "serve/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runnel/runnel.h>

#include "report/figures.h"
#include "serve/http_log.h"
#include "serve/http_metrics.h"
#include "serve/upload.h"

/* A database that does not answer for so long is not ready. */
#define READY_WAIT_NS (5 * RN_S)
/* Watchers ask often, and each question costs a connection. */
#define READY_KEPT_NS (RN_S)
/* When the queue is full: about what a small import takes. */
#define RETRY_AFTER_S 5
/* What the tutorial's server imports into. */
#define USUAL_PRESET  "businesses"

static int64_t count_goroutines(void *arg)
{
    (void)arg;
    return (int64_t)rn_task_count();
}

static struct metric goroutines = {.name = "sluice_goroutines",
                                   .help = "Goroutines that are alive.",
                                   .kind = METRIC_KIND_GAUGE,
                                   .read = count_goroutines};

struct routes {
    struct jobs *jobs;
    const struct job_target *target;
    struct rn_mutex lock; /* for what follows; held while it is asked */
    int64_t asked;        /* when the database was, last; 0: never */
    bool ready;
};

/* ---------------------------------------------------------------- /upload */

static bool choose_method(const char *name, struct job_request *job)
{
    job->has_method = strcmp(name, "auto") != 0;
    for (int i = 0; i <= METHOD_COPY && job->has_method; i++) {
        job->method = (enum load_method)i;
        if (strcmp(name, load_method_name(job->method)) == 0)
            return true;
    }
    return !job->has_method;
}

static void reply_outcome(struct http_response *response,
                          const struct job_outcome *outcome)
{
    char duration[FIGURE_MAX];
    char text[1024];
    if (outcome->state != JOB_SUCCEEDED) {
        issue_format(&outcome->error, NULL, text, sizeof(text));
        http_reply_error(response, 500, "%s",
                         outcome->error.code != ISSUE_NONE
                             ? text
                             : job_state_name(outcome->state));
        return;
    }
    figure_duration(outcome->duration, duration);
    http_reply_json(
        response, 200,
        json_pack("{s:s, s:s, s:{s:I, s:I, s:I, s:s, s:I}}", "message",
                  "Import completed successfully", "method",
                  load_method_name(outcome->method), "stats", "total_records",
                  (json_int_t)outcome->total, "success_count",
                  (json_int_t)outcome->success, "error_count",
                  (json_int_t)outcome->errors, "duration", duration,
                  "records_per_second",
                  (json_int_t)figure_rate(outcome->total, outcome->duration)));
}

static void reply_not_taken(struct http_response *response, int status,
                            const struct issue *why)
{
    switch (status) {
    case JOBS_FULL:
        http_header(response, "Retry-After", "%d", RETRY_AFTER_S);
        http_reply_error(response, 429, "Too many imports are waiting");
        return;
    case JOBS_NOT_FOUND:
        http_reply_error(response, 404, "There is no such target");
        return;
    case JOBS_STOPPING:
        http_header(response, "Retry-After", "%d", RETRY_AFTER_S);
        http_reply_error(response, 503, "The server is stopping");
        return;
    default:
        http_reply_error(response, 500, "%s", why->text);
    }
}

static void run_upload(struct routes *routes, struct upload *upload,
                       struct http_request *request,
                       struct http_response *response)
{
    char id[JOB_ID_SIZE];
    struct job_outcome outcome;
    struct issue why = {0};
    const char *method = http_request_query(request, "method");
    struct job_request job = {
        .client = request->client,
        .upload = upload,
        .target = http_request_query(request, "target"),
        .table = http_request_query(request, "table"),
        .sheet = http_request_query(request, "sheet"),
        .preset = http_request_query(request, "preset"),
        .awaited = true,
    };
    if (upload->kind != UPLOAD_XLSX) {
        http_reply_error(response, 400, "Only Excel files allowed");
        return;
    }
    if (!choose_method(method ? method : "batch", &job)) {
        http_reply_error(response, 400,
                         "Invalid method. Use: sequential, concurrent, or "
                         "batch (also: copy, auto)");
        return;
    }
    if (!job.table && !job.preset)
        job.preset = USUAL_PRESET;
    int status = jobs_submit(routes->jobs, &job, id, &why);
    if (status < 0) {
        reply_not_taken(response, status, &why);
        return;
    }
    upload_clear(upload); /* the job has it */
    http_header(response, "X-Import-Id", "%s", id);
    status = jobs_wait(request->ctx, routes->jobs, id, &outcome);
    if (status == JOBS_OK)
        reply_outcome(response, &outcome);
    else if (status == JOBS_NOT_FOUND)
        http_reply_error(response, 500,
                         "Import %s ended and was removed before its result "
                         "could be told",
                         id);
    else
        http_reply_error(response, 503,
                         "The server is stopping; if import %s still waits, it "
                         "goes on when the server starts again; if it was "
                         "running, POST /api/imports/%s/retry resumes it",
                         id, id);
}

static void handle_upload(void *app, struct http_request *request,
                          struct http_response *response)
{
    struct routes *routes = app;
    struct upload upload;
    if (upload_receive(&upload, jobs_spool(routes->jobs), request, response) <
        0)
        return;
    run_upload(routes, &upload, request, response);
    upload_clear(&upload);
}

/* -------------------------------------------------------- /health, /ready */

static void handle_health(void *app, struct http_request *request,
                          struct http_response *response)
{
    static const char body[] = "{\"status\":\"healthy\"}";
    (void)app;
    (void)request;
    http_reply(response, 200, "application/json", body, sizeof(body) - 1);
}

/* A sink that waits for its socket here, or blocks where it may. */
static int env_wait_fd(void *context, int fd, int events, int64_t timeout_ns)
{
    int64_t limit = *(const int64_t *)context;
    int64_t deadline = timeout_ns < 0 ? limit : rn_deadline(timeout_ns);
    int ready = rn_wait_fd(fd,
                           (events & SINK_READ ? RN_READ : 0) |
                               (events & SINK_WRITE ? RN_WRITE : 0),
                           deadline < limit ? deadline : limit);
    if (ready == RN_TIMEOUT)
        return deadline < limit ? 0 : -1;
    if (ready < 0)
        return events;
    return (ready & RN_READ ? SINK_READ : 0) |
           (ready & RN_WRITE ? SINK_WRITE : 0);
}

static void env_offload(void *context, void (*fn)(void *), void *arg)
{
    (void)context;
    rn_block(fn, arg);
}

struct question {
    const char *dsn;
    const struct sink_env *env;
    bool answered;
    struct issue why;
};

static void ask(void *arg)
{
    struct question *question = arg;
    struct sink *sink;
    question->answered =
        sink_open(&sink, question->dsn, question->env, &question->why) == 0;
    if (question->answered)
        sink_close(sink);
}

static bool ask_database(const char *dsn)
{
    int64_t limit = rn_deadline(READY_WAIT_NS);
    struct sink_env env = {&limit, env_wait_fd, env_offload};
    struct question question = {.dsn = dsn, .env = &env};
    rn_block(ask, &question);
    if (!question.answered)
        log_message(LOG_WARNING, "ready", "%s", question.why.text);
    return question.answered;
}

static void handle_ready(void *app, struct http_request *request,
                         struct http_response *response)
{
    static const char yes[] = "{\"status\":\"ready\"}";
    static const char no[] =
        "{\"status\":\"unavailable\",\"error\":\"The database does not "
        "answer\"}";
    struct routes *routes = app;
    (void)request;
    rn_mutex_lock(&routes->lock);
    if (routes->asked == 0 || rn_now() - routes->asked > READY_KEPT_NS) {
        routes->ready = ask_database(routes->target->dsn);
        routes->asked = rn_now();
    }
    bool ready = routes->ready;
    rn_mutex_unlock(&routes->lock);
    if (ready)
        http_reply(response, 200, "application/json", yes, sizeof(yes) - 1);
    else
        http_reply(response, 503, "application/json", no, sizeof(no) - 1);
}

/* --------------------------------------------------------------- /metrics */

static void handle_metrics(void *app, struct http_request *request,
                           struct http_response *response)
{
    size_t size;
    char *text = metrics_print(&size);
    (void)app;
    (void)request;
    if (!text) {
        http_reply_error(response, 500, "out of memory");
        return;
    }
    http_reply(response, 200, "text/plain; version=0.0.4; charset=utf-8", text,
               size);
    free(text);
}

/* ------------------------------------------------------------------ table */

static const struct http_route table[] = {
    {"POST", "/upload", handle_upload, HTTP_ROUTE_UPLOAD},
    {"GET", "/health", handle_health, HTTP_ROUTE_PUBLIC},
    {"GET", "/ready", handle_ready, HTTP_ROUTE_PUBLIC},
    {"GET", "/metrics", handle_metrics, 0},
};

struct routes *routes_open(struct jobs *jobs, const struct job_target *target)
{
    struct routes *routes = calloc(1, sizeof(*routes));
    if (!routes)
        return NULL;
    routes->jobs = jobs;
    routes->target = target;
    metric_register(&goroutines);
    return routes;
}

void routes_close(struct routes *routes)
{
    free(routes);
}

struct server_routes routes_table(struct routes *routes)
{
    return (struct server_routes){table, sizeof(table) / sizeof(table[0]),
                                  routes};
}
