/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_ledger.c: the ledger of a PostgreSQL database.
 *
 * The sink's connection makes and reads it; a session writes to it inside the
 * transaction that it stands for, with one more round trip a batch. A row that
 * is its own transaction takes its line along in the same statement
 * (pg_session.c).
 *
 * The server's session outlives a client that was killed: it may still have to
 * read what was sent, or stand before a lock, and commit after somebody else
 * has read the ledger. So whoever loads rows of an import holds an advisory
 * lock of the import's name, shared, from before its first row until its
 * session has ended; and whoever opens the ledger ends the sessions that hold
 * it, and takes it alone once before reading. What was not committed by then
 * never will be.
 *
 * Rejected: a lock for each transaction. One whose BEGIN has yet to be read
 * holds nothing. Only waiting: a session before a lock may stand there for
 * ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/pg_sink.h"

static const char is_there_sql[] =
    "SELECT pg_catalog.to_regclass('" LEDGER_TABLE "') IS NOT NULL";

/*
 * Two that create the same table at once would meet in the catalog: the lock,
 * which is this statement's alone, goes with its transaction.
 */
static const char create_sql[] =
    "SELECT pg_catalog.pg_advisory_xact_lock(8317143201926478);"
    "CREATE TABLE IF NOT EXISTS " LEDGER_TABLE
    " (import text NOT NULL, first bigint NOT NULL, last bigint NOT NULL,"
    " loaded bigint NOT NULL, rejects text NOT NULL,"
    " PRIMARY KEY (import, first))";

static const char read_sql[] =
    "SELECT first, last, loaded, rejects FROM " LEDGER_TABLE
    " WHERE import = $1 ORDER BY first";

static const char write_sql[] =
    "INSERT INTO " LEDGER_TABLE " VALUES ($1, $2, $3, $4, $5)";

static const char drop_sql[] = "DELETE FROM " LEDGER_TABLE " WHERE import = $1";

#define UNDEFINED_TABLE    "42P01"
#define LOCK_NOT_AVAILABLE "55P03"

static int make_table(struct pg *pg, struct issue *why)
{
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = pg_run(pg, is_there_sql, &answer, &error);
    bool there = status == 0 && answer.tuples &&
                 PQgetvalue(answer.tuples, 0, 0)[0] == 't';
    pg_answer_clear(&answer);
    if (status == 0 && !there) {
        status = pg_run(pg, create_sql, &answer, &error);
        pg_answer_clear(&answer);
    }
    return status < 0 ? pg_fail(pg, &error, why) : 0;
}

static uint64_t number_at(const PGresult *rows, int row, int field)
{
    return strtoull(PQgetvalue(rows, row, field), NULL, 10);
}

/* FNV-1a: the number by which advisory locks know an import. */
static uint64_t lock_of(const char *import)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = import; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return hash;
}

int pg_ledger_hold(struct pg *pg, const char *import, struct pg_error *error)
{
    char sql[100];
    struct pg_answer answer = {0};
    snprintf(sql, sizeof(sql),
             "SELECT pg_catalog.pg_advisory_lock_shared(%lld)",
             (long long)lock_of(import));
    int status = pg_run(pg, sql, &answer, error);
    pg_answer_clear(&answer);
    return status;
}

/* Sessions that we may end: of this role, or of one whose rights it has. */
static int end_holders(struct pg *pg, uint64_t lock, struct pg_error *error)
{
    char sql[900];
    struct pg_answer answer = {0};
    snprintf(sql, sizeof(sql),
             "SELECT pg_catalog.pg_terminate_backend(l.pid)"
             " FROM pg_catalog.pg_locks l"
             " JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
             " JOIN pg_catalog.pg_database d ON d.oid = l.database"
             " WHERE l.locktype = 'advisory' AND l.classid = %u"
             " AND l.objid = %u AND l.objsubid = 1"
             " AND d.datname = pg_catalog.current_database()"
             " AND l.pid <> pg_catalog.pg_backend_pid()"
             /* Those that we may end; a superuser's, only as one. */
             " AND pg_catalog.pg_has_role(a.usesysid, 'USAGE')"
             " AND (pg_catalog.current_setting('is_superuser') = 'on'"
             " OR NOT EXISTS (SELECT FROM pg_catalog.pg_roles r"
             " WHERE r.oid = a.usesysid AND r.rolsuper))",
             (unsigned)(lock >> 32), (unsigned)lock);
    int status = pg_run(pg, sql, &answer, error);
    pg_answer_clear(&answer);
    return status;
}

