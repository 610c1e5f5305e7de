/* SPDX-License-Identifier: Apache-2.0 */
/* choose.c: a sheet by name, by number, or the first with something in it. */
#include "read/choose.h"

/* 1 when the sheet has a row at all, 0 when not, -1 with *why. */
static int has_rows(struct workbook *book, size_t index, struct issue *why)
{
    struct sheet *sheet;
    struct cell_row row;
    if (sheet_open(&sheet, book, index, why) < 0)
        return -1;
    int got = sheet_next(sheet, &row, why);
    sheet_close(sheet);
    return got;
}

static int choose_first(struct workbook *book, size_t *index, struct issue *why)
{
    size_t count = workbook_sheet_count(book);
    for (size_t i = 0; i < count; i++) {
        if (workbook_sheet_visibility(book, i) != SHEET_VISIBLE)
            continue;
        int has = has_rows(book, i, why);
        if (has < 0)
            return -1;
        if (has > 0) {
            *index = i;
            return 0;
        }
    }
    return issue_set(why, ISSUE_NOT_FOUND,
                     "no visible sheet holds anything; --sheet NAME chooses a "
                     "hidden one");
}

int choose_sheet(struct workbook *book, const char *wish, size_t *index,
                 struct issue *why)
{
    int64_t number;
    if (!wish)
        return choose_first(book, index, why);
    if (workbook_find_sheet(book, wish, index, why) == 0)
        return 0;
    if (!integer_from_text(slice_of(wish), &number) || number < 1 ||
        (uint64_t)number > workbook_sheet_count(book))
        return -1;
    *index = (size_t)number - 1;
    return 0;
}
