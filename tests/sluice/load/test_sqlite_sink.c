/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sqlite_sink.c: rows into SQLite, good and bad, by every method.
 */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sink_rig.h"

static char folder[] = "/tmp/sluice-sqlite-XXXXXX";
static char path[64];
static char target[80];

static unsigned turn;

static void remove_files(void)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    for (unsigned i = 0; i < turn * 4; i++) {
        snprintf(path, sizeof(path), "%s/%u.db%s", folder, i / 4, tails[i % 4]);
        unlink(path);
    }
    rmdir(folder);
}

/* A fresh path in a folder of our own. */
static void fresh(void)
{
    if (turn == 0) {
        if (!mkdtemp(folder))
            abort();
        atexit(remove_files);
    }
    snprintf(path, sizeof(path), "%s/%u.db", folder, turn++);
    snprintf(target, sizeof(target), "sqlite:%s", path);
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    char *why = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK_MSG(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s",
              sql, why);
    sqlite3_free(why);
    sqlite3_close(db);
}

/* First column of the first row, as text; static. */
static const char *ask(const char *sql)
{
    static char answer[1024];
    sqlite3 *db;
    sqlite3_stmt *row;
    answer[0] = '\0';
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    if (CHECK_MSG(sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK,
                  "%s: %s", sql, sqlite3_errmsg(db))) {
        if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_text(row, 0))
            snprintf(answer, sizeof(answer), "%s",
                     (const char *)sqlite3_column_text(row, 0));
        sqlite3_finalize(row);
    }
    sqlite3_close(db);
    return answer;
}

static uint64_t count_of(const struct rig *rig, const char *table)
{
    uint64_t rows = 0;
    struct issue why = {0};
    CHECK_MSG(sink_count(rig->sink, table, &rows, &why) == 0, "%s", why.text);
    return rows;
}

/* --- tables ----------------------------------------------------------------
 */

static void preset_is_created_exactly(void)
{
    fresh();
    struct sink *sink;
    struct issue why = {0};
    struct table preset = {0};
    struct table described = {0};
    if (!CHECK(sink_open(&sink, target, NULL, &why) == 0))
        return;
    CHECK(sink_blocks(sink));
    CHECK_EQ_INT(sink_max_sessions(sink), 1);
    CHECK_EQ_STR(sink_label(sink), target);
    CHECK_EQ_INT(sink_describe(sink, "businesses", &described, &why), 0);
    CHECK(table_preset(&preset, "businesses", &why) == 0);
    CHECK_MSG(sink_create(sink, &preset, &why) == 0, "%s", why.text);
    CHECK_EQ_INT(atoi(ask("SELECT count(*) FROM sqlite_schema"
                          " WHERE type = 'index'")),
                 0);
    CHECK_MSG(sink_finish(sink, &preset, &why) == 0, "%s", why.text);
    CHECK_EQ_STR(ask("SELECT group_concat(name) FROM (SELECT name FROM"
                     " sqlite_schema WHERE type = 'index' ORDER BY 1)"),
                 "idx_businesses_category,idx_businesses_city,"
                 "idx_businesses_country,idx_businesses_deleted_at,"
                 "idx_businesses_email,idx_businesses_name");
    /* Once more is nothing more. */
    CHECK(sink_finish(sink, &preset, &why) == 0);
    CHECK_EQ_INT(atoi(ask("SELECT count(*) FROM sqlite_schema"
                          " WHERE type = 'index'")),
                 6);

    if (CHECK_EQ_INT(sink_describe(sink, "BUSINESSES", &described, &why), 1)) {
        CHECK_EQ_INT(described.count, preset.count);
        for (size_t i = 0; i < described.count && i < preset.count; i++) {
            const struct column *a = &described.columns[i];
            const struct column *b = &preset.columns[i];
            CHECK_EQ_STR(a->name, b->name);
            CHECK_EQ_INT(a->type, b->type);
            CHECK_EQ_INT(a->has_default, b->has_default);
            CHECK_EQ_INT(a->primary_key, b->primary_key);
            CHECK_EQ_INT(a->indexed, b->indexed);
            CHECK(a->not_null == b->not_null || a->primary_key);
        }
    }
    run_sql("INSERT INTO businesses (name) VALUES ('x')");
    CHECK_EQ_STR(ask("SELECT id || ' ' || (created_at GLOB"
                     " '[0-9]*-*-*T*:*:*.*Z') || ' ' ||"
                     " (deleted_at IS NULL) FROM businesses"),
                 "1 1 1");
    /* A table that is there is not made again. */
    CHECK(sink_create(sink, &preset, &why) < 0);
    CHECK_EQ_INT(why.code, ISSUE_DATABASE);
    table_clear(&preset);
    table_clear(&described);
    sink_close(sink);
}

