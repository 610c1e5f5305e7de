/* SPDX-License-Identifier: Apache-2.0 */
/* test_shape_mapping.c: which header fills which column, or none. */
#include "check.h"

#include <stdlib.h>

#include "shape/mapping.h"
#include "shape_cells.h"
#include "sluice_limits.h"

#define CONTAINS(text, part)                                            \
    CHECK_MSG(strstr((text), (part)), "\"%s\" does not contain \"%s\"", \
              (text), (part))

/* A table of the named columns; '!' in front: NOT NULL. */
static struct table table_of(const char *const *names, size_t count)
{
    struct table table = {.name = strdup("t")};

    for (size_t i = 0; i < count; i++) {
        bool not_null = names[i][0] == '!';
        struct column *column =
            table_add_column(&table, slice_of(names[i] + not_null));

        column->not_null = not_null;
    }
    return table;
}

#define TABLE(...)                          \
    table_of((const char *[]){__VA_ARGS__}, \
             sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *))

#define OPTIONS(...)                                                       \
    (&(struct mapping_options){.maps = (const char *[]){__VA_ARGS__},      \
                               .map_count =                                \
                                   sizeof((const char *[]){__VA_ARGS__}) / \
                                   sizeof(const char *)})

/* The name of the column that sheet column c fills; "-" and "x" if none. */
static const char *filled(const struct mapping *m, uint32_t c)
{
    int32_t field = c <= m->count ? m->columns[c - 1].field : -1;

    if (field == MAPPING_NO_HEADER)
        return "-";
    if (field == MAPPING_DROPPED)
        return "x";
    return m->plan.table->columns[m->plan.columns[field]].name;
}

/* Makes a mapping that must be refused; the message is in *why. */
static void refuse(const struct cell_row *header, const struct table *table,
                   const struct mapping_options *options, enum issue_code code,
                   struct issue *why)
{
    struct mapping m = {.count = 77};

    if (!CHECK_EQ_INT(mapping_make(&m, header, table, options, why), -1)) {
        mapping_clear(&m);
        return;
    }
    CHECK_MSG(why->code == code, "code is %s: %s", issue_code_name(why->code),
              why->text);
    CHECK_EQ_INT(m.count, 77);
}

static void headers_find_columns_by_ever_looser_names(void)
{
    struct table table = TABLE("id", "Name", "name", "e_mail_address", "CITY");
    struct text_row row;
    struct mapping m;
    struct issue why;

    CHECK_EQ_INT(mapping_make(&m,
                              TEXT_ROW(&row, 1, "city", "name", "Name",
                                       " E-Mail  Address: "),
                              &table, NULL, &why),
                 0);
    CHECK_EQ_STR(filled(&m, 1), "CITY");
    CHECK_EQ_STR(filled(&m, 2), "name");
    CHECK_EQ_STR(filled(&m, 3), "Name");
    CHECK_EQ_STR(filled(&m, 4), "e_mail_address");
    CHECK_EQ_STR(m.columns[3].header, "E-Mail  Address:");
    CHECK_EQ_INT(m.plan.count, 4);
    CHECK_EQ_INT(m.plan.columns[0], 4);
    CHECK_EQ_INT(m.needed, 0);
    mapping_clear(&m);
    table_clear(&table);
}

static void a_name_that_fits_twice_is_refused(void)
{
    struct table table = TABLE("Name", "name");
    struct text_row row;
    struct issue why;

    refuse(TEXT_ROW(&row, 1, "NAME"), &table, NULL, ISSUE_MAPPING, &why);
    CONTAINS(why.text, "\"NAME\" may mean \"Name\" or \"name\"");
    table_clear(&table);
}

static void map_options_come_first(void)
{
    struct table table = TABLE("a", "b", "c");
    struct text_row row;
    struct mapping m;
    struct issue why;

    /* The header "a" goes to b although a column a is there. */
    CHECK_EQ_INT(mapping_make(&m, TEXT_ROW(&row, 1, "a", "Note", "x=y", "c"),
                              &table, OPTIONS("a=b", "NOTE=", "x=y = A"), &why),
                 0);
    CHECK_EQ_STR(filled(&m, 1), "b");
    CHECK_EQ_STR(filled(&m, 2), "x");
    CHECK_EQ_STR(filled(&m, 3), "a");
    CHECK_EQ_STR(filled(&m, 4), "c");
    CHECK_EQ_INT(m.plan.count, 3);
    mapping_clear(&m);
    table_clear(&table);
}

