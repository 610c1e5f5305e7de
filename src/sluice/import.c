/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.c: decide what goes where, then let the pipeline run.
 *
 *     open the workbook and the database
 *     choose the sheet; its first row is the header
 *     find the table: it is there    -> its own schema decides
 *                     a preset       -> create that
 *                     neither        -> infer it from every row, create that,
 *                                       unless somebody has made it meanwhile
 *     map the headers to its columns (shape/mapping.h)
 *     ask the ledger what an earlier run has settled, when it has a name
 *     run (pipeline.h)
 *     build the indexes that were put off
 *
 * Nothing is written to the database before all of the header makes sense.
 */
#include "import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <runnel/runnel.h>

#include "pipeline.h"
#include "read/choose.h"
#include "report/reject.h"
#include "shape/identifier.h"
#include "shape/infer.h"
#include "shape/mapping.h"
#include "table_locks.h"

struct import {
    const struct import_options *options;
    struct import_result *result;
    struct rn_ctx *ctx;
    /* While rows are loaded: done with ctx, and when one session fails. */
    struct rn_ctx *loading;
    struct sink_env env;
    struct read_bounds bounds;
    struct workbook *book;
    size_t sheet_index;
    struct sink *sink;
    struct table table;
    struct table_lock *held; /* of that table; NULL: nothing is held */
    struct mapping mapping;
    struct shape shape;
    struct ledger ledger;
    bool created; /* the table is ours: its indexes are built at the end */
    struct reject_file *rejects;
    int64_t started;
};

static int out_of_memory(struct issue *why)
{
    return issue_set(why, ISSUE_MEMORY, "out of memory");
}

/* ---------------------------------------- what a sink may ask of its caller */

