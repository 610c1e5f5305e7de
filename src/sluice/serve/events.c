/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c: imports as they change, as server-sent events.
 *
 *     id: 1790000000042.1.3         version, attempt, rejects that were sent
 *     event: job                    the import, as GET shows it
 *     data: {...}
 *
 *     event: reject                 one of its first rejected rows
 *     event: end                    the import has ended; nothing follows
 *
 * A job event holds the whole state, so that whoever missed some needs only the
 * last. Hence there is no log of events to keep: a client that comes back with
 * Last-Event-ID gets the state if it has changed since, and the rejects behind
 * those that it has. /api/events tells of every import (id: the version), for
 * pages that watch several: browsers open few connections to one host. It goes
 * through what has changed in the order of the changes, PAGE at a time: memory
 * does not grow with the imports that are kept, and whoever is cut off in the
 * middle comes back for the rest.
 *
 * A client that has gone is noticed by writing: every HEARTBEAT something is
 * written.
 */
#include <stdlib.h>
#include <string.h>

#include <runnel/runnel.h>

#include "serve/api_internal.h"
#include "serve/api_options.h"
#include "serve/job_json.h"
#include "serve/jobs_view.h"

/* Jobs of which the states are in memory at once, for each stream. */
#define PAGE 32

/* Proxies and browsers give up on what is silent for a minute or more. */
#define HEARTBEAT (10 * RN_S)

struct stream {
    struct jobs *jobs;
    struct http_request *request;
    struct http_response *response;
    uint64_t version; /* that the client has */
    unsigned attempt;
    size_t rejects; /* of that attempt, that the client has */
    json_t *fresh;  /* what is to be sent: jobs, or rejects */
    json_t *job;
    bool ended;
};

/* One event; takes `data`. A negative status when the client is gone. */
static int send_event(struct stream *stream, const char *name, bool numbered,
                      json_t *data)
{
    char head[128];
    int len = 0;
    if (numbered)
        len = snprintf(head, sizeof(head), "id: %llu.%u.%zu\n",
                       (unsigned long long)stream->version, stream->attempt,
                       stream->rejects);
    len += snprintf(head + len, sizeof(head) - (size_t)len,
                    "event: %s\ndata: ", name);
    char *text = json_dumps(data, JSON_COMPACT);
    json_decref(data);
    if (!text)
        return RN_NOMEM;
    size_t size = (size_t)len + strlen(text) + 2;
    char *event = malloc(size + 1);
    int status = RN_NOMEM;
    if (event) {
        snprintf(event, size + 1, "%s%s\n\n", head, text);
        status = http_stream_write(stream->response, event, size);
    }
    free(event);
    free(text);
    return status;
}

static int begin(struct stream *stream)
{
    static const char hello[] = "retry: 2000\n\n";
    http_header(stream->response, "Cache-Control", "no-store");
    http_header(stream->response, "X-Accel-Buffering", "no");
    int status = http_stream_begin(stream->response, 200, "text/event-stream");
    if (status == RN_OK)
        status = http_stream_write(stream->response, hello, sizeof(hello) - 1);
    return status;
}

/*
 * Parks until something has changed. RN_OK then; a negative status when the
 * stream is to end.
 */
static int wait_for_change(struct stream *stream, struct jobs_watch *watch)
{
    for (;;) {
        struct rn_ctx *ctx =
            rn_ctx_with_timeout(stream->request->stopping, HEARTBEAT);
        int status = rn_recv_ctx(ctx, watch->kick, NULL);
        rn_ctx_release(ctx);
        if (status != RN_TIMEOUT)
            return status;
        status = http_stream_write(stream->response, ":\n\n", 3);
        if (status != RN_OK)
            return status;
    }
}

/* -------------------------------------------------------------- one import */

/* Under the lock: what the client does not have yet. */
static void gather_one(void *arg, const struct job *job)
{
    struct stream *stream = arg;
    if (job->attempt != stream->attempt) {
        stream->attempt = job->attempt;
        stream->rejects = 0;
    }
    for (size_t i = stream->rejects; i < job->sample_count; i++)
        json_array_append_new(stream->fresh, reject_json(&job->samples[i]));
    stream->ended = !job_state_is_live(job->state) && !job->busy;
    if (job->version != stream->version)
        stream->job = job_json(job, false);
    stream->version = job->version;
}

