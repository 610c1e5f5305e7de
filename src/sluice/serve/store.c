/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c: jobs on disk.
 *
 * synchronous=FULL: a client that was told 202 may throw its file away, so the
 * record has to outlive the power. A server writes a few records an import.
 *
 * locking_mode=EXCLUSIVE keeps a second program out of the directory: two would
 * both run what waits.
 */
#include "serve/store.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <runnel/runnel.h>
#include <sqlite3.h>

#include "serve/http_log.h"

struct store {
    sqlite3 *db;
    sqlite3_stmt *put;
    sqlite3_stmt *drop;
    sqlite3_stmt *owe;    /* lines to be dropped */
    struct rn_mutex lock; /* all of it */
};

static const char settings[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, created INTEGER NOT"
    " NULL, state TEXT NOT NULL, record TEXT NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS lines (import TEXT PRIMARY KEY, target TEXT"
    " NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS versions (next INTEGER NOT NULL) STRICT;"
    /* Takes the lock now, not at the first job. */
    "BEGIN IMMEDIATE; COMMIT;";

/*
 * The clock begins the count and does not go on with it: it may be set back.
 * Versions of 32 bits a start stay below 2^53, as numbers of JavaScript must,
 * for two million starts.
 */
static const char next_version_sql[] =
    "INSERT OR REPLACE INTO versions (rowid, next)"
    " SELECT 1, coalesce((SELECT next FROM versions), ?1) + ?2 RETURNING next";

static int fail(struct store *store, const char *what, struct issue *why)
{
    return issue_set(why, ISSUE_IO, "the list of jobs cannot be %s: %s", what,
                     sqlite3_errmsg(store->db));
}

/* ----------------------------------------------------------------- records */

/* Text that is not there is left out. */
static void put_text(json_t *record, const char *name, const char *text)
{
    if (text)
        json_object_set_new(record, name, json_string(text));
}

static void put_number(json_t *record, const char *name, int64_t number)
{
    if (number != 0)
        json_object_set_new(record, name, json_integer(number));
}

static json_t *codes_of(const struct job *job)
{
    json_t *codes = json_object();
    for (int i = 1; i <= ISSUE_REFUSED; i++)
        put_number(codes, issue_code_name((enum issue_code)i),
                   (int64_t)job->by_code[i]);
    return codes;
}

static json_t *maps_of(const struct job *job)
{
    json_t *maps = json_array();
    for (size_t i = 0; i < job->map_count; i++)
        json_array_append_new(maps, json_string(job->maps[i]));
    return maps;
}

static char *record_of(const struct job *job)
{
    char separator[] = {job->separator, '\0'};
    json_t *record = json_object();
    put_text(record, "client", job->client);
    put_text(record, "name", job->name);
    put_number(record, "size", (int64_t)job->size);
    put_text(record, "target", job->target);
    put_text(record, "table", job->table);
    put_text(record, "sheet", job->sheet);
    put_text(record, "preset", job->preset);
    put_text(record, "separator", job->separator ? separator : NULL);
    put_text(record, "method",
             job->has_method ? load_method_name(job->method) : NULL);
    put_text(record, "used", job->label ? load_method_name(job->method) : NULL);
    json_object_set_new(record, "maps", maps_of(job));
    put_number(record, "attempt", job->attempt);
    put_number(record, "version", (int64_t)job->version);
    put_number(record, "made", (int64_t)job->made);
    put_number(record, "end", (int64_t)job->ended);
    put_number(record, "started", job->started_ms);
    put_number(record, "ended", job->ended_ms);
    put_number(record, "has_result", job->has_result);
    put_number(record, "total", (int64_t)job->total);
    put_number(record, "success", (int64_t)job->success);
    put_number(record, "errors", (int64_t)job->errors);
    put_number(record, "unsettled", (int64_t)job->unsettled);
    put_number(record, "resumed", (int64_t)job->resumed);
    put_number(record, "duration", job->duration);
    put_text(record, "label", job->label);
    put_text(record, "sheet_shown", job->sheet_shown);
    json_object_set_new(record, "codes", codes_of(job));
    if (job->error.code != ISSUE_NONE) {
        put_text(record, "error_code", issue_code_name(job->error.code));
        put_text(record, "error", job->error.text);
    }
    char *text = json_dumps(record, JSON_COMPACT);
    json_decref(record);
    return text;
}

static bool take_text(const json_t *record, const char *name, char **out)
{
    const char *text = json_string_value(json_object_get(record, name));
    *out = text ? strdup(text) : NULL;
    return !text || *out;
}

static int64_t number_of(const json_t *record, const char *name)
{
    return json_integer_value(json_object_get(record, name));
}

static enum issue_code code_named(const char *name)
{
    for (int i = 1; name && i <= ISSUE_MEMORY; i++)
        if (strcmp(name, issue_code_name((enum issue_code)i)) == 0)
            return (enum issue_code)i;
    return ISSUE_NONE;
}

static bool method_named(const char *name, enum load_method *method)
{
    for (int i = 0; name && i <= METHOD_COPY; i++) {
        if (strcmp(name, load_method_name((enum load_method)i)) == 0) {
            *method = (enum load_method)i;
            return true;
        }
    }
    return false;
}

/* What was asked for, and what `auto` turned out to be. */
static void take_method(const json_t *record, struct job *job)
{
    method_named(json_string_value(json_object_get(record, "used")),
                 &job->method);
    job->has_method = method_named(
        json_string_value(json_object_get(record, "method")), &job->method);
}

static bool take_maps(const json_t *record, struct job *job)
{
    const json_t *maps = json_object_get(record, "maps");
    size_t count = json_array_size(maps);
    job->maps = calloc(count + 1, sizeof(*job->maps));
    if (!job->maps)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *map = json_string_value(json_array_get(maps, i));
        job->maps[i] = strdup(map ? map : "");
        if (!job->maps[i])
            return false;
        job->map_count++;
    }
    return true;
}

