/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_create.c: make a table, and its indexes once the rows are in.
 *
 * An index that is built after the load is sorted once instead of searched for
 * every row: with the seven indexes of the preset a million rows take less than
 * half the time. The primary key is one of them: while several sessions load,
 * they would all stand at its last page.
 */
#include <stdlib.h>
#include <string.h>

#include "load/pg_sink.h"
#include "load/sqlname.h"

/* Below this many bytes of table a second connection costs more than it saves.
 */
#define PARALLEL_BYTES (32 << 20)

/* Sessions that build indexes at once; the server brings workers of its own. */
#define BUILDERS 2

/*
 * What each session may sort in; its build's parallel workers share it. Six
 * indexes over a million rows took two sessions 2.9 s with this, 3.2 s with the
 * default of 64MB, 3.4 s with 512MB (and one session 3.4 to 4.4 s).
 */
#define BUILD_SETTINGS "SET maintenance_work_mem = '192MB'; "

/* --- the table -------------------------------------------------------------
 */

static bool is_serial(const struct column *column)
{
    return column->type == COLUMN_INTEGER && column->primary_key &&
           column->has_default;
}

static const char *integer_type(const struct column *column)
{
    bool serial = is_serial(column);
    switch (column->size) {
    case 2:
        return serial ? "smallserial" : "smallint";
    case 4:
        return serial ? "serial" : "integer";
    default:
        return serial ? "bigserial" : "bigint";
    }
}

static void put_type(struct outbuf *sql, const struct column *column)
{
    switch (column->type) {
    case COLUMN_TEXT:
        if (column->max_chars > 0)
            outbuf_format(sql, "varchar(%d)", column->max_chars);
        else
            outbuf_text(sql, "text");
        break;
    case COLUMN_INTEGER:
        outbuf_text(sql, integer_type(column));
        break;
    case COLUMN_REAL:
        outbuf_text(sql, column->size == 4 ? "real" : "double precision");
        break;
    case COLUMN_NUMERIC:
        outbuf_text(sql, "numeric");
        if (column->precision > 0)
            outbuf_format(sql, "(%d, %d)", column->precision, column->scale);
        break;
    case COLUMN_BOOLEAN:
        outbuf_text(sql, "boolean");
        break;
    case COLUMN_DATE:
        outbuf_text(sql, "date");
        break;
    case COLUMN_TIMESTAMP:
        outbuf_text(sql, "timestamp");
        break;
    case COLUMN_TIMESTAMPTZ:
        outbuf_text(sql, "timestamptz");
        break;
    case COLUMN_TIME:
        outbuf_text(sql, "time");
        break;
    case COLUMN_INTERVAL:
        outbuf_text(sql, "interval");
        break;
    case COLUMN_OTHER:
        outbuf_text(sql, "text");
        break;
    }
}

/* A default is now() for a point in time, the sequence for a serial. */
static void put_column(struct outbuf *sql, const struct column *column,
                       const char *name)
{
    sql_identifier(sql, slice_of(name));
    outbuf_text(sql, " ");
    put_type(sql, column);
    if (column->not_null || column->primary_key)
        outbuf_text(sql, " NOT NULL");
    if (column->has_default && (column->type == COLUMN_TIMESTAMPTZ ||
                                column->type == COLUMN_TIMESTAMP))
        outbuf_text(sql, " DEFAULT now()");
}

static void put_columns(struct outbuf *sql, const struct table *table,
                        char *const *names)
{
    for (size_t i = 0; i < table->count; i++) {
        if (i > 0)
            outbuf_text(sql, ", ");
        put_column(sql, &table->columns[i], names[i]);
    }
}

int pg_create(struct sink *sink, const struct table *table, struct issue *why)
{
    struct pg *pg = ((struct pg_sink *)sink)->pg;
    struct outbuf sql = {0};
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = -1;

    char **names = column_names(table, POSTGRES_NAME_MAX, false);
    if (!names)
        return out_of_memory(why);
    outbuf_text(&sql, "CREATE TABLE ");
    if (pg_table_sql(&sql, table, why) < 0)
        goto out;
    outbuf_text(&sql, " (");
    put_columns(&sql, table, names);
    outbuf_text(&sql, ")");
    const char *text = outbuf_string(&sql);
    if (!text)
        out_of_memory(why);
    else if (pg_run(pg, text, &answer, &error) < 0)
        pg_fail(pg, &error, why);
    else
        status = 0;
out:
    pg_answer_clear(&answer);
    outbuf_clear(&sql);
    column_names_free(names, table->count);
    return status;
}

/* --- the indexes -----------------------------------------------------------
 */

/* One row: the table's bare name, its size, whether it has a primary key. */
static const char table_sql[] =
    "SELECT c.relname, pg_catalog.pg_relation_size(c.oid), EXISTS (SELECT"
    " FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)"
    " FROM pg_catalog.pg_class c WHERE c.oid = $1::pg_catalog.regclass";

