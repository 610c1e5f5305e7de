/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_describe.c: what PostgreSQL's catalog says of a table.
 */
#include <stdlib.h>
#include <string.h>

#include "load/pg_sink.h"
#include "load/sqlname.h"

#define VARHDRSZ 4 /* typmods of varchar and numeric include it */

int pg_fail(struct pg *pg, const struct pg_error *error, struct issue *why)
{
    if (error->fault == PG_CANCELED) {
        struct pg_answer answer = {0};
        pg_stop(pg, &answer);
        pg_answer_clear(&answer);
    }
    return pg_error_issue(error, why);
}

static const char find_sql[] =
    "SELECT pg_catalog.quote_ident(n.nspname) || '.' ||"
    " pg_catalog.quote_ident(c.relname), c.relkind"
    " FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = pg_catalog.to_regclass($1)";

/* 1, 0, -1 as pg_find_table, for one spelling. */
static int find_spelling(struct pg *pg, const struct table_name *name,
                         char **sql_name, struct issue *why)
{
    struct outbuf quoted = {0};
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = -1;

    table_name_sql(name, &quoted);
    const char *text = outbuf_string(&quoted);
    if (!text) {
        out_of_memory(why);
        goto out;
    }
    if (pg_run_params(pg, find_sql, 1, &text, &answer, &error) < 0) {
        pg_fail(pg, &error, why);
        goto out;
    }
    if (PQntuples(answer.tuples) == 0) {
        status = 0;
        goto out;
    }
    /* Tables, partitioned tables, foreign tables, and views with triggers. */
    if (!strchr("rpfv", PQgetvalue(answer.tuples, 0, 1)[0])) {
        issue_set(why, ISSUE_DATABASE, "%s is no table",
                  PQgetvalue(answer.tuples, 0, 0));
        goto out;
    }
    char *found = strdup(PQgetvalue(answer.tuples, 0, 0));
    if (!found) {
        out_of_memory(why);
        goto out;
    }
    *sql_name = found;
    status = 1;
out:
    pg_answer_clear(&answer);
    outbuf_clear(&quoted);
    return status;
}

int pg_find_table(struct pg *pg, const char *name, char **sql_name,
                  struct issue *why)
{
    struct table_name parsed;
    if (table_name_parse(&parsed, name) < 0)
        return issue_set(why, ISSUE_USAGE, "\"%s\" is no name of a table",
                         name);
    int found = find_spelling(pg, &parsed, sql_name, why);
    if (found == 0 && table_name_fold(&parsed))
        found = find_spelling(pg, &parsed, sql_name, why);
    table_name_clear(&parsed);
    return found;
}

int pg_table_sql(struct outbuf *sql, const struct table *table,
                 struct issue *why)
{
    if (table->sql_name) {
        outbuf_text(sql, table->sql_name);
        return 0;
    }
    struct table_name parsed;
    if (table_name_parse(&parsed, table->name) < 0)
        return issue_set(why, ISSUE_USAGE, "\"%s\" is no name of a table",
                         table->name);
    table_name_sql(&parsed, sql);
    table_name_clear(&parsed);
    return 0;
}

/*
 * One row a column. A domain is followed down to the type that it stands on:
 * its values travel in that type's format. `typmod` is the innermost one given.
 */
static const char columns_sql[] =
    "WITH RECURSIVE resolved AS ("
    " SELECT a.attnum, t.oid, t.typtype, t.typbasetype,"
    " CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod,"
    " t.typnotnull AS not_null, t.typdefault IS NOT NULL AS has_default"
    " FROM pg_catalog.pg_attribute a"
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    " WHERE a.attrelid = $1::pg_catalog.regclass AND a.attnum > 0"
    " AND NOT a.attisdropped"
    " UNION ALL"
    " SELECT r.attnum, t.oid, t.typtype, t.typbasetype,"
    " CASE WHEN t.typtype = 'd' AND r.typmod = -1 THEN t.typtypmod"
    " ELSE r.typmod END,"
    " r.not_null OR t.typnotnull, r.has_default OR t.typdefault IS NOT NULL"
    " FROM resolved r JOIN pg_catalog.pg_type t ON t.oid = r.typbasetype"
    " WHERE r.typtype = 'd')"
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),"
    " r.oid, r.typmod, a.attnotnull OR r.not_null,"
    " a.atthasdef OR a.attidentity <> '' OR r.has_default,"
    " a.attgenerated <> '' OR a.attidentity = 'a',"
    " EXISTS (SELECT FROM pg_catalog.pg_index i"
    "  WHERE i.indrelid = a.attrelid AND i.indisprimary"
    "  AND a.attnum = ANY (i.indkey)),"
    " EXISTS (SELECT FROM pg_catalog.pg_index i"
    "  WHERE i.indrelid = a.attrelid AND NOT i.indisprimary AND i.indisvalid"
    "  AND i.indnatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL),"
    " pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'INSERT')"
    " FROM resolved r JOIN pg_catalog.pg_attribute a ON a.attnum = r.attnum"
    " AND a.attrelid = $1::pg_catalog.regclass"
    " WHERE r.typtype <> 'd' ORDER BY a.attnum";

enum {
    FIELD_NAME,
    FIELD_DB_TYPE,
    FIELD_OID,
    FIELD_TYPMOD,
    FIELD_NOT_NULL,
    FIELD_DEFAULT,
    FIELD_GENERATED,
    FIELD_PRIMARY,
    FIELD_INDEXED,
    FIELD_INSERTABLE
};