static void take_figures(const json_t *record, struct job *job)
{
    const json_t *codes = json_object_get(record, "codes");
    job->attempt = (unsigned)number_of(record, "attempt");
    job->version = (uint64_t)number_of(record, "version");
    job->made = (uint64_t)number_of(record, "made");
    job->ended = (uint64_t)number_of(record, "end");
    job->started_ms = number_of(record, "started");
    job->ended_ms = number_of(record, "ended");
    job->has_result = number_of(record, "has_result") != 0;
    job->total = (uint64_t)number_of(record, "total");
    job->success = (uint64_t)number_of(record, "success");
    job->errors = (uint64_t)number_of(record, "errors");
    job->unsettled = (uint64_t)number_of(record, "unsettled");
    job->resumed = (uint64_t)number_of(record, "resumed");
    job->duration = number_of(record, "duration");
    for (int i = 1; i <= ISSUE_REFUSED; i++)
        job->by_code[i] =
            (uint64_t)number_of(codes, issue_code_name((enum issue_code)i));
    const char *error = json_string_value(json_object_get(record, "error"));
    if (error)
        issue_set(&job->error,
                  code_named(
                      json_string_value(json_object_get(record, "error_code"))),
                  "%s", error);
}

static bool take_record(const char *text, struct job *job)
{
    json_t *record = json_loads(text, 0, NULL);
    const char *separator =
        json_string_value(json_object_get(record, "separator"));
    bool good = json_is_object(record) &&
                take_text(record, "client", &job->client) &&
                take_text(record, "name", &job->name) &&
                take_text(record, "target", &job->target) &&
                take_text(record, "table", &job->table) &&
                take_text(record, "sheet", &job->sheet) &&
                take_text(record, "preset", &job->preset) &&
                take_text(record, "label", &job->label) &&
                take_text(record, "sheet_shown", &job->sheet_shown) &&
                take_maps(record, job) && job->client && job->name &&
                job->target && job->table;
    if (good) {
        job->size = (uint64_t)number_of(record, "size");
        job->separator = separator ? *separator : '\0';
        take_method(record, job);
        take_figures(record, job);
    }
    json_decref(record);
    return good;
}

/* ------------------------------------------------------------------- calls */

struct call {
    struct store *store;
    const char *path; /* or the id */
    const char *target;
    const char *record;
    bool lines; /* are to be dropped */
    int64_t created_ms;
    uint64_t version;
    enum job_state state;
    void (*give)(void *arg, struct job *job);
    void (*give_lines)(void *arg, const char *id, const char *target);
    void *arg;
    struct issue *why;
    int status;
};

