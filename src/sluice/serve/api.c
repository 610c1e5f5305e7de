/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c: imports over HTTP, and the table of all routes.
 */
#include "serve/api.h"

#include <runnel/runnel.h>

#include "serve/api_internal.h"
#include "serve/api_options.h"
#include "serve/job_json.h"
#include "serve/jobs_view.h"
#include "serve/page.h"

static void not_found(struct http_response *response)
{
    http_reply_error(response, 404, "There is no such import");
}

static void keep_whole(void *arg, const struct job *job)
{
    *(json_t **)arg = job_json(job, true);
}

static void reply_job(struct jobs *jobs, struct http_response *response,
                      int status, const char *id)
{
    json_t *json = NULL;
    if (jobs_visit(jobs, id, keep_whole, &json))
        http_reply_json(response, status, json);
    else
        not_found(response);
}

/* ------------------------------------------------------------------ imports */

/* Answers for everything but JOBS_OK. */
static void refuse(struct http_response *response, int status,
                   const struct issue *why)
{
    switch (status) {
    case JOBS_NOT_FOUND:
        http_reply_error(response, 400, "There is no such target");
        break;
    case JOBS_FULL:
        http_header(response, "Retry-After", "%d", API_RETRY_AFTER_S);
        http_reply_error(response, 429,
                         "Too many imports are waiting; try again soon");
        break;
    case JOBS_STOPPING:
        http_header(response, "Retry-After", "%d", API_RETRY_AFTER_S);
        http_reply_error(response, 503, "The server is stopping");
        break;
    default:
        http_reply_error(response, 500, "%s", why->text);
        break;
    }
}

static void submit(struct jobs *jobs, struct upload *upload,
                   struct http_request *request, struct http_response *response)
{
    struct api_options options;
    char id[JOB_ID_SIZE];
    struct issue why = {0};
    if (upload->kind == UPLOAD_OTHER) {
        http_reply_error(response, 415,
                         "Only .xlsx and .csv files can be imported");
        return;
    }
    if (api_options_read(&options, upload, request, response) < 0)
        return;
    int status = jobs_submit(jobs, &options.request, id, &why);
    api_options_clear(&options);
    if (status != JOBS_OK) {
        refuse(response, status, &why);
        return;
    }
    http_header(response, "Location", "/api/imports/%s", id);
    reply_job(jobs, response, 202, id);
}

static void create(void *app, struct http_request *request,
                   struct http_response *response)
{
    struct jobs *jobs = app;
    struct upload upload;
    if (upload_receive(&upload, jobs_spool(jobs), request, response) < 0)
        return;
    submit(jobs, &upload, request, response);
    upload_clear(&upload);
}

struct listing {
    json_t *imports;
    uint64_t skip;
    uint64_t limit;
    uint64_t total;
};

static bool list_one(void *arg, const struct job *job)
{
    struct listing *listing = arg;
    if (listing->total++ >= listing->skip &&
        json_array_size(listing->imports) < listing->limit)
        json_array_append_new(listing->imports, job_json(job, false));
    return true;
}

static void list(void *app, struct http_request *request,
                 struct http_response *response)
{
    struct listing listing = {
        .imports = json_array(),
        .skip = api_query_number(request, "offset", 0, UINT32_MAX),
        .limit = api_query_number(request, "limit", 100, 1000)};
    uint64_t version = jobs_visit_all(app, list_one, &listing);
    json_t *json = json_object();
    json_object_set_new(json, "imports", listing.imports);
    json_object_set_new(json, "total", json_integer((json_int_t)listing.total));
    json_object_set_new(json, "version", json_integer((json_int_t)version));
    http_reply_json(response, 200, json);
}

static void show(void *app, struct http_request *request,
                 struct http_response *response)
{
    reply_job(app, response, 200, http_request_param(request, "id"));
}

static void cancel(void *app, struct http_request *request,
                   struct http_response *response)
{
    const char *id = http_request_param(request, "id");
    int status = jobs_cancel(app, id);
    if (status == JOBS_OK) {
        reply_job(app, response, 202, id);
        return;
    }
    if (status == JOBS_WRONG)
        status = jobs_remove(app, id);
    if (status == JOBS_OK)
        http_reply(response, 204, NULL, NULL, 0);
    else if (status == JOBS_NOT_FOUND)
        not_found(response);
    else
        http_reply_error(response, 409, "The import is just being changed");
}

static void retry(void *app, struct http_request *request,
                  struct http_response *response)
{
    const char *id = http_request_param(request, "id");
    int status = jobs_retry(app, id);
    if (status == JOBS_OK)
        reply_job(app, response, 202, id);
    else if (status == JOBS_NOT_FOUND)
        not_found(response);
    else if (status == JOBS_WRONG)
        http_reply_error(response, 409,
                         "Only an import that did not end well can be retried");
    else
        refuse(response, status, NULL);
}

static void targets(void *app, struct http_request *request,
                    struct http_response *response)
{
    size_t count;
    const struct job_target *all = jobs_targets(app, &count);
    json_t *names = json_array();
    (void)request;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(names, json_pack("{s:s}", "name", all[i].name));
    json_t *json = json_object();
    json_object_set_new(json, "targets", names);
    http_reply_json(response, 200, json);
}

/* ------------------------------------------------------------------- routes */

const struct http_route api_routes[] = {
    {"GET", "/", page_show, 0},
    {"GET", "/page.js", page_show, 0},
    {"GET", "/icon.svg", page_show, 0},
    {"GET", "/api/openapi.json", page_show, 0},
    {"POST", "/api/imports", create, HTTP_ROUTE_UPLOAD},
    {"GET", "/api/imports", list, 0},
    {"GET", "/api/imports/{id}", show, 0},
    {"DELETE", "/api/imports/{id}", cancel, 0},
    {"POST", "/api/imports/{id}/retry", retry, 0},
    {"GET", "/api/imports/{id}/events", api_job_events, 0},
    {"GET", "/api/imports/{id}/rejects", api_rejects, 0},
    {"GET", "/api/events", api_all_events, 0},
    {"POST", "/api/previews", api_preview, HTTP_ROUTE_UPLOAD},
    {"GET", "/api/targets", targets, 0},
};
const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);
