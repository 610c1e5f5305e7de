/* SPDX-License-Identifier: Apache-2.0 */
/* cells.c: writes cells in their normal form. */
#include "report/cells.h"

static void put_text(FILE *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '\\':
            fputs("\\\\", out);
            break;
        case '\t':
            fputs("\\t", out);
            break;
        case '\n':
            fputs("\\n", out);
            break;
        case '\r':
            fputs("\\r", out);
            break;
        default:
            putc(text.ptr[i], out);
        }
    }
}

static void put_cell(FILE *out, const struct cell *cell)
{
    char text[NUMBER_TEXT_MAX + DATE_TEXT_MAX];
    size_t len = 0;

    switch ((enum cell_kind)cell->kind) {
    case CELL_TEXT:
        fputs("s\t", out);
        put_text(out, cell->text);
        return;
    case CELL_ERROR:
        fputs("e\t", out);
        put_text(out, cell->text);
        return;
    case CELL_BAD:
        fprintf(out, "x\t%s ", issue_code_name((enum issue_code)cell->bad));
        put_text(out, cell->text);
        return;
    case CELL_BOOL:
        fputs(cell->truth ? "b\ttrue" : "b\tfalse", out);
        return;
    case CELL_NUMBER:
        fputs("n\t", out);
        len = number_to_text(cell->number, text);
        break;
    case CELL_DATETIME:
        fputs("d\t", out);
        len = datetime_to_text(cell->ms, text);
        break;
    case CELL_TIME:
        fputs("t\t", out);
        len = duration_to_text(cell->ms, text);
        break;
    }
    fwrite(text, 1, len, out);
}

static void put_row(FILE *out, const struct cell_row *row)
{
    for (uint32_t i = 0; i < row->count; i++) {
        fprintf(out, "%llu\t%u\t", (unsigned long long)row->number,
                row->cells[i].column);
        put_cell(out, &row->cells[i]);
        putc('\n', out);
    }
}

static int write_sheet(FILE *out, struct workbook *book, size_t index,
                       struct issue *why)
{
    struct sheet *sheet;
    struct cell_row row;
    int got;

    fprintf(out, "#sheet\t%zu\t", index);
    put_text(out, slice_of(workbook_sheet_name(book, index)));
    putc('\n', out);
    if (sheet_open(&sheet, book, index, why) < 0)
        return -1;
    do {
        got = sheet_next(sheet, &row, why);
        if (got > 0)
            put_row(out, &row);
    } while (got > 0);
    sheet_close(sheet);
    return got;
}

int cells_write(FILE *out, struct workbook *book, struct issue *why)
{
    size_t count = workbook_sheet_count(book);

    for (size_t i = 0; i < count; i++) {
        if (write_sheet(out, book, i, why) < 0)
            return -1;
    }
    if (fflush(out) != 0 || ferror(out))
        return issue_set(why, ISSUE_IO, "cells cannot be written");
    return 0;
}
