/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_postgres.c: accounts and transfers in PostgreSQL.
 *
 * A batch is one statement with four arrays: it inserts the transfers that are
 * not there yet and moves just their money, so it is one round trip and all or
 * nothing. When the connection breaks nobody knows whether it was committed; it
 * is simply stored again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account_store.h"
#include "common/pg_go.h"

#define ARRAYS     4
#define TRIES      5
#define NUMBER_MAX 21 /* characters of an int64_t and a comma */

struct postgres_store {
    struct store base;
    struct pg_go pg;
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
    snprintf(own->base.error, STORE_ERROR_MAX, "PostgreSQL: %.200s",
             own->pg.error);
    return -1;
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
        PGresult *result = pg_go_ask(&own->pg, commit_sql, ARRAYS, arrays);
        if (result) {
            mark_stored(result, batch, count);
            PQclear(result);
            return 0;
        }
        fail(own);
        if (!pg_go_is_lost(&own->pg))
            return -1; /* it was refused: another try would be too */
        pg_go_reopen(&own->pg);
    }
    return -1;
}

static int balances(struct store *store, int64_t *cents, int64_t accounts)
{
    struct postgres_store *own = (struct postgres_store *)store;

    return pg_go_numbers(&own->pg, "SELECT cents FROM accounts ORDER BY number",
                         cents, accounts, 1) == 0
               ? 0
               : fail(own);
}

static int totals(struct store *store, int64_t *transfers, int64_t *cents)
{
    struct postgres_store *own = (struct postgres_store *)store;
    int64_t numbers[2] = {0};
    int status = pg_go_numbers(&own->pg,
                               "SELECT (SELECT count(*) FROM transfers),"
                               " (SELECT sum(cents) FROM accounts)",
                               numbers, 1, 2);

    *transfers = numbers[0];
    *cents = numbers[1];
    return status == 0 ? 0 : fail(own);
}

static void close_store(struct store *store)
{
    struct postgres_store *own = (struct postgres_store *)store;

    pg_go_close(&own->pg);
    free(own);
}

static int open_store(struct store *store, int64_t accounts, int64_t cents)
{
    struct postgres_store *own = (struct postgres_store *)store;
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
    if (pg_go_open(&own->pg, store->where) != 0 ||
        pg_go_do(&own->pg, sql, 0, NULL) != 0)
        return fail(own);
    return 0;
}

struct store *store_postgres_make(void)
{
    static const struct store_ops ops = {false,    open_store, commit,
                                         balances, totals,     close_store};
    struct postgres_store *own = calloc(1, sizeof(*own));

    if (own)
        own->base.ops = &ops;
    return own ? &own->base : NULL;
}
