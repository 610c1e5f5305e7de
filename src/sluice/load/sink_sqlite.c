/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_sqlite.c: a SQLite database file.
 *
 * The sink keeps one connection, for the schema; a session has its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/sqlite_internal.h"

static void close_sqlite(struct sink *sink)
{
    struct sqlite_sink *sqlite = (struct sqlite_sink *)sink;
    sqlite3_close(sqlite->db);
    free(sqlite->path);
    free(sqlite);
}

static const struct sink_ops sqlite_ops = {
    .close = close_sqlite,
    .describe = sqlite_describe,
    .create = sqlite_create,
    .finish = sqlite_finish,
    .count = sqlite_count,
    .settle = sqlite_settle,
    .ledger_open = sqlite_ledger_open,
    .ledger_drop = sqlite_ledger_drop,
    .session_open = sqlite_session_open,
    .session_close = sqlite_session_close,
    .session_load = sqlite_session_load,
    .blocks = true,
    .max_sessions = 1,
    .auto_method = METHOD_COPY,
};

int sink_open_sqlite(struct sink **sink, const char *path, struct issue *why)
{
    /* "" and ":memory:" would be a database of its own to each connection. */
    if (path[0] == '\0' || strcmp(path, ":memory:") == 0)
        return issue_set(why, ISSUE_USAGE,
                         "the SQLite target needs the path of a file");
    struct sqlite_sink *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return out_of_memory(why);
    opened->base.ops = &sqlite_ops;
    snprintf(opened->base.name, sizeof(opened->base.name), "SQLite %s",
             sqlite3_libversion());
    snprintf(opened->base.label, sizeof(opened->base.label), "sqlite:%s", path);
    opened->path = strdup(path);
    if (!opened->path) {
        free(opened);
        return out_of_memory(why);
    }
    if (sqlite_connect(&opened->db, path, why) < 0) {
        close_sqlite(&opened->base);
        return -1;
    }
    *sink = &opened->base;
    return 0;
}
