/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_load.c: rows into a SQLite table.
 *
 * METHOD_SEQUENTIAL and METHOD_CONCURRENT commit every row by itself. The
 * others load a batch in one transaction, which goes through up to three ways:
 *
 *     whole      statements of many rows. No row refused: that is all.
 *        | a statement was refused, or took fewer rows than it was given
 *     careful    the same batch from its start, one row a statement, each
 *        |       behind a savepoint; refused rows are left out
 *        | a trigger or constraint rolled the whole transaction back
 *     each       one row a transaction
 *
 * Where a ledger is kept (load/ledger.h), its line is written before the commit
 * of what it speaks of: one a batch, or one a row.
 *
 * The batch starts again because a table's own ON CONFLICT clause may leave a
 * refused statement half done.
 */
#include <stdlib.h>
#include <string.h>

#include "load/sqlite_internal.h"
#include "load/sqlname.h"
#include "load/valuetext.h"

/*
 * Rows a statement: parameters of a few hundred rows cost more to bind through
 * than a statement's start costs; measured best between 20 and 100.
 */
#define ROWS_PER_STATEMENT 50

enum binding { BIND_PLAIN, BIND_NUMERIC, BIND_ISO, BIND_ISO_UTC };

struct sqlite_session {
    struct session base;
    sqlite3 *db;
    uint8_t *bindings; /* enum binding, one a value of a row */
    char *insert_one;  /* SQL */
    sqlite3_stmt *one;
    sqlite3_stmt *many;
    size_t rows_per_statement;
    char (*rooms)[VALUE_TEXT_MAX]; /* one a parameter: text made of values */
    char message[ISSUE_TEXT_MAX];  /* of the last insert that failed */
    sqlite3_stmt *begin, *commit, *rollback;
    sqlite3_stmt *savepoint, *release, *undo;
    sqlite3_stmt *ledger; /* NULL: none is kept */
};

/* --- statements -------------------------------------------------------------
 */

static int run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code;
}

static enum binding binding_of(const struct column *column)
{
    switch (column->type) {
    case COLUMN_NUMERIC:
        return BIND_NUMERIC;
    case COLUMN_TIMESTAMPTZ:
        return BIND_ISO_UTC;
    case COLUMN_DATE:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIME:
    case COLUMN_INTERVAL:
        return BIND_ISO;
    default:
        return BIND_PLAIN;
    }
}

/*
 * A decimal of at most 15 digits survives as a double, or as an integer when it
 * is one; a longer one is kept as the text that it is.
 */
static int bind_numeric(sqlite3_stmt *statement, int at, struct slice text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++)
        digits += text.ptr[i] >= '0' && text.ptr[i] <= '9';
    int64_t integer;
    double real;
    if (integer_from_text(text, &integer))
        return sqlite3_bind_int64(statement, at, integer);
    if (digits <= 15 && number_from_text(text, &real))
        return sqlite3_bind_double(statement, at, real);
    return sqlite3_bind_text64(statement, at, text.ptr, text.len, SQLITE_STATIC,
                               SQLITE_UTF8);
}

static int bind_iso(sqlite3_stmt *statement, int at, const struct value *value,
                    bool utc, char room[VALUE_TEXT_MAX])
{
    struct slice text = value_text(value, room);
    if (utc)
        room[text.len++] = 'Z';
    return sqlite3_bind_text(statement, at, room, (int)text.len, SQLITE_STATIC);
}

static int bind_plain(sqlite3_stmt *statement, int at,
                      const struct value *value)
{
    switch (value->kind) {
    case VALUE_TEXT:
        /* A null pointer would bind NULL, also with length 0. */
        return sqlite3_bind_text64(statement, at,
                                   value->text.len ? value->text.ptr : "",
                                   value->text.len, SQLITE_STATIC, SQLITE_UTF8);
    case VALUE_REAL:
        return sqlite3_bind_double(statement, at, value->real);
    case VALUE_BOOLEAN:
        return sqlite3_bind_int(statement, at, value->truth);
    default:
        return sqlite3_bind_int64(statement, at, value->integer);
    }
}

