/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping.c: headers meet columns.
 *
 * While a mapping is built, sheet_column.field is an index into the table's
 * columns; plan_make, the last step, turns it into one into the plan.
 */
#include "shape/mapping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shape/celltext.h"
#include "shape/identifier.h"
#include "sluice_limits.h"

/* Room in a message for a list of names, and for one name. */
#define LIST_MAX  240
#define SHOWN_MAX 60

/* What --map says of a sheet column. */
enum rule { RULE_NONE, RULE_DROP, RULE_COLUMN };

/* What is known of a sheet column while the mapping is made. */
struct draft {
    enum rule rule;
    struct slice wish; /* RULE_COLUMN: the column that --map names */
    const char *name;  /* what a new table would call it */
    char fold[IDENTIFIER_MAX + 1]; /* the header, folded */
};

struct maker {
    struct mapping made;
    struct draft *drafts;     /* made.count of them */
    struct identifier *names; /* as many */
    const struct mapping_options *options;
    struct issue *why;
};

/* Names joined for a message, cut where the room ends. */
struct list {
    char text[LIST_MAX];
    size_t limit; /* of bytes to use, at most LIST_MAX */
    size_t len;
    bool full;
};

static void list_add(struct list *list, const char *name, const char *quote)
{
    struct slice s = slice_of(name);
    size_t len = utf8_prefix(s, SHOWN_MAX);
    const char *comma = list->len > 0 ? ", " : "";

    if (list->full)
        return;
    if (list->len + len + 12 > list->limit) {
        list->full = true;
        snprintf(list->text + list->len, sizeof(list->text) - list->len,
                 ", ...");
        return;
    }
    list->len +=
        (size_t)snprintf(list->text + list->len, sizeof(list->text) - list->len,
                         "%s%s%.*s%s", comma, quote, (int)len, name, quote);
}

static const char *list_headers(const struct maker *m, struct list *list)
{
    *list = (struct list){.limit = LIST_MAX};
    for (uint32_t i = 0; i < m->made.count; i++) {
        if (m->made.columns[i].header[0])
            list_add(list, m->made.columns[i].header, "\"");
    }
    return list->text;
}

static const char *list_columns(const struct table *table, struct list *list)
{
    *list = (struct list){.limit = LIST_MAX};
    for (size_t i = 0; i < table->count; i++) {
        if (!table->columns[i].generated)
            list_add(list, table->columns[i].name, "");
    }
    return list->text;
}

/* As much of a name as a message shows. */
struct shown {
    char text[SHOWN_MAX + 1];
};

static struct shown show_slice(struct slice name)
{
    struct shown shown;
    size_t len = utf8_prefix(name, SHOWN_MAX);

    memcpy(shown.text, name.ptr, len);
    shown.text[len] = '\0';
    return shown;
}

static struct shown show(const char *name)
{
    return show_slice(slice_of(name));
}

static int no_memory(struct issue *why)
{
    return issue_set(why, ISSUE_MEMORY, "out of memory");
}

/* Puts the sheet column into an issue that was just set; returns -1. */
static int at_column(struct maker *m, uint32_t i)
{
    const char *header = m->made.columns[i].header;
    size_t len = utf8_prefix(slice_of(header), sizeof(m->why->header) - 1);

    m->why->column = i + 1;
    memcpy(m->why->header, header, len);
    m->why->header[len] = '\0';
    return -1;
}

void mapping_clear(struct mapping *mapping)
{
    for (uint32_t i = 0; mapping->columns && i < mapping->count; i++)
        free(mapping->columns[i].header);
    free(mapping->columns);
    free(mapping->required);
    free((void *)mapping->plan.columns);
    *mapping = (struct mapping){0};
}

/* Frees what only the making needed. */
static void maker_clear(struct maker *m)
{
    mapping_clear(&m->made);
    free(m->drafts);
    free(m->names);
}

/* --- the header row ------------------------------------------------------- */

/* A header's text; "" for cells that say nothing. */
static struct slice header_text(const struct cell *cell,
                                char room[CELL_TEXT_ROOM])
{
    return slice_trim(cell_text(cell, room));
}