/* How long a session may take to end: a rollback is a moment. */
#define END_PATIENCE "30s"

/* Returns when nobody else loads rows of this import, or ever will. */
static int be_alone(struct pg *pg, const char *import, struct issue *why)
{
    char sql[400];
    struct pg_answer answer = {0};
    struct pg_error error;
    uint64_t lock = lock_of(import);
    long long number = (long long)lock;
    snprintf(sql, sizeof(sql),
             "BEGIN; SET LOCAL lock_timeout = '" END_PATIENCE "';"
             "SELECT pg_catalog.pg_advisory_lock(%lld);"
             "SELECT pg_catalog.pg_advisory_lock_shared(%lld);"
             "SELECT pg_catalog.pg_advisory_unlock(%lld); COMMIT",
             number, number, number);
    int status = end_holders(pg, lock, &error);
    if (status == 0)
        status = pg_run(pg, sql, &answer, &error);
    pg_answer_clear(&answer);
    if (status == 0)
        return 0;
    bool waited = strcmp(error.sqlstate, LOCK_NOT_AVAILABLE) == 0;
    pg_fail(pg, &error, why);
    return waited ? issue_set(why, ISSUE_DATABASE,
                              "a session of an earlier run of this import has "
                              "not ended yet: try again when it has")
                  : -1;
}

/* One line of the ledger; false when memory is out. */
static bool add_line(void *arg, const PGresult *row)
{
    return ledger_add(arg, number_at(row, 0, 0), number_at(row, 0, 1),
                      number_at(row, 0, 2), PQgetvalue(row, 0, 3));
}

int pg_ledger_open(struct sink *sink, struct ledger *ledger, struct issue *why)
{
    struct pg *pg = ((struct pg_sink *)sink)->pg;
    struct pg_error error;
    if (make_table(pg, why) < 0 || be_alone(pg, sink->import, why) < 0)
        return -1;
    if (pg_run_rows(pg, read_sql, sink->import, add_line, ledger, &error) < 0)
        return pg_fail(pg, &error, why);
    return 0;
}

int pg_ledger_drop(struct sink *sink, const char *import, struct issue *why)
{
    struct pg *pg = ((struct pg_sink *)sink)->pg;
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = pg_run_params(pg, drop_sql, 1, &import, &answer, &error);
    pg_answer_clear(&answer);
    if (status < 0 && strcmp(error.sqlstate, UNDEFINED_TABLE) == 0)
        return 0;
    return status < 0 ? pg_fail(pg, &error, why) : 0;
}

int pg_ledger_write(struct pg_session *s, uint64_t first, uint64_t last,
                    uint64_t loaded, const struct load_outcome *outcome,
                    struct pg_error *error)
{
    struct outbuf lines = {0};
    struct pg_answer answer = {0};
    char numbers[3][24];
    snprintf(numbers[0], sizeof(numbers[0]), "%llu", (unsigned long long)first);
    snprintf(numbers[1], sizeof(numbers[1]), "%llu", (unsigned long long)last);
    snprintf(numbers[2], sizeof(numbers[2]), "%llu",
             (unsigned long long)loaded);
    ledger_write_rejects(&lines, outcome, first, last);
    const char *const values[] = {s->import, numbers[0], numbers[1], numbers[2],
                                  outbuf_string(&lines)};
    int status;
    if (!values[4])
        status = pg_error_set(error, PG_END, ISSUE_MEMORY, "out of memory");
    else
        status = pg_run_params(s->pg, write_sql, 5, values, &answer, error);
    /* Whatever is refused here is no fault of a row. */
    if (status < 0 && error->fault == PG_ROW)
        error->fault = PG_END;
    pg_answer_clear(&answer);
    outbuf_clear(&lines);
    return status;
}
