/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ledger.c: what was committed is in the ledger, and nothing else is.
 *
 * The same cases for SQLite and PostgreSQL, by every method.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "issueline.h"
#include "pg_rig.h"

static char folder[] = "/tmp/sluice-ledger-XXXXXX";
static char sqlite_path[64];
static char sqlite_target[80];

static void remove_files(void)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char path[80];
        snprintf(path, sizeof(path), "%s%s", sqlite_path, tails[i]);
        unlink(path);
    }
}

static void sqlite_run_sql(const char *sql)
{
    sqlite3 *db;
    CHECK(sqlite3_open(sqlite_path, &db) == SQLITE_OK);
    CHECK_MSG(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s",
              sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static const char table_sql[] =
    "CREATE TABLE list (id integer PRIMARY KEY, name text NOT NULL);";

/* A fresh database with the table; its target, or NULL to skip. */
static const char *fresh_sqlite(void)
{
    if (!sqlite_path[0]) {
        if (!mkdtemp(folder))
            abort();
        snprintf(sqlite_path, sizeof(sqlite_path), "%s/l.db", folder);
        snprintf(sqlite_target, sizeof(sqlite_target), "sqlite:%s",
                 sqlite_path);
    }
    remove_files();
    sqlite_run_sql(table_sql);
    return sqlite_target;
}

static const char *fresh_postgres(void)
{
    if (!pg_fresh())
        return NULL;
    pg_ask(table_sql);
    return pg_target;
}

/* Opens the sink and what the ledger holds of the import. */
static bool open_named(struct rig *rig, const char *target, const char *import,
                       struct ledger *ledger, enum load_method method)
{
    *rig = (struct rig){0};
    *ledger = (struct ledger){0};
    rig->plan = (struct load_plan){&rig->table, rig->columns, 2};
    rig->columns[0] = 0;
    rig->columns[1] = 1;
    return CHECK(sink_open(&rig->sink, target, NULL, &rig->why) == 0) &&
           CHECK(sink_describe(rig->sink, "list", &rig->table, &rig->why) ==
                 1) &&
           CHECK_MSG(sink_ledger_open(rig->sink, import, ledger, &rig->why) ==
                         0,
                     "%s", rig->why.text) &&
           CHECK_MSG(session_open(&rig->session, rig->sink, &rig->plan, method,
                                  &rig->why) == 0,
                     "%s", rig->why.text);
}

/* Rows 2, 3, ... with these keys; the converter has refused row 4 already. */
static void load_keys(struct rig *rig, const int64_t *keys, size_t count)
{
    struct value values[2 * 8];
    struct row rows[8];
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 2) {
            struct issue *bad = load_outcome_reject(&rig->outcome, i + 2);
            bad->code = ISSUE_CONVERT;
            strcpy(bad->text, "is\tno number");
            continue;
        }
        values[2 * good] = INT(keys[i]);
        values[2 * good + 1] = TEXT("x");
        rows[good] = (struct row){i + 2, values + 2 * good};
        good++;
    }
    CHECK_MSG(
        session_load(rig->session, rows, good, &rig->outcome, &rig->why) == 0,
        "%s", rig->why.text);
}

/* What a second run would pass over, row by row. */
static void check_recalled(const struct ledger *ledger, bool by_batch)
{
    struct ledger_cursor cursor = {.ledger = ledger};
    struct load_outcome recalled = {0};
    static const bool settled_by_batch[] = {true, true, true, true, true, true};
    static const bool settled_by_row[] = {true, true, false, false, true, true};
    const bool *settled = by_batch ? settled_by_batch : settled_by_row;
    for (uint64_t row = 2; row < 8; row++) {
        const struct ledger_range *entered;
        CHECK_MSG(ledger_covers(&cursor, row, &entered) == settled[row - 2],
                  "row %d", (int)row);
        if (entered)
            CHECK(ledger_recall(entered, &recalled));
    }
    CHECK_EQ_INT(recalled.committed, 4);
    CHECK_EQ_INT(recalled.reject_count, by_batch ? 2 : 0);
    if (by_batch && recalled.reject_count == 2) {
        bool first = recalled.rejects[0].row == 4;
        const struct issue *bad = &recalled.rejects[first ? 0 : 1];
        const struct issue *refused = &recalled.rejects[first ? 1 : 0];
        CHECK_EQ_INT(bad->row, 4);
        CHECK_EQ_INT(bad->code, ISSUE_CONVERT);
        CHECK_EQ_STR(bad->text, "is\tno number");
        CHECK_EQ_INT(refused->row, 5);
        CHECK(issue_is_row(refused->code));
        CHECK(refused->text[0] != '\0');
    }
    load_outcome_clear(&recalled);
}

