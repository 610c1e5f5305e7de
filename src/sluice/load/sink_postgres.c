/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_postgres.c: a PostgreSQL database.
 *
 * The sink keeps one connection, for the schema; each session has its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/pg_sink.h"

static void close_postgres(struct sink *sink)
{
    struct pg_sink *postgres = (struct pg_sink *)sink;
    pg_close(postgres->pg);
    free(postgres->target);
    free(postgres);
}

static const struct sink_ops postgres_ops = {
    .close = close_postgres,
    .describe = pg_describe,
    .create = pg_create,
    .finish = pg_finish,
    .count = pg_count,
    .ledger_open = pg_ledger_open,
    .ledger_drop = pg_ledger_drop,
    .session_open = pg_session_open,
    .session_close = pg_session_close,
    .session_load = pg_session_load,
    .auto_method = METHOD_COPY,
};

int sink_check_postgres(const char *target, struct issue *why)
{
    return pg_check_target(target, why);
}

int sink_open_postgres(struct sink **sink, const char *target,
                       const struct sink_env *env, struct issue *why)
{
    struct pg_sink *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return out_of_memory(why);
    opened->base.ops = &postgres_ops;
    opened->env = env;
    opened->target = strdup(target);
    if (!opened->target) {
        out_of_memory(why);
        goto failed;
    }
    pg_label(target, opened->base.label, sizeof(opened->base.label));
    if (pg_open(&opened->pg, target, env, why) < 0)
        goto failed;
    /* "15.20 (Debian ...)": the number says enough. */
    const char *version = PQparameterStatus(opened->pg->conn, "server_version");
    snprintf(opened->base.name, sizeof(opened->base.name), "PostgreSQL %.*s",
             (int)strcspn(version, " "), version);
    *sink = &opened->base;
    return 0;

failed:
    close_postgres(&opened->base);
    return -1;
}