static void map_options_that_name_nothing_are_refused(void)
{
    struct table table = TABLE("a", "b");
    struct text_row row;
    struct issue why;
    const struct cell_row *header = TEXT_ROW(&row, 1, "a", "b");

    refuse(header, &table, OPTIONS("c=a"), ISSUE_MAPPING, &why);
    CONTAINS(why.text, "there is no such header; there are: \"a\", \"b\"");
    refuse(header, &table, OPTIONS("a=z"), ISSUE_MAPPING, &why);
    CONTAINS(why.text, "\"a=z\"");
    CONTAINS(why.text, "it has: a, b");
    CHECK_EQ_INT(why.column, 1);
    CHECK_EQ_STR(why.header, "a");
    refuse(header, &table, OPTIONS("a"), ISSUE_USAGE, &why);
    refuse(header, &table, OPTIONS("=a"), ISSUE_USAGE, &why);
    refuse(header, &table, OPTIONS("a=\xff"), ISSUE_USAGE, &why);
    refuse(header, &table, OPTIONS("a=b", "A=a"), ISSUE_USAGE, &why);
    CONTAINS(why.text, "\"a\" twice");
    refuse(header, &table, OPTIONS("a=", "b="), ISSUE_MAPPING, &why);
    table_clear(&table);
}

static void headers_without_a_column_are_named_together(void)
{
    struct table table = TABLE("name", "city");
    struct text_row row;
    struct issue why;

    table.columns[1].generated = true;
    refuse(TEXT_ROW(&row, 1, "name", "Telefon", "", "Fax"), &table, NULL,
           ISSUE_MAPPING, &why);
    CHECK_EQ_STR(why.text, "\"Telefon\", \"Fax\" are no columns of the table "
                           "\"t\"; it has: name");
    CHECK_EQ_INT(why.column, 2);
    table_clear(&table);
}

static void long_lists_are_cut(void)
{
    struct table table = TABLE("name");
    struct cell cells[400];
    struct cell_row header = row_of(1, cells, 400);
    char long_name[300];
    struct issue why;

    memset(long_name, 'n', sizeof(long_name));
    long_name[299] = '\0';
    for (uint32_t i = 0; i < 400; i++) {
        cells[i] = text_cell(i + 1, long_name);
        table_add_column(&table, SLICE("a_column_of_some_length"));
    }
    header.last = 400;
    refuse(&header, &table, NULL, ISSUE_MAPPING, &why);
    CONTAINS(why.text, "it has: name, a_column");
    CHECK(strlen(why.text) < ISSUE_TEXT_MAX - 1);
    table_clear(&table);
}

static void two_headers_for_one_column_are_refused(void)
{
    struct table table = TABLE("phone", "fax");
    struct text_row row;
    struct issue why;

    refuse(TEXT_ROW(&row, 1, "Phone", "fax", "PHONE"), &table, NULL,
           ISSUE_MAPPING, &why);
    CHECK_EQ_STR(why.text, "the headers \"Phone\" (column A) and \"PHONE\" "
                           "(column C) both go to the column \"phone\"");
    refuse(TEXT_ROW(&row, 1, "phone", "fax"), &table, OPTIONS("fax=phone"),
           ISSUE_MAPPING, &why);
    table_clear(&table);
}

static void required_columns_must_be_filled(void)
{
    struct table table = TABLE("id", "!name", "city");
    struct text_row row;
    struct mapping m;
    struct issue why;

    refuse(TEXT_ROW(&row, 1, "city"), &table, NULL, ISSUE_MAPPING, &why);
    CONTAINS(why.text, "\"name\" is NOT NULL");
    CONTAINS(why.text, "there are: \"city\"");
    refuse(TEXT_ROW(&row, 1, "city", "name"), &table, OPTIONS("name="),
           ISSUE_MAPPING, &why);
    table.columns[1].has_default = true;
    CHECK_EQ_INT(
        mapping_make(&m, TEXT_ROW(&row, 1, "city"), &table, NULL, &why), 0);
    mapping_clear(&m);
    table_clear(&table);
}

