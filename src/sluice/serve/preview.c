/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preview.c: what an import would do with a file. Writes nothing.
 *
 *     open the workbook ─▶ its sheets, the chosen one, its header
 *     describe the table ─▶ columns that are there, or a preset's, or none
 *     map the header     ─▶ a proposal for each column of the sheet
 *     first rows         ─▶ types of a new table, values to look at
 *     the same rows again, converted ─▶ the first problems
 *
 * It looks at PREVIEW_ROWS rows at most, so that it answers at once; an import
 * looks at all of them, and may then type a new column more widely. All of it
 * runs where it may block: files, SQLite, and a PostgreSQL that is asked by
 * waiting for it. It is bounded in all ways: so many at once (jobs_look_begin),
 * so long, and so much text in memory.
 *
 * A header that does not fit the table is an answer, not an error: `fault` says
 * what is wrong, and every column still gets its best proposal, so that a
 * client can ask again with a mapping.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "arena.h"
#include "read/choose.h"
#include "serve/api_internal.h"
#include "serve/api_options.h"
#include "serve/job_json.h"
#include "serve/jobs_view.h"
#include "shape/celltext.h"
#include "shape/identifier.h"
#include "shape/infer.h"
#include "shape/validate.h"

/* Looked at, shown, and problems shown. */
#define PREVIEW_ROWS     20000
#define PREVIEW_SHOWN    50
#define PREVIEW_PROBLEMS 20

/* Characters of a value; a table on a screen shows fewer. */
#define SHOWN_VALUE 80

/* Columns shown; a wider sheet is imported whole. */
#define SHOWN_COLUMNS 256

/* Of shared strings: 20,000 rows of what people write have a tenth of it. */
#define PREVIEW_STRINGS ((uint64_t)256 << 20)

struct preview {
    const struct job_request *request;
    const char *dsn;
    int64_t deadline;
    struct sink_env env;
    struct read_bounds bounds;
    struct workbook *book;
    size_t sheet_index;
    struct table table;
    struct mapping mapping;
    bool table_exists;
    bool mapped;
    struct inference inference;
    char **headers; /* of sheet column c at c - 1; owned */
    uint32_t header_count;
    uint64_t header_row;
    uint64_t rows; /* looked at */
    bool complete;
    json_t *json;
    struct issue why; /* when status is -1 */
    int status;
};

static int no_memory(struct preview *p)
{
    return issue_set(&p->why, ISSUE_MEMORY, "out of memory");
}

/* --------------------------------------------------------------- the bounds */

static bool has_time(void *arg)
{
    const struct preview *p = arg;
    return rn_now() < p->deadline;
}

/* Within the preview's time. */
static int env_wait_fd(void *context, int fd, int events, int64_t timeout_ns)
{
    const struct preview *p = context;
    int64_t until = timeout_ns < 0 ? p->deadline : rn_deadline(timeout_ns);
    int ready = rn_wait_fd(fd,
                           (events & SINK_READ ? RN_READ : 0) |
                               (events & SINK_WRITE ? RN_WRITE : 0),
                           until < p->deadline ? until : p->deadline);
    if (ready == RN_TIMEOUT)
        return until < p->deadline ? 0 : -1;
    if (ready < 0)
        return events; /* its next use tells why */
    return (ready & RN_READ ? SINK_READ : 0) |
           (ready & RN_WRITE ? SINK_WRITE : 0);
}

static void env_offload(void *context, void (*fn)(void *), void *arg)
{
    (void)context;
    fn(arg); /* all of a preview runs where it may block */
}

/* Between two rows; false after *why was set. */
static bool may_go_on(struct preview *p)
{
    if (has_time(p))
        return true;
    issue_set(&p->why, ISSUE_CANCELED, "canceled");
    p->status = -1;
    return false;
}

/* --------------------------------------------------------------- the table */

static int describe(struct preview *p, const char *table)
{
    struct sink *sink;
    /* A file that is not there must not be made by looking. */
    if (sink_target_is_missing(p->dsn))
        return 0;
    if (sink_open(&sink, p->dsn, &p->env, &p->why) < 0)
        return -1;
    int found = sink_describe(sink, table, &p->table, &p->why);
    sink_close(sink);
    if (found < 0)
        return -1;
    p->table_exists = found == 1;
    return 0;
}

static int find_table(struct preview *p)
{
    const struct job_request *request = p->request;
    struct identifier made;
    const char *name = request->table ? request->table : request->preset;
    if (!name) {
        identifier_of_path(request->upload->name, &made);
        name = made.name;
    }
    json_object_set_new(p->json, "table", json_text(slice_of(name)));
    if (describe(p, name) < 0)
        return -1;
    if (!p->table_exists && request->preset)
        return table_preset(&p->table, request->preset, &p->why);
    return 0;
}