/* Six rows: row 4 was refused before, row 5 repeats the key of row 2. */
static void settles(const char *(*fresh)(void), enum load_method method)
{
    static const int64_t keys[] = {1, 2, 0, 1, 4, 5};
    bool by_batch = method == METHOD_BATCH || method == METHOD_COPY;
    const char *target = fresh();
    struct rig rig;
    struct ledger ledger;
    if (!target || !open_named(&rig, target, "one", &ledger, method))
        return;
    CHECK_EQ_INT(ledger.count, 0);
    load_keys(&rig, keys, 6);
    CHECK_EQ_INT(rig.outcome.committed, 4);
    CHECK_EQ_INT(rig.outcome.reject_count, 2);
    rig_close(&rig);

    /* Another import is not concerned. */
    if (!open_named(&rig, target, "other", &ledger, method))
        return;
    CHECK_EQ_INT(ledger.count, 0);
    rig_close(&rig);

    if (!open_named(&rig, target, "one", &ledger, method))
        return;
    CHECK_EQ_INT(ledger.count, by_batch ? 1 : 4);
    check_recalled(&ledger, by_batch);
    ledger_clear(&ledger);
    CHECK(sink_ledger_drop(rig.sink, "one", &rig.why) == 0);
    rig_close(&rig);

    if (!open_named(&rig, target, "one", &ledger, method))
        return;
    CHECK_EQ_INT(ledger.count, 0);
    rig_close(&rig);
}

static void sqlite_records_what_it_commits(void)
{
    for (int m = 0; m < METHODS; m++)
        settles(fresh_sqlite, (enum load_method)m);
}

static void postgres_records_what_it_commits(void)
{
    for (int m = 0; m < METHODS && getenv("SLUICE_TEST_PG"); m++)
        settles(fresh_postgres, (enum load_method)m);
    if (!getenv("SLUICE_TEST_PG"))
        fresh_postgres();
}

/* One row, and a good one. */
static int load_row(struct rig *rig, uint64_t number, int64_t key)
{
    struct value values[] = {INT(key), TEXT("x")};
    struct row row = {number, values};
    return session_load(rig->session, &row, 1, &rig->outcome, &rig->why);
}

/*
 * Two runs of one import at a time must not both load a batch: the second
 * finds the line there, and its rows go with it.
 */
static void second_line_takes_its_rows_along(enum load_method method)
{
    static const int64_t keys[] = {1, 2, 0, 3, 4, 5};
    const char *target = fresh_sqlite();
    struct rig first;
    struct rig second;
    struct ledger ledger;
    uint64_t rows = 0;
    if (!open_named(&first, target, "one", &ledger, method) ||
        !open_named(&second, target, "one", &ledger, method))
        return;
    load_keys(&first, keys, 6);
    CHECK(load_row(&second, 2, 11) < 0);
    CHECK_EQ_INT(second.outcome.committed, 0);
    CHECK_EQ_INT(second.outcome.reject_count, 0);
    CHECK(sink_count(first.sink, "list", &rows, &first.why) == 0);
    CHECK_EQ_INT(rows, 5);
    rig_close(&first);
    rig_close(&second);
}

static void sqlite_loads_no_batch_twice(void)
{
    for (int m = 0; m < METHODS; m++)
        second_line_takes_its_rows_along((enum load_method)m);
    remove_files();
    rmdir(folder);
}

/*
 * A session that outlived its program commits nothing any more once a second
 * run has read the ledger, whatever batches either makes.
 */
static void second_run_ends_the_first(enum load_method method)
{
    const char *target = fresh_postgres();
    struct rig first;
    struct rig second;
    struct ledger ledger;
    if (!target || !open_named(&first, target, "one", &ledger, method))
        return;
    CHECK(load_row(&first, 2, 1) == 0);
    if (!open_named(&second, target, "one", &ledger, method))
        return;
    CHECK_EQ_INT(ledger.count, 1);
    ledger_clear(&ledger);
    CHECK(load_row(&first, 4, 11) < 0);
    CHECK_EQ_INT(first.why.code, ISSUE_CONNECTION_LOST);
    CHECK_EQ_INT(first.outcome.committed, 1);
    CHECK(load_row(&second, 3, 12) == 0);
    CHECK_EQ_STR(pg_ask("SELECT string_agg(id::text, ',' ORDER BY id) "
                        "FROM list"),
                 "1,12");
    rig_close(&first);
    rig_close(&second);
}

static void postgres_ends_an_earlier_run(void)
{
    for (int m = 0; m < METHODS && getenv("SLUICE_TEST_PG"); m++)
        second_run_ends_the_first((enum load_method)m);
    if (!getenv("SLUICE_TEST_PG"))
        fresh_postgres();
}