/* Binds a row from parameter `at` on. SQLITE_OK or why not. */
static int bind_row(struct sqlite_session *s, sqlite3_stmt *statement, int at,
                    const struct row *row)
{
    for (size_t c = 0; c < s->base.plan->count; c++, at++) {
        const struct value *value = &row->values[c];
        int code;
        if (value->kind == VALUE_NULL)
            code = sqlite3_bind_null(statement, at);
        else if (s->bindings[c] == BIND_PLAIN)
            code = bind_plain(statement, at, value);
        else if (s->bindings[c] == BIND_NUMERIC)
            code = bind_numeric(statement, at, value->text);
        else
            code = bind_iso(statement, at, value,
                            s->bindings[c] == BIND_ISO_UTC, s->rooms[at - 1]);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

/* Keeps what the connection says, which its next use overwrites. */
static int keep_message(struct sqlite_session *s, int code, const char *text)
{
    size_t len = utf8_prefix(slice_of(text), sizeof(s->message) - 1);
    memcpy(s->message, text, len);
    s->message[len] = '\0';
    return code;
}

/*
 * One statement of `count` rows. SQLITE_DONE when all are in; SQLITE_EMPTY (a
 * code that SQLite does not use) when it took fewer without an error.
 */
static int insert(struct sqlite_session *s, sqlite3_stmt *statement,
                  const struct row *rows, size_t count)
{
    int columns = (int)s->base.plan->count;
    int code = SQLITE_OK;
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = bind_row(s, statement, (int)i * columns + 1, &rows[i]);
    if (code == SQLITE_OK)
        code = run(statement);
    if (code != SQLITE_DONE)
        return keep_message(s, code, sqlite3_errmsg(s->db));
    if (sqlite3_changes64(s->db) == (sqlite3_int64)count)
        return code;
    return keep_message(s, SQLITE_EMPTY,
                        "a trigger or ON CONFLICT IGNORE of the table skips "
                        "the row");
}

/* --- refused rows ------------------------------------------------------------
 */

/*
 * Does the code speak of the row? An error of no kind may come from a function
 * in a constraint; when the statement itself is sound, it is the row's.
 */
static bool is_row_code(struct sqlite_session *s, int code)
{
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_EMPTY:
        return true;
    case SQLITE_ERROR:
        break;
    default:
        return false;
    }
    sqlite3_stmt *again = NULL;
    int sound = sqlite3_prepare_v2(s->db, s->insert_one, -1, &again, NULL);
    sqlite3_finalize(again);
    return sound == SQLITE_OK;
}

static enum issue_code issue_code_of(int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_NOTNULL:
        return ISSUE_REQUIRED;
    case SQLITE_CONSTRAINT_DATATYPE:
        return ISSUE_CONVERT;
    }
    switch (code & 0xff) {
    case SQLITE_MISMATCH:
        return ISSUE_CONVERT;
    case SQLITE_TOOBIG:
        return ISSUE_TEXT_TOO_LONG;
    default:
        return ISSUE_REFUSED;
    }
}

/* "UNIQUE constraint failed: t.email": the plan's index, or plan->count. */
static size_t column_index(const struct load_plan *plan, int code,
                           const char *message)
{
    size_t none = plan->count;
    if (code != SQLITE_CONSTRAINT_NOTNULL && code != SQLITE_CONSTRAINT_UNIQUE &&
        code != SQLITE_CONSTRAINT_PRIMARYKEY &&
        code != SQLITE_CONSTRAINT_DATATYPE)
        return none;
    size_t len = strlen(message);
    size_t best = none;
    size_t longest = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const char *name = plan_column(plan, i)->name;
        size_t name_len = strlen(name);
        if (name_len > longest && len > name_len &&
            message[len - name_len - 1] == '.' &&
            strcmp(message + len - name_len, name) == 0) {
            best = i;
            longest = name_len;
        }
    }
    /* "t.a, t.b": a key of several columns is no single one's fault. */
    return strstr(message, ", ") ? none : best;
}