/* Every type: created, described again, written, and read back by SQL. */
static void types_survive_creation(void)
{
    static const enum column_type types[] = {
        COLUMN_TEXT,    COLUMN_INTEGER,  COLUMN_REAL,      COLUMN_NUMERIC,
        COLUMN_BOOLEAN, COLUMN_DATE,     COLUMN_TIMESTAMP, COLUMN_TIMESTAMPTZ,
        COLUMN_TIME,    COLUMN_INTERVAL,
    };
    enum { TYPES = sizeof(types) / sizeof(types[0]) };
    fresh();
    struct issue why = {0};
    struct table table = {.name = strdup("every \"type\" A.b")};
    for (size_t i = 0; i < TYPES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "c\"%zu", i);
        struct column *column = table_add_column(&table, slice_of(name));
        column->type = types[i];
        column->size = 8;
    }
    struct sink *sink;
    if (!CHECK(sink_open(&sink, target, NULL, &why) == 0))
        return;
    CHECK_MSG(sink_create(sink, &table, &why) == 0, "%s", why.text);
    sink_close(sink);

    struct rig rig;
    if (!rig_open(&rig, target, NULL, table.name,
                  "c\"0 c\"1 c\"2 c\"3 c\"4 c\"5 c\"6 c\"7 c\"8 c\"9",
                  METHOD_COPY))
        return;
    for (size_t i = 0; i < TYPES; i++)
        CHECK_EQ_INT(rig.table.columns[i].type, types[i]);
    struct value values[][TYPES] = {
        {TEXT("it's \"q\" \xc3\xa9"), INT(INT64_MIN), REAL(0.1), TEXT("12.50"),
         TRUTH(true), DATE(19791), STAMP(INT64_C(1709913900250000)),
         STAMP(INT64_C(1709913900000000)), TIME(INT64_C(61500000000)),
         TIME(INT64_C(-90061000001))},
        {TEXT(""), INT(INT64_MAX), REAL(-1e300),
         TEXT("12345678901234567890.123"), TRUTH(false), DATE(-1), STAMP(0),
         STAMP(-1), TIME(0), TIME(INT64_C(360000000000))},
        {NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL},
    };
    CHECK_MSG(rig_load(&rig, values[0], 3) == 0, "%s", rig.why.text);
    rig_check_exact(&rig, 3, count_of(&rig, table.name));
#define ROW(n)                                                             \
    ask("SELECT concat FROM (SELECT \"c\"\"0\" || '|' || \"c\"\"1\" ||"    \
        " '|' || \"c\"\"2\" || '|' || \"c\"\"3\" || '|' ||"                \
        " typeof(\"c\"\"3\") || '|' || \"c\"\"4\" || '|' || \"c\"\"5\" ||" \
        " '|' || \"c\"\"6\" || '|' || \"c\"\"7\" || '|' || \"c\"\"8\" ||"  \
        " '|' || \"c\"\"9\" AS concat FROM \"every \"\"type\"\" A.b\""     \
        " WHERE rowid = " #n ")")
    CHECK_EQ_STR(ROW(1), "it's \"q\" \xc3\xa9|-9223372036854775808|0.1|12.5|"
                         "real|1|2024-03-09|2024-03-08T16:05:00.25|"
                         "2024-03-08T16:05:00Z|17:05:00|-25:01:01.000001");
    CHECK_EQ_STR(ROW(2), "|9223372036854775807|-1.0e+300|"
                         "12345678901234567890.123|text|0|1969-12-31|"
                         "1970-01-01T00:00:00|1969-12-31T23:59:59.999999Z|"
                         "00:00:00|100:00:00");
    CHECK_EQ_STR(ask("SELECT count(*) FROM \"every \"\"type\"\" A.b\" WHERE"
                     " \"c\"\"0\" IS NULL AND \"c\"\"9\" IS NULL"),
                 "1");
    rig_close(&rig);
    table_clear(&table);
}

