/* SPDX-License-Identifier: Apache-2.0 */
/* sheet_row.c: gathers the cells of a row. */
#include "read/sheet_row.h"

#include <stdlib.h>

#include "sluice_limits.h"

/* Cells of a row before it is put in order and thinned out. */
#define CELLS_MAX (2 * (size_t)LIMIT_SHEET_COLUMNS)

static int by_column(const void *a, const void *b)
{
    const struct cell *x = *(const struct cell *const *)a;
    const struct cell *y = *(const struct cell *const *)b;

    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return (x > y) - (x < y); /* by address: in the order of the file */
}

/* Which of two cells in one column stays; it is bad. */
static struct cell merge(struct cell first, struct cell second)
{
    if (first.kind == CELL_BAD)
        return first;
    if (second.kind != CELL_BAD)
        value_bad(&second, ISSUE_DUPLICATE_CELL,
                  second.kind == CELL_TEXT || second.kind == CELL_ERROR
                      ? second.text
                      : (struct slice){"", 0});
    return second;
}

int sheet_put_in_order(struct xlsx_sheet *s, struct issue *why)
{
    struct cell **order;
    struct cell *sorted;
    size_t count = 0;

    if (!s->unordered)
        return 0;
    order = malloc(s->count * sizeof(struct cell *));
    sorted = malloc(s->capacity * sizeof(*sorted));
    if (!order || !sorted) {
        free(order);
        free(sorted);
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    }
    for (size_t i = 0; i < s->count; i++)
        order[i] = &s->cells[i];
    qsort(order, s->count, sizeof(struct cell *), by_column);
    for (size_t i = 0; i < s->count; i++) {
        if (count > 0 && sorted[count - 1].column == order[i]->column)
            sorted[count - 1] = merge(sorted[count - 1], *order[i]);
        else
            sorted[count++] = *order[i];
    }
    free(order);
    free(s->cells);
    s->cells = sorted;
    s->count = count;
    s->settled = count < s->settled ? count : s->settled;
    s->unordered = false;
    return 0;
}

/* The text of a cell that is borrowed from the window or scratch, or NULL. */
static struct slice *borrowed_text(struct cell *c)
{
    if (c->lasting ||
        (c->kind != CELL_TEXT && c->kind != CELL_ERROR && c->kind != CELL_BAD))
        return NULL;
    return &c->text;
}

int sheet_settle(struct xlsx_sheet *s, struct issue *why)
{
    for (; s->settled < s->count; s->settled++) {
        struct cell *c = &s->cells[s->settled];
        struct slice *text = borrowed_text(c);

        if (!text)
            continue;
        s->row_bytes += text->len;
        if (s->row_bytes > LIMIT_ROW_BYTES) {
            value_bad(c, ISSUE_TEXT_TOO_LONG, (struct slice){"", 0});
            continue;
        }
        *text = arena_copy(&s->texts, *text);
        if (!text->ptr)
            return issue_set(why, ISSUE_MEMORY, "memory is out");
    }
    return 0;
}

struct cell *sheet_new_cell(struct xlsx_sheet *s, uint32_t column,
                            struct issue *why)
{
    struct cell *larger;

    if (s->count == CELLS_MAX) {
        /* Only repeated columns can come here, so this makes room. */
        if (sheet_settle(s, why) < 0 || sheet_put_in_order(s, why) < 0)
            return NULL;
        s->settled = s->count;
    }
    if (s->count == s->capacity) {
        size_t want = s->capacity ? s->capacity * 2 : 64;

        larger = realloc(s->cells, want * sizeof(*larger));
        if (!larger) {
            issue_set(why, ISSUE_MEMORY, "memory is out");
            return NULL;
        }
        s->cells = larger;
        s->capacity = want;
    }
    if (s->count > 0 && s->cells[s->count - 1].column >= column)
        s->unordered = true;
    s->cells[s->count] = (struct cell){.column = column};
    return &s->cells[s->count];
}
