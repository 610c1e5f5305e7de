/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_schema.c: tables of a SQLite database, read and made.
 *
 * What sluice creates is STRICT, and STRICT tables know four types. The finer
 * one is written behind it, in a comment, which SQLite keeps with the schema:
 *
 *     "seen" TEXT [comment: timestamp],
 *
 * and which the next import reads back, so that it converts as the first did:
 *
 *     boolean      INTEGER, 0 or 1
 *     date         TEXT "2024-03-09"
 *     timestamp    TEXT "2024-03-09T17:05:00", timestamptz with "Z" behind it
 *     time         TEXT "17:05:00", and so interval
 *     numeric      ANY: a number where a double holds all its digits (15),
 *                  otherwise text, as SQLite's own numeric affinity decides
 *
 * Any other table is read by the rules of type affinity, refined by the names
 * that people give to types.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "load/sqlite_internal.h"
#include "load/sqlname.h"

/* --- names -----------------------------------------------------------------
 */

/*
 * The table's name without quotes and without "main."; a name with another part
 * in front is one name with a dot in it. Owned; NULL when memory is out.
 */
static char *bare_name(const char *name)
{
    struct table_name parsed;
    if (table_name_parse(&parsed, name) < 0)
        return strdup(name);
    char *bare = NULL;
    if (!parsed.schema || sqlite3_stricmp(parsed.schema, "main") == 0) {
        bare = parsed.table;
        parsed.table = NULL;
    }
    table_name_clear(&parsed);
    return bare ? bare : strdup(name);
}

void sqlite_table_sql(struct outbuf *sql, const struct table *table)
{
    if (table->sql_name) {
        outbuf_text(sql, table->sql_name);
        return;
    }
    char *bare = bare_name(table->name);
    if (bare)
        sql_identifier(sql, slice_of(bare));
    else
        sql->failed = true;
    free(bare);
}

static const char *column_text(sqlite3_stmt *row, int field)
{
    const unsigned char *text = sqlite3_column_text(row, field);
    return text ? (const char *)text : "";
}

/* --- types -----------------------------------------------------------------
 */

struct type_word {
    const char *word;
    enum column_type type;
    uint8_t size;
};

/* The comments behind a type, and the type that they stand behind. */
static const struct type_word tags[] = {
    {"boolean", COLUMN_BOOLEAN, 0},     {"date", COLUMN_DATE, 0},
    {"timestamp", COLUMN_TIMESTAMP, 0}, {"timestamptz", COLUMN_TIMESTAMPTZ, 0},
    {"time", COLUMN_TIME, 0},           {"interval", COLUMN_INTERVAL, 0},
    {"numeric", COLUMN_NUMERIC, 0},
};

/*
 * Words in a declared type. The first four lines are SQLite's rules for
 * affinity, in their order; what is left has numeric affinity, and its name is
 * taken for what it says.
 */
static const struct type_word words[] = {
    {"INT", COLUMN_INTEGER, 8},         {"CHAR", COLUMN_TEXT, 0},
    {"CLOB", COLUMN_TEXT, 0},           {"TEXT", COLUMN_TEXT, 0},
    {"BLOB", COLUMN_OTHER, 0},          {"REAL", COLUMN_REAL, 8},
    {"FLOA", COLUMN_REAL, 8},           {"DOUB", COLUMN_REAL, 8},
    {"BOOL", COLUMN_BOOLEAN, 0},        {"TIMESTAMPTZ", COLUMN_TIMESTAMPTZ, 0},
    {"TIMESTAMP", COLUMN_TIMESTAMP, 0}, {"DATETIME", COLUMN_TIMESTAMP, 0},
    {"DATE", COLUMN_DATE, 0},           {"TIME", COLUMN_TIME, 0},
    {"DEC", COLUMN_NUMERIC, 0},         {"NUM", COLUMN_NUMERIC, 0},
};

static const char *tag_of(enum column_type type)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (tags[i].type == type)
            return tags[i].word;
    }
    return NULL;
}

/* `declared` may be "": such a column takes anything. */
static void type_from_words(struct column *column, const char *declared)
{
    char upper[64];
    size_t len = strnlen(declared, sizeof(upper) - 1);
    for (size_t i = 0; i < len; i++)
        upper[i] = (char)toupper((unsigned char)declared[i]);
    upper[len] = '\0';
    column->type = COLUMN_OTHER;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(upper, words[i].word)) {
            column->type = words[i].type;
            column->size = words[i].size;
            return;
        }
    }
}

