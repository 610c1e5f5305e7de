/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_internal.h: the parts of the SQLite sink, as they know each other.
 *
 *     sqlite_open.c     connections and errors
 *     sqlite_schema.c   tables described, created, indexed, counted
 *     sqlite_ledger.c   which rows are settled
 *     sqlite_load.c     sessions: rows
 *     sink_sqlite.c     the sink
 *
 * Connections are opened with SQLITE_OPEN_FULLMUTEX: a connection is used by
 * one thread at a time, but by a different one each time (the offload's), and
 * the mutex makes that hand-over right whatever the caller's queue promises. It
 * is never contended and costs nothing that can be measured beside a row.
 */
#ifndef SLUICE_SQLITE_INTERNAL_H
#define SLUICE_SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "load/outbuf.h"
#include "load/sink_ops.h"

struct sqlite_sink {
    struct sink base;
    char *path;
    sqlite3 *db;
};

/* Opens with all settings; -1 with *why. */
int sqlite_connect(sqlite3 **db, const char *path, struct issue *why);

/* The connection's last error, as an issue that ends the import; -1. */
int sqlite_issue(sqlite3 *db, struct issue *why);
/* One or more statements without results; 0 or -1. */
int sqlite_run(sqlite3 *db, const char *sql);

int sqlite_describe(struct sink *sink, const char *name, struct table *table,
                    struct issue *why);
int sqlite_create(struct sink *sink, const struct table *table,
                  struct issue *why);
int sqlite_finish(struct sink *sink, const struct table *table,
                  struct issue *why);
int sqlite_count(struct sink *sink, const char *table, uint64_t *rows,
                 struct issue *why);

/* Sees to it that all commits so far, of any connection, outlive the power. */
int sqlite_settle(struct sink *sink, struct issue *why);

/* --- sqlite_ledger.c ------------------------------------------------------ */

int sqlite_ledger_open(struct sink *sink, struct ledger *ledger,
                       struct issue *why);
int sqlite_ledger_drop(struct sink *sink, const char *import,
                       struct issue *why);
/* Prepares what sqlite_ledger_write runs, for the sink's import. */
bool sqlite_ledger_prepare(sqlite3 *db, const char *import,
                           sqlite3_stmt **statement);
/*
 * Inside the transaction that loaded them: the rows from first to last are
 * settled, `loaded` of them in the table. A SQLite code; SQLITE_DONE is good.
 */
int sqlite_ledger_write(sqlite3_stmt *statement, uint64_t first, uint64_t last,
                        uint64_t loaded, const struct load_outcome *outcome);

/* Appends the table's quoted name. */
void sqlite_table_sql(struct outbuf *sql, const struct table *table);

int sqlite_session_open(struct session **session, struct sink *sink,
                        const struct load_plan *plan, enum load_method method,
                        struct issue *why);
void sqlite_session_close(struct session *session);
int sqlite_session_load(struct session *session, const struct row *rows,
                        size_t count, struct load_outcome *outcome,
                        struct issue *why);

#endif
