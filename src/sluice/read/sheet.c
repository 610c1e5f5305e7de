/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet.c: the rows of a worksheet part.
 *
 * Two readers of cells stand side by side. The plain one (sheet_plain.c)
 * matches the shapes in which nearly all cells are written, to the byte, in the
 * scanner's window, and borrows texts from there. This one goes through the
 * scanner's events and understands everything else. Since events may move the
 * window, the borrowed texts of the row are copied before the first event
 * (settle).
 *
 * Where rows and cells are:
 *   - A row without a number follows the last one, or stands where its first
 *     cell with a reference says; a cell without a reference follows the last.
 *   - Rows must ascend. A row number that is none, was there before, or goes
 *     back ends the import: it cannot be told which row is meant, and a later
 *     row of the same number could not be reported apart.
 *   - Cells may stand in any order. A second cell in a column makes that cell
 *     bad (the row is refused, and nothing is chosen silently), as does a
 *     reference that is none, lies beyond the grid, or names another row. A
 *     row beyond the grid has only bad cells.
 *   - Cells without a value are not there, wherever they claim to be, but
 *     count for `last`.
 */
#include "read/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/inflate.h"
#include "read/sheet_plain.h"
#include "read/sheet_row.h"
#include "sluice_limits.h"

/* ---- cells by events ---- */

/* What the tag of a cell says, kept while its content is read. */
struct head {
    uint32_t column;
    enum raw_type type;
    uint64_t style;
    bool bad_reference;
    char reference[24]; /* cut, for the report */
    size_t reference_len;
};

/* Where a cell is; its row may tell where a row without number is. */
static void take_reference(struct xlsx_sheet *s, struct head *h,
                           struct slice text)
{
    uint32_t row;

    h->column = s->column + 1;
    if (!text.ptr) {
        h->bad_reference = h->column > LIMIT_SHEET_COLUMNS || s->beyond;
    } else if (!value_reference(text, &h->column, &row)) {
        h->bad_reference = true;
    } else {
        if (!s->numbered && row > s->last_number)
            s->number = row;
        s->numbered = true;
        h->bad_reference = row != s->number;
    }
    if (h->bad_reference) {
        h->column = s->column < LIMIT_SHEET_COLUMNS ? s->column + 1
                                                    : LIMIT_SHEET_COLUMNS;
        h->reference_len = utf8_prefix(text, sizeof(h->reference));
        if (h->reference_len > 0)
            memcpy(h->reference, text.ptr, h->reference_len);
    } else if (h->column > s->last) {
        s->last = h->column;
    }
    s->column = h->column;
}

static void take_head(struct xlsx_sheet *s, struct head *h)
{
    struct slice style = xml_attribute(&s->xml, SLICE("s"));
    int64_t index = 0;

    *h = (struct head){.type = raw_type_of(xml_attribute(&s->xml, SLICE("t")))};
    take_reference(s, h, xml_attribute(&s->xml, SLICE("r")));
    if (style.ptr && integer_from_text(slice_trim(style), &index))
        h->style = (uint64_t)index;
}

/* Reads the content of a cell into s->text. -1 with *why. */
static int read_content(struct xlsx_sheet *s, struct head *h, struct issue *why)
{
    unsigned depth = s->xml.depth;
    bool inlined = false;

    s->text.len = 0;
    s->text.bad = ISSUE_NONE;
    for (;;) {
        enum xml_event event = xml_next(&s->xml, why);
        int result = 0;

        if (event == XML_ERROR)
            return -1;
        if (event == XML_CLOSE && s->xml.depth < depth)
            return 0;
        if (event != XML_OPEN)
            continue;
        if (xml_is(&s->xml, SLICE("v")) && !inlined) {
            s->text.len = 0;
            result = xml_read_text(&s->xml, &s->text, why);
            strings_finish_text(&s->text, 0);
        } else if (xml_is(&s->xml, SLICE("is")) &&
                   (h->type == RAW_STRING || s->text.len == 0)) {
            s->text.len = 0;
            inlined = true;
            h->type = RAW_STRING;
            result = strings_read_item(&s->xml, &s->text, why);
        } else {
            result = xml_skip(&s->xml, why);
        }
        if (result < 0)
            return -1;
    }
}

/* After XML_OPEN of <c>. */
static int read_cell(struct xlsx_sheet *s, struct issue *why)
{
    struct head h;
    struct slice raw;
    struct cell *cell;

    take_head(s, &h);
    if (read_content(s, &h, why) < 0)
        return -1;
    raw = (struct slice){s->text.bytes, s->text.len};
    if (raw.len == 0 && !s->text.bad)
        return 0;
    cell = sheet_new_cell(s, h.column, why);
    if (!cell)
        return -1;
    if (h.bad_reference)
        value_bad(cell, ISSUE_BAD_REFERENCE,
                  (struct slice){h.reference, h.reference_len});
    else if (s->text.bad)
        value_bad(cell, s->text.bad,
                  (struct slice){raw.ptr, utf8_prefix(raw, ISSUE_VALUE_MAX)});
    else if (!value_set(cell, s->book, h.type, h.style, raw))
        return 0;
    s->count++;
    return sheet_settle(s, why);
}

/* ---- rows ---- */

static int bad_row_number(const struct xlsx_sheet *s, struct slice text,
                          enum issue_code code, const char *what,
                          struct issue *why)
{
    issue_set(why, code, "%s", what);
    why->row = s->last_number;
    issue_value(why, text);
    return -1;
}