static void existing_types_are_read_by_affinity(void)
{
    static const enum column_type wanted[] = {
        COLUMN_INTEGER,     COLUMN_TEXT,    COLUMN_OTHER, COLUMN_REAL,
        COLUMN_NUMERIC,     COLUMN_BOOLEAN, COLUMN_DATE,  COLUMN_TIMESTAMP,
        COLUMN_TIMESTAMPTZ, COLUMN_TIME,    COLUMN_OTHER, COLUMN_INTEGER,
    };
    fresh();
    run_sql("CREATE TABLE Old (a BIGINT NOT NULL, b VARCHAR(20) DEFAULT 'x',"
            " c BLOB, d DOUBLE PRECISION, e DECIMAL(10,2), f BOOLEAN, g DATE,"
            " h DATETIME, i TIMESTAMPTZ, j TIME, k,"
            " l INTEGER GENERATED ALWAYS AS (a + 1) STORED,"
            " PRIMARY KEY (a, b)) WITHOUT ROWID;"
            "CREATE INDEX some ON Old (d);"
            "CREATE TABLE own (n INTEGER PRIMARY KEY, t TEXT UNIQUE);"
            "CREATE VIEW seen AS SELECT 1");
    struct sink *sink;
    struct issue why = {0};
    struct table table = {0};
    if (!CHECK(sink_open(&sink, target, NULL, &why) == 0))
        return;
    if (CHECK_EQ_INT(sink_describe(sink, "main.old", &table, &why), 1)) {
        CHECK_EQ_INT(table.count, 12);
        for (size_t i = 0; i < table.count; i++)
            CHECK_EQ_INT(table.columns[i].type, wanted[i]);
        CHECK(table.columns[0].not_null && !table.columns[0].has_default);
        CHECK(table.columns[0].primary_key && table.columns[1].primary_key);
        CHECK(table.columns[1].has_default && table.columns[3].indexed);
        CHECK(table.columns[11].generated && !table.columns[10].generated);
        CHECK_EQ_STR(table.sql_name, "\"Old\"");
    }
    table_clear(&table);
    if (CHECK_EQ_INT(sink_describe(sink, "own", &table, &why), 1)) {
        CHECK(table.columns[0].has_default && table.columns[0].primary_key);
        CHECK(table.columns[1].indexed);
    }
    table_clear(&table);
    CHECK_EQ_INT(sink_describe(sink, "seen", &table, &why), -1);
    CHECK_EQ_INT(why.code, ISSUE_DATABASE);
    CHECK_EQ_INT(sink_describe(sink, "nowhere", &table, &why), 0);
    sink_close(sink);
}

static void empty_plan_is_refused(void)
{
    fresh();
    run_sql("CREATE TABLE t (a)");
    struct rig rig = {0};
    CHECK(sink_open(&rig.sink, target, NULL, &rig.why) == 0);
    CHECK(sink_describe(rig.sink, "t", &rig.table, &rig.why) == 1);
    rig.plan.table = &rig.table;
    CHECK(session_open(&rig.session, rig.sink, &rig.plan, METHOD_COPY,
                       &rig.why) < 0);
    CHECK_EQ_INT(rig.why.code, ISSUE_MAPPING);
    rig.session = NULL;
    rig_close(&rig);
}

/* --- rows ------------------------------------------------------------------
 */

#define BAD_TABLE                                                         \
    "CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT;"               \
    "INSERT INTO parents VALUES (1);"                                     \
    "CREATE TABLE bad (id INTEGER PRIMARY KEY, name TEXT NOT NULL,"       \
    " qty INTEGER CHECK (qty > 0), email TEXT UNIQUE,"                    \
    " parent INTEGER REFERENCES parents, late INTEGER REFERENCES parents" \
    " DEFERRABLE INITIALLY DEFERRED, odd ANY) STRICT;"                    \
    "CREATE TRIGGER no BEFORE INSERT ON bad WHEN NEW.name = 'raise'"      \
    " BEGIN SELECT raise(ABORT, 'not with me'); END;"                     \
    "CREATE TRIGGER hush BEFORE INSERT ON bad WHEN NEW.name = 'ignore'"   \
    " BEGIN SELECT raise(IGNORE); END;"                                   \
    "CREATE TRIGGER fail BEFORE INSERT ON bad WHEN NEW.name = 'fail'"     \
    " BEGIN SELECT raise(FAIL, 'half way'); END;"
