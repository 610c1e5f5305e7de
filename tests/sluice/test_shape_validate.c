/* SPDX-License-Identifier: Apache-2.0 */
/* test_shape_validate.c: whole rows, and which problem rejects them. */
#include "check.h"

#include "shape/validate.h"
#include "shape_cells.h"

/*
 * The sheet:  A Name  B (no header)  C Age  D Note (dropped)  E Born  F Done
 * The table:  name text NOT NULL, age integer, born date NOT NULL with default,
 *             done boolean
 */
struct fixture {
    struct table table;
    struct mapping mapping;
    struct shape shape;
    struct arena arena;
    struct row out;
    struct issue why;
};

static void set_up(struct fixture *f, bool preset)
{
    static const char *const names[] = {"done", "born", "age", "name"};
    static const enum column_type types[] = {COLUMN_BOOLEAN, COLUMN_DATE,
                                             COLUMN_INTEGER, COLUMN_TEXT};
    struct mapping_options options = {
        .maps = (const char *[]){"Note="}, .map_count = 1, .preset = preset};
    struct text_row header;

    *f = (struct fixture){0};
    for (size_t i = 0; i < 4; i++) {
        struct column *column = table_add_column(&f->table, slice_of(names[i]));

        column->type = types[i];
        column->size = 8;
        column->not_null = i % 2 == 1;
        column->has_default = i == 1;
    }
    CHECK_EQ_INT(mapping_make(&f->mapping,
                              TEXT_ROW(&header, 1, "Name", "", "Age", "Note",
                                       "Born", "Done"),
                              &f->table, &options, &f->why),
                 0);
    f->shape = (struct shape){&f->mapping, "List"};
    arena_init(&f->arena);
}

static void tear_down(struct fixture *f)
{
    arena_clear(&f->arena);
    mapping_clear(&f->mapping);
    table_clear(&f->table);
}

static int convert(struct fixture *f, const struct cell_row *row)
{
    return convert_row(&f->shape, row, &f->arena, &f->out, &f->why);
}

static void check_rejected(struct fixture *f, const struct cell_row *row,
                           enum issue_code code, uint32_t column,
                           const char *text)
{
    struct row before = f->out;

    if (!CHECK_EQ_INT(convert(f, row), -1))
        return;
    CHECK_EQ_STR(issue_code_name(f->why.code), issue_code_name(code));
    CHECK_EQ_INT(f->why.column, column);
    CHECK_EQ_INT(f->why.row, row->number);
    CHECK_EQ_STR(f->why.sheet, "List");
    if (text)
        CHECK_EQ_STR(f->why.text, text);
    CHECK(f->out.values == before.values && f->out.number == before.number);
}

static void values_come_in_the_order_of_the_plan(void)
{
    struct fixture f;
    struct cell cells[] = {text_cell(1, "Ann"), number_cell(3, 40),
                           text_cell(4, "ignored"), datetime_cell(5, 86400000),
                           bool_cell(6, true)};
    struct cell_row row = row_of(7, cells, 5);

    set_up(&f, false);
    if (CHECK_EQ_INT(convert(&f, &row), 0)) {
        CHECK_EQ_INT(f.out.number, 7);
        CHECK_EQ_INT(f.mapping.plan.columns[0], 3);
        CHECK(slice_equal(f.out.values[0].text, SLICE("Ann")));
        CHECK_EQ_INT(f.out.values[1].integer, 40);
        CHECK_EQ_INT(f.out.values[2].kind, VALUE_DATE);
        CHECK_EQ_INT(f.out.values[2].integer, 1);
        CHECK(f.out.values[3].truth);
    }
    tear_down(&f);
}

static void gaps_are_null(void)
{
    struct fixture f;
    struct cell cells[] = {text_cell(1, "Ann"), text_cell(3, " "),
                           datetime_cell(5, 0)};
    struct cell_row row = row_of(2, cells, 3);

    set_up(&f, false);
    if (CHECK_EQ_INT(convert(&f, &row), 0)) {
        CHECK_EQ_INT(f.out.values[1].kind, VALUE_NULL);
        CHECK_EQ_INT(f.out.values[3].kind, VALUE_NULL);
    }
    tear_down(&f);
}

static void a_short_row_has_too_few_columns(void)
{
    struct fixture f;
    struct cell cells[] = {text_cell(1, "Ann"), datetime_cell(5, 0)};
    struct cell_row row = row_of(9, cells, 2);
    struct cell_row empty = {.number = 9};

    /* Only the last NOT NULL column without default counts: A. */
    set_up(&f, false);
    CHECK_EQ_INT(convert(&f, &row), 0);
    check_rejected(&f, &empty, ISSUE_TOO_FEW_COLUMNS, 0,
                   "has 0 columns, 1 is needed");
    row.count = 1;
    row.last = 1;
    check_rejected(&f, &row, ISSUE_REQUIRED, 5, NULL);
    tear_down(&f);

    set_up(&f, true);
    check_rejected(&f, &row, ISSUE_TOO_FEW_COLUMNS, 0,
                   "has 1 column, 6 are needed");
    row.count = 2;
    row.last = 5;
    check_rejected(&f, &row, ISSUE_TOO_FEW_COLUMNS, 0,
                   "has 5 columns, 6 are needed");
    row.last = 6; /* an empty cell with a style is there */
    CHECK_EQ_INT(convert(&f, &row), 0);
    tear_down(&f);
}