static int env_wait_fd(void *context, int fd, int events, int64_t timeout_ns)
{
    struct import *im = context;
    struct rn_ctx *ctx = im->loading ? im->loading : im->ctx;
    if (timeout_ns >= 0)
        ctx = rn_ctx_with_timeout(ctx, timeout_ns);
    int ready = rn_wait_fd_ctx(ctx, fd,
                               (events & SINK_READ ? RN_READ : 0) |
                                   (events & SINK_WRITE ? RN_WRITE : 0));
    if (timeout_ns >= 0)
        rn_ctx_release(ctx);
    if (ready == RN_CANCELED)
        return -1;
    if (ready == RN_TIMEOUT)
        return 0;
    /* A descriptor that cannot be waited for: its next use tells why. */
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

/* A step of the import that talks to the sink. */
struct step {
    struct import *im;
    int (*take)(struct import *im, struct issue *why);
    struct issue *why;
    int status;
};

static void take_step(void *arg)
{
    struct step *step = arg;
    step->status = step->take(step->im, step->why);
}

/* Takes a step where the sink may block its thread, if that is its way. */
static int with_sink(struct import *im,
                     int (*take)(struct import *, struct issue *),
                     struct issue *why)
{
    struct step step = {im, take, why, 0};
    if (!im->sink || sink_blocks(im->sink))
        rn_block(take_step, &step);
    else
        take_step(&step);
    return step.status;
}

/* ------------------------------------------------------------ the workbook */

/* A part without rows can be as large as one with a million of them. */
static bool goes_on(void *arg)
{
    const struct import *im = arg;
    return rn_ctx_err(im->ctx) == RN_OK;
}

static void load_workbook(void *arg)
{
    struct step *step = arg;
    struct read_options options = {.separator = step->im->options->separator,
                                   .name = step->im->options->file_name,
                                   .bounds = &step->im->bounds};
    step->status = workbook_open(&step->im->book, step->im->options->file,
                                 &options, step->why);
}

static int open_book(struct import *im, struct issue *why)
{
    struct step step = {.im = im, .why = why};
    rn_block(load_workbook, &step);
    return step.status;
}

static int find_sheet(struct import *im, struct issue *why)
{
    if (choose_sheet(im->book, im->options->sheet, &im->sheet_index, why) < 0)
        return -1;
    im->result->sheet = strdup(workbook_sheet_name(im->book, im->sheet_index));
    return im->result->sheet ? 0 : out_of_memory(why);
}

/* Opens the sheet and reads its header; the caller closes *sheet. */
static int open_at_header(struct import *im, struct sheet **sheet,
                          struct cell_row *header, struct issue *why)
{
    if (sheet_open(sheet, im->book, im->sheet_index, why) < 0)
        return -1;
    int got = sheet_next(*sheet, header, why);
    if (got == 0)
        issue_set(why, ISSUE_NOT_FOUND, "sheet \"%s\" is empty",
                  im->result->sheet);
    if (got > 0)
        return 0;
    sheet_close(*sheet);
    *sheet = NULL;
    return -1;
}

/* --------------------------------------------------------------- the table */

/* "list.xlsx" -> "sqlite:list.sqlite". */
static char *default_target(const char *file)
{
    char *target;
    const char *slash = strrchr(file, '/');
    const char *dot = strrchr(slash ? slash : file, '.');
    int stem = dot && dot != file ? (int)(dot - file) : (int)strlen(file);
    return asprintf(&target, "sqlite:%.*s.sqlite", stem, file) < 0 ? NULL
                                                                   : target;
}

static int open_sink(struct import *im, struct issue *why)
{
    char *chosen =
        im->options->target ? NULL : default_target(im->options->file);
    const char *target = im->options->target ? im->options->target : chosen;
    if (!target)
        return out_of_memory(why);
    int status = sink_open(&im->sink, target, &im->env, why);
    free(chosen);
    if (status < 0)
        return -1;
    im->result->target = strdup(sink_label(im->sink));
    return im->result->target ? 0 : out_of_memory(why);
}

static int name_table(struct import *im, struct issue *why)
{
    struct identifier made;
    const char *name = im->options->table;
    if (!name && im->options->preset)
        name = im->options->preset;
    if (!name) {
        identifier_of_path(im->options->file, &made);
        name = made.name;
    }
    im->result->table = strdup(name);
    return im->result->table ? 0 : out_of_memory(why);
}

static int describe(struct import *im, struct issue *why)
{
    return sink_describe(im->sink, im->result->table, &im->table, why);
}

static int create(struct import *im, struct issue *why)
{
    return sink_create(im->sink, &im->table, why);
}

static int open_ledger(struct import *im, struct issue *why)
{
    return sink_ledger_open(im->sink, im->options->name, &im->ledger, why);
}

static int settle(struct import *im, struct issue *why)
{
    return sink_settle(im->sink, why);
}

static int drop_ledger(struct import *im, struct issue *why)
{
    return sink_ledger_drop(im->sink, im->options->name, why);
}

static int build_indexes(struct import *im, struct issue *why)
{
    return sink_finish(im->sink, &im->table, why);
}

/* Before a database is touched, or made. */
static int check_preset(const struct import *im, struct issue *why)
{
    struct table known = {0};
    if (!im->options->preset)
        return 0;
    int status = table_preset(&known, im->options->preset, why);
    table_clear(&known);
    return status;
}

/* The preset under the name that the user chose. */
static int take_preset(struct import *im, struct issue *why)
{
    if (table_preset(&im->table, im->options->preset, why) < 0)
        return -1;
    char *name = strdup(im->result->table);
    if (!name)
        return out_of_memory(why);
    free(im->table.name);
    im->table.name = name;
    return 0;
}

/*
 * A table that is there and is meant as the preset gets the indexes that it
 * lacks, because an earlier run ended before it built them.
 */
static int adopt_preset(struct import *im, struct issue *why)
{
    struct table preset = {0};
    bool has_key = false;
    if (table_preset(&preset, im->options->preset, why) < 0)
        return -1;
    for (size_t i = 0; i < im->table.count; i++)
        has_key = has_key || im->table.columns[i].primary_key;
    for (size_t i = 0; i < preset.count; i++) {
        const struct column *known = &preset.columns[i];
        int at = table_find_column(&im->table, slice_of(known->name));
        if (at < 0)
            continue;
        struct column *column = &im->table.columns[at];
        column->indexed = column->indexed || known->indexed;
        column->primary_key =
            column->primary_key ||
            (known->primary_key && !has_key && column->not_null);
    }
    table_clear(&preset);
    return 0;
}

/* Rows between two looks at who else wants the processor: a millisecond. */
#define ROWS_PER_TURN 1024

/* Looks at every data row of the sheet. */
static int infer_columns(struct import *im, struct sheet *sheet,
                         struct issue *why)
{
    struct inference inference;
    struct cell_row row;
    infer_init(&inference, workbook_format(im->book) != FORMAT_CSV);
    int got = sheet_next(sheet, &row, why);
    for (unsigned turn = 1; got > 0 && rn_ctx_err(im->ctx) == RN_OK; turn++) {
        if (turn % ROWS_PER_TURN == 0)
            rn_yield();
        got = infer_row(&inference, &row, why);
        if (got == 0)
            got = sheet_next(sheet, &row, why);
    }
    if (got == 0)
        infer_finish(&inference, &im->mapping, &im->table);
    infer_clear(&inference);
    if (got > 0)
        return issue_set(why, ISSUE_CANCELED, "canceled");
    return got;
}

/* Makes the table and the mapping out of the header and the rows below it. */
static int invent_table(struct import *im,
                        const struct mapping_options *options,
                        struct issue *why)
{
    struct sheet *sheet;
    struct cell_row header;
    if (open_at_header(im, &sheet, &header, why) < 0)
        return -1;
    int status = mapping_make_table(&im->mapping, &im->table, im->result->table,
                                    &header, options, why);
    if (status == 0 && !sink_discards(im->sink))
        status = infer_columns(im, sheet, why);
    sheet_close(sheet);
    return status;
}

/* Maps the header to a table whose schema is known. */
static int map_header(struct import *im, const struct mapping_options *options,
                      struct issue *why)
{
    struct sheet *sheet;
    struct cell_row header;
    if (open_at_header(im, &sheet, &header, why) < 0)
        return -1;
    int status = mapping_make(&im->mapping, &header, &im->table, options, why);
    sheet_close(sheet);
    return status;
}

static int hold_table(struct import *im, struct issue *why)
{
    struct table_locks *locks = im->options->table_locks;
    int status =
        locks ? table_lock_take(im->ctx, locks, im->result->table, &im->held)
              : RN_OK;
    if (status == RN_NOMEM)
        return out_of_memory(why);
    return status == RN_OK ? 0 : issue_set(why, ISSUE_CANCELED, "canceled");
}

static void release_table(struct import *im)
{
    if (im->held)
        table_lock_give(im->options->table_locks, im->held);
    im->held = NULL;
}

/* 1 when the table is there, 0 when it is not or is the preset's, -1. */
static int find_table(struct import *im, struct issue *why)
{
    int found = with_sink(im, describe, why);
    if (found < 0 || !im->options->preset)
        return found;
    int status = found ? adopt_preset(im, why) : take_preset(im, why);
    return status < 0 ? -1 : found;
}

/*
 * The table is not there, and what it is to be is in the sheet. Reading all of
 * that can take long, and changes nothing: others may have the table meanwhile.
 * Returns as find_table does, with the mapping made when the table is ours.
 */
static int infer_table(struct import *im, const struct mapping_options *options,
                       struct issue *why)
{
    struct table inferred;
    release_table(im);
    if (invent_table(im, options, why) < 0 || hold_table(im, why) < 0)
        return -1;
    inferred = im->table;
    im->table = (struct table){0};
    int found = with_sink(im, describe, why);
    if (found == 0) {
        im->table = inferred;
        return 0;
    }
    table_clear(&inferred);
    mapping_clear(&im->mapping);
    return found;
}

/* With the table held: finds or makes it, and maps the header to it. */
static int agree_on_table(struct import *im, struct issue *why)
{
    const struct import_options *options = im->options;
    const struct mapping_options mapping = {.maps = options->maps,
                                            .map_count = options->map_count,
                                            .preset = options->preset != NULL};
    int found = find_table(im, why);
    bool inferred = found == 0 && !options->preset;
    if (inferred)
        found = infer_table(im, &mapping, why);
    if (found < 0)
        return -1;
    if ((found || !inferred) && map_header(im, &mapping, why) < 0)
        return -1;
    if (found)
        return 0;
    im->created = true;
    return with_sink(im, create, why);
}

static int prepare_table(struct import *im, struct issue *why)
{
    if (name_table(im, why) < 0 || hold_table(im, why) < 0)
        return -1;
    int status = agree_on_table(im, why);
    release_table(im);
    if (status < 0)
        return -1;
    im->shape = (struct shape){&im->mapping, im->result->sheet};
    return im->options->name ? with_sink(im, open_ledger, why) : 0;
}

/* ----------------------------------------------------------------- the run */

static int on_reject(void *arg, const struct issue *reject, struct issue *why)
{
    struct import *im = arg;
    struct import_result *result = im->result;
    if (result->sample_count < IMPORT_SAMPLES)
        result->samples[result->sample_count++] = *reject;
    const struct import_watch *watch = im->options->watch;
    if (watch && watch->on_reject &&
        watch->on_reject(im->options->watch_arg, reject, why) < 0)
        return -1;
    return im->rejects ? reject_add(im->rejects, reject, why) : 0;
}

static void on_progress(void *arg, const struct progress *now)
{
    struct import *im = arg;
    im->options->on_progress(im->options->progress_arg, now);
}

static void take_counts(struct import *im, const struct pipeline_counts *counts)
{
    struct import_result *result = im->result;
    result->started = true;
    result->total = counts->read;
    result->success = counts->loaded;
    result->errors = counts->rejected;
    result->unknown = counts->unknown;
    result->resumed = counts->passed;
    result->unsettled = counts->read - counts->loaded - counts->rejected;
}

static int load_rows(struct import *im, struct issue *why)
{
    const struct import_options *options = im->options;
    struct cell_row header;
    struct pipeline pipeline = {
        .sink = im->sink,
        .shape = &im->shape,
        .pace = pipeline_pace(im->result->method, im->sink, im->created,
                              options->workers, options->batch_rows),
        .settled = &im->ledger,
        .on_reject = on_reject,
        .on_progress = options->on_progress ? on_progress : NULL,
        .arg = im};
    if (open_at_header(im, &pipeline.sheet, &header, why) < 0)
        return -1;
    struct pipeline_counts counts;
    im->loading = rn_ctx_with_cancel(im->ctx);
    int status = pipeline_run(im->loading, &pipeline, &counts, why);
    rn_ctx_release(im->loading);
    im->loading = NULL;
    take_counts(im, &counts);
    sheet_close(pipeline.sheet);
    return status;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x;
    struct stat y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

static int open_rejects(struct import *im, struct issue *why)
{
    const char *path = im->options->rejects;
    if (!path)
        return 0;
    if (is_same_file(path, im->options->file))
        return issue_set(why, ISSUE_USAGE,
                         "the rejects file would replace %s itself", path);
    return reject_open(&im->rejects, path, why);
}

/* What was rejected before a failure is worth keeping too. */
static int close_rejects(struct import *im, int status, struct issue *why)
{
    struct issue unwritten;
    bool keep = status == 0 || im->result->started;
    if (reject_close(im->rejects, keep, status < 0 ? &unwritten : why) < 0)
        return -1;
    return status;
}

static int finish_locked(struct import *im, struct issue *why)
{
    if (hold_table(im, why) < 0)
        return -1;
    int status = with_sink(im, build_indexes, why);
    release_table(im);
    return status;
}

/* Also for a preset that an earlier run could not finish. */
static int finish_table(struct import *im, int status, struct issue *why)
{
    struct issue second;
    if (!im->created && !im->options->preset)
        return status;
    if (status == 0)
        return finish_locked(im, why);
    if (im->result->started && rn_ctx_err(im->ctx) == RN_OK)
        finish_locked(im, &second);
    return status;
}

/*
 * Once whoever could run the import again knows how it ended, nobody needs its
 * ledger; lines that cannot be dropped are in nobody's way.
 */
static int tell_settled(struct import *im, struct issue *why)
{
    const struct import_watch *watch = im->options->watch;
    struct issue second;
    if (with_sink(im, settle, why) < 0)
        return -1;
    im->result->duration = rn_now() - im->started;
    if (watch && watch->on_settled &&
        watch->on_settled(im->options->watch_arg, im->result, why) < 0)
        return -1;
    im->result->dropped =
        !im->options->name || with_sink(im, drop_ledger, &second) == 0;
    return 0;
}

static int run(struct import *im, struct issue *why)
{
    if (check_preset(im, why) < 0 || open_book(im, why) < 0 ||
        find_sheet(im, why) < 0 || with_sink(im, open_sink, why) < 0)
        return -1;
    im->result->method = im->options->has_method ? im->options->method
                                                 : sink_auto_method(im->sink);
    if (open_rejects(im, why) < 0)
        return -1;
    int status = prepare_table(im, why);
    if (status == 0)
        status = load_rows(im, why);
    status = close_rejects(im, status, why);
    status = finish_table(im, status, why);
    return status == 0 ? tell_settled(im, why) : status;
}

static int close_sink(struct import *im, struct issue *why)
{
    (void)why;
    sink_close(im->sink);
    return 0;
}

int import_run(struct rn_ctx *ctx, const struct import_options *options,
               struct import_result *result, struct issue *why)
{
    struct import im = {
        .options = options, .result = result, .ctx = ctx, .started = rn_now()};
    im.env = (struct sink_env){&im, env_wait_fd, env_offload};
    im.bounds = (struct read_bounds){.go_on = goes_on, .arg = &im};
    *result = (struct import_result){0};
    int status = run(&im, why);
    /* Whatever a database says of being stopped, it was asked to. */
    if (status < 0 && rn_ctx_err(ctx) != RN_OK)
        issue_set(why, ISSUE_CANCELED, "interrupted");
    if (im.sink)
        with_sink(&im, close_sink, why);
    ledger_clear(&im.ledger);
    mapping_clear(&im.mapping);
    table_clear(&im.table);
    workbook_free(im.book);
    result->duration = rn_now() - im.started;
    return status;
}

int import_forget(struct rn_ctx *ctx, const char *target,
                  const char *const *names, size_t count, size_t *done,
                  struct issue *why)
{
    struct import_options options = {.target = target};
    struct import_result result = {0};
    struct import im = {.options = &options, .result = &result, .ctx = ctx};
    im.env = (struct sink_env){&im, env_wait_fd, env_offload};
    *done = 0;
    if (sink_target_is_missing(target)) {
        *done = count;
        return 0;
    }
    int status = with_sink(&im, open_sink, why);
    while (status == 0 && *done < count) {
        options.name = names[*done];
        status = with_sink(&im, drop_ledger, why);
        *done += status == 0;
    }
    if (im.sink)
        with_sink(&im, close_sink, why);
    import_result_clear(&result);
    return status;
}

void import_result_clear(struct import_result *result)
{
    free(result->sheet);
    free(result->target);
    free(result->table);
    *result = (struct import_result){0};
}

const char *load_method_name(enum load_method method)
{
    static const char *const names[] = {"sequential", "concurrent", "batch",
                                        "copy"};
    return names[method];
}