#define BAD_COLUMNS "name qty email parent late"
#define BAD_WIDTH   5

static void bad_row(struct value *v, const char *name, int64_t qty,
                    const char *email, int64_t parent, int64_t late)
{
    v[0] = name ? TEXT(name) : NIL;
    v[1] = INT(qty);
    v[2] = TEXT(email);
    v[3] = INT(parent);
    v[4] = INT(late);
}

/* One bad row of each kind among `count` good ones, by every method. */
static void refused_rows_cost_nobody_else(void)
{
    enum { COUNT = 500 };
    static char emails[COUNT][16];
    static struct value values[COUNT * BAD_WIDTH];
    for (int m = 0; m < METHODS; m++) {
        fresh();
        run_sql(BAD_TABLE);
        struct rig rig;
        if (!rig_open(&rig, target, NULL, "bad", BAD_COLUMNS,
                      (enum load_method)m))
            return;
        for (int i = 0; i < COUNT; i++) {
            snprintf(emails[i], sizeof(emails[i]), "e%d", i);
            bad_row(values + i * BAD_WIDTH, "good", 1, emails[i], 1, 1);
        }
        values[10 * BAD_WIDTH] = NIL;
        values[49 * BAD_WIDTH + 1] = INT(0);
        values[50 * BAD_WIDTH + 2] = TEXT("e3");
        values[51 * BAD_WIDTH + 3] = INT(2);
        values[200 * BAD_WIDTH + 4] = INT(2);
        values[300 * BAD_WIDTH] = TEXT("raise");
        values[301 * BAD_WIDTH] = TEXT("ignore");
        values[302 * BAD_WIDTH] = TEXT("fail");
        values[499 * BAD_WIDTH] = NIL;
        CHECK_MSG(rig_load(&rig, values, COUNT) == 0, "%s: %s", method_names[m],
                  rig.why.text);
        rig_check_exact(&rig, COUNT, count_of(&rig, "bad"));
        CHECK_EQ_INT(rig.outcome.reject_count, 9);
        static const struct {
            unsigned row;
            enum issue_code code;
            const char *header;
            const char *text;
        } wanted[] = {
            {12, ISSUE_REQUIRED, "name",
             "NOT NULL constraint failed: bad.name"},
            {51, ISSUE_REFUSED, "", "CHECK constraint failed: qty > 0"},
            {52, ISSUE_REFUSED, "email", "UNIQUE constraint failed: bad.email"},
            {53, ISSUE_REFUSED, "", "FOREIGN KEY constraint failed"},
            {202, ISSUE_REFUSED, "", "FOREIGN KEY constraint failed"},
            {302, ISSUE_REFUSED, "", "not with me"},
            {303, ISSUE_REFUSED, "", NULL},
            {304, ISSUE_REFUSED, "", "half way"},
            {501, ISSUE_REQUIRED, "name", NULL},
        };
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
            const struct issue *reject = rig_reject(&rig, wanted[i].row);
            if (!CHECK_MSG(reject, "%s: row %u was not rejected",
                           method_names[m], wanted[i].row))
                continue;
            CHECK_EQ_INT(reject->code, wanted[i].code);
            CHECK_EQ_STR(reject->header, wanted[i].header);
            if (wanted[i].text)
                CHECK_EQ_STR(reject->text, wanted[i].text);
        }
        CHECK_EQ_STR(rig_reject(&rig, 52)->value, "e3");
        CHECK_EQ_INT(rig_reject(&rig, 52)->column, 3);
        rig_close(&rig);
    }
}