/* Columns that have an index of their own. */
static const char indexed_sql[] =
    "SELECT a.attname FROM pg_catalog.pg_index i"
    " JOIN pg_catalog.pg_attribute a"
    " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
    " WHERE i.indrelid = $1::pg_catalog.regclass AND i.indisvalid"
    " AND i.indnatts = 1 AND i.indpred IS NULL";

/* Names that an index in the table's schema cannot have any more. */
static const char taken_sql[] =
    "SELECT o.relname FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_class o ON o.relnamespace = c.relnamespace"
    " WHERE c.oid = $1::pg_catalog.regclass"
    " AND (pg_catalog.left(o.relname, 4) = 'idx_'"
    " OR pg_catalog.right(o.relname, 5) = '_pkey')";

struct builder {
    struct pg *pg;
    struct outbuf sql;
    unsigned cost;
};

struct finish {
    struct pg_sink *sink;
    const struct table *table;
    const char *table_text; /* quoted */
    char *bare;
    bool large;
    bool has_key;
    const char *key; /* the primary key's index to be, or NULL; in taken */
    PGresult *indexed;
    char **taken;
    size_t taken_count;
    struct builder builders[BUILDERS];
};

static int ask(struct finish *f, const char *sql, PGresult **rows,
               struct issue *why)
{
    struct pg_answer answer = {0};
    struct pg_error error;
    struct pg *pg = f->sink->pg;
    if (pg_run_params(pg, sql, 1, &f->table_text, &answer, &error) < 0) {
        pg_answer_clear(&answer);
        return pg_fail(pg, &error, why);
    }
    *rows = answer.tuples;
    return 0;
}

static int ask_table(struct finish *f, struct issue *why)
{
    PGresult *rows = NULL;
    if (ask(f, table_sql, &rows, why) < 0)
        return -1;
    if (PQntuples(rows) == 1) {
        f->bare = strdup(PQgetvalue(rows, 0, 0));
        f->large = strtoull(PQgetvalue(rows, 0, 1), NULL, 10) >= PARALLEL_BYTES;
        f->has_key = *PQgetvalue(rows, 0, 2) == 't';
    }
    PQclear(rows);
    return f->bare ? 0 : out_of_memory(why);
}

/* The taken names, with room for one more a column and the key's. */
static int ask_taken(struct finish *f, struct issue *why)
{
    PGresult *rows = NULL;
    if (ask(f, taken_sql, &rows, why) < 0)
        return -1;
    int status = -1;
    size_t count = (size_t)PQntuples(rows);
    f->taken = calloc(count + f->table->count + 1, sizeof(*f->taken));
    if (!f->taken)
        goto out;
    for (size_t i = 0; i < count; i++) {
        f->taken[i] = strdup(PQgetvalue(rows, (int)i, 0));
        if (!f->taken[i])
            goto out;
        f->taken_count++;
    }
    status = 0;
out:
    PQclear(rows);
    return status < 0 ? out_of_memory(why) : 0;
}

static bool has_index(const struct finish *f, const char *column)
{
    for (int i = 0; i < PQntuples(f->indexed); i++) {
        if (strcmp(PQgetvalue(f->indexed, i, 0), column) == 0)
            return true;
    }
    return false;
}

/* Sorting text costs a comparison by locale; the others are numbers. */
static unsigned build_cost(const struct column *column)
{
    return column->type == COLUMN_TEXT ? 4 : 1;
}

/* A name for an index that no other has; NULL when memory is out. */
static const char *name_index(struct finish *f, const struct outbuf *wanted)
{
    char *index = NULL;
    if (!wanted->failed)
        index = unique_name(f->taken, f->taken_count,
                            (struct slice){wanted->ptr, wanted->len},
                            POSTGRES_NAME_MAX, false);
    if (index)
        f->taken[f->taken_count++] = index;
    return index;
}

/* Adds one CREATE INDEX to the builder that has least to do. */
static void plan_build(struct finish *f, const char *create, const char *index,
                       const struct outbuf *columns, unsigned cost)
{
    struct builder *builder = &f->builders[0];
    for (size_t i = 1; f->large && i < BUILDERS; i++) {
        if (f->builders[i].cost < builder->cost)
            builder = &f->builders[i];
    }
    builder->cost += cost;
    if (builder->sql.len == 0)
        outbuf_text(&builder->sql, BUILD_SETTINGS);
    outbuf_text(&builder->sql, create);
    sql_identifier(&builder->sql, slice_of(index));
    outbuf_format(&builder->sql, " ON %s (%.*s); ", f->table_text,
                  (int)columns->len, columns->ptr);
}

static int plan_index(struct finish *f, const struct column *column,
                      const char *name, struct issue *why)
{
    struct outbuf wanted = {0};
    struct outbuf columns = {0};
    outbuf_format(&wanted, "idx_%s_%s", f->bare, name);
    sql_identifier(&columns, slice_of(name));
    const char *index = name_index(f, &wanted);
    if (index && !columns.failed)
        plan_build(f, "CREATE INDEX ", index, &columns, build_cost(column));
    outbuf_clear(&wanted);
    outbuf_clear(&columns);
    return index ? 0 : out_of_memory(why);
}

