/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_ledger.c: the ledger of a SQLite database.
 *
 * The schema's connection makes and reads it; a session's connection writes to
 * it inside its own transactions.
 *
 * A program that was killed cannot commit any more: the kernel drops its locks
 * on the file when nothing of it is left, and what it had written without its
 * commit is rolled back by whoever opens the file next.
 */
#include "load/sqlite_internal.h"

static const char create_sql[] =
    "CREATE TABLE IF NOT EXISTS " LEDGER_TABLE
    " (import TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " loaded INTEGER NOT NULL, rejects TEXT NOT NULL,"
    " PRIMARY KEY (import, first)) STRICT, WITHOUT ROWID";

static const char read_sql[] =
    "SELECT first, last, loaded, rejects FROM " LEDGER_TABLE
    " WHERE import = ?1 ORDER BY first";

static const char write_sql[] =
    "INSERT INTO " LEDGER_TABLE " VALUES (?1, ?2, ?3, ?4, ?5)";

static const char drop_sql[] = "DELETE FROM " LEDGER_TABLE " WHERE import = ?1";

static bool prepare_for(sqlite3 *db, const char *sql, const char *import,
                        sqlite3_stmt **statement)
{
    return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement,
                              NULL) == SQLITE_OK &&
           sqlite3_bind_text(*statement, 1, import, -1, SQLITE_TRANSIENT) ==
               SQLITE_OK;
}

int sqlite_ledger_open(struct sink *sink, struct ledger *ledger,
                       struct issue *why)
{
    sqlite3 *db = ((struct sqlite_sink *)sink)->db;
    sqlite3_stmt *lines = NULL;
    int code = SQLITE_ERROR;
    if (sqlite_run(db, create_sql) == 0 &&
        prepare_for(db, read_sql, sink->import, &lines))
        code = sqlite3_step(lines);
    bool kept = true;
    for (; code == SQLITE_ROW && kept; code = sqlite3_step(lines))
        kept = ledger_add(ledger, (uint64_t)sqlite3_column_int64(lines, 0),
                          (uint64_t)sqlite3_column_int64(lines, 1),
                          (uint64_t)sqlite3_column_int64(lines, 2),
                          (const char *)sqlite3_column_text(lines, 3));
    int status = 0;
    if (!kept)
        status = out_of_memory(why);
    else if (code != SQLITE_DONE)
        status = sqlite_issue(db, why);
    sqlite3_finalize(lines);
    return status;
}

int sqlite_ledger_drop(struct sink *sink, const char *import, struct issue *why)
{
    sqlite3 *db = ((struct sqlite_sink *)sink)->db;
    sqlite3_stmt *drop = NULL;
    int status = 0;
    if (sqlite3_table_column_metadata(db, NULL, LEDGER_TABLE, NULL, NULL, NULL,
                                      NULL, NULL, NULL) == SQLITE_ERROR)
        return 0; /* there is no such table */
    if (!prepare_for(db, drop_sql, import, &drop) ||
        sqlite3_step(drop) != SQLITE_DONE)
        status = sqlite_issue(db, why);
    sqlite3_finalize(drop);
    return status;
}

bool sqlite_ledger_prepare(sqlite3 *db, const char *import,
                           sqlite3_stmt **statement)
{
    return prepare_for(db, write_sql, import, statement);
}

int sqlite_ledger_write(sqlite3_stmt *statement, uint64_t first, uint64_t last,
                        uint64_t loaded, const struct load_outcome *outcome)
{
    struct outbuf lines = {0};
    ledger_write_rejects(&lines, outcome, first, last);
    const char *text = outbuf_string(&lines);
    int code = SQLITE_NOMEM;
    if (text && sqlite3_bind_int64(statement, 2, (int64_t)first) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 3, (int64_t)last) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 4, (int64_t)loaded) == SQLITE_OK &&
        sqlite3_bind_text(statement, 5, text, -1, SQLITE_STATIC) == SQLITE_OK)
        code = sqlite3_step(statement);
    sqlite3_reset(statement);
    outbuf_clear(&lines);
    return code;
}