/* The conflict clauses that undo less, or more, than their own statement. */
static void conflict_clauses_keep_the_counts_exact(void)
{
    static const char *const clauses[] = {"FAIL", "ROLLBACK", "IGNORE",
                                          "REPLACE"};
    enum { COUNT = 200 };
    struct value values[COUNT];
    for (int i = 0; i < COUNT; i++)
        values[i] = INT(i % 150);
    for (size_t c = 0; c < 4; c++) {
        for (int m = 0; m < METHODS; m++) {
            char sql[120];
            fresh();
            snprintf(sql, sizeof(sql),
                     "CREATE TABLE t (k INTEGER UNIQUE ON CONFLICT %s) STRICT",
                     clauses[c]);
            run_sql(sql);
            struct rig rig;
            if (!rig_open(&rig, target, NULL, "t", "k", (enum load_method)m))
                return;
            CHECK_MSG(rig_load(&rig, values, COUNT) == 0, "%s", rig.why.text);
            CHECK_EQ_INT(count_of(&rig, "t"), 150);
            /* REPLACE takes every row and drops the older one. */
            CHECK_EQ_INT(rig.outcome.committed, c == 3 ? 200 : 150);
            CHECK_EQ_INT(rig.outcome.reject_count, c == 3 ? 0 : 50);
            rig_close(&rig);
        }
    }
}

static void all_rows_bad_leaves_an_empty_table(void)
{
    enum { COUNT = 300 };
    static struct value values[COUNT * BAD_WIDTH];
    for (int m = 0; m < METHODS; m++) {
        fresh();
        run_sql(BAD_TABLE);
        struct rig rig;
        if (!rig_open(&rig, target, NULL, "bad", BAD_COLUMNS,
                      (enum load_method)m))
            return;
        for (int i = 0; i < COUNT; i++)
            bad_row(values + i * BAD_WIDTH, NULL, 1, "", 1, 1);
        CHECK(rig_load(&rig, values, COUNT) == 0);
        rig_check_exact(&rig, COUNT, 0);
        CHECK_EQ_STR(ask("SELECT count(*) FROM bad"), "0");
        CHECK(rig_load(&rig, values, 0) == 0);
        rig_close(&rig);
    }
}

static void an_error_in_a_check_is_the_rows(void)
{
    struct value values[] = {INT(1), INT(INT64_MIN), INT(-2)};
    fresh();
    run_sql("CREATE TABLE n (a INTEGER CHECK (abs(a) > 0))");
    struct rig rig;
    if (!rig_open(&rig, target, NULL, "n", "a", METHOD_COPY))
        return;
    CHECK_MSG(rig_load(&rig, values, 3) == 0, "%s", rig.why.text);
    rig_check_exact(&rig, 3, 2);
    CHECK_EQ_STR(rig.outcome.rejects[0].text, "integer overflow");
    rig_close(&rig);
}

static void a_table_that_goes_ends_the_import(void)
{
    struct value values[] = {TEXT("a"), TEXT("b")};
    for (int m = 0; m < METHODS; m++) {
        fresh();
        run_sql("CREATE TABLE t (a TEXT) STRICT");
        struct rig rig;
        if (!rig_open(&rig, target, NULL, "t", "a", (enum load_method)m))
            return;
        CHECK(rig_load(&rig, values, 2) == 0);
        run_sql("DROP TABLE t");
        CHECK(rig_load(&rig, values, 2) < 0);
        CHECK_EQ_INT(rig.why.code, ISSUE_DATABASE);
        CHECK_EQ_STR(rig.why.text, "no such table: t");
        CHECK_EQ_INT(rig.outcome.committed, 2);
        CHECK_EQ_INT(rig.outcome.reject_count, 0);
        rig_close(&rig);
    }
}

/* --- files -----------------------------------------------------------------
 */

static void open_fails(const char *where, enum issue_code code,
                       const char *words)
{
    struct sink *sink;
    struct issue why = {0};
    char name[160];
    snprintf(name, sizeof(name), "sqlite:%s", where);
    if (!CHECK_MSG(sink_open(&sink, name, NULL, &why) < 0, "%s opened", where))
        return;
    CHECK_EQ_INT(why.code, code);
    CHECK_MSG(strstr(why.text, words), "\"%s\" lacks \"%s\"", why.text, words);
}

