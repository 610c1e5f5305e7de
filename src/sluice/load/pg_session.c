/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_session.c: a connection made ready to load rows by one method.
 */
#include <stdlib.h>
#include <string.h>

#include "load/pg_sink.h"
#include "load/sqlname.h"

#define INT8_OID 20

/* What the statements of a session are written from. */
struct names {
    struct outbuf table;   /* quoted */
    struct outbuf columns; /* quoted, with commas */
    char **casts;          /* type names for columns of PG_OTHER */
};

static void names_clear(struct names *names, size_t count)
{
    outbuf_clear(&names->table);
    outbuf_clear(&names->columns);
    column_names_free(names->casts, count);
}

static int write_names(struct names *names, const struct load_plan *plan,
                       struct issue *why)
{
    if (pg_table_sql(&names->table, plan->table, why) < 0)
        return -1;
    char **all = column_names(plan->table, POSTGRES_NAME_MAX, false);
    if (!all)
        return out_of_memory(why);
    for (size_t i = 0; i < plan->count; i++) {
        if (i > 0)
            outbuf_text(&names->columns, ", ");
        sql_identifier(&names->columns, slice_of(all[plan->columns[i]]));
    }
    column_names_free(all, plan->table->count);
    if (!outbuf_string(&names->table) || !outbuf_string(&names->columns))
        return out_of_memory(why);
    return 0;
}

/*
 * The types' names as a cast wants them: without a length, because a cast to
 * bit(3) cuts silently where the assignment behind it refuses.
 */
static int ask_casts(struct pg_session *s, const struct load_plan *plan,
                     struct names *names, struct issue *why)
{
    struct outbuf sql = {0};
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = -1;

    outbuf_text(&sql, "SELECT ");
    for (size_t i = 0; i < plan->count; i++)
        outbuf_format(&sql, "%spg_catalog.format_type(%u, -1)",
                      i > 0 ? ", " : "", plan_column(plan, i)->db_oid);
    const char *text = outbuf_string(&sql);
    names->casts = calloc(plan->count, sizeof(*names->casts));
    if (!text || !names->casts) {
        out_of_memory(why);
        goto out;
    }
    if (pg_run(s->pg, text, &answer, &error) < 0) {
        pg_error_issue(&error, why);
        goto out;
    }
    for (size_t i = 0; i < plan->count; i++) {
        names->casts[i] = strdup(PQgetvalue(answer.tuples, 0, (int)i));
        if (!names->casts[i]) {
            out_of_memory(why);
            goto out;
        }
    }
    status = 0;
out:
    pg_answer_clear(&answer);
    outbuf_clear(&sql);
    return status;
}

static void write_copy(const struct pg_session *s, const struct names *names,
                       struct outbuf *sql)
{
    outbuf_format(sql, "COPY %s (%s) FROM STDIN (FORMAT %s)", names->table.ptr,
                  names->columns.ptr, s->binary ? "binary" : "text");
}

/*
 * A row that is its own transaction takes its line of the ledger along: the
 * parameter behind its values is its number in the sheet.
 */
static void write_record(const struct pg_session *s, struct outbuf *sql)
{
    size_t number = s->base.plan->count + 1;
    outbuf_text(sql, "WITH record AS (INSERT INTO " LEDGER_TABLE " VALUES (");
    sql_literal(sql, slice_of(s->import));
    outbuf_format(sql, ", $%zu, $%zu, 1, '')) ", number, number);
}

/* VALUES ($1, ($2)::uuid), or SELECT u.c1, (u.c2)::uuid FROM ROWS FROM (...).
 */
static void write_insert(const struct pg_session *s, const struct names *names,
                         bool many, struct outbuf *sql)
{
    size_t count = s->base.plan->count;
    if (!many && s->import)
        write_record(s, sql);
    outbuf_format(sql, "INSERT INTO %s (%s) %s", names->table.ptr,
                  names->columns.ptr, many ? "SELECT " : "VALUES (");
    for (size_t i = 0; i < count; i++) {
        outbuf_format(sql, many ? "%s(u.c%zu)" : "%s($%zu)", i > 0 ? ", " : "",
                      i + 1);
        if (s->columns[i].codec == PG_OTHER)
            outbuf_format(sql, "::%s", names->casts[i]);
    }
    if (!many) {
        outbuf_text(sql, ")");
        return;
    }
    outbuf_text(sql, " FROM ROWS FROM (");
    for (size_t i = 0; i < count; i++)
        outbuf_format(sql, "%spg_catalog.unnest($%zu)", i > 0 ? ", " : "",
                      i + 1);
    outbuf_text(sql, ") AS u (");
    for (size_t i = 0; i < count; i++)
        outbuf_format(sql, "%sc%zu", i > 0 ? ", " : "", i + 1);
    outbuf_text(sql, ")");
}