/* -------------------------------------------------------------- the header */

static bool keep_header(struct preview *p, const struct cell_row *header)
{
    uint32_t last = header->count ? header->cells[header->count - 1].column : 0;
    uint32_t count = last < SHOWN_COLUMNS ? last : SHOWN_COLUMNS;
    p->header_row = header->number;
    p->headers = calloc(count + 1, sizeof(*p->headers));
    if (!p->headers)
        return false;
    p->header_count = count;
    for (uint32_t i = 0; i < header->count; i++) {
        const struct cell *cell = &header->cells[i];
        char room[CELL_TEXT_ROOM];
        if (cell->column > p->header_count)
            break;
        struct slice text = slice_trim(cell_text(cell, room));
        p->headers[cell->column - 1] = strndup(text.ptr, text.len);
        if (!p->headers[cell->column - 1])
            return false;
    }
    return true;
}

static int map_header(struct preview *p, const struct cell_row *header)
{
    const struct job_request *request = p->request;
    const struct mapping_options options = {.maps = request->maps,
                                            .map_count = request->map_count,
                                            .preset = request->preset != NULL &&
                                                      !p->table_exists};
    bool known = p->table.count > 0;
    int status =
        known ? mapping_make(&p->mapping, header, &p->table, &options, &p->why)
              : mapping_make_table(&p->mapping, &p->table, "preview", header,
                                   &options, &p->why);
    p->mapped = status == 0;
    if (p->mapped)
        return 0;
    if (p->why.code == ISSUE_MEMORY)
        return -1;
    json_object_set_new(p->json, "fault", json_text(slice_of(p->why.text)));
    return 0;
}

/* The sheet at its first data row; NULL when it is empty, or with an error. */
static struct sheet *open_rows(struct preview *p, bool first)
{
    struct sheet *sheet;
    struct cell_row header;
    if (sheet_open(&sheet, p->book, p->sheet_index, &p->why) < 0) {
        p->status = -1;
        return NULL;
    }
    int got = sheet_next(sheet, &header, &p->why);
    if (got > 0 && first &&
        (!keep_header(p, &header) ? no_memory(p) : map_header(p, &header)) < 0)
        got = -1;
    if (got > 0)
        return sheet;
    if (got == 0)
        issue_set(&p->why, ISSUE_NOT_FOUND, "the sheet is empty");
    p->status = -1;
    sheet_close(sheet);
    return NULL;
}

/* ----------------------------------------------------------- rows and types */

static json_t *shown_row(const struct preview *p, const struct cell_row *row)
{
    json_t *cells = json_array();
    uint32_t at = 0;
    for (uint32_t column = 1; column <= p->header_count; column++) {
        char room[CELL_TEXT_ROOM];
        struct slice text = {"", 0};
        while (at < row->count && row->cells[at].column < column)
            at++;
        if (at < row->count && row->cells[at].column == column)
            text = cell_text(&row->cells[at], room);
        text.len = utf8_prefix(text, SHOWN_VALUE);
        json_array_append_new(cells, json_text(text));
    }
    json_t *json = json_object();
    json_object_set_new(json, "row", json_integer((json_int_t)row->number));
    json_object_set_new(json, "cells", cells);
    return json;
}

/* The first pass: what there is. */
static void look_at_rows(struct preview *p)
{
    struct cell_row row;
    json_t *shown = json_array();
    struct sheet *sheet = open_rows(p, true);
    int got = sheet ? 1 : 0;
    json_object_set_new(p->json, "rows", shown);
    while (got > 0 && p->rows < PREVIEW_ROWS && may_go_on(p)) {
        got = sheet_next(sheet, &row, &p->why);
        if (got <= 0)
            break;
        if (p->rows++ < PREVIEW_SHOWN)
            json_array_append_new(shown, shown_row(p, &row));
        if (infer_row(&p->inference, &row, &p->why) < 0)
            got = -1;
    }
    p->complete = got == 0;
    if (got < 0)
        p->status = -1;
    if (sheet)
        sheet_close(sheet);
}

