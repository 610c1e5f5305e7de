/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_ledger.c: the ledger of a PostgreSQL database.
 *
 * The sink's connection makes and reads it; a session writes to it inside the
 * transaction that it stands for, with one more round trip a batch. A row that
 * is its own transaction takes its line along in the same statement
 * (pg_session.c).
 */
#include <stdio.h>
#include <stdlib.h>

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

int pg_ledger_open(struct sink *sink, struct ledger *ledger, struct issue *why)
{
    struct pg *pg = ((struct pg_sink *)sink)->pg;
    struct pg_answer answer = {0};
    struct pg_error error;
    if (make_table(pg, why) < 0)
        return -1;
    int status = pg_run_params(pg, read_sql, 1, &sink->import, &answer, &error);
    if (status < 0)
        pg_fail(pg, &error, why);
    for (int i = 0; status == 0 && i < PQntuples(answer.tuples); i++) {
        const PGresult *rows = answer.tuples;
        if (!ledger_add(ledger, number_at(rows, i, 0), number_at(rows, i, 1),
                        number_at(rows, i, 2), PQgetvalue(rows, i, 3)))
            status = out_of_memory(why);
    }
    pg_answer_clear(&answer);
    return status;
}

int pg_ledger_drop(struct sink *sink, const char *import, struct issue *why)
{
    struct pg *pg = ((struct pg_sink *)sink)->pg;
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = pg_run_params(pg, drop_sql, 1, &import, &answer, &error);
    pg_answer_clear(&answer);
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