/* RN_OK: there may be more; RN_CLOSED: it has ended, or is gone. */
static int send_changes(struct stream *stream, const char *id)
{
    stream->fresh = json_array();
    stream->job = NULL;
    bool found = jobs_visit(stream->jobs, id, gather_one, stream);
    int status = RN_OK;
    size_t index;
    json_t *reject;
    json_array_foreach(stream->fresh, index, reject)
    {
        stream->rejects++;
        if (status == RN_OK)
            status = send_event(stream, "reject", true, json_incref(reject));
    }
    json_decref(stream->fresh);
    if (stream->job && status == RN_OK)
        status = send_event(stream, "job", true, stream->job);
    else
        json_decref(stream->job);
    if (status == RN_OK && (!found || stream->ended)) {
        send_event(stream, "end", true, json_object());
        return RN_CLOSED;
    }
    return status;
}

/* "V.A.R"; what cannot be read is as if it had not been sent. */
static void take_last_id(struct stream *stream)
{
    unsigned long long version;
    const char *last = http_request_header(stream->request, "Last-Event-ID");
    if (last && sscanf(last, "%llu.%u.%zu", &version, &stream->attempt,
                       &stream->rejects) == 3)
        stream->version = version;
    else
        stream->attempt = 0;
}

void api_job_events(void *app, struct http_request *request,
                    struct http_response *response)
{
    const char *id = http_request_param(request, "id");
    struct stream stream = {
        .jobs = app, .request = request, .response = response};
    struct jobs_watch watch = {0};
    take_last_id(&stream);
    if (!jobs_watch(app, &watch, id)) {
        http_reply_error(response, 404, "There is no such import");
        return;
    }
    int status = begin(&stream);
    while (status == RN_OK) {
        status = send_changes(&stream, id);
        if (status == RN_OK)
            status = wait_for_change(&stream, &watch);
    }
    jobs_unwatch(app, &watch);
    http_stream_end(response);
}

/* ------------------------------------------------------------- all imports */

static void gather_changed(void *arg, const struct job *job)
{
    struct stream *stream = arg;
    json_array_append_new(stream->fresh, job_json(job, false));
}

static bool gather_id(void *arg, const struct job *job)
{
    json_array_append_new(arg, json_string(job->id));
    return true;
}

/* A page of changes, in their order: each event bears the version of its own,
 * so that a client that got some of them misses none of the others. */
static int send_page(struct stream *stream, bool *more)
{
    size_t index;
    json_t *job;
    int status = RN_OK;
    stream->fresh = json_array();
    uint64_t seen = jobs_visit_changed(stream->jobs, stream->version, PAGE,
                                       gather_changed, stream, more);
    json_array_foreach(stream->fresh, index, job)
    {
        stream->version =
            (uint64_t)json_integer_value(json_object_get(job, "version"));
        if (status == RN_OK)
            status = send_event(stream, "job", true, json_incref(job));
    }
    json_decref(stream->fresh);
    stream->version = seen;
    return status;
}

/* The list of what is kept goes with the changes when some were removed. */
static int send_all_changes(struct stream *stream, uint64_t *removals)
{
    int status = RN_OK;
    for (bool more = true; more && status == RN_OK;)
        status = send_page(stream, &more);
    uint64_t removed = jobs_removals(stream->jobs);
    if (status == RN_OK && removed != *removals) {
        json_t *ids = json_array();
        jobs_visit_all(stream->jobs, gather_id, ids);
        status = send_event(stream, "kept", true, ids);
        *removals = removed;
    }
    return status;
}

void api_all_events(void *app, struct http_request *request,
                    struct http_response *response)
{
    struct stream stream = {
        .jobs = app, .request = request, .response = response};
    struct jobs_watch watch = {0};
    stream.version = api_query_number(request, "since", 0, INT64_MAX);
    take_last_id(&stream);
    /* Whoever comes anew cannot know what was removed meanwhile. */
    uint64_t removals = UINT64_MAX;
    if (!jobs_watch(app, &watch, NULL)) {
        http_reply_error(response, 500, "out of memory");
        return;
    }
    int status = begin(&stream);
    while (status == RN_OK) {
        status = send_all_changes(&stream, &removals);
        if (status == RN_OK)
            status = wait_for_change(&stream, &watch);
    }
    jobs_unwatch(app, &watch);
    http_stream_end(response);
}