/* The second pass: what would be rejected. */
static void find_problems(struct preview *p)
{
    struct arena arena;
    struct cell_row row;
    struct row out;
    uint64_t rows = 0;
    uint64_t problems = 0;
    json_t *shown = json_array();
    struct shape shape = {&p->mapping,
                          workbook_sheet_name(p->book, p->sheet_index)};
    struct sheet *sheet = p->mapped ? open_rows(p, false) : NULL;
    arena_init(&arena);
    int got = 1;
    while (sheet && rows++ < p->rows && may_go_on(p)) {
        struct issue bad;
        got = sheet_next(sheet, &row, &p->why);
        if (got <= 0)
            break;
        arena_reset(&arena);
        if (row.count == 0 ||
            convert_row(&shape, &row, &arena, &out, &bad) == 0)
            continue;
        bad.row = row.number;
        if (problems++ < PREVIEW_PROBLEMS)
            json_array_append_new(shown, reject_json(&bad));
    }
    if (got < 0)
        p->status = -1;
    if (sheet)
        sheet_close(sheet);
    arena_clear(&arena);
    json_object_set_new(p->json, "problems", shown);
    json_object_set_new(p->json, "problem_count",
                        json_integer((json_int_t)problems));
}

/* -------------------------------------------------------------- the columns */

static const char *type_name(enum column_type type)
{
    static const char *const names[] = {
        [COLUMN_TEXT] = "text",           [COLUMN_INTEGER] = "integer",
        [COLUMN_REAL] = "real",           [COLUMN_NUMERIC] = "numeric",
        [COLUMN_BOOLEAN] = "boolean",     [COLUMN_DATE] = "date",
        [COLUMN_TIMESTAMP] = "timestamp", [COLUMN_TIMESTAMPTZ] = "timestamptz",
        [COLUMN_TIME] = "time",           [COLUMN_INTERVAL] = "interval",
        [COLUMN_OTHER] = "other"};
    return names[type];
}

/* The table's column that a header could mean; -1: none, by name alone. */
static int guess_column(const struct preview *p, const char *header)
{
    char wanted[IDENTIFIER_MAX + 1];
    char folded[IDENTIFIER_MAX + 1];
    if (!header)
        return -1;
    int found = table_find_column(&p->table, slice_of(header));
    identifier_fold(slice_of(header), wanted);
    for (size_t i = 0; found < 0 && *wanted && i < p->table.count; i++) {
        identifier_fold(slice_of(p->table.columns[i].name), folded);
        if (strcmp(folded, wanted) == 0)
            found = (int)i;
    }
    return found;
}

/* Index of the table's column that a sheet's column fills; -1: none. */
static int filled_column(const struct preview *p, uint32_t index)
{
    if (!p->mapped)
        return guess_column(p, p->headers[index]);
    if (index >= p->mapping.count || p->mapping.columns[index].field < 0)
        return -1;
    return (int)p->mapping.plan.columns[p->mapping.columns[index].field];
}

static json_t *column_json(const struct preview *p, uint32_t index)
{
    char letter[9];
    int filled = filled_column(p, index);
    const char *header = p->headers[index] ? p->headers[index] : "";
    json_t *json = json_object();
    column_name(index + 1, letter);
    json_object_set_new(json, "letter", json_string(letter));
    json_object_set_new(json, "header", json_text(slice_of(header)));
    json_object_set_new(
        json, "type",
        json_string(type_name(infer_type(&p->inference, index + 1))));
    json_object_set_new(
        json, "column",
        filled < 0 ? json_null()
                   : json_text(slice_of(p->table.columns[filled].name)));
    return json;
}

static json_t *table_column_json(const struct column *column)
{
    json_t *json = json_object();
    json_object_set_new(json, "name", json_text(slice_of(column->name)));
    json_object_set_new(json, "type", json_string(type_name(column->type)));
    json_object_set_new(json, "required",
                        json_boolean(column->not_null && !column->has_default));
    return json;
}

static void tell_columns(struct preview *p, bool known)
{
    json_t *columns = json_array();
    json_t *of_table = json_array();
    for (uint32_t i = 0; i < p->header_count; i++)
        json_array_append_new(columns, column_json(p, i));
    for (size_t i = 0; known && i < p->table.count; i++)
        if (!p->table.columns[i].generated)
            json_array_append_new(of_table,
                                  table_column_json(&p->table.columns[i]));
    json_object_set_new(p->json, "columns", columns);
    json_object_set_new(p->json, "table_columns", of_table);
}

/* --------------------------------------------------------------- the sheets */

static void tell_sheets(struct preview *p)
{
    json_t *sheets = json_array();
    for (size_t i = 0; i < workbook_sheet_count(p->book); i++) {
        json_t *sheet = json_object();
        json_object_set_new(
            sheet, "name",
            json_text(slice_of(workbook_sheet_name(p->book, i))));
        json_object_set_new(sheet, "hidden",
                            json_boolean(workbook_sheet_visibility(
                                             p->book, i) != SHEET_VISIBLE));
        json_array_append_new(sheets, sheet);
    }
    json_object_set_new(p->json, "sheets", sheets);
    json_object_set_new(
        p->json, "sheet",
        json_text(slice_of(workbook_sheet_name(p->book, p->sheet_index))));
    json_object_set_new(
        p->json, "format",
        json_string(workbook_format(p->book) == FORMAT_CSV ? "csv" : "xlsx"));
}