/* The column as sluice begins to write it: line, name, type, comment. */
static void type_from_comment(struct column *column, const char *create)
{
    struct outbuf start = {0};
    outbuf_text(&start, "\n  ");
    sql_identifier(&start, slice_of(column->name));
    outbuf_format(&start, " %s /* ", column->db_type);
    const char *text = outbuf_string(&start);
    const char *found = text ? strstr(create, text) : NULL;
    if (found) {
        found += start.len;
        for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
            size_t len = strlen(tags[i].word);
            if (strncmp(found, tags[i].word, len) == 0 && found[len] == ' ')
                column->type = tags[i].type;
        }
    }
    outbuf_clear(&start);
}

/* --- describe --------------------------------------------------------------
 */

static const char find_sql[] =
    "SELECT s.name, s.sql, l.type, l.wr FROM sqlite_schema s"
    " JOIN pragma_table_list(s.name) l ON l.schema = 'main'"
    " WHERE s.type IN ('table', 'view') AND s.name = ?1 COLLATE NOCASE";

static const char columns_sql[] =
    "SELECT c.name, c.type, c.\"notnull\", c.dflt_value IS NOT NULL, c.pk > 0,"
    " c.hidden, EXISTS (SELECT 1 FROM pragma_index_list(?1) l"
    "  JOIN pragma_index_info(l.name) i WHERE l.partial = 0"
    "  AND l.origin <> 'pk' AND i.name = c.name"
    "  AND (SELECT count(*) FROM pragma_index_info(l.name)) = 1),"
    " (SELECT count(*) FROM pragma_table_xinfo(?1) k WHERE k.pk > 0)"
    " FROM pragma_table_xinfo(?1) c WHERE c.hidden <> 1 ORDER BY c.cid";

enum {
    FIELD_NAME,
    FIELD_TYPE,
    FIELD_NOT_NULL,
    FIELD_DEFAULT,
    FIELD_PRIMARY,
    FIELD_HIDDEN,
    FIELD_INDEXED,
    FIELD_KEY_COUNT
};

