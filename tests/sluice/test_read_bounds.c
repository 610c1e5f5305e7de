/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_read_bounds.c: whoever reads a workbook can call it off, and bound what
 * of it stands in memory. $WORKBOOK is one with shared strings.
 */
#include "check.h"

#include <stdlib.h>

#include "read/read.h"

static unsigned allowed; /* questions that are answered with yes */
static unsigned asked;

static bool go_on(void *arg)
{
    (void)arg;
    return asked++ < allowed;
}

/* Rows that are read until it ends; *why says how. */
static unsigned read_all(const struct read_bounds *bounds, struct issue *why)
{
    const struct read_options options = {.bounds = bounds};
    struct workbook *book;
    struct sheet *sheet;
    struct cell_row row;
    const char *path = getenv("WORKBOOK");
    unsigned rows = 0;
    *why = (struct issue){0};
    asked = 0;
    if (workbook_open(&book, path ? path : "", &options, why) < 0)
        return 0;
    if (sheet_open(&sheet, book, 0, why) == 0) {
        while (sheet_next(sheet, &row, why) > 0)
            rows++;
        sheet_close(sheet);
    }
    workbook_free(book);
    return rows;
}

static void any_window_can_be_the_last(void)
{
    const struct read_bounds bounds = {.go_on = go_on};
    struct issue why;
    allowed = UINT32_MAX;
    unsigned rows = read_all(&bounds, &why);
    unsigned questions = asked;
    CHECK_EQ_INT(why.code, ISSUE_NONE);
    CHECK(rows > 1000);
    CHECK(questions > 10);
    for (allowed = 0; allowed < questions; allowed += 1 + allowed / 2) {
        CHECK(read_all(&bounds, &why) <= rows);
        CHECK_MSG(why.code == ISSUE_CANCELED, "after %u: %s", allowed,
                  why.text);
        CHECK_EQ_INT(asked, allowed + 1);
    }
}

static void shared_strings_are_bounded(void)
{
    struct read_bounds bounds = {.strings_bytes = 1000};
    struct issue why;
    CHECK_EQ_INT(read_all(&bounds, &why), 0);
    CHECK_EQ_INT(why.code, ISSUE_LIMIT);
    bounds.strings_bytes = 64 << 20;
    CHECK(read_all(&bounds, &why) > 1000);
    CHECK_EQ_INT(why.code, ISSUE_NONE);
}

CHECK_MAIN(any_window_can_be_the_last, shared_strings_are_bounded)