static void tell_figures(struct preview *p)
{
    json_object_set_new(p->json, "table_exists", json_boolean(p->table_exists));
    json_object_set_new(p->json, "header_row",
                        json_integer((json_int_t)p->header_row));
    json_object_set_new(p->json, "row_count",
                        json_integer((json_int_t)p->rows));
    json_object_set_new(p->json, "complete", json_boolean(p->complete));
}

static void make_preview(void *arg)
{
    struct preview *p = arg;
    struct read_options options = {.separator = p->request->separator,
                                   .name = p->request->upload->name,
                                   .bounds = &p->bounds};
    p->status = -1;
    if (workbook_open(&p->book, p->request->upload->path, &options, &p->why) <
            0 ||
        choose_sheet(p->book, p->request->sheet, &p->sheet_index, &p->why) < 0)
        return;
    tell_sheets(p);
    if (find_table(p) < 0)
        return;
    bool known = p->table.count > 0;
    infer_init(&p->inference, workbook_format(p->book) != FORMAT_CSV);
    p->status = 0;
    look_at_rows(p);
    if (p->status == 0 && p->mapped && !known)
        infer_finish(&p->inference, &p->mapping, &p->table);
    if (p->status == 0)
        find_problems(p);
    if (p->status == 0) {
        tell_columns(p, known);
        tell_figures(p);
    }
    infer_clear(&p->inference);
}

static void free_preview(struct preview *p)
{
    for (uint32_t i = 0; i < p->header_count; i++)
        free(p->headers[i]);
    free(p->headers);
    mapping_clear(&p->mapping);
    table_clear(&p->table);
    workbook_free(p->book);
}

/* What is wrong with the file or its options is the client's, the rest ours. */
static int status_of(enum issue_code code)
{
    switch (code) {
    case ISSUE_MEMORY:
        return 500;
    case ISSUE_CONNECT:
    case ISSUE_CONNECTION_LOST:
    case ISSUE_PERMISSION:
    case ISSUE_DATABASE:
        return 502;
    default:
        return 422;
    }
}

static const char *dsn_of(const struct jobs *jobs, const char *name)
{
    size_t count;
    const struct job_target *targets = jobs_targets(jobs, &count);
    for (size_t i = 0; i < count; i++)
        if (!name || strcmp(targets[i].name, name) == 0)
            return targets[i].dsn;
    return NULL;
}

static void preview(struct jobs *jobs, const struct job_request *job,
                    struct http_response *response)
{
    char text[2 * ISSUE_TEXT_MAX];
    struct preview p = {.request = job, .dsn = dsn_of(jobs, job->target)};
    if (!p.dsn) {
        http_reply_error(response, 400, "There is no such target");
        return;
    }
    if (jobs_look_begin(jobs) != RN_OK) {
        api_busy(response);
        return;
    }
    p.deadline = rn_deadline(jobs_look_ns(jobs));
    p.env = (struct sink_env){&p, env_wait_fd, env_offload};
    p.bounds = (struct read_bounds){has_time, &p, PREVIEW_STRINGS};
    p.json = json_object();
    json_object_set_new(p.json, "name", json_text(slice_of(job->upload->name)));
    json_object_set_new(p.json, "size",
                        json_integer((json_int_t)job->upload->size));
    rn_block(make_preview, &p);
    bool in_time = has_time(&p);
    free_preview(&p);
    jobs_look_end(jobs);
    if (p.status == 0) {
        http_reply_json(response, 200, p.json);
    } else if (!in_time) {
        json_decref(p.json);
        http_reply_error(response, 503,
                         "The preview took longer than %g s; the file can be "
                         "imported without it",
                         (double)jobs_look_ns(jobs) / RN_S);
    } else {
        json_decref(p.json);
        issue_format(&p.why, NULL, text, sizeof(text));
        http_reply_error(response, status_of(p.why.code), "%s", text);
    }
}

void api_preview(void *app, struct http_request *request,
                 struct http_response *response)
{
    struct jobs *jobs = app;
    struct upload upload;
    struct api_options options;
    if (upload_receive(&upload, jobs_spool(jobs), request, response) < 0)
        return;
    if (upload.kind == UPLOAD_OTHER) {
        http_reply_error(response, 415,
                         "Only .xlsx and .csv files can be imported");
    } else if (api_options_read(&options, &upload, request, response) == 0) {
        preview(jobs, &options.request, response);
        api_options_clear(&options);
    }
    upload_clear(&upload);
}
