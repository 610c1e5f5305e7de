/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.c: which database a target names, and the way to it.
 *
 * The choice by the target's text, and the checks at the hand-over from the
 * converter, once for all databases.
 */
#include "load/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load/sink_ops.h"
#include "load/sqlname.h"
#include "sluice_limits.h"

/* A broken promise between rooms is a bug: stop before it reaches a table. */
#define PROMISE(cond)                                                        \
    do {                                                                     \
        if (!(cond)) {                                                       \
            fprintf(stderr, "sluice: %s:%d: broken promise: %s\n", __FILE__, \
                    __LINE__, #cond);                                        \
            abort();                                                         \
        }                                                                    \
    } while (0)

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t len = strlen(text);
    size_t tail = strlen(suffix);
    return len > tail && strcmp(text + len - tail, suffix) == 0;
}

/* "host=... dbname=...": libpq's other form begins with a keyword. */
static bool is_keyword_form(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    return len > 0 && text[len] == '=';
}

enum target_kind {
    TARGET_UNKNOWN,
    TARGET_NULL,
    TARGET_SQLITE,
    TARGET_POSTGRES
};

static enum target_kind kind_of_target(const char *target)
{
    if (strcmp(target, "null:") == 0)
        return TARGET_NULL;
    if (starts_with(target, "sqlite:"))
        return TARGET_SQLITE;
    if (starts_with(target, "postgresql://") ||
        starts_with(target, "postgres://"))
        return TARGET_POSTGRES;
    if (ends_with(target, ".db") || ends_with(target, ".sqlite") ||
        ends_with(target, ".sqlite3"))
        return TARGET_SQLITE;
    return is_keyword_form(target) ? TARGET_POSTGRES : TARGET_UNKNOWN;
}

static const char *sqlite_path(const char *target)
{
    return starts_with(target, "sqlite:") ? target + strlen("sqlite:") : target;
}

static int unknown_target(struct issue *why)
{
    /* The text is not repeated: it may hold a password. */
    return issue_set(why, ISSUE_USAGE,
                     "the target is neither sqlite:PATH, postgresql://... nor "
                     "null:");
}

int sink_check_target(const char *target, struct issue *why)
{
    enum target_kind kind = kind_of_target(target);
    if (kind == TARGET_UNKNOWN)
        return unknown_target(why);
    return kind == TARGET_POSTGRES ? sink_check_postgres(target, why) : 0;
}

int sink_open(struct sink **sink, const char *target,
              const struct sink_env *env, struct issue *why)
{
    switch (kind_of_target(target)) {
    case TARGET_NULL:
        return sink_open_null(sink, why);
    case TARGET_SQLITE:
        return sink_open_sqlite(sink, sqlite_path(target), why);
    case TARGET_POSTGRES:
        return sink_open_postgres(sink, target, env, why);
    case TARGET_UNKNOWN:
        break;
    }
    return unknown_target(why);
}

bool sink_target_is_missing(const char *target)
{
    return kind_of_target(target) == TARGET_SQLITE &&
           access(sqlite_path(target), F_OK) != 0;
}

unsigned sink_target_imports(const char *target)
{
    return kind_of_target(target) == TARGET_SQLITE ? 1 : 0;
}

void sink_close(struct sink *sink)
{
    if (sink)
        sink->ops->close(sink);
}

const char *sink_name(const struct sink *sink)
{
    return sink->name;
}

const char *sink_label(const struct sink *sink)
{
    return sink->label;
}

bool sink_blocks(const struct sink *sink)
{
    return sink->ops->blocks;
}

bool sink_discards(const struct sink *sink)
{
    return sink->ops->discards;
}

unsigned sink_max_sessions(const struct sink *sink)
{
    return sink->ops->max_sessions;
}

enum load_method sink_auto_method(const struct sink *sink)
{
    return sink->ops->auto_method;
}

/* In any schema and case: the databases differ in what they take as equal. */
static bool is_ledger(const char *name)
{
    struct table_name parsed;
    if (table_name_parse(&parsed, name) < 0)
        return false; /* the database's to refuse */
    bool is = slice_equal_nocase(slice_of(parsed.table), SLICE(LEDGER_TABLE));
    table_name_clear(&parsed);
    return is;
}

int sink_describe(struct sink *sink, const char *name, struct table *table,
                  struct issue *why)
{
    if (is_ledger(name))
        return issue_set(why, ISSUE_USAGE,
                         "%s is where sluice keeps which rows are settled: "
                         "import into another table",
                         LEDGER_TABLE);
    return sink->ops->describe(sink, name, table, why);
}