static int reject(struct sqlite_session *s, struct load_outcome *outcome,
                  const struct row *row, int code, const char *message,
                  struct issue *why)
{
    const struct load_plan *plan = s->base.plan;
    struct issue *issue =
        reject_value(outcome, plan, row, column_index(plan, code, message));
    if (!issue)
        return out_of_memory(why);
    struct issue text;
    issue_set(&text, issue_code_of(code), "%s", message);
    issue->code = text.code;
    memcpy(issue->text, text.text, sizeof(issue->text));
    return 0;
}

/* --- the ways
 * ----------------------------------------------------------------- */

enum way { WAY_DONE, WAY_NEXT, WAY_FAILED };

static void leave_transaction(struct sqlite_session *s)
{
    if (!sqlite3_get_autocommit(s->db))
        (void)run(s->rollback);
}

/* Which rows of the sheet a transaction settles. */
struct span {
    uint64_t first;
    uint64_t last;
    uint64_t loaded;
};

/* Ends the transaction; WAY_NEXT when the commit itself was refused. */
static enum way commit(struct sqlite_session *s, struct span span,
                       const struct load_outcome *outcome, struct issue *why)
{
    int code = SQLITE_DONE;
    if (s->ledger)
        code = sqlite_ledger_write(s->ledger, span.first, span.last,
                                   span.loaded, outcome);
    bool written = code == SQLITE_DONE;
    if (written)
        code = run(s->commit);
    if (code == SQLITE_DONE)
        return WAY_DONE;
    enum way way = WAY_NEXT;
    if (!written || (code & 0xff) != SQLITE_CONSTRAINT) {
        sqlite_issue(s->db, why);
        way = WAY_FAILED;
    }
    keep_message(s, code, sqlite3_errmsg(s->db));
    leave_transaction(s);
    return way;
}

static int begin(struct sqlite_session *s, struct issue *why)
{
    if (run(s->begin) == SQLITE_DONE)
        return 0;
    return sqlite_issue(s->db, why);
}

/* One row and its line in the ledger. SQLITE_DONE, or why not. */
static int insert_recorded(struct sqlite_session *s, const struct row *row,
                           const struct load_outcome *outcome,
                           struct issue *why)
{
    struct span span = {row->number, row->number, 1};
    if (begin(s, why) < 0)
        return SQLITE_BUSY;
    int code = insert(s, s->one, row, 1);
    if (code != SQLITE_DONE) {
        if (!is_row_code(s, code))
            sqlite_issue(s->db, why);
        leave_transaction(s);
        return code;
    }
    switch (commit(s, span, outcome, why)) {
    case WAY_DONE:
        return SQLITE_DONE;
    case WAY_NEXT:
        return SQLITE_CONSTRAINT;
    default:
        return SQLITE_IOERR;
    }
}

static enum way load_each(struct sqlite_session *s, const struct row *rows,
                          size_t count, struct load_outcome *outcome,
                          struct issue *why)
{
    for (size_t i = 0; i < count; i++) {
        int code = s->ledger ? insert_recorded(s, &rows[i], outcome, why)
                             : insert(s, s->one, &rows[i], 1);
        if (code == SQLITE_DONE) {
            outcome->committed++;
            continue;
        }
        if (!is_row_code(s, code)) {
            if (!s->ledger)
                sqlite_issue(s->db, why);
            leave_transaction(s);
            return WAY_FAILED;
        }
        if (reject(s, outcome, &rows[i], code, s->message, why) < 0)
            return WAY_FAILED;
    }
    return WAY_DONE;
}

/* All of a batch that is not among the rejects behind `mark`. */
static struct span batch_span(const struct row *rows, size_t count, size_t mark,
                              const struct load_outcome *outcome)
{
    return (struct span){rows[0].number, rows[count - 1].number,
                         count - (outcome->reject_count - mark)};
}

