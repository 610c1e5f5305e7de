/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_open.c: a connection to a SQLite file, and what its errors mean.
 *
 * Settings, and why:
 *   journal_mode=WAL    readers are not held up by the load, and a commit is
 * one sequential write synchronous=NORMAL  in WAL a crash of the program loses
 * nothing, and a power failure at most the last commits, never the database;
 *                       FULL would sync at every commit, which for one row a
 *                       commit is all of the time; sqlite_settle makes up for
 *                       it, once an import
 *   busy_timeout        another program's write is waited for, not reported
 *   cache_size          64 MB: the leaves of the indexes that a load touches
 *                       at random stay in memory
 *   trusted_schema off, defensive on: the file may be anybody's; its views and
 *                       triggers get no functions with side effects, and
 *                       nothing can write to the schema's own tables
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/sqlite_internal.h"

#define BUSY_TIMEOUT_MS 5000

static const char settings[] = "PRAGMA trusted_schema = OFF;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA cache_size = -65536;"
                               "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = NORMAL;";

int sqlite_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

int sqlite_issue(sqlite3 *db, struct issue *why)
{
    int code = sqlite3_errcode(db);
    const char *file = sqlite3_db_filename(db, "main");
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return out_of_memory(why);
    case SQLITE_FULL:
        return issue_set(why, ISSUE_IO, "%s: no space is left", file);
    case SQLITE_IOERR:
        return issue_set(why, ISSUE_IO, "%s: %s", file,
                         strerror(sqlite3_system_errno(db)));
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return issue_set(why, ISSUE_PERMISSION,
                         "%s: the database cannot be written", file);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return issue_set(why, ISSUE_DATABASE,
                         "%s: another program keeps the database locked", file);
    case SQLITE_CANTOPEN:
        return issue_set(why, ISSUE_CONNECT, "%s: cannot be opened: %s", file,
                         strerror(sqlite3_system_errno(db)));
    case SQLITE_NOTADB:
        return issue_set(why, ISSUE_CONNECT, "%s: is not a SQLite database",
                         file);
    default:
        return issue_set(why, ISSUE_DATABASE, "%s", sqlite3_errmsg(db));
    }
}

int sqlite_connect(sqlite3 **db, const char *path, struct issue *why)
{
    sqlite3 *opened = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &opened, flags, NULL);
    if (!opened)
        return out_of_memory(why);
    if (code != SQLITE_OK) {
        const char *reason = sqlite3_system_errno(opened)
                                 ? strerror(sqlite3_system_errno(opened))
                                 : sqlite3_errmsg(opened);
        issue_set(why, ISSUE_CONNECT, "%s: cannot be opened: %s", path, reason);
        sqlite3_close(opened);
        return -1;
    }
    sqlite3_busy_timeout(opened, BUSY_TIMEOUT_MS);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    if (sqlite_run(opened, settings) < 0) {
        sqlite_issue(opened, why);
        sqlite3_close(opened);
        return -1;
    }
    *db = opened;
    return 0;
}

/*
 * Writes the header as it is. A commit at FULL syncs the log, and with it all
 * that stands in it; one without a change would write nothing.
 */
static int rewrite_header(sqlite3 *db)
{
    char sql[64];
    sqlite3_stmt *ask = NULL;
    if (sqlite_run(db, "BEGIN IMMEDIATE") < 0 ||
        sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &ask, NULL) !=
            SQLITE_OK)
        return -1;
    bool got = sqlite3_step(ask) == SQLITE_ROW;
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d; COMMIT",
             sqlite3_column_int(ask, 0));
    if (sqlite3_finalize(ask) != SQLITE_OK || !got)
        return -1;
    return sqlite_run(db, sql);
}

/*
 * Rejected: wal_checkpoint(FULL), which moves the whole log and gives way to
 * any reader.
 */
int sqlite_settle(struct sink *sink, struct issue *why)
{
    sqlite3 *db = ((struct sqlite_sink *)sink)->db;
    int status = sqlite_run(db, "PRAGMA synchronous = FULL");
    if (status == 0)
        status = rewrite_header(db);
    if (status < 0)
        sqlite_issue(db, why);
    if (!sqlite3_get_autocommit(db))
        sqlite_run(db, "ROLLBACK");
    sqlite_run(db, "PRAGMA synchronous = NORMAL");
    return status;
}