/* Others go on: another import, and a session that loads nothing. */
static void postgres_ends_nobody_else(void)
{
    const char *target = fresh_postgres();
    struct rig one;
    struct rig other;
    struct rig again;
    struct ledger ledger;
    if (!target || !open_named(&other, target, "other", &ledger, METHOD_COPY) ||
        !open_named(&one, target, "one", &ledger, METHOD_COPY) ||
        !open_named(&again, target, "one", &ledger, METHOD_BATCH))
        return;
    CHECK(load_row(&other, 2, 1) == 0);
    CHECK(load_row(&again, 2, 2) == 0);
    CHECK_EQ_INT(pg_rows("list"), 2);
    rig_close(&one);
    rig_close(&other);
    rig_close(&again);
}

/* More lines than are read at once anywhere. */
static void postgres_reads_a_long_ledger(void)
{
    const char *target = fresh_postgres();
    struct rig rig;
    struct ledger ledger;
    if (!target || !open_named(&rig, target, "one", &ledger, METHOD_COPY))
        return;
    rig_close(&rig);
    pg_ask("INSERT INTO sluice_ledger SELECT 'one', n * 2, n * 2, 1, "
           "CASE WHEN n % 2 = 0 THEN 'x' || n ELSE '' END "
           "FROM generate_series(1, 3000) n");
    if (!open_named(&rig, target, "one", &ledger, METHOD_COPY))
        return;
    CHECK_EQ_INT(ledger.count, 3000);
    CHECK_EQ_INT(ledger.ranges[2999].first, 6000);
    CHECK_EQ_STR(ledger.ranges[2999].rejects, "x3000");
    CHECK(ledger.ranges[2998].rejects == NULL);
    ledger_clear(&ledger);
    rig_close(&rig);
}

static void lines_keep_what_an_issue_says(void)
{
    struct issue issue;
    struct issue back;
    char line[ISSUE_LINE_MAX];
    issue_set(&issue, ISSUE_CONVERT, "a\ttab, a \\ and a\nline");
    issue.row = UINT64_C(1048576);
    issue.column = 16384;
    strcpy(issue.sheet, "Liste \xc3\xa4");
    strcpy(issue.header, "cut \xc3");
    strcpy(issue.value, "\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xe2\x82\xac "
                        "\xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf");
    issue_to_line(&issue, line);
    CHECK(strchr(line, '\n') == NULL);
    CHECK(issue_from_line(slice_of(line), &back));
    CHECK_EQ_INT(back.code, issue.code);
    CHECK_EQ_INT(back.row, issue.row);
    CHECK_EQ_INT(back.column, issue.column);
    CHECK_EQ_STR(back.sheet, issue.sheet);
    CHECK_EQ_STR(back.header, "cut ?");
    CHECK_EQ_STR(back.value, issue.value);
    for (const char *c = line; *c; c++)
        CHECK((unsigned char)*c < 0x80);
    CHECK(issue_from_line(slice_of("convert\t1\t1\t\t\t\xc3\xa4\t"), &back));
    CHECK_EQ_STR(back.value, "\xc3\xa4");
    strcpy(issue.value, "");
    issue_to_line(&issue, line);
    CHECK(issue_from_line(slice_of(line), &back));
    CHECK_EQ_STR(back.value, "");
    CHECK_EQ_STR(back.text, issue.text);
    memset(issue.text, '\n', sizeof(issue.text) - 1);
    issue.text[sizeof(issue.text) - 1] = '\0';
    issue_to_line(&issue, line);
    CHECK(issue_from_line(slice_of(line), &back));
    CHECK_EQ_STR(back.text, issue.text);
    static const char *const broken[] = {"",
                                         "convert",
                                         "convert\tx\t1\t\t\t\t",
                                         "nonsense\t1\t1\t\t\t\t",
                                         "convert\t1\t1\t\t\t\t\tx",
                                         "convert\t1\t1\t\t\t\t\\",
                                         "convert\t1\t1\t\t\t\t\\x",
                                         "convert\t1\t1\t\t\t\t\\u12",
                                         "convert\t1\t1\t\t\t\t\\u00zz",
                                         "convert\t1\t1\t\t\t\t\\u0000",
                                         "convert\t1\t1\t\t\t\t\\ud800",
                                         "convert\t1\t1\t\t\t\t\\udc00",
                                         ("convert\t1\t1\t\t\t\t"
                                          "\\ud800\\u0041"),
                                         "convert\t-1\t1\t\t\t\t"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        CHECK_MSG(!issue_from_line(slice_of(broken[i]), &back), "%s",
                  broken[i]);
}

CHECK_MAIN(lines_keep_what_an_issue_says, sqlite_records_what_it_commits,
           sqlite_loads_no_batch_twice, postgres_records_what_it_commits,
           postgres_ends_an_earlier_run, postgres_ends_nobody_else,
           postgres_reads_a_long_ledger)
