/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_rejects.c: the rejected rows of an import, as JSON or as a file.
 *
 * They are kept as lines (issueline.h), one row each; what a client wants is
 * made from them where it may block. While the import runs the file grows, and
 * its last line may not be whole: it is left for the next time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "issueline.h"
#include "report/reject.h"
#include "serve/api_internal.h"
#include "serve/api_options.h"
#include "serve/job_json.h"
#include "serve/jobs_view.h"

#define XLSX_TYPE \
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

/* Rows of one answer in JSON: a page shows tens. */
#define ROWS_MAX 1000

struct reading {
    struct jobs *jobs;
    const char *path; /* of the lines */
    FILE *lines;
    char *line;
    size_t room;
    /* As JSON. */
    const char *code; /* only this one; NULL: all */
    uint64_t skip;
    uint64_t limit;
    json_t *rows;
    bool more;
    /* As a file. */
    bool workbook;
    int fd;
    uint64_t size;
    struct issue why;
    int status;
};

/* 1 and *reject, 0 at the end, -1 when the file is damaged. */
static int next_reject(struct reading *reading, struct issue *reject)
{
    ssize_t len = getline(&reading->line, &reading->room, reading->lines);
    if (len <= 0 || reading->line[len - 1] != '\n')
        return 0;
    struct slice line = {reading->line, (size_t)len - 1};
    return issue_from_line(line, reject)
               ? 1
               : issue_set(&reading->why, ISSUE_IO,
                           "the rejected rows cannot be read");
}

/* No file is no rejects. */
static bool open_lines(struct reading *reading)
{
    reading->lines = fopen(reading->path, "re");
    return reading->lines != NULL;
}

static void close_lines(struct reading *reading)
{
    if (reading->lines)
        fclose(reading->lines);
    free(reading->line);
}

/* --------------------------------------------------------------------- JSON */

static void read_rows(void *arg)
{
    struct reading *reading = arg;
    struct issue reject;
    int got = open_lines(reading) ? next_reject(reading, &reject) : 0;
    for (uint64_t seen = 0; got > 0; got = next_reject(reading, &reject)) {
        if (reading->code &&
            strcmp(reading->code, issue_code_name(reject.code)) != 0)
            continue;
        if (seen++ < reading->skip)
            continue;
        if (json_array_size(reading->rows) == reading->limit) {
            reading->more = true;
            break;
        }
        json_array_append_new(reading->rows, reject_json(&reject));
    }
    reading->status = got < 0 ? -1 : 0;
    close_lines(reading);
}

static void reply_rows(struct reading *reading, struct http_request *request,
                       struct http_response *response)
{
    reading->code = http_request_query(request, "code");
    if (reading->code && !*reading->code)
        reading->code = NULL;
    reading->skip = api_query_number(request, "offset", 0, INT64_MAX);
    reading->limit = api_query_number(request, "limit", 100, ROWS_MAX);
    reading->rows = json_array();
    rn_block(read_rows, reading);
    if (reading->status < 0) {
        json_decref(reading->rows);
        http_reply_error(response, 500, "%s", reading->why.text);
        return;
    }
    json_t *json = json_object();
    json_object_set_new(json, "rejects", reading->rows);
    json_object_set_new(json, "more", json_boolean(reading->more));
    http_reply_json(response, 200, json);
}

/* -------------------------------------------------------------------- files */

/* Writes all lines as a report; -1 with why. */
static int write_report(struct reading *reading, const char *path)
{
    struct reject_file *report;
    struct issue reject;
    struct issue second;
    if (reject_open(&report, path, &reading->why) < 0)
        return -1;
    int got = open_lines(reading) ? next_reject(reading, &reject) : 0;
    while (got > 0) {
        got = reject_add(report, &reject, &reading->why);
        if (got == 0)
            got = next_reject(reading, &reject);
    }
    close_lines(reading);
    if (reject_close(report, got == 0, got < 0 ? &second : &reading->why) < 0)
        return -1;
    return got;
}