static int check_header_cell(const struct cell *cell, struct issue *why)
{
    char name[9];

    if (cell->kind != CELL_BAD && cell->kind != CELL_ERROR &&
        cell->column >= 1 && cell->column <= LIMIT_SHEET_COLUMNS)
        return 0;
    column_name(cell->column, name);
    issue_set(why, ISSUE_MAPPING, "the header of column %s cannot be read",
              name);
    why->column = cell->column;
    if (cell->kind == CELL_BAD || cell->kind == CELL_ERROR)
        issue_value(why, cell->text);
    return -1;
}

/* Keeps the texts of the headers, up to the last that has any. */
static int read_headers(struct maker *m, const struct cell_row *header)
{
    char room[CELL_TEXT_ROOM];
    uint32_t count = 0;

    for (uint32_t i = 0; i < header->count; i++) {
        if (check_header_cell(&header->cells[i], m->why) < 0)
            return -1;
        if (header_text(&header->cells[i], room).len > 0)
            count = header->cells[i].column;
    }
    if (count == 0)
        return issue_set(m->why, ISSUE_MAPPING, "the header row is empty");
    m->made.columns = calloc(count, sizeof(*m->made.columns));
    m->drafts = calloc(count, sizeof(*m->drafts));
    m->names = calloc(count, sizeof(*m->names));
    if (!m->made.columns || !m->drafts || !m->names)
        return no_memory(m->why);
    m->made.count = count;
    for (uint32_t i = 0; i < header->count; i++) {
        struct slice text = header_text(&header->cells[i], room);
        uint32_t at = header->cells[i].column - 1;

        if (text.len == 0 || m->made.columns[at].header)
            continue;
        m->made.columns[at].header = strndup(text.ptr, text.len);
        if (!m->made.columns[at].header)
            return no_memory(m->why);
        identifier_fold(text, m->drafts[at].fold);
    }
    for (uint32_t i = 0; i < count; i++) {
        m->made.columns[i].field = MAPPING_NO_HEADER;
        if (!m->made.columns[i].header)
            m->made.columns[i].header = strdup("");
        if (!m->made.columns[i].header)
            return no_memory(m->why);
    }
    return 0;
}

/* --- the --map options ---------------------------------------------------- */

/* Gives the rule to every header that matches; how many did. */
static int apply_rule(struct maker *m, struct slice header, struct slice wish,
                      bool (*equal)(struct slice, struct slice))
{
    int found = 0;

    for (uint32_t i = 0; i < m->made.count; i++) {
        struct draft *draft = &m->drafts[i];

        if (!equal(slice_of(m->made.columns[i].header), header))
            continue;
        found++;
        if (draft->rule != RULE_NONE) {
            issue_set(m->why, ISSUE_USAGE,
                      "--map names the header \"%s\" twice",
                      show(m->made.columns[i].header).text);
            return at_column(m, i);
        }
        draft->rule = wish.len > 0 ? RULE_COLUMN : RULE_DROP;
        draft->wish = wish;
        if (draft->rule == RULE_DROP)
            m->made.columns[i].field = MAPPING_DROPPED;
    }
    return found;
}

static int read_rule(struct maker *m, const char *map)
{
    const char *sign = strrchr(map, '=');
    struct slice header;
    struct slice wish;
    struct list list;
    int found;

    if (!sign || utf8_check(slice_of(map)) < strlen(map))
        return issue_set(m->why, ISSUE_USAGE,
                         "--map \"%s\": \"Header=column\" is wanted",
                         show(map).text);
    header = slice_trim((struct slice){map, (size_t)(sign - map)});
    wish = slice_trim(slice_of(sign + 1));
    if (header.len == 0)
        return issue_set(m->why, ISSUE_USAGE, "--map \"%s\" names no header",
                         show(map).text);
    found = apply_rule(m, header, wish, slice_equal);
    if (found == 0)
        found = apply_rule(m, header, wish, slice_equal_nocase);
    if (found != 0)
        return found < 0 ? -1 : 0;
    return issue_set(m->why, ISSUE_MAPPING,
                     "--map \"%s\": there is no such header; there are: %s",
                     show(map).text, list_headers(m, &list));
}

static int read_rules(struct maker *m)
{
    for (size_t i = 0; m->options && i < m->options->map_count; i++) {
        if (read_rule(m, m->options->maps[i]) < 0)
            return -1;
    }
    return 0;
}