static int prepare(struct pg_session *s, const char *sql, bool many,
                   struct issue *why)
{
    size_t count = s->base.plan->count;
    Oid *oids = calloc(count + 1, sizeof(*oids));
    if (!oids)
        return out_of_memory(why);
    for (size_t i = 0; i < count; i++)
        oids[i] = many ? s->columns[i].array_oid : s->columns[i].oid;
    if (!many && s->import)
        oids[count++] = INT8_OID;

    struct pg_answer answer = {0};
    struct pg_error error = {.fault = PG_FINE};
    int status;
    if (!PQsendPrepare(s->pg->conn, many ? PG_INSERT_ROWS : PG_INSERT_ROW, sql,
                       (int)count, oids))
        status = pg_send_failed(s->pg, &error);
    else if (pg_flush(s->pg, &error) < 0)
        status = -1;
    else
        status = pg_collect(s->pg, NULL, &answer, &error);
    if (status < 0)
        pg_error_issue(&error, why);
    pg_answer_clear(&answer);
    free(oids);
    return status;
}

/* The columns' codecs, and scratch for the parameters of a statement. */
static int make_columns(struct pg_session *s, const struct load_plan *plan,
                        struct issue *why)
{
    s->columns = calloc(plan->count, sizeof(*s->columns));
    s->arrays = calloc(plan->count, sizeof(*s->arrays));
    /* One more: the row's number, for the ledger. */
    s->pointers = calloc(plan->count + 1, sizeof(*s->pointers));
    s->lengths = calloc(plan->count + 1, sizeof(*s->lengths));
    s->formats = calloc(plan->count + 1, sizeof(*s->formats));
    if (!s->columns || !s->arrays || !s->pointers || !s->lengths || !s->formats)
        return out_of_memory(why);
    s->binary = true;
    s->formats[plan->count] = 1;
    for (size_t i = 0; i < plan->count; i++) {
        s->columns[i] = pg_column_of(plan_column(plan, i));
        s->formats[i] = 1;
        if (s->columns[i].codec == PG_OTHER)
            s->binary = false;
    }
    return 0;
}

static int make_statement(struct pg_session *s, const struct load_plan *plan,
                          enum load_method method, struct issue *why)
{
    struct names names = {0};
    struct outbuf sql = {0};
    struct table_name bare;
    int status = -1;

    if (write_names(&names, plan, why) < 0)
        goto out;
    if (table_name_parse(&bare, names.table.ptr) < 0) {
        out_of_memory(why);
        goto out;
    }
    s->relation = bare.table;
    bare.table = NULL;
    table_name_clear(&bare);

    if (method == METHOD_COPY) {
        write_copy(s, &names, &sql);
    } else {
        if (!s->binary && ask_casts(s, plan, &names, why) < 0)
            goto out;
        write_insert(s, &names, method == METHOD_BATCH, &sql);
    }
    const char *text = outbuf_string(&sql);
    if (!text) {
        out_of_memory(why);
        goto out;
    }
    if (method == METHOD_COPY) {
        s->copy_sql = strdup(text);
        status = s->copy_sql ? 0 : out_of_memory(why);
    } else {
        status = prepare(s, text, method == METHOD_BATCH, why);
    }
out:
    outbuf_clear(&sql);
    names_clear(&names, plan->count);
    return status;
}

static int hold_ledger(struct pg_session *s, struct issue *why)
{
    struct pg_error error;
    if (!s->import || pg_ledger_hold(s->pg, s->import, &error) == 0)
        return 0;
    return pg_error_issue(&error, why);
}

int pg_session_open(struct session **session, struct sink *sink,
                    const struct load_plan *plan, enum load_method method,
                    struct issue *why)
{
    struct pg_sink *postgres = (struct pg_sink *)sink;
    struct pg_session *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return out_of_memory(why);
    opened->base.plan = plan;
    opened->env = postgres->env;
    opened->target = postgres->target;
    opened->import = sink->import;
    if (make_columns(opened, plan, why) < 0 ||
        pg_open(&opened->pg, opened->target, opened->env, why) < 0 ||
        hold_ledger(opened, why) < 0 ||
        make_statement(opened, plan, method, why) < 0) {
        pg_session_close(&opened->base);
        return -1;
    }
    *session = &opened->base;
    return 0;
}

void pg_session_close(struct session *session)
{
    struct pg_session *s = (struct pg_session *)session;
    pg_close(s->pg);
    if (s->arrays) {
        for (size_t i = 0; i < s->base.plan->count; i++)
            outbuf_clear(&s->arrays[i]);
    }
    outbuf_clear(&s->data);
    outbuf_clear(&s->sql);
    free(s->columns);
    free(s->arrays);
    free(s->pointers);
    free(s->lengths);
    free(s->formats);
    free(s->live);
    free(s->relation);
    free(s->copy_sql);
    free(s);
}