/* The report has a name only until it is open. */
static void make_file(void *arg)
{
    struct reading *reading = arg;
    struct stat stat;
    char *path;
    char folder[] = "report.XXXXXX";
    char *place;
    reading->fd = -1;
    reading->status = -1;
    if (asprintf(&place, "%s/%s", jobs_spool(reading->jobs)->folder, folder) <
        0) {
        issue_set(&reading->why, ISSUE_MEMORY, "out of memory");
        return;
    }
    if (!mkdtemp(place) || asprintf(&path, "%s/rejects.%s", place,
                                    reading->workbook ? "xlsx" : "csv") < 0) {
        issue_set(&reading->why, ISSUE_IO, "no report can be made: %s",
                  strerror(errno));
        free(place);
        return;
    }
    if (write_report(reading, path) == 0) {
        reading->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (reading->fd >= 0 && fstat(reading->fd, &stat) == 0) {
            reading->size = (uint64_t)stat.st_size;
            reading->status = 0;
        } else {
            issue_set(&reading->why, ISSUE_IO, "the report cannot be read: %s",
                      strerror(errno));
        }
    }
    unlink(path);
    rmdir(place);
    free(path);
    free(place);
}

/* With its last name gone, all of it is removed now. */
static void close_file(void *arg)
{
    const struct reading *reading = arg;
    close(reading->fd);
}

/* "list.xlsx" -> "list": what a download is named after. */
static void plain_name(const char *name, char *out, size_t size)
{
    size_t len = 0;
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    for (size_t i = 0; i < stem && len + 1 < size; i++) {
        unsigned char c = (unsigned char)name[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                     (c >= 'a' && c <= 'z') || c == '-' || c == '_';
        out[len++] = plain ? (char)c : '_';
    }
    out[len] = '\0';
}

static void reply_file(struct reading *reading, const char *name,
                       struct http_response *response)
{
    if (jobs_look_begin(reading->jobs) != RN_OK) {
        api_busy(response);
        return;
    }
    struct upload_spool *spool = jobs_spool(reading->jobs);
    rn_block(make_file, reading);
    jobs_look_end(reading->jobs);
    /* It has no name, and takes its place on the disk until it is sent. */
    bool fits =
        reading->status == 0 && upload_spool_charge(spool, reading->size);
    if (reading->status < 0) {
        http_reply_error(response, 500, "%s", reading->why.text);
    } else if (!fits) {
        http_reply_error(response, 507,
                         "The server keeps no more files at the moment: try "
                         "again when others have got theirs");
    } else {
        http_header(response, "Content-Disposition",
                    "attachment; filename=\"%s-rejects.%s\"", name,
                    reading->workbook ? "xlsx" : "csv");
        http_reply_file(response, 200,
                        reading->workbook ? XLSX_TYPE
                                          : "text/csv; charset=utf-8",
                        reading->fd, 0, reading->size);
    }
    if (reading->fd >= 0)
        rn_block(close_file, reading);
    if (fits)
        upload_spool_release(spool, reading->size);
}

static void keep_name(void *arg, const struct job *job)
{
    plain_name(job->name, arg, 64);
}

void api_rejects(void *app, struct http_request *request,
                 struct http_response *response)
{
    struct jobs *jobs = app;
    const char *id = http_request_param(request, "id");
    const char *format = http_request_query(request, "format");
    char name[64];
    if (!jobs_visit(jobs, id, keep_name, name)) {
        http_reply_error(response, 404, "There is no such import");
        return;
    }
    char *path = jobs_rejects_path(jobs, id);
    struct reading reading = {.jobs = jobs, .path = path, .fd = -1};
    if (!path) {
        http_reply_error(response, 500, "out of memory");
    } else if (!format || strcmp(format, "json") == 0) {
        reply_rows(&reading, request, response);
    } else if (strcmp(format, "csv") == 0 || strcmp(format, "xlsx") == 0) {
        reading.workbook = *format == 'x';
        reply_file(&reading, name, response);
    } else {
        http_reply_error(response, 400,
                         "Invalid format. Use: json, csv, or xlsx");
    }
    free(path);
}
