/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c: tables in memory, and the tables that sluice knows by heart.
 */
#include "shape/schema.h"

#include <stdlib.h>
#include <string.h>

void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->columns[i].name);
        free(table->columns[i].db_type);
    }
    free(table->columns);
    free(table->name);
    free(table->sql_name);
    *table = (struct table){0};
}

/* Room doubles at powers of two, so that no capacity need be kept. */
static bool grow(struct table *table)
{
    size_t count = table->count;
    if ((count & (count - 1)) != 0)
        return true;
    size_t room = count > 0 ? count * 2 : 1;
    struct column *columns =
        reallocarray(table->columns, room, sizeof(*columns));
    if (!columns)
        return false;
    table->columns = columns;
    return true;
}

struct column *table_add_column(struct table *table, struct slice name)
{
    char *copy = strndup(name.len > 0 ? name.ptr : "", name.len);
    if (!copy || !grow(table)) {
        free(copy);
        return NULL;
    }
    struct column *column = &table->columns[table->count++];
    *column = (struct column){.name = copy};
    return column;
}

int table_find_column(const struct table *table, struct slice name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (slice_equal(slice_of(table->columns[i].name), name))
            return (int)i;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (slice_equal_nocase(slice_of(table->columns[i].name), name))
            return (int)i;
    }
    return -1;
}

/* A column of a preset; the name stands apart because it is not owned. */
struct preset_column {
    const char *name;
    struct column column;
};

/* The table of the tutorial's model, in the order of its fields. */
static const struct preset_column businesses[] = {
    {"id",
     {.type = COLUMN_INTEGER,
      .size = 8,
      .not_null = true,
      .has_default = true,
      .primary_key = true}},
    {"name", {.type = COLUMN_TEXT, .not_null = true, .indexed = true}},
    {"category", {.type = COLUMN_TEXT, .indexed = true}},
    {"phone", {.type = COLUMN_TEXT}},
    {"email", {.type = COLUMN_TEXT, .indexed = true}},
    {"address", {.type = COLUMN_TEXT}},
    {"city", {.type = COLUMN_TEXT, .indexed = true}},
    {"country", {.type = COLUMN_TEXT, .indexed = true}},
    {"website", {.type = COLUMN_TEXT}},
    {"description", {.type = COLUMN_TEXT}},
    {"created_at", {.type = COLUMN_TIMESTAMPTZ, .has_default = true}},
    {"updated_at", {.type = COLUMN_TIMESTAMPTZ, .has_default = true}},
    {"deleted_at", {.type = COLUMN_TIMESTAMPTZ, .indexed = true}},
};

int table_preset(struct table *table, const char *preset, struct issue *why)
{
    if (strcmp(preset, "businesses") != 0)
        return issue_set(why, ISSUE_USAGE,
                         "there is no preset \"%s\"; there is: businesses",
                         preset);

    struct table made = {.name = strdup(preset)};
    if (!made.name)
        goto no_memory;
    for (size_t i = 0; i < sizeof(businesses) / sizeof(businesses[0]); i++) {
        struct column *column =
            table_add_column(&made, slice_of(businesses[i].name));
        if (!column)
            goto no_memory;
        char *name = column->name;
        *column = businesses[i].column;
        column->name = name;
    }
    *table = made;
    return 0;

no_memory:
    table_clear(&made);
    return issue_set(why, ISSUE_MEMORY, "out of memory");
}