struct type_of_oid {
    uint32_t oid;
    enum column_type type;
    uint8_t size;
};

/* "name" is not among them: its input cuts what is too long. */
static const struct type_of_oid types[] = {
    {16, COLUMN_BOOLEAN, 1},       {20, COLUMN_INTEGER, 8},
    {21, COLUMN_INTEGER, 2},       {23, COLUMN_INTEGER, 4},
    {25, COLUMN_TEXT, 0},          {700, COLUMN_REAL, 4},
    {701, COLUMN_REAL, 8},         {1042, COLUMN_TEXT, 0},
    {1043, COLUMN_TEXT, 0},        {1082, COLUMN_DATE, 0},
    {1083, COLUMN_TIME, 0},        {1114, COLUMN_TIMESTAMP, 0},
    {1184, COLUMN_TIMESTAMPTZ, 0}, {1186, COLUMN_INTERVAL, 0},
    {1700, COLUMN_NUMERIC, 0},
};

static void set_type(struct column *column, uint32_t oid, int32_t typmod)
{
    column->db_oid = oid;
    column->type = COLUMN_OTHER;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].oid == oid) {
            column->type = types[i].type;
            column->size = types[i].size;
        }
    }
    if (typmod < VARHDRSZ)
        return;
    typmod -= VARHDRSZ;
    if (column->type == COLUMN_TEXT)
        column->max_chars = typmod;
    if (column->type == COLUMN_NUMERIC) {
        column->precision = (int16_t)(typmod >> 16);
        /* Eleven bits with a sign. */
        column->scale = (int16_t)(((typmod & 0x7ff) ^ 0x400) - 0x400);
    }
}

static bool truth(const PGresult *rows, int row, int field)
{
    return PQgetvalue(rows, row, field)[0] == 't';
}

static bool take_column(struct table *table, const PGresult *rows, int row)
{
    struct column *column =
        table_add_column(table, slice_of(PQgetvalue(rows, row, FIELD_NAME)));
    if (!column)
        return false;
    column->db_type = strdup(PQgetvalue(rows, row, FIELD_DB_TYPE));
    set_type(column,
             (uint32_t)strtoul(PQgetvalue(rows, row, FIELD_OID), NULL, 10),
             (int32_t)strtol(PQgetvalue(rows, row, FIELD_TYPMOD), NULL, 10));
    column->not_null = truth(rows, row, FIELD_NOT_NULL);
    column->has_default = truth(rows, row, FIELD_DEFAULT);
    column->generated = truth(rows, row, FIELD_GENERATED);
    column->primary_key = truth(rows, row, FIELD_PRIMARY);
    column->indexed = truth(rows, row, FIELD_INDEXED);
    return column->db_type != NULL;
}

static int take_columns(struct table *table, const PGresult *rows,
                        struct issue *why)
{
    bool insertable = false;
    for (int row = 0; row < PQntuples(rows); row++) {
        if (!take_column(table, rows, row))
            return out_of_memory(why);
        insertable = insertable || truth(rows, row, FIELD_INSERTABLE);
    }
    /* Known now, it need not be learned from the first batch. */
    if (!insertable && table->count > 0)
        return issue_set(why, ISSUE_PERMISSION,
                         "permission denied: no INSERT on table %s",
                         table->sql_name);
    return 0;
}

int pg_describe(struct sink *sink, const char *name, struct table *table,
                struct issue *why)
{
    struct pg *pg = ((struct pg_sink *)sink)->pg;
    struct table made = {0};
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = pg_find_table(pg, name, &made.sql_name, why);
    if (status <= 0)
        return status;

    status = -1;
    const char *param = made.sql_name;
    made.name = strdup(name);
    if (!made.name) {
        out_of_memory(why);
        goto out;
    }
    if (pg_run_params(pg, columns_sql, 1, &param, &answer, &error) < 0) {
        pg_fail(pg, &error, why);
        goto out;
    }
    if (take_columns(&made, answer.tuples, why) < 0)
        goto out;
    *table = made;
    made = (struct table){0};
    status = 1;
out:
    pg_answer_clear(&answer);
    table_clear(&made);
    return status;
}

int pg_count(struct sink *sink, const char *table, uint64_t *rows,
             struct issue *why)
{
    struct pg *pg = ((struct pg_sink *)sink)->pg;
    char *sql_name;
    int found = pg_find_table(pg, table, &sql_name, why);
    if (found < 0)
        return -1;
    if (found == 0)
        return issue_set(why, ISSUE_NOT_FOUND, "there is no table \"%s\"",
                         table);

    struct outbuf sql = {0};
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = -1;
    outbuf_text(&sql, "SELECT pg_catalog.count(*) FROM ");
    outbuf_text(&sql, sql_name);
    const char *text = outbuf_string(&sql);
    if (!text) {
        out_of_memory(why);
    } else if (pg_run(pg, text, &answer, &error) < 0) {
        pg_fail(pg, &error, why);
    } else {
        *rows = strtoull(PQgetvalue(answer.tuples, 0, 0), NULL, 10);
        status = 0;
    }
    pg_answer_clear(&answer);
    outbuf_clear(&sql);
    free(sql_name);
    return status;
}