static void generated_columns_are_not_filled(void)
{
    struct table table = TABLE("a", "!sum");
    struct text_row row;
    struct mapping m;
    struct issue why;

    table.columns[1].generated = true;
    refuse(TEXT_ROW(&row, 1, "a", "sum"), &table, NULL, ISSUE_MAPPING, &why);
    CONTAINS(why.text, "generates");
    CHECK_EQ_INT(mapping_make(&m, TEXT_ROW(&row, 1, "a", "sum"), &table,
                              OPTIONS("sum="), &why),
                 0);
    mapping_clear(&m);
    table_clear(&table);
}

static void what_a_row_must_reach(void)
{
    struct table table = TABLE("a", "!b", "!c", "d");
    struct mapping_options preset = {.preset = true};
    struct text_row row;
    struct mapping m;
    struct issue why;
    const struct cell_row *header = TEXT_ROW(&row, 1, "a", "b", "c", "d", "e");

    table.columns[2].has_default = true;
    CHECK_EQ_INT(mapping_make(&m, header, &table, OPTIONS("e="), &why), 0);
    CHECK_EQ_INT(m.needed, 2);
    CHECK(!m.required[0] && m.required[1] && m.required[2] && !m.required[3]);
    mapping_clear(&m);
    preset.maps = (const char *[]){"e="};
    preset.map_count = 1;
    CHECK_EQ_INT(mapping_make(&m, header, &table, &preset, &why), 0);
    CHECK_EQ_INT(m.needed, 4);
    mapping_clear(&m);
    table_clear(&table);
}

static void the_preset_takes_its_workbook(void)
{
    struct mapping_options preset = {.preset = true};
    struct table table;
    struct text_row row;
    struct mapping m;
    struct issue why;

    CHECK_EQ_INT(table_preset(&table, "businesses", &why), 0);
    CHECK_EQ_INT(mapping_make(&m,
                              TEXT_ROW(&row, 1, "Name", "Category", "Phone",
                                       "Email", "Address", "City", "Country",
                                       "Website", "Description"),
                              &table, &preset, &why),
                 0);
    CHECK_EQ_INT(m.plan.count, 9);
    CHECK_EQ_INT(m.needed, 9);
    CHECK_EQ_STR(filled(&m, 1), "name");
    CHECK_EQ_STR(filled(&m, 9), "description");
    mapping_clear(&m);
    table_clear(&table);
}

static void headers_that_cannot_be_read_are_refused(void)
{
    struct table table = TABLE("a");
    struct cell cells[] = {text_cell(1, "a"), error_cell(3, "#REF!")};
    struct cell_row header = row_of(1, cells, 2);
    struct issue why;

    refuse(&header, &table, NULL, ISSUE_MAPPING, &why);
    CHECK_EQ_STR(why.text, "the header of column C cannot be read");
    CHECK_EQ_STR(why.value, "#REF!");
    cells[1] = bad_cell(16385, ISSUE_BAD_REFERENCE, "1");
    refuse(&header, &table, NULL, ISSUE_MAPPING, &why);
    header.count = 0;
    refuse(&header, &table, NULL, ISSUE_MAPPING, &why);
    CONTAINS(why.text, "empty");
    cells[0] = text_cell(1, " \t");
    header.count = 1;
    refuse(&header, &table, NULL, ISSUE_MAPPING, &why);
    table_clear(&table);
}