static void too_few_columns_come_first_but_behind_a_lost_cell(void)
{
    struct fixture f;
    struct cell cells[] = {error_cell(1, "#N/A"),
                           bad_cell(3, ISSUE_BAD_NUMBER, "x"),
                           bad_cell(16385, ISSUE_BAD_REFERENCE, "1")};
    struct cell_row row = row_of(3, cells, 3);

    set_up(&f, true);
    row.last = 3;
    check_rejected(&f, &row, ISSUE_BAD_REFERENCE, 16385, NULL);
    row.count = 2;
    check_rejected(&f, &row, ISSUE_TOO_FEW_COLUMNS, 0, NULL);
    row.last = 6;
    check_rejected(&f, &row, ISSUE_ERROR_VALUE, 1, NULL);
    CHECK_EQ_STR(f.why.header, "Name");
    CHECK_EQ_STR(f.why.value, "#N/A");
    tear_down(&f);
}

static void values_without_a_header_are_extra(void)
{
    struct fixture f;
    struct cell cells[] = {text_cell(1, "Ann"), number_cell(2, 7),
                           datetime_cell(5, 0), text_cell(12, "left over")};
    struct cell_row row = row_of(4, cells, 4);

    set_up(&f, false);
    check_rejected(&f, &row, ISSUE_EXTRA_VALUE, 2,
                   "value in column B, which has no header");
    CHECK_EQ_STR(f.why.value, "7");
    cells[1] = text_cell(2, "");
    check_rejected(&f, &row, ISSUE_EXTRA_VALUE, 12,
                   "value in column L, which has no header");
    CHECK_EQ_STR(f.why.value, "left over");
    CHECK_EQ_STR(f.why.header, "");
    cells[3].text.len = 0;
    CHECK_EQ_INT(convert(&f, &row), 0);
    tear_down(&f);
}

static void required_values_must_be_there(void)
{
    struct fixture f;
    struct cell cells[] = {text_cell(1, ""), datetime_cell(5, 0),
                           bool_cell(6, true)};
    struct cell_row row = row_of(5, cells, 3);

    set_up(&f, false);
    check_rejected(&f, &row, ISSUE_REQUIRED, 1,
                   "is empty, but \"name\" is NOT NULL");
    CHECK_EQ_STR(f.why.header, "Name");
    cells[0].lasting = true;
    check_rejected(&f, &row, ISSUE_REQUIRED, 1, NULL);
    cells[0] = number_cell(3, 1);
    check_rejected(&f, &row, ISSUE_REQUIRED, 1, NULL);
    /* NOT NULL with a default: an empty cell would be sent as NULL. */
    cells[0] = text_cell(1, "Ann");
    cells[1] = text_cell(5, "  ");
    check_rejected(&f, &row, ISSUE_REQUIRED, 5, NULL);
    cells[1] = number_cell(3, 1);
    check_rejected(&f, &row, ISSUE_REQUIRED, 5, NULL);
    row.count = 2;
    check_rejected(&f, &row, ISSUE_REQUIRED, 5, NULL);
    tear_down(&f);
}

static void the_first_problem_from_the_left_counts(void)
{
    struct fixture f;
    struct cell cells[] = {text_cell(1, "Ann"), text_cell(3, "old"),
                           text_cell(5, "soon"), text_cell(6, "maybe")};
    struct cell_row row = row_of(6, cells, 4);

    set_up(&f, false);
    check_rejected(&f, &row, ISSUE_CONVERT, 3, "is not a whole number");
    CHECK_EQ_STR(f.why.header, "Age");
    CHECK_EQ_STR(f.why.value, "old");
    cells[1] = number_cell(3, 3);
    check_rejected(&f, &row, ISSUE_CONVERT, 5, NULL);
    cells[2] = datetime_cell(5, 0);
    check_rejected(&f, &row, ISSUE_CONVERT, 6, NULL);
    cells[3] = bool_cell(6, true);
    CHECK_EQ_INT(convert(&f, &row), 0);
    tear_down(&f);
}

static void bad_cells_reject_wherever_they_stand(void)
{
    static const uint32_t places[] = {0, 1, 2, 4, 12};
    struct fixture f;

    set_up(&f, false);
    f.mapping.required[2] = false; /* so that column E may be left out */
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct cell cell = bad_cell(places[i], ISSUE_STRING_INDEX, "99");
        struct cell cells[] = {text_cell(1, "Ann"), cell};
        struct cell_row row = row_of(2, cells, 2);

        if (places[i] <= 1) {
            row.cells++;
            row.count = 1;
        }
        row.last = 12;
        check_rejected(&f, &row, ISSUE_STRING_INDEX, places[i],
                       "shared-string index out of range");
    }
    tear_down(&f);
}

static void dropped_columns_are_not_looked_at(void)
{
    struct fixture f;
    struct cell cells[] = {text_cell(1, "Ann"), error_cell(4, "#REF!"),
                           datetime_cell(5, 0)};
    struct cell_row row = row_of(2, cells, 3);

    set_up(&f, false);
    CHECK_EQ_INT(convert(&f, &row), 0);
    tear_down(&f);
}

static void cells_out_of_order_are_not_believed(void)
{
    struct fixture f;
    struct cell cells[] = {text_cell(1, "Ann"), datetime_cell(5, 0),
                           number_cell(3, 1)};
    struct cell_row row = row_of(2, cells, 3);

    set_up(&f, false);
    row.last = 6;
    check_rejected(&f, &row, ISSUE_DUPLICATE_CELL, 3, NULL);
    cells[2] = number_cell(5, 1);
    check_rejected(&f, &row, ISSUE_DUPLICATE_CELL, 5, NULL);
    tear_down(&f);
}

CHECK_MAIN(values_come_in_the_order_of_the_plan, gaps_are_null,
           a_short_row_has_too_few_columns,
           too_few_columns_come_first_but_behind_a_lost_cell,
           values_without_a_header_are_extra, required_values_must_be_there,
           the_first_problem_from_the_left_counts,
           bad_cells_reject_wherever_they_stand,
           dropped_columns_are_not_looked_at,
           cells_out_of_order_are_not_believed)