static int run_call(struct store *store, struct call *call, void (*fn)(void *))
{
    rn_mutex_lock(&store->lock);
    rn_block(fn, call);
    rn_mutex_unlock(&store->lock);
    return call->status;
}

static bool prepare(struct store *store, const char *sql,
                    sqlite3_stmt **statement)
{
    return sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              statement, NULL) == SQLITE_OK;
}

static bool take_versions(struct store *store, uint64_t *version)
{
    sqlite3_stmt *next = NULL;
    bool took = prepare(store, next_version_sql, &next) &&
                sqlite3_bind_int64(next, 1, job_now_ms()) == SQLITE_OK &&
                sqlite3_bind_int64(next, 2, VERSIONS_A_START) == SQLITE_OK &&
                sqlite3_step(next) == SQLITE_ROW;
    if (took)
        *version = (uint64_t)sqlite3_column_int64(next, 0);
    took = took && sqlite3_step(next) == SQLITE_DONE;
    sqlite3_finalize(next);
    return took;
}

static void do_open(void *arg)
{
    struct call *call = arg;
    struct store *store = call->store;
    int code = sqlite3_open_v2(call->path, &store->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                   SQLITE_OPEN_FULLMUTEX,
                               NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(store->db, settings, NULL, NULL, NULL);
    call->status = 0;
    if (code == SQLITE_BUSY)
        call->status =
            issue_set(call->why, ISSUE_IO, "%s: another sluice serve uses it",
                      call->path);
    else if (code != SQLITE_OK || !take_versions(store, &call->version) ||
             !prepare(store,
                      "INSERT OR REPLACE INTO jobs VALUES (?1, ?2, ?3, ?4)",
                      &store->put) ||
             !prepare(store, "DELETE FROM jobs WHERE id = ?1", &store->drop) ||
             !prepare(store, "INSERT OR IGNORE INTO lines VALUES (?1, ?2)",
                      &store->owe))
        call->status = issue_set(call->why, ISSUE_IO, "%s: %s", call->path,
                                 sqlite3_errmsg(store->db));
}

int store_open(struct store **out, const char *path, uint64_t *version,
               struct issue *why)
{
    struct store *store = calloc(1, sizeof(*store));
    struct call call = {.store = store, .path = path, .why = why};
    if (!store)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    if (run_call(store, &call, do_open) < 0) {
        store_close(store);
        return -1;
    }
    *out = store;
    *version = call.version;
    return 0;
}

static void do_close(void *arg)
{
    struct store *store = arg;
    sqlite3_finalize(store->put);
    sqlite3_finalize(store->drop);
    sqlite3_finalize(store->owe);
    sqlite3_close(store->db);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    rn_block(do_close, store);
    free(store);
}

/* Steps a statement that gives no rows. */
static bool run(sqlite3_stmt *statement)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return done;
}

static bool owe_lines(const struct call *call)
{
    sqlite3_stmt *owe = call->store->owe;
    sqlite3_bind_text(owe, 1, call->path, -1, SQLITE_STATIC);
    sqlite3_bind_text(owe, 2, call->target, -1, SQLITE_STATIC);
    return run(owe);
}