static enum way load_whole(struct sqlite_session *s, const struct row *rows,
                           size_t count, struct load_outcome *outcome,
                           struct issue *why)
{
    if (begin(s, why) < 0)
        return WAY_FAILED;
    for (size_t i = 0; i < count;) {
        size_t step = s->rows_per_statement;
        sqlite3_stmt *statement = s->many;
        if (!statement || count - i < step) {
            step = 1;
            statement = s->one;
        }
        int code = insert(s, statement, rows + i, step);
        if (code != SQLITE_DONE) {
            enum way way = WAY_NEXT;
            if (!is_row_code(s, code)) {
                sqlite_issue(s->db, why);
                way = WAY_FAILED;
            }
            leave_transaction(s);
            return way;
        }
        i += step;
    }
    enum way way =
        commit(s, batch_span(rows, count, outcome->reject_count, outcome),
               outcome, why);
    if (way == WAY_DONE)
        outcome->committed += count;
    return way;
}

/*
 * A deferred foreign key would be found at the commit, when nobody can say
 * whose it is: ask after each row.
 */
static bool keys_missing(struct sqlite_session *s)
{
    int missing = 0;
    int high = 0;
    sqlite3_db_status(s->db, SQLITE_DBSTATUS_DEFERRED_FKS, &missing, &high, 0);
    return missing > 0;
}

/* One row behind a savepoint. SQLITE_DONE: in or rejected. */
static enum way insert_careful(struct sqlite_session *s, const struct row *row,
                               struct load_outcome *outcome, struct issue *why)
{
    if (run(s->savepoint) != SQLITE_DONE) {
        sqlite_issue(s->db, why);
        return WAY_FAILED;
    }
    int code = insert(s, s->one, row, 1);
    int status = 0;
    if (code == SQLITE_DONE && keys_missing(s))
        status = reject(s, outcome, row, SQLITE_CONSTRAINT_FOREIGNKEY,
                        "FOREIGN KEY constraint failed", why);
    else if (code == SQLITE_DONE)
        return run(s->release) == SQLITE_DONE ? WAY_DONE : WAY_NEXT;
    else if (is_row_code(s, code))
        status = reject(s, outcome, row, code, s->message, why);
    else
        status = sqlite_issue(s->db, why);
    if (status < 0)
        return WAY_FAILED;
    if (sqlite3_get_autocommit(s->db))
        return WAY_NEXT;
    bool undone = run(s->undo) == SQLITE_DONE && run(s->release) == SQLITE_DONE;
    return undone ? WAY_DONE : WAY_NEXT;
}

static enum way load_careful(struct sqlite_session *s, const struct row *rows,
                             size_t count, struct load_outcome *outcome,
                             struct issue *why)
{
    size_t mark = outcome->reject_count;
    if (begin(s, why) < 0)
        return WAY_FAILED;
    enum way way = WAY_DONE;
    for (size_t i = 0; i < count && way == WAY_DONE; i++)
        way = insert_careful(s, &rows[i], outcome, why);
    if (way == WAY_DONE)
        way = commit(s, batch_span(rows, count, mark, outcome), outcome, why);
    else
        leave_transaction(s);
    if (way == WAY_DONE)
        outcome->committed += count - (outcome->reject_count - mark);
    else
        outcome->reject_count = mark;
    return way;
}

int sqlite_session_load(struct session *session, const struct row *rows,
                        size_t count, struct load_outcome *outcome,
                        struct issue *why)
{
    struct sqlite_session *s = (struct sqlite_session *)session;
    enum way way = WAY_NEXT;
    if (session->method == METHOD_BATCH || session->method == METHOD_COPY) {
        way = load_whole(s, rows, count, outcome, why);
        if (way == WAY_NEXT)
            way = load_careful(s, rows, count, outcome, why);
    }
    if (way == WAY_NEXT)
        way = load_each(s, rows, count, outcome, why);
    return way == WAY_DONE ? 0 : -1;
}

/* --- sessions
 * ------------------------------------------------------------------ */