/* --- names for a new table ------------------------------------------------ */

/*
 * Names the columns that a new table would have: first those that --map names,
 * as they are, then the others around them. Empty headers count only if
 * `empty_too`.
 */
static int name_columns(struct maker *m, bool empty_too)
{
    size_t count = 0;

    for (int wished = 1; wished >= 0; wished--) {
        for (uint32_t i = 0; i < m->made.count; i++) {
            const char *header = m->made.columns[i].header;
            struct draft *draft = &m->drafts[i];
            struct identifier *own = &m->names[count];
            char fallback[24];

            if (draft->rule == RULE_DROP ||
                (draft->rule == RULE_COLUMN) != wished ||
                (!header[0] && !empty_too))
                continue;
            if (count == LIMIT_TABLE_COLUMNS)
                return issue_set(m->why, ISSUE_LIMIT,
                                 "has more than %u columns, which is the "
                                 "limit of a table",
                                 LIMIT_TABLE_COLUMNS);
            snprintf(fallback, sizeof(fallback), "column_%u", (unsigned)i + 1);
            identifier_make(wished ? draft->wish : slice_of(header), fallback,
                            own);
            if (!wished)
                identifier_unique(m->names, count);
            draft->name = own->name;
            count++;
        }
    }
    return 0;
}

/* --- headers to a table that is there ------------------------------------- */

/* How well a name fits, best first. */
enum fit { FIT_EXACT, FIT_NOCASE, FIT_FOLD, FIT_COUNT };

/* A table with what its names fold to. */
struct target {
    const struct table *table;
    char (*folds)[IDENTIFIER_MAX + 1]; /* table->count of them */
    int32_t *taken; /* by column: the sheet column that fills it, or -1 */
};

static bool fits(const struct target *t, size_t i, enum fit fit,
                 struct slice name, const char *fold)
{
    struct slice own = slice_of(t->table->columns[i].name);

    switch (fit) {
    case FIT_EXACT:
        return slice_equal(own, name);
    case FIT_NOCASE:
        return slice_equal_nocase(own, name);
    default:
        return fold[0] && strcmp(t->folds[i], fold) == 0;
    }
}

#define FIND_NONE      (-1)
#define FIND_AMBIGUOUS (-2)

/* The column that fits best; *other is a second one when it is ambiguous. */
static int32_t find_column(const struct target *t, struct slice name,
                           const char *fold, enum fit worst, int32_t *found)
{
    for (int fit = FIT_EXACT; fit <= (int)worst; fit++) {
        int count = 0;

        for (size_t i = 0; i < t->table->count && count < 2; i++) {
            if (fits(t, i, (enum fit)fit, name, fold))
                found[count++] = (int32_t)i;
        }
        if (count > 0)
            return count == 1 ? found[0] : FIND_AMBIGUOUS;
    }
    return FIND_NONE;
}

static int refuse_ambiguous(struct maker *m, const struct target *t, uint32_t i,
                            const int32_t found[2])
{
    issue_set(m->why, ISSUE_MAPPING,
              "the header \"%s\" may mean \"%s\" or \"%s\"; --map says "
              "which",
              show(m->made.columns[i].header).text,
              show(t->table->columns[found[0]].name).text,
              show(t->table->columns[found[1]].name).text);
    return at_column(m, i);
}

static int refuse_taken(struct maker *m, const struct target *t, uint32_t i,
                        int32_t column)
{
    uint32_t other = (uint32_t)t->taken[column];
    char name[9];
    char other_name[9];

    column_name(i + 1, name);
    column_name(other + 1, other_name);
    issue_set(m->why, ISSUE_MAPPING,
              "the headers \"%s\" (column %s) and \"%s\" (column %s) both "
              "go to the column \"%s\"",
              show(m->made.columns[other].header).text, other_name,
              show(m->made.columns[i].header).text, name,
              show(t->table->columns[column].name).text);
    return at_column(m, i);
}