int sink_create(struct sink *sink, const struct table *table, struct issue *why)
{
    if (table->count == 0)
        return issue_set(why, ISSUE_MAPPING,
                         "a table without columns cannot be created");
    if (table->count > LIMIT_TABLE_COLUMNS)
        return issue_set(why, ISSUE_LIMIT,
                         "the table would have %zu columns; %u are possible",
                         table->count, LIMIT_TABLE_COLUMNS);
    return sink->ops->create(sink, table, why);
}

int sink_finish(struct sink *sink, const struct table *table, struct issue *why)
{
    return sink->ops->finish(sink, table, why);
}

int sink_settle(struct sink *sink, struct issue *why)
{
    return sink->ops->settle ? sink->ops->settle(sink, why) : 0;
}

int sink_ledger_open(struct sink *sink, const char *import,
                     struct ledger *ledger, struct issue *why)
{
    if (!sink->ops->ledger_open)
        return 0;
    sink->import = import;
    return sink->ops->ledger_open(sink, ledger, why);
}

int sink_ledger_drop(struct sink *sink, const char *import, struct issue *why)
{
    if (!sink->ops->ledger_drop)
        return 0;
    return sink->ops->ledger_drop(sink, import, why);
}

int sink_count(struct sink *sink, const char *table, uint64_t *rows,
               struct issue *why)
{
    return sink->ops->count(sink, table, rows, why);
}

static enum value_kind kind_of(enum column_type type)
{
    switch (type) {
    case COLUMN_TEXT:
    case COLUMN_NUMERIC:
    case COLUMN_OTHER:
        return VALUE_TEXT;
    case COLUMN_INTEGER:
        return VALUE_INTEGER;
    case COLUMN_REAL:
        return VALUE_REAL;
    case COLUMN_BOOLEAN:
        return VALUE_BOOLEAN;
    case COLUMN_DATE:
        return VALUE_DATE;
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return VALUE_TIMESTAMP;
    case COLUMN_TIME:
    case COLUMN_INTERVAL:
        return VALUE_TIME;
    }
    return VALUE_NULL;
}

int session_open(struct session **session, struct sink *sink,
                 const struct load_plan *plan, enum load_method method,
                 struct issue *why)
{
    if (plan->count == 0)
        return issue_set(why, ISSUE_MAPPING,
                         "no column of the sheet goes into the table");
    uint8_t *kinds = malloc(plan->count);
    if (!kinds)
        return out_of_memory(why);
    for (size_t i = 0; i < plan->count; i++) {
        PROMISE(plan->columns[i] < plan->table->count);
        kinds[i] = (uint8_t)kind_of(plan_column(plan, i)->type);
    }

    struct session *opened;
    if (sink->ops->session_open(&opened, sink, plan, method, why) < 0) {
        free(kinds);
        return -1;
    }
    opened->sink = sink;
    opened->plan = plan;
    opened->method = method;
    opened->kinds = kinds;
    *session = opened;
    return 0;
}

void session_close(struct session *session)
{
    if (!session)
        return;
    free(session->kinds);
    session->sink->ops->session_close(session);
}

/* Rejects come in the order in which they were found; give them by row. */
static int by_row(const void *a, const void *b)
{
    uint64_t left = ((const struct issue *)a)->row;
    uint64_t right = ((const struct issue *)b)->row;
    return (left > right) - (left < right);
}

static void sort_rejects(struct load_outcome *outcome, size_t from)
{
    for (size_t i = from + 1; i < outcome->reject_count; i++) {
        if (outcome->rejects[i - 1].row > outcome->rejects[i].row) {
            qsort(outcome->rejects + from, outcome->reject_count - from,
                  sizeof(*outcome->rejects), by_row);
            return;
        }
    }
}

int session_load(struct session *session, const struct row *rows, size_t count,
                 struct load_outcome *outcome, struct issue *why)
{
    size_t columns = session->plan->count;
    for (size_t i = 0; i < count; i++) {
        const struct value *values = rows[i].values;
        for (size_t c = 0; c < columns; c++)
            PROMISE(values[c].kind == VALUE_NULL ||
                    values[c].kind == session->kinds[c]);
    }
    if (count == 0)
        return 0;

    size_t from = outcome->reject_count;
    int status =
        session->sink->ops->session_load(session, rows, count, outcome, why);
    sort_rejects(outcome, from);
    return status;
}