/* INSERT INTO t (a, b) VALUES (?,?), (?,?), ... Owned; NULL: memory. */
static char *insert_sql(const struct load_plan *plan, size_t rows)
{
    char **names = column_names(plan->table, SQLITE_NAME_MAX, true);
    if (!names)
        return NULL;
    struct outbuf sql = {0};
    outbuf_text(&sql, "INSERT INTO ");
    sqlite_table_sql(&sql, plan->table);
    for (size_t i = 0; i < plan->count; i++) {
        outbuf_text(&sql, i > 0 ? ", " : " (");
        sql_identifier(&sql, slice_of(names[plan->columns[i]]));
    }
    outbuf_text(&sql, ") VALUES ");
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < plan->count; i++)
            outbuf_text(&sql, i > 0 ? ",?" : r > 0 ? ",(?" : "(?");
        outbuf_text(&sql, ")");
    }
    column_names_free(names, plan->table->count);
    if (outbuf_string(&sql))
        return sql.ptr;
    outbuf_clear(&sql);
    return NULL;
}

static bool prepare(struct sqlite_session *s, const char *sql,
                    sqlite3_stmt **statement)
{
    return sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              statement, NULL) == SQLITE_OK;
}

static int prepare_all(struct sqlite_session *s, const struct load_plan *plan,
                       enum load_method method, const char *import,
                       struct issue *why)
{
    size_t limit =
        (size_t)sqlite3_limit(s->db, SQLITE_LIMIT_VARIABLE_NUMBER, -1);
    size_t rows = limit / plan->count;
    if (rows > ROWS_PER_STATEMENT)
        rows = ROWS_PER_STATEMENT;
    if (rows < 1)
        rows = 1;
    s->rows_per_statement = rows;

    s->bindings = calloc(plan->count, sizeof(*s->bindings));
    s->rooms = calloc(plan->count * rows, sizeof(*s->rooms));
    s->insert_one = insert_sql(plan, 1);
    char *insert_many = insert_sql(plan, rows);
    int status = -1;
    if (!s->bindings || !s->rooms || !s->insert_one || !insert_many) {
        out_of_memory(why);
        goto out;
    }
    for (size_t i = 0; i < plan->count; i++)
        s->bindings[i] = (uint8_t)binding_of(plan_column(plan, i));

    bool many = method == METHOD_BATCH || method == METHOD_COPY;
    if (!prepare(s, s->insert_one, &s->one) ||
        (many && rows > 1 && !prepare(s, insert_many, &s->many)) ||
        !prepare(s, "BEGIN IMMEDIATE", &s->begin) ||
        !prepare(s, "COMMIT", &s->commit) ||
        !prepare(s, "ROLLBACK", &s->rollback) ||
        !prepare(s, "SAVEPOINT piece", &s->savepoint) ||
        !prepare(s, "RELEASE piece", &s->release) ||
        !prepare(s, "ROLLBACK TO piece", &s->undo) ||
        (import && !sqlite_ledger_prepare(s->db, import, &s->ledger))) {
        sqlite_issue(s->db, why);
        goto out;
    }
    status = 0;
out:
    free(insert_many);
    return status;
}

int sqlite_session_open(struct session **session, struct sink *sink,
                        const struct load_plan *plan, enum load_method method,
                        struct issue *why)
{
    struct sqlite_session *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return out_of_memory(why);
    opened->base.plan = plan;
    const char *path = ((struct sqlite_sink *)sink)->path;
    if (sqlite_connect(&opened->db, path, why) < 0 ||
        prepare_all(opened, plan, method, sink->import, why) < 0) {
        sqlite_session_close(&opened->base);
        return -1;
    }
    *session = &opened->base;
    return 0;
}

void sqlite_session_close(struct session *session)
{
    struct sqlite_session *s = (struct sqlite_session *)session;
    sqlite3_stmt *const statements[] = {s->one,     s->many,     s->begin,
                                        s->commit,  s->rollback, s->savepoint,
                                        s->release, s->undo,     s->ledger};
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(s->db);
    free(s->bindings);
    free(s->rooms);
    free(s->insert_one);
    free(s);
}
