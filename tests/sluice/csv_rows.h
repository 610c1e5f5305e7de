/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_rows.h: all rows of a text in one line, for the tests of csv.c.
 *
 * A row is "NUMBER/LAST:" and its cells, "COLUMN=TEXT;" or, when something is
 * wrong, "COLUMN!REASON;". Behind the last row comes "end", or the issue:
 * "CODE ROW.COLUMN".
 */
#ifndef CSV_ROWS_H
#define CSV_ROWS_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "read/csv.h"

static char rows_text[4096];

__attribute__((format(printf, 1, 2))) static void rows_add(const char *format,
                                                           ...)
{
    size_t len = strlen(rows_text);
    va_list args;

    va_start(args, format);
    vsnprintf(rows_text + len, sizeof(rows_text) - len, format, args);
    va_end(args);
}

static void rows_add_row(const struct cell_row *row)
{
    rows_add("%llu/%u:", (unsigned long long)row->number, row->last);
    for (uint32_t i = 0; i < row->count; i++) {
        const struct cell *cell = &row->cells[i];

        if (cell->kind == CELL_TEXT)
            rows_add("%u=%.*s;", cell->column, (int)cell->text.len,
                     cell->text.ptr);
        else
            rows_add("%u!%s;", cell->column, issue_code_name(cell->bad));
    }
    rows_add(" ");
}

/* Valid until the next call. */
static const char *rows_of(struct slice bytes, char separator)
{
    struct csv *csv = NULL;
    struct cell_row row;
    struct issue why;
    int got = csv_open(&csv, bytes, separator, &why);

    rows_text[0] = '\0';
    if (got == 0) {
        while ((got = csv_next(csv, &row, &why)) > 0)
            rows_add_row(&row);
    }
    if (got < 0)
        rows_add("%s %llu.%u", issue_code_name(why.code),
                 (unsigned long long)why.row, why.column);
    else
        rows_add("end");
    csv_close(csv);
    return rows_text;
}

#endif
