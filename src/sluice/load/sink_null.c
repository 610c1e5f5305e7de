/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_null.c: a database that takes everything and keeps nothing.
 *
 * It measures reading and converting alone. Every value is looked at, so that
 * the work of those who made it cannot be left out unnoticed.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "load/sink_ops.h"

struct null_sink {
    struct sink base;
    /* Rows of all sessions; relaxed, it orders nothing. */
    atomic_uint_fast64_t rows;
};

struct null_session {
    struct session base;
    /* volatile: what is read of the values must not be optimised away. */
    volatile uint64_t seen;
};

static void null_close(struct sink *sink)
{
    free(sink);
}

static int null_describe(struct sink *sink, const char *name,
                         struct table *table, struct issue *why)
{
    (void)sink;
    (void)name;
    (void)table;
    (void)why;
    return 0;
}

static int null_table(struct sink *sink, const struct table *table,
                      struct issue *why)
{
    (void)sink;
    (void)table;
    (void)why;
    return 0;
}

static int null_count(struct sink *sink, const char *table, uint64_t *rows,
                      struct issue *why)
{
    (void)table;
    (void)why;
    struct null_sink *null = (struct null_sink *)sink;
    *rows = atomic_load_explicit(&null->rows, memory_order_relaxed);
    return 0;
}

static int null_session_open(struct session **session, struct sink *sink,
                             const struct load_plan *plan,
                             enum load_method method, struct issue *why)
{
    (void)sink;
    (void)plan;
    (void)method;
    struct null_session *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return out_of_memory(why);
    *session = &opened->base;
    return 0;
}

static void null_session_close(struct session *session)
{
    free(session);
}

static uint64_t look_at(const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        return 0;
    case VALUE_TEXT:
        if (value->text.len == 0)
            return 1;
        return value->text.len + (unsigned char)value->text.ptr[0] +
               (unsigned char)value->text.ptr[value->text.len - 1];
    case VALUE_REAL:
        return value->real > 0;
    case VALUE_BOOLEAN:
        return value->truth;
    default:
        return (uint64_t)value->integer;
    }
}

static int null_session_load(struct session *session, const struct row *rows,
                             size_t count, struct load_outcome *outcome,
                             struct issue *why)
{
    (void)why;
    struct null_session *null = (struct null_session *)session;
    struct null_sink *sink = (struct null_sink *)session->sink;
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < session->plan->count; c++)
            seen += look_at(&rows[i].values[c]);
    }
    null->seen = null->seen + seen;
    atomic_fetch_add_explicit(&sink->rows, count, memory_order_relaxed);
    outcome->committed += count;
    return 0;
}

static const struct sink_ops null_ops = {
    .close = null_close,
    .describe = null_describe,
    .create = null_table,
    .finish = null_table,
    .count = null_count,
    .session_open = null_session_open,
    .session_close = null_session_close,
    .session_load = null_session_load,
    .discards = true,
    .auto_method = METHOD_COPY,
};

int sink_open_null(struct sink **sink, struct issue *why)
{
    struct null_sink *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return out_of_memory(why);
    opened->base.ops = &null_ops;
    atomic_init(&opened->rows, 0);
    snprintf(opened->base.name, sizeof(opened->base.name), "null");
    snprintf(opened->base.label, sizeof(opened->base.label), "null:");
    *sink = &opened->base;
    return 0;
}
