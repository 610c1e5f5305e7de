/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlname.c: quoting, table names in parts, and column names that fit.
 */
#include "load/sqlname.h"

#include <stdio.h>
#include <stdlib.h>

static void put_quoted(struct outbuf *sql, struct slice text, char quote)
{
    outbuf_put(sql, &quote, 1);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == quote)
            outbuf_put(sql, &quote, 1);
        outbuf_put(sql, text.ptr + i, 1);
    }
    outbuf_put(sql, &quote, 1);
}

void sql_identifier(struct outbuf *sql, struct slice name)
{
    put_quoted(sql, name, '"');
}

void sql_literal(struct outbuf *sql, struct slice text)
{
    put_quoted(sql, text, '\'');
}

/*
 * Reads one part of a table's name into *part (room for the rest of the name)
 * and returns what follows it: a dot or the end.
 */
static const char *read_part(const char *at, char *part, bool *folds)
{
    *folds = *at != '"';
    if (*folds) {
        size_t len = strcspn(at, ".");
        memcpy(part, at, len);
        part[len] = '\0';
        return at + len;
    }
    at++;
    while (*at != '\0') {
        if (*at == '"') {
            at++;
            if (*at != '"')
                break;
        }
        *part++ = *at++;
    }
    *part = '\0';
    /* What stands between a closing quote and the dot belongs to the name. */
    size_t len = strcspn(at, ".");
    memcpy(part, at, len);
    part[len] = '\0';
    return at + len;
}

int table_name_parse(struct table_name *out, const char *name)
{
    struct table_name parsed = {0};
    size_t room = strlen(name) + 1;
    parsed.schema = malloc(room);
    parsed.table = malloc(room);
    if (!parsed.schema || !parsed.table)
        goto failed;

    const char *rest = read_part(name, parsed.table, &parsed.table_folds);
    if (*rest == '.') {
        char *swap = parsed.schema;
        parsed.schema = parsed.table;
        parsed.schema_folds = parsed.table_folds;
        parsed.table = swap;
        rest = read_part(rest + 1, parsed.table, &parsed.table_folds);
        if (*rest != '\0' || parsed.schema[0] == '\0')
            goto failed;
    } else {
        free(parsed.schema);
        parsed.schema = NULL;
    }
    if (parsed.table[0] == '\0')
        goto failed;
    *out = parsed;
    return 0;

failed:
    table_name_clear(&parsed);
    return -1;
}

void table_name_clear(struct table_name *name)
{
    free(name->schema);
    free(name->table);
    *name = (struct table_name){0};
}

static bool fold(char *text)
{
    bool changed = false;
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            *text = (char)(*text - 'A' + 'a');
            changed = true;
        }
    }
    return changed;
}

bool table_name_fold(struct table_name *name)
{
    bool changed = false;
    if (name->schema && name->schema_folds)
        changed = fold(name->schema);
    if (name->table_folds)
        changed = fold(name->table) || changed;
    return changed;
}

void table_name_sql(const struct table_name *name, struct outbuf *sql)
{
    if (name->schema) {
        sql_identifier(sql, slice_of(name->schema));
        outbuf_put(sql, ".", 1);
    }
    sql_identifier(sql, slice_of(name->table));
}

static bool is_taken(char *const *names, size_t count, struct slice name,
                     bool nocase)
{
    for (size_t i = 0; i < count; i++) {
        struct slice other = slice_of(names[i]);
        if (nocase ? slice_equal_nocase(other, name) : slice_equal(other, name))
            return true;
    }
    return false;
}

char *unique_name(char *const *taken, size_t count, struct slice wanted,
                  size_t max, bool nocase)
{
    char suffix[24] = "";
    char *name = malloc(max + 1);
    if (!name)
        return NULL;
    for (unsigned turn = 2;; turn++) {
        size_t tail = strlen(suffix);
        size_t head = utf8_prefix(wanted, max - tail);
        memcpy(name, wanted.ptr, head);
        memcpy(name + head, suffix, tail + 1);
        if (!is_taken(taken, count, slice_of(name), nocase))
            return name;
        snprintf(suffix, sizeof(suffix), "_%u", turn);
    }
}

char **column_names(const struct table *table, size_t max, bool nocase)
{
    char **names = calloc(table->count > 0 ? table->count : 1, sizeof(*names));
    if (!names)
        return NULL;
    for (size_t i = 0; i < table->count; i++) {
        char unnamed[32];
        struct slice wanted = slice_of(table->columns[i].name);
        if (wanted.len == 0) {
            snprintf(unnamed, sizeof(unnamed), "column_%zu", i + 1);
            wanted = slice_of(unnamed);
        }
        names[i] = unique_name(names, i, wanted, max, nocase);
        if (!names[i]) {
            column_names_free(names, i);
            return NULL;
        }
    }
    return names;
}

void column_names_free(char **names, size_t count)
{
    if (!names)
        return;
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}
