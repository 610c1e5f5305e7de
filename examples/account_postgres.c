/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_postgres.c: accounts and transfers in PostgreSQL.
 *
 * A batch is one statement with four arrays: it inserts the transfers that are
 * not there yet and moves just their money, so it is one round trip and all or
 * nothing. When the connection breaks nobody knows whether it was committed; it
 * is simply stored again.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account_store.h"

#define ARRAYS     4
#define TRIES      5
#define NUMBER_MAX 21 /* characters of an int64_t and a comma */

/* A server that does not answer; a second Ctrl-C does not wait for it. */
#define CONNECT_SECONDS "10"

struct postgres_store {
    struct store base;
    PGconn *connection;
    char arrays[ARRAYS][STORE_BATCH_MAX * NUMBER_MAX + 3];
};

static const char commit_sql[] =
    "WITH batch AS (SELECT * FROM unnest($1::bigint[], $2::bigint[],"
    " $3::bigint[], $4::bigint[]) AS t (number, payer, payee, cents)),"
    " fresh AS (INSERT INTO transfers SELECT * FROM batch"
    " ON CONFLICT DO NOTHING RETURNING *),"
    " moves AS (SELECT account, sum(cents)::bigint AS cents FROM ("
    " SELECT payer AS account, -cents AS cents FROM fresh UNION ALL"
    " SELECT payee, cents FROM fresh) m GROUP BY account),"
    " moved AS (UPDATE accounts SET cents = accounts.cents + moves.cents"
    " FROM moves WHERE number = account)"
    " SELECT number FROM fresh ORDER BY number";

static int fail(struct postgres_store *own)
{
    const char *text =
        own->connection ? PQerrorMessage(own->connection) : "out of memory";

    snprintf(own->base.error, STORE_ERROR_MAX, "PostgreSQL: %.*s",
             (int)strcspn(text, "\n"), text);
    return -1;
}

static PGresult *ask(struct postgres_store *own, const char *sql)
{
    PGresult *result = PQexec(own->connection, sql);

    if (PQresultStatus(result) == PGRES_TUPLES_OK ||
        PQresultStatus(result) == PGRES_COMMAND_OK)
        return result;
    fail(own);
    PQclear(result);
    return NULL;
}

static void put_arrays(struct postgres_store *own,
                       struct transfer *const *batch, size_t count)
{
    for (int a = 0; a < ARRAYS; a++) {
        char *to = own->arrays[a];
        for (size_t i = 0; i < count; i++) {
            const int64_t values[ARRAYS] = {batch[i]->number, batch[i]->payer,
                                            batch[i]->payee, batch[i]->cents};
            to +=
                sprintf(to, "%c%lld", i == 0 ? '{' : ',', (long long)values[a]);
        }
        strcpy(to, "}");
    }
}

static int by_number(const void *a, const void *b)
{
    int64_t x = (*(struct transfer *const *)a)->number;
    int64_t y = (*(struct transfer *const *)b)->number;

    return (x > y) - (x < y);
}

/* Both lists are in order of the numbers. */
static void mark_stored(const PGresult *result, struct transfer *const *batch,
                        size_t count)
{
    int row = 0;

    for (size_t i = 0; i < count; i++) {
        batch[i]->stored =
            row < PQntuples(result) &&
            strtoll(PQgetvalue(result, row, 0), NULL, 10) == batch[i]->number;
        row += batch[i]->stored;
    }
}

static int commit(struct store *store, struct transfer **batch, size_t count)
{
    struct postgres_store *own = (struct postgres_store *)store;
    const char *arrays[ARRAYS];

    qsort(batch, count, sizeof(*batch), by_number);
    put_arrays(own, batch, count);
    for (int a = 0; a < ARRAYS; a++)
        arrays[a] = own->arrays[a];
    for (int try = 0; try < TRIES; try++) {
        PGresult *result = PQexecParams(own->connection, commit_sql, ARRAYS,
                                        NULL, arrays, NULL, NULL, 0);
        bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
        if (good)
            mark_stored(result, batch, count);
        else
            fail(own);
        PQclear(result);
        if (good)
            return 0;
        if (PQstatus(own->connection) == CONNECTION_OK)
            return -1; /* it was refused: another try would be too */
        PQreset(own->connection);
    }
    return -1;
}

static int balances(struct store *store, int64_t *cents, int64_t accounts)
{
    PGresult *result = ask((struct postgres_store *)store,
                           "SELECT cents FROM accounts ORDER BY number");

    if (!result)
        return -1;
    for (int i = 0; i < PQntuples(result) && i < accounts; i++)
        cents[i] = strtoll(PQgetvalue(result, i, 0), NULL, 10);
    PQclear(result);
    return 0;
}

static int totals(struct store *store, int64_t *transfers, int64_t *cents)
{
    PGresult *result = ask((struct postgres_store *)store,
                           "SELECT (SELECT count(*) FROM transfers),"
                           " (SELECT sum(cents) FROM accounts)");

    if (!result)
        return -1;
    *transfers = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    *cents = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    PQclear(result);
    return 0;
}

static void close_store(struct store *store)
{
    struct postgres_store *own = (struct postgres_store *)store;

    PQfinish(own->connection);
    free(own);
}

static int create(struct postgres_store *own, int64_t accounts, int64_t cents)
{
    char sql[1024];

    snprintf(sql, sizeof(sql),
             "SET client_min_messages = warning;"
             "CREATE TABLE IF NOT EXISTS accounts (number bigint PRIMARY KEY,"
             " cents bigint NOT NULL CHECK (cents >= 0));"
             "CREATE TABLE IF NOT EXISTS transfers (number bigint PRIMARY KEY,"
             " payer bigint NOT NULL, payee bigint NOT NULL,"
             " cents bigint NOT NULL);"
             "INSERT INTO accounts SELECT i, %lld FROM"
             " generate_series(0, %lld) AS i ON CONFLICT DO NOTHING",
             (long long)cents, (long long)accounts - 1);
    PGresult *result = ask(own, sql);
    PQclear(result);
    return result ? 0 : -1;
}

struct store *store_postgres_open(const char *address, int64_t accounts,
                                  int64_t cents, char error[STORE_ERROR_MAX])
{
    static const struct store_ops ops = {commit, balances, totals, close_store};
    struct postgres_store *own = calloc(1, sizeof(*own));

    if (!own) {
        snprintf(error, STORE_ERROR_MAX, "not enough memory");
        return NULL;
    }
    own->base.ops = &ops;
    /* What stands first gives way to the address, in which it may be, too. */
    const char *const keys[] = {"connect_timeout", "dbname", NULL};
    const char *const values[] = {CONNECT_SECONDS, address, NULL};
    own->connection = PQconnectdbParams(keys, values, 1);
    if (PQstatus(own->connection) != CONNECTION_OK)
        fail(own);
    else if (create(own, accounts, cents) == 0)
        return &own->base;
    snprintf(error, STORE_ERROR_MAX, "%s", own->base.error);
    close_store(&own->base);
    return NULL;
}