static int prepare_named(sqlite3 *db, const char *sql, const char *name,
                         sqlite3_stmt **statement)
{
    if (sqlite3_prepare_v2(db, sql, -1, statement, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_bind_text(*statement, 1, name, -1, SQLITE_TRANSIENT) ==
        SQLITE_OK)
        return 0;
    sqlite3_finalize(*statement);
    *statement = NULL;
    return -1;
}

static bool take_column(struct table *table, sqlite3_stmt *row,
                        const char *create, bool rowid)
{
    struct column *column =
        table_add_column(table, slice_of(column_text(row, FIELD_NAME)));
    if (!column)
        return false;
    column->db_type = strdup(column_text(row, FIELD_TYPE));
    if (!column->db_type)
        return false;
    type_from_words(column, column->db_type);
    type_from_comment(column, create);
    column->not_null = sqlite3_column_int(row, FIELD_NOT_NULL) != 0;
    column->has_default = sqlite3_column_int(row, FIELD_DEFAULT) != 0;
    column->generated = sqlite3_column_int(row, FIELD_HIDDEN) != 0;
    column->primary_key = sqlite3_column_int(row, FIELD_PRIMARY) != 0;
    column->indexed = sqlite3_column_int(row, FIELD_INDEXED) != 0;
    /* An alias of the row id, which SQLite gives out by itself. */
    if (column->primary_key && rowid &&
        sqlite3_column_int(row, FIELD_KEY_COUNT) == 1 &&
        sqlite3_stricmp(column->db_type, "INTEGER") == 0)
        column->has_default = true;
    return true;
}

static int take_columns(sqlite3 *db, struct table *table, const char *bare,
                        const char *create, bool rowid, struct issue *why)
{
    sqlite3_stmt *rows;
    if (prepare_named(db, columns_sql, bare, &rows) < 0)
        return sqlite_issue(db, why);
    int code;
    int status = 0;
    while (status == 0 && (code = sqlite3_step(rows)) != SQLITE_DONE) {
        if (code != SQLITE_ROW)
            status = sqlite_issue(db, why);
        else if (!take_column(table, rows, create, rowid))
            status = out_of_memory(why);
    }
    sqlite3_finalize(rows);
    return status;
}

int sqlite_describe(struct sink *sink, const char *name, struct table *table,
                    struct issue *why)
{
    sqlite3 *db = ((struct sqlite_sink *)sink)->db;
    struct table made = {0};
    struct outbuf quoted = {0};
    sqlite3_stmt *found = NULL;
    int status = -1;

    char *bare = bare_name(name);
    made.name = strdup(name);
    if (!bare || !made.name) {
        out_of_memory(why);
        goto out;
    }
    int code = SQLITE_ERROR;
    if (prepare_named(db, find_sql, bare, &found) == 0)
        code = sqlite3_step(found);
    if (code == SQLITE_DONE) {
        status = 0;
        goto out;
    }
    if (code != SQLITE_ROW) {
        sqlite_issue(db, why);
        goto out;
    }
    if (strcmp(column_text(found, 2), "view") == 0) {
        issue_set(why, ISSUE_DATABASE, "%s is a view, not a table", bare);
        goto out;
    }
    sql_identifier(&quoted, slice_of(column_text(found, 0)));
    if (!outbuf_string(&quoted)) {
        out_of_memory(why);
        goto out;
    }
    if (take_columns(db, &made, column_text(found, 0), column_text(found, 1),
                     sqlite3_column_int(found, 3) == 0, why) < 0)
        goto out;
    made.sql_name = quoted.ptr;
    quoted = (struct outbuf){0};
    *table = made;
    made = (struct table){0};
    status = 1;
out:
    sqlite3_finalize(found);
    outbuf_clear(&quoted);
    table_clear(&made);
    free(bare);
    return status;
}

int sqlite_count(struct sink *sink, const char *table, uint64_t *rows,
                 struct issue *why)
{
    sqlite3 *db = ((struct sqlite_sink *)sink)->db;
    struct table named = {.name = strdup(table)};
    struct outbuf sql = {0};
    sqlite3_stmt *count = NULL;
    int status = -1;
    outbuf_text(&sql, "SELECT count(*) FROM ");
    if (named.name)
        sqlite_table_sql(&sql, &named);
    const char *text = named.name ? outbuf_string(&sql) : NULL;
    if (!text) {
        out_of_memory(why);
    } else if (sqlite3_prepare_v2(db, text, -1, &count, NULL) != SQLITE_OK ||
               sqlite3_step(count) != SQLITE_ROW) {
        sqlite_issue(db, why);
    } else {
        *rows = (uint64_t)sqlite3_column_int64(count, 0);
        status = 0;
    }
    sqlite3_finalize(count);
    outbuf_clear(&sql);
    table_clear(&named);
    return status;
}

/* --- create ----------------------------------------------------------------
 */

static const char *storage_of(enum column_type type)
{
    switch (type) {
    case COLUMN_INTEGER:
    case COLUMN_BOOLEAN:
        return "INTEGER";
    case COLUMN_REAL:
        return "REAL";
    case COLUMN_NUMERIC:
        return "ANY";
    default:
        return "TEXT";
    }
}

/* A lone INTEGER key that may be left out is the row id itself. */
static bool is_rowid(const struct table *table, size_t index)
{
    size_t keys = 0;
    for (size_t i = 0; i < table->count; i++)
        keys += table->columns[i].primary_key;
    const struct column *column = &table->columns[index];
    return keys == 1 && column->primary_key && column->type == COLUMN_INTEGER;
}

static void put_column(struct outbuf *sql, const struct table *table,
                       size_t index, const char *name)
{
    const struct column *column = &table->columns[index];
    outbuf_text(sql, "\n  ");
    sql_identifier(sql, slice_of(name));
    outbuf_format(sql, " %s", storage_of(column->type));
    const char *tag = tag_of(column->type);
    if (tag)
        outbuf_format(sql, " /* %s */", tag);
    if (is_rowid(table, index))
        outbuf_text(sql, " PRIMARY KEY");
    else if (column->not_null)
        outbuf_text(sql, " NOT NULL");
    if (column->type == COLUMN_BOOLEAN) {
        outbuf_text(sql, " CHECK (");
        sql_identifier(sql, slice_of(name));
        outbuf_text(sql, " IN (0, 1))");
    }
    if (!column->has_default)
        return;
    if (column->type == COLUMN_TIMESTAMPTZ)
        outbuf_text(sql, " DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))");
    else if (column->type == COLUMN_TIMESTAMP)
        outbuf_text(sql, " DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now'))");
}

static void put_keys(struct outbuf *sql, const struct table *table,
                     char *const *names)
{
    const char *before = ",\n  PRIMARY KEY (";
    for (size_t i = 0; i < table->count; i++) {
        if (!table->columns[i].primary_key || is_rowid(table, i))
            continue;
        outbuf_text(sql, before);
        sql_identifier(sql, slice_of(names[i]));
        before = ", ";
    }
    if (before[0] == ',' && before[1] == ' ')
        outbuf_text(sql, ")");
}

int sqlite_create(struct sink *sink, const struct table *table,
                  struct issue *why)
{
    sqlite3 *db = ((struct sqlite_sink *)sink)->db;
    char **names = column_names(table, SQLITE_NAME_MAX, true);
    if (!names)
        return out_of_memory(why);
    struct outbuf sql = {0};
    outbuf_text(&sql, "CREATE TABLE ");
    sqlite_table_sql(&sql, table);
    outbuf_text(&sql, " (");
    for (size_t i = 0; i < table->count; i++) {
        if (i > 0)
            outbuf_text(&sql, ",");
        put_column(&sql, table, i, names[i]);
    }
    put_keys(&sql, table, names);
    outbuf_text(&sql, "\n) STRICT");
    const char *text = outbuf_string(&sql);
    int status = 0;
    if (!text)
        status = out_of_memory(why);
    else if (sqlite_run(db, text) < 0)
        status = sqlite_issue(db, why);
    outbuf_clear(&sql);
    column_names_free(names, table->count);
    return status;
}

/* --- indexes ---------------------------------------------------------------
 */

static const char index_sql[] =
    "SELECT 1 FROM pragma_index_list(?1) l JOIN pragma_index_info(l.name) i"
    " WHERE l.partial = 0 AND i.name = ?2 COLLATE NOCASE"
    " AND (SELECT count(*) FROM pragma_index_info(l.name)) = 1";

static const char taken_sql[] =
    "SELECT name FROM sqlite_schema WHERE name LIKE 'idx~_%' ESCAPE '~'"
    " COLLATE NOCASE";

/* 1 when the column has an index of its own, 0 when not, -1. */
static int has_index(sqlite3 *db, const char *bare, const char *column)
{
    sqlite3_stmt *rows;
    if (prepare_named(db, index_sql, bare, &rows) < 0)
        return -1;
    int code = SQLITE_ERROR;
    if (sqlite3_bind_text(rows, 2, column, -1, SQLITE_STATIC) == SQLITE_OK)
        code = sqlite3_step(rows);
    sqlite3_finalize(rows);
    return code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : -1;
}

/* A name for the index that the database does not hold yet; owned or NULL. */
static char *free_index_name(sqlite3 *db, const char *bare, const char *column)
{
    struct outbuf wanted = {0};
    struct table taken = {0};
    sqlite3_stmt *rows = NULL;
    char *name = NULL;
    char **list = NULL;

    outbuf_format(&wanted, "idx_%s_%s", bare, column);
    if (wanted.failed ||
        sqlite3_prepare_v2(db, taken_sql, -1, &rows, NULL) != SQLITE_OK)
        goto out;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        if (!table_add_column(&taken, slice_of(column_text(rows, 0))))
            goto out;
    }
    list = calloc(taken.count + 1, sizeof(*list));
    if (!list)
        goto out;
    for (size_t i = 0; i < taken.count; i++)
        list[i] = taken.columns[i].name;
    name =
        unique_name(list, taken.count, (struct slice){wanted.ptr, wanted.len},
                    SQLITE_NAME_MAX, true);
out:
    sqlite3_finalize(rows);
    free(list);
    table_clear(&taken);
    outbuf_clear(&wanted);
    return name;
}

