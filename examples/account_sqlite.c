/* SPDX-License-Identifier: Apache-2.0 */
/* account_sqlite.c: accounts and transfers in a SQLite file. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "account_store.h"

struct sqlite_store {
    struct store base;
    sqlite3 *db;
    sqlite3_stmt *insert, *move;
};

static int fail(struct sqlite_store *own)
{
    snprintf(own->base.error, STORE_ERROR_MAX, "SQLite: %s",
             own->db ? sqlite3_errmsg(own->db) : "not enough memory");
    return -1;
}

static int execute(struct sqlite_store *own, const char *sql)
{
    return sqlite3_exec(own->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

static int step(sqlite3_stmt *statement, const int64_t *values, int count)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
    int status = sqlite3_step(statement);
    sqlite3_reset(statement);
    return status == SQLITE_DONE ? 0 : -1;
}

static int store_one(struct sqlite_store *own, struct transfer *t)
{
    if (step(own->insert, (int64_t[]){t->number, t->payer, t->payee, t->cents},
             4) != 0)
        return -1;
    t->stored = sqlite3_changes(own->db) == 1;
    if (!t->stored)
        return 0;
    if (step(own->move, (int64_t[]){-t->cents, t->payer}, 2) != 0)
        return -1;
    return step(own->move, (int64_t[]){t->cents, t->payee}, 2);
}

static int commit(struct store *store, struct transfer **batch, size_t count)
{
    struct sqlite_store *own = (struct sqlite_store *)store;
    int status = execute(own, "BEGIN IMMEDIATE");

    for (size_t i = 0; i < count && status == 0; i++)
        status = store_one(own, batch[i]);
    if (status == 0 && execute(own, "COMMIT") == 0)
        return 0;
    fail(own);
    execute(own, "ROLLBACK");
    return -1;
}

/* Runs a query whose rows are `width` numbers; takes `rows` at most. */
static int query(struct sqlite_store *own, const char *sql, int64_t *numbers,
                 int64_t rows, int width)
{
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(own->db, sql, -1, &statement, NULL);

    if (status != SQLITE_OK)
        return fail(own);
    for (int64_t r = 0; r < rows; r++) {
        status = sqlite3_step(statement);
        if (status != SQLITE_ROW)
            break;
        for (int i = 0; i < width; i++)
            numbers[r * width + i] = sqlite3_column_int64(statement, i);
    }
    sqlite3_finalize(statement);
    return status == SQLITE_ROW || status == SQLITE_DONE ? 0 : fail(own);
}

static int balances(struct store *store, int64_t *cents, int64_t accounts)
{
    return query((struct sqlite_store *)store,
                 "SELECT cents FROM accounts ORDER BY number", cents, accounts,
                 1);
}

static int totals(struct store *store, int64_t *transfers, int64_t *cents)
{
    int64_t numbers[2] = {0};
    int status = query((struct sqlite_store *)store,
                       "SELECT (SELECT count(*) FROM transfers),"
                       " (SELECT sum(cents) FROM accounts)",
                       numbers, 1, 2);

    *transfers = numbers[0];
    *cents = numbers[1];
    return status;
}

static void close_store(struct store *store)
{
    struct sqlite_store *own = (struct sqlite_store *)store;

    sqlite3_finalize(own->insert);
    sqlite3_finalize(own->move);
    sqlite3_close(own->db);
    free(own);
}

static int create(struct sqlite_store *own, int64_t accounts, int64_t cents)
{
    char sql[1024];

    /* A commit is on the disk when it returns, also under WAL. */
    snprintf(sql, sizeof(sql),
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
             "BEGIN IMMEDIATE;"
             "CREATE TABLE IF NOT EXISTS accounts (number INTEGER PRIMARY KEY,"
             " cents INTEGER NOT NULL CHECK (cents >= 0)) STRICT;"
             "CREATE TABLE IF NOT EXISTS transfers (number INTEGER PRIMARY KEY,"
             " payer INTEGER NOT NULL, payee INTEGER NOT NULL,"
             " cents INTEGER NOT NULL) STRICT;"
             "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
             " WHERE i + 1 < %lld) INSERT OR IGNORE INTO accounts"
             " SELECT i, %lld FROM n;"
             "COMMIT",
             (long long)accounts, (long long)cents);
    return execute(own, sql);
}

static int prepare(struct sqlite_store *own, const char *sql,
                   sqlite3_stmt **statement)
{
    return sqlite3_prepare_v2(own->db, sql, -1, statement, NULL) == SQLITE_OK
               ? 0
               : -1;
}

static int open_store(struct store *store, int64_t accounts, int64_t cents)
{
    struct sqlite_store *own = (struct sqlite_store *)store;

    if (sqlite3_open(store->where, &own->db) != SQLITE_OK)
        return fail(own);
    sqlite3_busy_timeout(own->db, 5000);
    if (create(own, accounts, cents) != 0 ||
        prepare(own, "INSERT OR IGNORE INTO transfers VALUES (?1, ?2, ?3, ?4)",
                &own->insert) != 0 ||
        prepare(own, "UPDATE accounts SET cents = cents + ?1 WHERE number = ?2",
                &own->move) != 0)
        return fail(own);
    return 0;
}

struct store *store_sqlite_make(void)
{
    static const struct store_ops ops = {true,     open_store, commit,
                                         balances, totals,     close_store};
    struct sqlite_store *own = calloc(1, sizeof(*own));

    if (own)
        own->base.ops = &ops;
    return own ? &own->base : NULL;
}
