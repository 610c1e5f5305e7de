/* SPDX-License-Identifier: Apache-2.0 */
/* job_json.c: jobs and issues as clients see them. */
#include "serve/job_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

json_t *json_text(struct slice text)
{
    if (utf8_check(text) == text.len)
        return json_stringn(text.ptr ? text.ptr : "", text.len);
    char *copy = malloc(text.len);
    if (!copy)
        return NULL;
    memcpy(copy, text.ptr, text.len);
    for (size_t i = 0;;) {
        i += utf8_check((struct slice){copy + i, text.len - i});
        if (i == text.len)
            break;
        copy[i] = '?';
    }
    json_t *string = json_stringn(copy, text.len);
    free(copy);
    return string;
}

static json_t *text_or_null(const char *text)
{
    return text ? json_text(slice_of(text)) : json_null();
}

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

/* "2026-01-31T09:30:00.000Z", or null for what has not happened. */
static json_t *moment(int64_t ms)
{
    char text[40];
    struct tm utc;
    time_t seconds = (time_t)(ms / 1000);
    if (ms == 0 || !gmtime_r(&seconds, &utc))
        return json_null();
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + len, sizeof(text) - len, ".%03dZ", (int)(ms % 1000));
    return json_string(text);
}

json_t *reject_json(const struct issue *reject)
{
    char column[9] = "";
    json_t *json = json_object();
    if (reject->column > 0)
        column_name(reject->column, column);
    json_object_set_new(json, "sheet", json_text(slice_of(reject->sheet)));
    json_object_set_new(json, "row", count(reject->row));
    json_object_set_new(json, "column", json_string(column));
    json_object_set_new(json, "header", json_text(slice_of(reject->header)));
    json_object_set_new(json, "value", json_text(slice_of(reject->value)));
    json_object_set_new(json, "code",
                        json_string(issue_code_name(reject->code)));
    json_object_set_new(json, "reason", json_text(slice_of(reject->text)));
    return json;
}

/* Rounded to three decimals. */
static json_t *seconds_of(double seconds)
{
    return json_real(round(seconds * 1000) / 1000);
}

static json_t *progress_json(const struct job *job)
{
    const struct progress *now = &job->progress;
    double elapsed = (double)now->elapsed / 1e9;
    double share = now->size ? (double)now->position / (double)now->size : 0;
    bool ended = !job_state_is_live(job->state);
    json_t *json = json_object();
    uint64_t rows = ended ? job->total : now->rows;
    if (ended) {
        elapsed = (double)job->duration / 1e9;
        share = job->state == JOB_SUCCEEDED ? 1 : share;
    }
    json_object_set_new(json, "rows", count(rows));
    json_object_set_new(
        json, "rows_per_second",
        json_integer(elapsed > 0 ? (json_int_t)((double)rows / elapsed + 0.5)
                                 : 0));
    json_object_set_new(json, "percent",
                        json_real(round(fmin(share, 1) * 1000) / 10));
    json_object_set_new(json, "elapsed_seconds", seconds_of(elapsed));
    json_object_set_new(json, "eta_seconds",
                        !ended && share > 0 && elapsed > 0
                            ? seconds_of(elapsed * (1 - share) / share)
                            : json_null());
    return json;
}

static json_t *counts_json(const struct job *job)
{
    bool ended = !job_state_is_live(job->state);
    uint64_t rejected = ended ? job->errors : job->progress.rejected;
    uint64_t loaded =
        ended ? job->success : job->progress.rows - job->progress.rejected;
    json_t *json = json_object();
    json_object_set_new(json, "total",
                        count(ended ? job->total : job->progress.rows));
    json_object_set_new(json, "loaded", count(loaded));
    json_object_set_new(json, "rejected", count(rejected));
    json_object_set_new(json, "unsettled", count(job->unsettled));
    json_object_set_new(json, "resumed", count(job->resumed));
    return json;
}

static json_t *reasons_json(const struct job *job)
{
    json_t *reasons = json_array();
    for (int i = 1; i <= ISSUE_REFUSED; i++)
        if (job->by_code[i] > 0)
            json_array_append_new(
                reasons, json_pack("{s:s, s:I}", "code",
                                   issue_code_name((enum issue_code)i), "count",
                                   (json_int_t)job->by_code[i]));
    return reasons;
}

static json_t *error_json(const struct job *job)
{
    if (job->error.code == ISSUE_NONE)
        return json_null();
    char place[2 * ISSUE_TEXT_MAX];
    issue_format(&job->error, NULL, place, sizeof(place));
    json_t *json = json_object();
    json_object_set_new(json, "code",
                        json_string(issue_code_name(job->error.code)));
    json_object_set_new(json, "message", json_text(slice_of(place)));
    return json;
}

static json_t *file_json(const struct job *job)
{
    json_t *json = json_object();
    json_object_set_new(json, "name", text_or_null(job->name));
    json_object_set_new(json, "size", count(job->size));
    return json;
}

static json_t *links_json(const struct job *job)
{
    char path[64];
    json_t *json = json_object();
    snprintf(path, sizeof(path), "/api/imports/%s", job->id);
    json_object_set_new(json, "self", json_string(path));
    snprintf(path, sizeof(path), "/api/imports/%s/events", job->id);
    json_object_set_new(json, "events", json_string(path));
    snprintf(path, sizeof(path), "/api/imports/%s/rejects", job->id);
    json_object_set_new(json, "rejects", json_string(path));
    return json;
}

json_t *job_json(const struct job *job, bool whole)
{
    json_t *json = json_object();
    bool known = job->has_method || job->label;
    json_object_set_new(json, "id", json_string(job->id));
    json_object_set_new(json, "state", json_string(job_state_name(job->state)));
    json_object_set_new(json, "version", count(job->version));
    json_object_set_new(json, "attempt", json_integer(job->attempt));
    json_object_set_new(json, "file", file_json(job));
    json_object_set_new(json, "target", text_or_null(job->target));
    json_object_set_new(json, "database", text_or_null(job->label));
    json_object_set_new(json, "table", text_or_null(job->table));
    json_object_set_new(
        json, "sheet",
        text_or_null(job->sheet_shown ? job->sheet_shown : job->sheet));
    json_object_set_new(json, "preset", text_or_null(job->preset));
    json_object_set_new(
        json, "method",
        text_or_null(known ? load_method_name(job->method) : NULL));
    json_object_set_new(json, "created_at", moment(job->created_ms));
    json_object_set_new(json, "started_at", moment(job->started_ms));
    json_object_set_new(json, "ended_at", moment(job->ended_ms));
    json_object_set_new(json, "progress", progress_json(job));
    json_object_set_new(json, "counts", counts_json(job));
    json_object_set_new(json, "reasons", reasons_json(job));
    json_object_set_new(json, "error", error_json(job));
    json_object_set_new(json, "links", links_json(job));
    if (whole) {
        json_t *first = json_array();
        for (size_t i = 0; i < job->sample_count; i++)
            json_array_append_new(first, reject_json(&job->samples[i]));
        json_object_set_new(json, "first_rejects", first);
    }
    return json;
}