/* The primary key, if the table is to have one and has none. */
static int plan_key(struct finish *f, char *const *names, struct issue *why)
{
    struct outbuf wanted = {0};
    struct outbuf columns = {0};
    int status = 0;
    for (size_t i = 0; !f->has_key && i < f->table->count; i++) {
        if (!f->table->columns[i].primary_key)
            continue;
        if (columns.len > 0)
            outbuf_text(&columns, ", ");
        sql_identifier(&columns, slice_of(names[i]));
    }
    if (columns.len > 0) {
        outbuf_format(&wanted, "%s_pkey", f->bare);
        f->key = name_index(f, &wanted);
        if (f->key)
            plan_build(f, "CREATE UNIQUE INDEX ", f->key, &columns, 1);
        else
            status = out_of_memory(why);
    }
    outbuf_clear(&wanted);
    outbuf_clear(&columns);
    return status;
}

static int plan_indexes(struct finish *f, struct issue *why)
{
    char **names = column_names(f->table, POSTGRES_NAME_MAX, false);
    if (!names)
        return out_of_memory(why);
    int status = plan_key(f, names, why);
    for (size_t i = 0; i < f->table->count && status == 0; i++) {
        const struct column *column = &f->table->columns[i];
        if (column->indexed && !has_index(f, names[i]))
            status = plan_index(f, column, names[i], why);
    }
    column_names_free(names, f->table->count);
    return status;
}

/* Starts every builder, then waits for each: they work at the same time. */
static int build(struct finish *f, struct issue *why)
{
    struct pg_error errors[BUILDERS] = {0};
    size_t started = 0;
    int status = 0;
    for (; started < BUILDERS && status == 0; started++) {
        struct builder *b = &f->builders[started];
        if (b->sql.len == 0)
            break;
        const char *sql = outbuf_string(&b->sql);
        if (!sql)
            return out_of_memory(why);
        if (started == 0)
            b->pg = f->sink->pg;
        else if (pg_open(&b->pg, f->sink->target, f->sink->env, why) < 0)
            break;
        if (!PQsendQuery(b->pg->conn, sql))
            status = pg_send_failed(b->pg, &errors[started]);
        else
            status = pg_flush(b->pg, &errors[started]);
    }
    /* No second connection: what it would have built, the first builds. */
    struct builder *left = started < BUILDERS ? &f->builders[started] : NULL;
    for (size_t i = 0; i < started; i++) {
        struct builder *b = &f->builders[i];
        struct pg_answer answer = {0};
        if (errors[i].fault == PG_FINE)
            (void)pg_collect(b->pg, NULL, &answer, &errors[i]);
        pg_answer_clear(&answer);
        if (i == 0 && left && left->sql.len > 0 && errors[0].fault == PG_FINE)
            (void)pg_run(b->pg, left->sql.ptr, &answer, &errors[0]);
        pg_answer_clear(&answer);
        if (errors[i].fault != PG_FINE)
            status = pg_fail(b->pg, &errors[i], why);
    }
    return status;
}

/* Makes the unique index that a builder has built the primary key. */
static int adopt_key(struct finish *f, struct issue *why)
{
    struct outbuf sql = {0};
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = 0;
    outbuf_format(&sql, "ALTER TABLE %s ADD CONSTRAINT ", f->table_text);
    sql_identifier(&sql, slice_of(f->key));
    outbuf_text(&sql, " PRIMARY KEY USING INDEX ");
    sql_identifier(&sql, slice_of(f->key));
    const char *text = outbuf_string(&sql);
    if (!text)
        status = out_of_memory(why);
    else if (pg_run(f->sink->pg, text, &answer, &error) < 0)
        status = pg_fail(f->sink->pg, &error, why);
    pg_answer_clear(&answer);
    outbuf_clear(&sql);
    return status;
}

int pg_finish(struct sink *sink, const struct table *table, struct issue *why)
{
    bool wanted = false;
    for (size_t i = 0; i < table->count; i++)
        wanted = wanted || table->columns[i].indexed ||
                 table->columns[i].primary_key;
    if (!wanted)
        return 0;

    struct finish f = {.sink = (struct pg_sink *)sink, .table = table};
    struct outbuf text = {0};
    int status = -1;
    if (pg_table_sql(&text, table, why) < 0)
        goto out;
    f.table_text = outbuf_string(&text);
    if (!f.table_text) {
        out_of_memory(why);
        goto out;
    }
    if (ask_table(&f, why) < 0 || ask_taken(&f, why) < 0 ||
        ask(&f, indexed_sql, &f.indexed, why) < 0 || plan_indexes(&f, why) < 0)
        goto out;
    status = build(&f, why);
    if (status == 0 && f.key)
        status = adopt_key(&f, why);
out:
    for (size_t i = 0; i < BUILDERS; i++) {
        outbuf_clear(&f.builders[i].sql);
        if (i > 0)
            pg_close(f.builders[i].pg);
    }
    column_names_free(f.taken, f.taken_count);
    PQclear(f.indexed);
    free(f.bare);
    outbuf_clear(&text);
    return status;
}
