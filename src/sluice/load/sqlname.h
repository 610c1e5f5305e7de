/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlname.h: names on their way into SQL.
 *
 * A user's table name is "table" or "schema.table"; a part in double quotes is
 * taken as it stands, dots and all. In SQL every identifier is quoted, so no
 * name, however odd, is read as anything else.
 */
#ifndef SLUICE_SQLNAME_H
#define SLUICE_SQLNAME_H

#include "load/outbuf.h"
#include "shape/schema.h"

/* What PostgreSQL keeps of a name, in bytes. */
#define POSTGRES_NAME_MAX 63
/* No limit that a header could meet. */
#define SQLITE_NAME_MAX   1024

/* Appends "name", with the quotes inside it doubled. */
void sql_identifier(struct outbuf *sql, struct slice name);
/* Appends 'text' as a string literal (quotes doubled, nothing else special). */
void sql_literal(struct outbuf *sql, struct slice text);

/*
 * A table's name, taken apart. The parts are owned; schema is NULL when none
 * was given. `folds` is true for a part that was not quoted.
 */
struct table_name {
    char *schema;
    char *table;
    bool schema_folds;
    bool table_folds;
};

/* -1 when memory is out, or with a name that has an empty part. */
int table_name_parse(struct table_name *out, const char *name);
void table_name_clear(struct table_name *name);
/* A to Z become a to z in the parts that fold. True if anything changed. */
bool table_name_fold(struct table_name *name);
/* Appends "schema"."table". */
void table_name_sql(const struct table_name *name, struct outbuf *sql);

/*
 * The names under which sluice creates a table's columns: cut to `max` bytes on
 * a character's edge, never empty, and kept apart (also in a database that
 * does not tell upper from lower case, when `nocase`) by "_2", "_3", ... Names
 * that a database already holds come out as they are.
 *
 * Gives an array of table->count strings; column_names_free. NULL when memory
 * is out.
 */
char **column_names(const struct table *table, size_t max, bool nocase);
void column_names_free(char **names, size_t count);

/*
 * `wanted` cut to `max` bytes, and to fewer with "_2", "_3", ... behind it when
 * one of `taken` bears that name. Owned; NULL when memory is out.
 */
char *unique_name(char *const *taken, size_t count, struct slice wanted,
                  size_t max, bool nocase);

#endif