static int build_index(sqlite3 *db, const struct table *table, const char *bare,
                       const char *column, struct issue *why)
{
    int has = has_index(db, bare, column);
    if (has != 0)
        return has > 0 ? 0 : sqlite_issue(db, why);
    char *name = free_index_name(db, bare, column);
    struct outbuf sql = {0};
    outbuf_text(&sql, "CREATE INDEX ");
    if (name)
        sql_identifier(&sql, slice_of(name));
    outbuf_text(&sql, " ON ");
    sqlite_table_sql(&sql, table);
    outbuf_text(&sql, " (");
    sql_identifier(&sql, slice_of(column));
    outbuf_text(&sql, ")");
    const char *text = name ? outbuf_string(&sql) : NULL;
    int status = 0;
    if (!text)
        status = out_of_memory(why);
    else if (sqlite_run(db, text) < 0)
        status = sqlite_issue(db, why);
    outbuf_clear(&sql);
    free(name);
    return status;
}

int sqlite_finish(struct sink *sink, const struct table *table,
                  struct issue *why)
{
    sqlite3 *db = ((struct sqlite_sink *)sink)->db;
    char *bare = bare_name(table->name);
    char **names = column_names(table, SQLITE_NAME_MAX, true);
    int status = bare && names ? 0 : out_of_memory(why);
    for (size_t i = 0; i < table->count && status == 0; i++) {
        if (table->columns[i].indexed)
            status = build_index(db, table, bare, names[i], why);
    }
    column_names_free(names, table->count);
    free(bare);
    return status;
}
