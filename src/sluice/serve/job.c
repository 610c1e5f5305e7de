/* SPDX-License-Identifier: Apache-2.0 */
/* job.c: the record of a job: made, reset, freed. */
#include "serve/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "issueline.h"
#include "shape/identifier.h"

const char *job_state_name(enum job_state state)
{
    static const char *const names[JOB_STATES] = {
        [JOB_QUEUED] = "queued",       [JOB_RUNNING] = "running",
        [JOB_SUCCEEDED] = "succeeded", [JOB_FAILED] = "failed",
        [JOB_CANCELED] = "canceled",   [JOB_INTERRUPTED] = "interrupted"};
    return names[state];
}

bool job_state_is_live(enum job_state state)
{
    return state == JOB_QUEUED || state == JOB_RUNNING;
}

int64_t job_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct job *job_new(void)
{
    return calloc(1, sizeof(struct job));
}

void job_free(struct job *job)
{
    if (!job)
        return;
    for (size_t i = 0; i < job->map_count; i++)
        free(job->maps[i]);
    free(job->maps);
    free(job->client);
    free(job->name);
    free(job->target);
    free(job->table);
    free(job->sheet);
    free(job->preset);
    free(job->samples);
    free(job->label);
    free(job->sheet_shown);
    free(job);
}

static bool make_id(char id[JOB_ID_SIZE])
{
    unsigned char bytes[(JOB_ID_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static bool copy_text(char **to, const char *text)
{
    *to = text && *text ? strdup(text) : NULL;
    return !text || !*text || *to;
}

static bool copy_maps(struct job *job, const struct job_request *request)
{
    job->maps = calloc(request->map_count + 1, sizeof(*job->maps));
    for (size_t i = 0; job->maps && i < request->map_count; i++) {
        job->maps[i] = strdup(request->maps[i]);
        if (!job->maps[i])
            return false;
        job->map_count++;
    }
    return job->maps != NULL;
}

/* The table that the import will fill: asked for, the preset's, or the file's.
 */
static const char *table_of(const struct job_request *request,
                            struct identifier *made)
{
    if (request->table && *request->table)
        return request->table;
    if (request->preset && *request->preset)
        return request->preset;
    identifier_of_path(request->upload->name, made);
    return made->name;
}

struct job *job_make(const struct job_request *request, const char *target)
{
    struct identifier made;
    struct job *job = job_new();
    if (job && make_id(job->id) && copy_text(&job->client, request->client) &&
        copy_text(&job->name, request->upload->name) &&
        copy_text(&job->target, target) &&
        copy_text(&job->table, table_of(request, &made)) &&
        copy_text(&job->sheet, request->sheet) &&
        copy_text(&job->preset, request->preset) && copy_maps(job, request)) {
        job->separator = request->separator;
        job->has_method = request->has_method;
        job->method = request->method;
        job->size = request->upload->size;
        job->created_ms = job_now_ms();
        job->attempt = 1;
        job->busy = true;
        return job;
    }
    job_free(job);
    return NULL;
}

void job_reset(struct job *job)
{
    job->progress = (struct progress){0};
    memset(job->by_code, 0, sizeof(job->by_code));
    job->sample_count = 0;
    job->has_result = false;
    job->total = 0;
    job->success = 0;
    job->errors = 0;
    job->unsettled = 0;
    job->resumed = 0;
    job->duration = 0;
    job->error = (struct issue){0};
    job->ended_ms = 0;
    job->ended = 0;
}

static bool replace(char **text, const char *by)
{
    char *copy = by ? strdup(by) : NULL;
    if (by && !copy)
        return false;
    if (by) {
        free(*text);
        *text = copy;
    }
    return true;
}

bool job_take_result(struct job *job, const struct import_result *result)
{
    job->has_result = result->started;
    job->total = result->total;
    job->success = result->success;
    job->errors = result->errors;
    job->unsettled = result->unsettled;
    job->resumed = result->resumed;
    job->duration = result->duration;
    job->method = result->method;
    return replace(&job->label, result->target) &&
           replace(&job->sheet_shown, result->sheet);
}

void job_read_samples(struct job *job, const char *path)
{
    char line[ISSUE_LINE_MAX];
    FILE *lines = fopen(path, "re");
    job->samples = calloc(JOB_SAMPLES, sizeof(*job->samples));
    while (lines && job->samples && job->sample_count < JOB_SAMPLES &&
           fgets(line, sizeof(line), lines)) {
        struct slice text = {line, strcspn(line, "\n")};
        if (!issue_from_line(text, &job->samples[job->sample_count]))
            break;
        job->sample_count++;
    }
    if (lines)
        fclose(lines);
}
