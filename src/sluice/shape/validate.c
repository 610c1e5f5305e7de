/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate.c: rows, checked and converted.
 *
 * Cells and fields both run from left to right, so one walk over the sheet's
 * columns meets every value and every gap once.
 */
#include "shape/validate.h"

#include <string.h>

#include "shape/celltext.h"
#include "shape/convert.h"

/* One row under way. */
struct walk {
    const struct mapping *mapping;
    const struct cell_row *row;
    struct arena *arena;
    struct value *values; /* by field */
    struct issue *why;
};

/* Puts row, sheet and header into an issue that was just set. */
static int at_place(const struct shape *shape, uint64_t row, struct issue *why)
{
    const struct mapping *mapping = shape->mapping;
    const char *header = "";
    const char *sheet = shape->sheet ? shape->sheet : "";
    size_t len;

    if (!issue_is_row(why->code))
        return -1;
    why->row = row;
    if (why->column >= 1 && why->column <= mapping->count)
        header = mapping->columns[why->column - 1].header;
    len = utf8_prefix(slice_of(header), sizeof(why->header) - 1);
    memcpy(why->header, header, len);
    why->header[len] = '\0';
    len = utf8_prefix(slice_of(sheet), sizeof(why->sheet) - 1);
    memcpy(why->sheet, sheet, len);
    why->sheet[len] = '\0';
    return -1;
}

static int refuse_short(const struct walk *w)
{
    uint32_t last = w->row->last;
    uint32_t needed = w->mapping->needed;
    struct value none;

    for (uint32_t i = 0; i < w->row->count; i++) {
        const struct cell *cell = &w->row->cells[i];

        if (cell->kind == CELL_BAD && cell->bad == ISSUE_BAD_REFERENCE)
            return convert_cell(&(struct column){0}, cell, w->arena, &none,
                                w->why);
    }
    return issue_set(w->why, ISSUE_TOO_FEW_COLUMNS,
                     "has %u column%s, %u %s needed", (unsigned)last,
                     last == 1 ? "" : "s", (unsigned)needed,
                     needed == 1 ? "is" : "are");
}

/* NULL in the field of a sheet column. */
static int put_null(const struct walk *w, uint32_t column, int32_t field)
{
    const struct load_plan *plan = &w->mapping->plan;

    w->values[field] = (struct value){.kind = VALUE_NULL};
    if (!w->mapping->required[field])
        return 0;
    issue_set(w->why, ISSUE_REQUIRED, "is empty, but \"%s\" is NOT NULL",
              plan->table->columns[plan->columns[field]].name);
    w->why->column = column;
    return -1;
}

/*
 * Readers give cells in order (cell.h). A cell out of it would leave a value
 * unset, so the row is not believed.
 */
static int refuse_order(const struct walk *w, const struct cell *cell)
{
    issue_set(w->why, ISSUE_DUPLICATE_CELL, "cells are not in order");
    w->why->column = cell->column;
    return -1;
}

/* The sheet columns from..to - 1 hold nothing. */
static int put_gap(const struct walk *w, uint32_t from, uint32_t to)
{
    if (to > w->mapping->count + 1)
        to = w->mapping->count + 1;
    for (uint32_t column = from; column < to; column++) {
        int32_t field = w->mapping->columns[column - 1].field;

        if (field >= 0 && put_null(w, column, field) < 0)
            return -1;
    }
    return 0;
}

/* A cell in a column that fills nothing. */
static int put_aside(const struct walk *w, const struct cell *cell,
                     int32_t field)
{
    char room[CELL_TEXT_ROOM];
    char name[9];
    struct value none;

    if (cell->kind == CELL_BAD)
        return convert_cell(&(struct column){0}, cell, w->arena, &none, w->why);
    if (field == MAPPING_DROPPED ||
        (cell->kind == CELL_TEXT && cell->text.len == 0))
        return 0;
    column_name(cell->column, name);
    issue_set(w->why, ISSUE_EXTRA_VALUE,
              "value in column %s, which has no header", name);
    w->why->column = cell->column;
    issue_value(w->why, cell_text(cell, room));
    return -1;
}

static int put_value(const struct walk *w, const struct cell *cell,
                     int32_t field)
{
    const struct load_plan *plan = &w->mapping->plan;
    const struct column *column = &plan->table->columns[plan->columns[field]];
    struct value *out = &w->values[field];

    /* What most cells are: shared strings for a text column of any length. */
    if (cell->kind == CELL_TEXT && cell->lasting && cell->text.len > 0 &&
        column->type == COLUMN_TEXT && column->max_chars == 0) {
        *out = (struct value){.kind = VALUE_TEXT, .text = cell->text};
        return 0;
    }
    if (convert_cell(column, cell, w->arena, out, w->why) < 0)
        return -1;
    return out->kind == VALUE_NULL ? put_null(w, cell->column, field) : 0;
}

static int put_row(const struct walk *w)
{
    uint32_t next = 1; /* the first sheet column that is not looked at yet */

    if (w->row->last < w->mapping->needed)
        return refuse_short(w);
    for (uint32_t i = 0; i < w->row->count; i++) {
        const struct cell *cell = &w->row->cells[i];
        int32_t field = MAPPING_NO_HEADER;

        if (cell->column < next && cell->kind != CELL_BAD)
            return refuse_order(w, cell);
        if (cell->column > next && put_gap(w, next, cell->column) < 0)
            return -1;
        next = cell->column + 1;
        if (cell->column >= 1 && cell->column <= w->mapping->count)
            field = w->mapping->columns[cell->column - 1].field;
        if (field >= 0 ? put_value(w, cell, field) < 0
                       : put_aside(w, cell, field) < 0)
            return -1;
    }
    return put_gap(w, next, w->mapping->count + 1);
}

int convert_row(const struct shape *shape, const struct cell_row *row,
                struct arena *arena, struct row *out, struct issue *why)
{
    struct walk w = {shape->mapping, row, arena, NULL, why};

    w.values =
        arena_alloc(arena, shape->mapping->plan.count * sizeof(*w.values));
    if (!w.values)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    if (put_row(&w) < 0)
        return at_place(shape, row->number, why);
    out->number = row->number;
    out->values = w.values;
    return 0;
}