/* Gives the table's column to sheet column i. */
static int take_column(struct maker *m, struct target *t, uint32_t i,
                       int32_t column)
{
    if (t->taken[column] >= 0)
        return refuse_taken(m, t, i, column);
    if (t->table->columns[column].generated) {
        issue_set(m->why, ISSUE_MAPPING,
                  "the header \"%s\" goes to the column \"%s\", which the "
                  "database generates",
                  show(m->made.columns[i].header).text,
                  show(t->table->columns[column].name).text);
        return at_column(m, i);
    }
    t->taken[column] = (int32_t)i;
    m->made.columns[i].field = column;
    return 0;
}

static int match_rule(struct maker *m, struct target *t, uint32_t i)
{
    struct slice wish = m->drafts[i].wish;
    int32_t found[2];
    int32_t column = find_column(t, wish, "", FIT_NOCASE, found);
    struct list list;

    if (column == FIND_AMBIGUOUS)
        return refuse_ambiguous(m, t, i, found);
    if (column >= 0)
        return take_column(m, t, i, column);
    issue_set(m->why, ISSUE_MAPPING,
              "--map \"%s=%s\": the table has no such column; it has: %s",
              show(m->made.columns[i].header).text, show_slice(wish).text,
              list_columns(t->table, &list));
    return at_column(m, i);
}

/* 0 too when no column is found: all such headers are told at once. */
static int match_header(struct maker *m, struct target *t, uint32_t i)
{
    const char *header = m->made.columns[i].header;
    char fallback[24];
    const char *name = m->drafts[i].name;
    int32_t found[2];
    int32_t column = FIND_NONE;

    if (header[0]) {
        column = find_column(t, slice_of(header), m->drafts[i].fold, FIT_FOLD,
                             found);
    } else {
        snprintf(fallback, sizeof(fallback), "column_%u", (unsigned)i + 1);
        name = fallback;
    }
    if (column == FIND_AMBIGUOUS)
        return refuse_ambiguous(m, t, i, found);
    if (column == FIND_NONE || t->taken[column] >= 0) {
        int32_t again = find_column(t, slice_of(name), "", FIT_EXACT, found);

        if (again >= 0 && t->taken[again] < 0)
            column = again;
    }
    return column >= 0 ? take_column(m, t, i, column) : 0;
}

/* Headers without a column, all in one message; -1 when there are any. */
static int check_unmatched(struct maker *m, const struct table *table)
{
    /* Half of the room, because the columns are to be named as well. */
    struct list missing = {.limit = LIST_MAX / 2};
    struct list columns;
    uint32_t first = 0;
    uint32_t count = 0;

    for (uint32_t i = 0; i < m->made.count; i++) {
        const struct sheet_column *column = &m->made.columns[i];

        if (column->field != MAPPING_NO_HEADER || !column->header[0])
            continue;
        if (count++ == 0)
            first = i;
        list_add(&missing, column->header, "\"");
    }
    if (count == 0)
        return 0;
    issue_set(m->why, ISSUE_MAPPING, "%s %s of the table \"%s\"; it has: %s",
              missing.text, count == 1 ? "is no column" : "are no columns",
              show(table->name ? table->name : "").text,
              list_columns(table, &columns));
    return at_column(m, first);
}

static int check_unfilled(struct maker *m, const struct target *t)
{
    struct list list;

    for (size_t i = 0; i < t->table->count; i++) {
        const struct column *column = &t->table->columns[i];

        if (!column->not_null || column->has_default || column->generated ||
            t->taken[i] >= 0)
            continue;
        return issue_set(m->why, ISSUE_MAPPING,
                         "the column \"%s\" is NOT NULL without a default, "
                         "and no header fills it; there are: %s",
                         show(column->name).text, list_headers(m, &list));
    }
    return 0;
}

static int match_all(struct maker *m, struct target *t)
{
    for (uint32_t i = 0; i < m->made.count; i++) {
        if (m->drafts[i].rule == RULE_COLUMN && match_rule(m, t, i) < 0)
            return -1;
    }
    for (uint32_t i = 0; i < m->made.count; i++) {
        if (m->drafts[i].rule == RULE_NONE && match_header(m, t, i) < 0)
            return -1;
    }
    if (check_unmatched(m, t->table) < 0)
        return -1;
    return check_unfilled(m, t);
}