/* After XML_OPEN of <row>: finds its number. */
static int begin_row(struct xlsx_sheet *s, struct issue *why)
{
    struct slice text = xml_attribute(&s->xml, SLICE("r"));
    int64_t number;

    s->count = 0;
    s->settled = 0;
    s->row_bytes = 0;
    s->unordered = false;
    s->column = 0;
    s->last = 0;
    arena_reset(&s->texts);
    s->numbered = text.ptr != NULL;
    s->number = s->last_number + 1;
    s->beyond = s->number > LIMIT_SHEET_ROWS;
    s->plain = xml_default_is_main(&s->xml);
    if (!text.ptr)
        return 0;
    if (!integer_from_text(slice_trim(text), &number) || number < 1)
        return bad_row_number(s, text, ISSUE_FORMAT,
                              "is followed by a row whose number is none", why);
    if ((uint64_t)number <= s->last_number)
        return bad_row_number(
            s, text, ISSUE_AMBIGUOUS,
            (uint64_t)number == s->last_number
                ? "is there twice, and it cannot be told which is meant"
                : "is followed by a row that should have come before it; sort "
                  "the rows by saving the file again",
            why);
    s->number = (uint64_t)number;
    s->beyond = s->number > LIMIT_SHEET_ROWS;
    return 0;
}

/* Reads cells until the row has ended. */
static int read_cells(struct xlsx_sheet *s, struct issue *why)
{
    unsigned depth = s->xml.depth;

    for (;;) {
        enum xml_event event;
        int result = 0;

        if (s->plain && sheet_take_plain(s, why) < 0)
            return -1;
        /* "</row>" in the window moves nothing, so nothing is settled for it. */
        if (memcmp(s->xml.pos, "</row>", 6) != 0 && sheet_settle(s, why) < 0)
            return -1;
        event = xml_next(&s->xml, why);
        if (event == XML_ERROR)
            return -1;
        if (event == XML_CLOSE && s->xml.depth < depth)
            return sheet_put_in_order(s, why);
        if (event == XML_OPEN)
            result = xml_is(&s->xml, SLICE("c")) ? read_cell(s, why)
                                                 : xml_skip(&s->xml, why);
        if (result < 0)
            return -1;
    }
}

/* After XML_OPEN of <row>: 1 if it holds cells, 0 if not, -1 with *why. */
static int read_row(struct xlsx_sheet *s, struct issue *why)
{
    if (begin_row(s, why) < 0 || read_cells(s, why) < 0)
        return -1;
    s->last_number = s->number;
    return s->count > 0;
}

/* Inside of <sheetData>: as read_row for the next row, 0 at the end of it. */
static int next_row(struct xlsx_sheet *s, struct issue *why)
{
    for (;;) {
        enum xml_event event = xml_next(&s->xml, why);
        int got = 0;

        if (event == XML_ERROR)
            return -1;
        if (event == XML_CLOSE)
            return 0;
        if (event != XML_OPEN)
            continue;
        got = xml_is(&s->xml, SLICE("row")) ? read_row(s, why)
                                            : xml_skip(&s->xml, why);
        if (got != 0)
            return got;
    }
}

/* Goes to the next <sheetData>. 1, 0 if there is none, -1 with *why. */
static int find_data(struct xlsx_sheet *s, struct issue *why)
{
    for (;;) {
        enum xml_event event = xml_next(&s->xml, why);

        if (event == XML_ERROR)
            return -1;
        if (event == XML_END)
            return 0;
        if (event != XML_OPEN)
            continue;
        if (xml_is(&s->xml, SLICE("sheetData")))
            return 1;
        if (xml_skip(&s->xml, why) < 0)
            return -1;
    }
}

int xlsx_sheet_next(struct xlsx_sheet *s, struct cell_row *row,
                    struct issue *why)
{
    for (;;) {
        int got;

        if (s->ended)
            return 0;
        if (!s->in_data) {
            got = find_data(s, why);
            if (got < 0)
                return -1;
            s->in_data = got == 1;
            s->ended = got == 0;
            continue;
        }
        got = next_row(s, why);
        if (got < 0)
            return -1;
        if (got == 0) {
            s->in_data = false;
            continue;
        }
        *row = (struct cell_row){.number = s->number,
                                 .cells = s->cells,
                                 .count = (uint32_t)s->count,
                                 .last = s->last};
        return 1;
    }
}

/* ---- life ---- */

/* Reads the root element. */
static int read_root(struct xlsx_sheet *s, struct issue *why)
{
    enum xml_event event = xml_next(&s->xml, why);

    if (event == XML_ERROR)
        return -1;
    if (event != XML_OPEN || !xml_is(&s->xml, SLICE("worksheet")))
        return xml_fail(&s->xml, ISSUE_FORMAT, "is not a worksheet", why);
    return 0;
}

int xlsx_sheet_open(struct xlsx_sheet **sheet, const struct xlsx *book,
                    size_t index, struct issue *why)
{
    const struct xlsx_entry *entry = &book->sheets[index];
    struct xlsx_sheet *s;

    if (!entry->part)
        return issue_set(why, ISSUE_FORMAT,
                         "is listed, but its part is missing");
    s = calloc(1, sizeof(*s));
    if (!s)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    s->book = book;
    arena_init(&s->texts);
    if (xml_open(&s->xml, &book->zip, entry->part, why) < 0 ||
        read_root(s, why) < 0) {
        xlsx_sheet_close(s);
        return -1;
    }
    *sheet = s;
    return 0;
}

void xlsx_sheet_close(struct xlsx_sheet *s)
{
    if (!s)
        return;
    xml_close(&s->xml);
    xml_text_clear(&s->text);
    arena_clear(&s->texts);
    free(s->cells);
    free(s);
}

uint64_t xlsx_sheet_position(const struct xlsx_sheet *s)
{
    return inflate_position(s->xml.source);
}

uint64_t xlsx_sheet_size(const struct xlsx_sheet *s)
{
    return inflate_size(s->xml.source);
}