static void unusable_files_are_named(void)
{
    fresh();
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    static const char text[] = "Name,City\nno database at all, but long enough "
                               "that there is a whole header to read: it takes "
                               "a hundred bytes";
    CHECK(write(fd, text, sizeof(text)) == (ssize_t)sizeof(text));
    close(fd);
    open_fails(path, ISSUE_CONNECT, "is not a SQLite database");
    open_fails("/nonexistent/folder/x.db", ISSUE_CONNECT,
               "No such file or directory");
    open_fails("/", ISSUE_CONNECT, "cannot be opened");
    open_fails("", ISSUE_USAGE, "path of a file");
    open_fails(":memory:", ISSUE_USAGE, "path of a file");
}

static void a_lock_is_waited_for_and_then_named(void)
{
    struct value values[] = {TEXT("a")};
    fresh();
    run_sql("CREATE TABLE t (a TEXT) STRICT");
    struct rig rig;
    if (!rig_open(&rig, target, NULL, "t", "a", METHOD_COPY))
        return;
    sqlite3 *other;
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) ==
          SQLITE_OK);
    CHECK(rig_load(&rig, values, 1) < 0);
    CHECK_EQ_INT(rig.why.code, ISSUE_DATABASE);
    CHECK(strstr(rig.why.text, "locked") != NULL);
    CHECK_EQ_INT(rig.outcome.committed, 0);
    CHECK(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(other);
    CHECK(rig_load(&rig, values, 1) == 0);
    CHECK_EQ_INT(rig.outcome.committed, 1);
    rig_close(&rig);
}

/* A file that may not grow: the batch is not in, the ones before it are. */
static void a_full_database_keeps_what_was_committed(void)
{
    enum { COUNT = 2000 };
    static struct value values[COUNT];
    static char text[2000];
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < COUNT; i++)
        values[i] = TEXT(text);
    fresh();
    run_sql("CREATE TABLE t (a TEXT) STRICT");
    struct rig rig;
    if (!rig_open(&rig, target, NULL, "t", "a", METHOD_COPY))
        return;
    CHECK(rig_load(&rig, values, 10) == 0);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old;
    getrlimit(RLIMIT_FSIZE, &old);
    struct rlimit small = {.rlim_cur = 512 * 1024, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    CHECK(rig_load(&rig, values, COUNT) < 0);
    setrlimit(RLIMIT_FSIZE, &old);
    CHECK_EQ_INT(rig.why.code, ISSUE_IO);
    CHECK_EQ_INT(rig.outcome.committed, 10);
    CHECK_EQ_INT(rig.outcome.reject_count, 0);
    CHECK_EQ_INT(count_of(&rig, "t"), 10);
    rig_close(&rig);
}

/* Stands before the C library's; the disk is not this test's matter. */
static unsigned syncs;
int fdatasync(int fd)
{
    syncs += fd >= 0;
    return 0;
}

/* A commit may stay in memory for a while; one that is settled does not. */
static void settling_syncs_what_was_committed(void)
{
    struct value values[] = {TEXT("a")};
    fresh();
    run_sql("PRAGMA user_version = 7; CREATE TABLE t (a TEXT) STRICT");
    struct rig rig;
    if (!rig_open(&rig, target, NULL, "t", "a", METHOD_COPY))
        return;
    CHECK(rig_load(&rig, values, 1) == 0);
    unsigned before = syncs;
    CHECK(rig_load(&rig, values, 1) == 0);
    CHECK_EQ_INT(syncs, before);
    CHECK(sink_settle(rig.sink, &rig.why) == 0);
    CHECK(syncs > before);
    CHECK_EQ_STR(ask("PRAGMA user_version"), "7");
    rig_close(&rig);
}

CHECK_MAIN(preset_is_created_exactly, types_survive_creation,
           existing_types_are_read_by_affinity, empty_plan_is_refused,
           refused_rows_cost_nobody_else,
           conflict_clauses_keep_the_counts_exact,
           all_rows_bad_leaves_an_empty_table, an_error_in_a_check_is_the_rows,
           a_table_that_goes_ends_the_import, unusable_files_are_named,
           a_lock_is_waited_for_and_then_named,
           settling_syncs_what_was_committed,
           a_full_database_keeps_what_was_committed)
