/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_rig.h: a PostgreSQL server to test against.
 *
 * SLUICE_TEST_PG names it (a superuser's URI); without it the cases are
 * skipped. Each case works in a schema of its own, made anew.
 */
#ifndef PG_RIG_H
#define PG_RIG_H

#include <libpq-fe.h>
#include <poll.h>

#include "sink_rig.h"

static char pg_target[600];
static PGconn *pg_side; /* the test's own connection, beside the sink's */

/* Runs statements on the side; the first value of the last result. */
static inline const char *pg_ask(const char *sql)
{
    static char answer[4000];
    PGresult *result = PQexec(pg_side, sql);
    ExecStatusType status = PQresultStatus(result);
    answer[0] = '\0';
    CHECK_MSG(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s",
              sql, PQerrorMessage(pg_side));
    if (status == PGRES_TUPLES_OK && PQntuples(result) > 0)
        snprintf(answer, sizeof(answer), "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return answer;
}

static inline int64_t pg_ask_int(const char *sql)
{
    return strtoll(pg_ask(sql), NULL, 10);
}

/* The URI with one more parameter. */
static inline void pg_add(char *uri, size_t size, const char *parameter)
{
    size_t len = strlen(uri);
    snprintf(uri + len, size - len, "%s%s", strchr(uri, '?') ? "&" : "?",
             parameter);
}

/*
 * A fresh schema "sluice_test", first in the search path of sink and side;
 * false when there is no server.
 */
static inline bool pg_fresh(void)
{
    const char *server = getenv("SLUICE_TEST_PG");
    if (!server || server[0] == '\0') {
        CHECK_SKIP("SLUICE_TEST_PG names no server");
        return false;
    }
    snprintf(pg_target, sizeof(pg_target), "%s", server);
    pg_add(pg_target, sizeof(pg_target),
           "application_name=sluice_test"
           "&options=-csearch_path%3Dsluice_test,public");
    if (!pg_side) {
        pg_side = PQconnectdb(server);
        if (!CHECK_MSG(PQstatus(pg_side) == CONNECTION_OK, "%s",
                       PQerrorMessage(pg_side)))
            abort();
    }
    pg_ask("SET client_min_messages = warning;"
           "DROP SCHEMA IF EXISTS sluice_test CASCADE;"
           "CREATE SCHEMA sluice_test;"
           "SET search_path = sluice_test, public;"
           "SET TimeZone = 'UTC'; SET DateStyle = 'ISO';"
           "SET IntervalStyle = 'postgres'");
    return true;
}

static inline bool pg_rig_open(struct rig *rig, const char *table,
                               const char *names, enum load_method method)
{
    return rig_open(rig, pg_target, NULL, table, names, method);
}

static inline int64_t pg_rows(const char *table)
{
    char sql[200];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    return pg_ask_int(sql);
}

#endif