static int match_table(struct maker *m, const struct table *table)
{
    struct target t = {.table = table};
    int result;

    t.folds = calloc(table->count + 1, sizeof(*t.folds));
    t.taken = calloc(table->count + 1, sizeof(*t.taken));
    if (!t.folds || !t.taken) {
        result = no_memory(m->why);
    } else {
        for (size_t i = 0; i < table->count; i++) {
            identifier_fold(slice_of(table->columns[i].name), t.folds[i]);
            t.taken[i] = -1;
        }
        result = match_all(m, &t);
    }
    free(t.folds);
    free(t.taken);
    return result;
}

/* --- the plan ------------------------------------------------------------- */

/* Turns columns of the table into fields of the plan, left to right. */
static int make_plan(struct maker *m, const struct table *table)
{
    struct mapping *made = &m->made;
    uint32_t *fields = calloc(made->count, sizeof(*fields));
    bool preset = m->options && m->options->preset;
    size_t count = 0;

    made->plan.columns = fields;
    made->required = calloc(made->count, sizeof(*made->required));
    if (!fields || !made->required)
        return no_memory(m->why);
    for (uint32_t i = 0; i < made->count; i++) {
        int32_t column = made->columns[i].field;

        if (column < 0)
            continue;
        fields[count] = (uint32_t)column;
        made->required[count] = table->columns[column].not_null;
        if (preset || (table->columns[column].not_null &&
                       !table->columns[column].has_default))
            made->needed = i + 1;
        made->columns[i].field = (int32_t)count++;
    }
    if (count == 0)
        return issue_set(m->why, ISSUE_MAPPING,
                         "no header is left that fills a column");
    made->plan.table = table;
    made->plan.count = count;
    return 0;
}

int mapping_make(struct mapping *mapping, const struct cell_row *header,
                 const struct table *table,
                 const struct mapping_options *options, struct issue *why)
{
    struct maker m = {.options = options, .why = why};
    int result = -1;

    if (read_headers(&m, header) < 0 || read_rules(&m) < 0 ||
        name_columns(&m, false) < 0 || match_table(&m, table) < 0 ||
        make_plan(&m, table) < 0)
        goto out;
    *mapping = m.made;
    m.made = (struct mapping){0};
    result = 0;
out:
    maker_clear(&m);
    return result;
}

/* --- a new table ---------------------------------------------------------- */

/* The column's name is what --map says, or what name_columns found. */
static int add_column(struct maker *m, struct table *table, uint32_t i)
{
    const struct draft *draft = &m->drafts[i];
    struct slice name =
        draft->rule == RULE_COLUMN ? draft->wish : slice_of(draft->name);
    int other =
        draft->rule == RULE_COLUMN ? table_find_column(table, name) : -1;
    struct column *column;

    if (other >= 0 || name.len > IDENTIFIER_MAX) {
        issue_set(m->why, ISSUE_MAPPING,
                  other >= 0 ? "two columns would be named \"%s\""
                             : "the column name \"%s\" is too long",
                  show_slice(name).text);
        return at_column(m, i);
    }
    column = table_add_column(table, name);
    if (!column)
        return no_memory(m->why);
    column->type = COLUMN_TEXT;
    m->made.columns[i].field = (int32_t)(table->count - 1);
    return 0;
}

static int add_columns(struct maker *m, struct table *table)
{
    for (uint32_t i = 0; i < m->made.count; i++) {
        if (m->drafts[i].rule != RULE_DROP && add_column(m, table, i) < 0)
            return -1;
    }
    return 0;
}

int mapping_make_table(struct mapping *mapping, struct table *table,
                       const char *name, const struct cell_row *header,
                       const struct mapping_options *options, struct issue *why)
{
    struct maker m = {.options = options, .why = why};
    struct table made = {.name = strdup(name)};
    int result = -1;

    if (!made.name) {
        no_memory(why);
        goto out;
    }
    if (read_headers(&m, header) < 0 || read_rules(&m) < 0 ||
        name_columns(&m, true) < 0 || add_columns(&m, &made) < 0 ||
        make_plan(&m, &made) < 0)
        goto out;
    *table = made;
    *mapping = m.made;
    mapping->plan.table = table;
    made = (struct table){0};
    m.made = (struct mapping){0};
    result = 0;
out:
    table_clear(&made);
    maker_clear(&m);
    return result;
}