/* A bound statement, with what its job owes, or nothing of either. */
static void write_job(struct call *call, sqlite3_stmt *statement)
{
    sqlite3 *db = call->store->db;
    call->status = 0;
    bool begun = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    if (begun && run(statement) && (!call->lines || owe_lines(call)) &&
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return;
    call->status = fail(call->store, "written", call->why);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

static void do_put(void *arg)
{
    struct call *call = arg;
    sqlite3_stmt *put = call->store->put;
    sqlite3_bind_text(put, 1, call->path, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, call->created_ms);
    sqlite3_bind_text(put, 3, job_state_name(call->state), -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 4, call->record, -1, SQLITE_STATIC);
    write_job(call, put);
}

int store_put(struct store *store, const struct job *job, enum job_state state,
              struct issue *why)
{
    char *record = record_of(job);
    struct call call = {.store = store,
                        .path = job->id,
                        .target = job->target,
                        .record = record,
                        .lines = state == JOB_SUCCEEDED,
                        .created_ms = job->created_ms,
                        .state = state,
                        .why = why};
    if (!record)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    int status = run_call(store, &call, do_put);
    free(record);
    return status;
}

static void do_delete(void *arg)
{
    struct call *call = arg;
    sqlite3_stmt *drop = call->store->drop;
    sqlite3_bind_text(drop, 1, call->path, -1, SQLITE_STATIC);
    write_job(call, drop);
}

int store_delete(struct store *store, const struct job *job, struct issue *why)
{
    struct call call = {.store = store,
                        .path = job->id,
                        .target = job->target,
                        .lines =
                            job->started_ms != 0 && job->state != JOB_SUCCEEDED,
                        .why = why};
    return run_call(store, &call, do_delete);
}

/* Written again after a crash that takes it, which costs a DELETE. */
static void do_lines_dropped(void *arg)
{
    struct call *call = arg;
    sqlite3 *db = call->store->db;
    sqlite3_stmt *paid = NULL;
    sqlite3_exec(db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    if (prepare(call->store, "DELETE FROM lines WHERE import = ?1", &paid)) {
        sqlite3_bind_text(paid, 1, call->path, -1, SQLITE_STATIC);
        sqlite3_step(paid);
    }
    sqlite3_finalize(paid);
    sqlite3_exec(db, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
}

void store_lines_dropped(struct store *store, const char *id)
{
    struct call call = {.store = store, .path = id};
    run_call(store, &call, do_lines_dropped);
}

static void do_load_lines(void *arg)
{
    struct call *call = arg;
    sqlite3_stmt *rows = NULL;
    int code = SQLITE_ERROR;
    if (prepare(call->store, "SELECT import, target FROM lines", &rows))
        code = sqlite3_step(rows);
    call->status = 0;
    for (; code == SQLITE_ROW; code = sqlite3_step(rows)) {
        const char *id = (const char *)sqlite3_column_text(rows, 0);
        const char *target = (const char *)sqlite3_column_text(rows, 1);
        if (id && target && strlen(id) == JOB_ID_SIZE - 1)
            call->give_lines(call->arg, id, target);
    }
    if (code != SQLITE_DONE)
        call->status = fail(call->store, "read", call->why);
    sqlite3_finalize(rows);
}

int store_load_lines(struct store *store,
                     void (*give)(void *arg, const char *id,
                                  const char *target),
                     void *arg, struct issue *why)
{
    struct call call = {
        .store = store, .give_lines = give, .arg = arg, .why = why};
    return run_call(store, &call, do_load_lines);
}

static bool take_state(const char *name, enum job_state *state)
{
    for (int i = 0; name && i < JOB_STATES; i++) {
        if (strcmp(name, job_state_name((enum job_state)i)) == 0) {
            *state = (enum job_state)i;
            return true;
        }
    }
    return false;
}

/* NULL when the row is none of ours, or memory is out. */
static struct job *job_of(sqlite3_stmt *row)
{
    struct job *job = job_new();
    const char *id = (const char *)sqlite3_column_text(row, 0);
    const char *record = (const char *)sqlite3_column_text(row, 3);
    if (job && id && record && strlen(id) == JOB_ID_SIZE - 1 &&
        take_state((const char *)sqlite3_column_text(row, 2), &job->state) &&
        take_record(record, job)) {
        strcpy(job->id, id);
        job->created_ms = sqlite3_column_int64(row, 1);
        return job;
    }
    job_free(job);
    return NULL;
}

static void do_load(void *arg)
{
    struct call *call = arg;
    sqlite3_stmt *rows = NULL;
    int code = SQLITE_ERROR;
    if (prepare(call->store,
                "SELECT id, created, state, record FROM jobs"
                " ORDER BY created, id",
                &rows))
        code = sqlite3_step(rows);
    call->status = 0;
    for (; code == SQLITE_ROW; code = sqlite3_step(rows)) {
        struct job *job = job_of(rows);
        const char *id = (const char *)sqlite3_column_text(rows, 0);
        if (job)
            call->give(call->arg, job);
        else /* stays on disk, and keeps nobody else from being served */
            log_message(LOG_WARNING, "store",
                        "the record of import %s cannot be understood and is "
                        "passed over",
                        id ? id : "?");
    }
    if (code != SQLITE_DONE)
        call->status = fail(call->store, "read", call->why);
    sqlite3_finalize(rows);
}

int store_load(struct store *store, void (*give)(void *arg, struct job *job),
               void *arg, struct issue *why)
{
    struct call call = {.store = store, .give = give, .arg = arg, .why = why};
    return run_call(store, &call, do_load);
}