/* Texts, numbers, dates, booleans; a gap; a column dropped. */
static void a_new_table_is_named_after_the_headers(void)
{
    struct cell cells[] = {
        text_cell(1, "Phone"),     text_cell(2, " phone "),
        number_cell(4, 2020),      datetime_cell(5, 0),
        bool_cell(6, true),        text_cell(7, "Note"),
        text_cell(8, "PHONE No."), text_cell(9, "Ort"),
    };
    static const char *const names[] = {"phone", "phone_2",     "column_3",
                                        "_2020", "_1970_01_01", "true",
                                        "x",     "phone_no",    "City"};
    struct cell_row header = row_of(1, cells, 8);
    struct table table = {0};
    struct mapping m;
    struct issue why;

    if (!CHECK_EQ_INT(mapping_make_table(&m, &table, "list", &header,
                                         OPTIONS("Note=", "Ort=City"), &why),
                      0))
        return;
    CHECK_EQ_STR(table.name, "list");
    CHECK_EQ_INT(table.count, 8);
    CHECK(m.plan.table == &table);
    for (uint32_t c = 1; c <= 9; c++)
        CHECK_EQ_STR(filled(&m, c), names[c - 1]);
    CHECK_EQ_INT(table.columns[0].type, COLUMN_TEXT);
    mapping_clear(&m);

    /* The same sheet meets the table that was made from it. */
    CHECK_EQ_INT(
        mapping_make(&m, &header, &table, OPTIONS("Note=", "Ort=City"), &why),
        0);
    for (uint32_t c = 1; c <= 9; c++)
        CHECK_EQ_STR(filled(&m, c), names[c - 1]);
    mapping_clear(&m);
    table_clear(&table);
}

static void names_of_a_new_table_keep_apart(void)
{
    struct table table = {0};
    struct text_row row;
    struct mapping m;
    struct issue why;

    /* What --map names is taken first. */
    CHECK_EQ_INT(mapping_make_table(&m, &table, "t",
                                    TEXT_ROW(&row, 1, "City", "Ort"),
                                    OPTIONS("Ort=CITY"), &why),
                 0);
    CHECK_EQ_STR(filled(&m, 1), "city_2");
    CHECK_EQ_STR(filled(&m, 2), "CITY");
    mapping_clear(&m);
    table_clear(&table);
    CHECK_EQ_INT(mapping_make_table(&m, &table, "t",
                                    TEXT_ROW(&row, 1, "a", "b"),
                                    OPTIONS("a=x", "b=X"), &why),
                 -1);
    CHECK_EQ_INT(why.code, ISSUE_MAPPING);
    CHECK(!table.columns);
}

static void a_table_has_a_limit_of_columns(void)
{
    static struct cell cells[LIMIT_TABLE_COLUMNS + 1];
    struct cell_row header = row_of(1, cells, LIMIT_TABLE_COLUMNS);
    struct table table = {0};
    struct mapping m;
    struct issue why;

    for (uint32_t i = 0; i <= LIMIT_TABLE_COLUMNS; i++)
        cells[i] = text_cell(i + 1, "same");
    CHECK_EQ_INT(mapping_make_table(&m, &table, "t", &header, NULL, &why), 0);
    CHECK_EQ_STR(table.columns[1599].name, "same_1600");
    mapping_clear(&m);
    table_clear(&table);
    header.count++;
    CHECK_EQ_INT(mapping_make_table(&m, &table, "t", &header, NULL, &why), -1);
    CHECK_EQ_INT(why.code, ISSUE_LIMIT);
    /* One header far out: its gap would be columns too. */
    cells[0] = text_cell(LIMIT_SHEET_COLUMNS, "far");
    header.count = 1;
    CHECK_EQ_INT(mapping_make_table(&m, &table, "t", &header, NULL, &why), -1);
    CHECK_EQ_INT(why.code, ISSUE_LIMIT);
}

CHECK_MAIN(headers_find_columns_by_ever_looser_names,
           a_name_that_fits_twice_is_refused, map_options_come_first,
           map_options_that_name_nothing_are_refused,
           headers_without_a_column_are_named_together, long_lists_are_cut,
           two_headers_for_one_column_are_refused,
           required_columns_must_be_filled, generated_columns_are_not_filled,
           what_a_row_must_reach, the_preset_takes_its_workbook,
           headers_that_cannot_be_read_are_refused,
           a_new_table_is_named_after_the_headers,
           names_of_a_new_table_keep_apart, a_table_has_a_limit_of_columns)
