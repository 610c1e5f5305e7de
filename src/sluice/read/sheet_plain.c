/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet_plain.c: cells as nearly every writer writes them.
 *
 *     <c r="B7" s="3" t="s"><v>12</v></c>
 *     <c r="B7"><v>1.5</v></c>
 *     <c r="B7" t="inlineStr"><is><t>text</t></is></c>
 *     <c r="B7" t="str"><v>text</v></c>
 *     <c r="B7" s="3"/>
 *
 * Attributes in any order, but r, s and t only, in double quotes and without
 * references. A cell of any other shape, or one that might be wrong, is left
 * untouched for the events: this reader only says yes.
 */
#include "read/sheet_plain.h"

#include <string.h>

#include "read/xml_span.h"
#include "sluice_limits.h"

/* The tag of a cell; behind it. */
struct plain_head {
    uint32_t column; /* 0: not given */
    enum raw_type type;
    bool inlined; /* t="inlineStr" */
    bool empty;   /* <c/> */
    uint64_t style;
};

#define MATCHES(p, literal) (memcmp(p, literal, sizeof(literal) - 1) == 0)

/* `B7"` at p: behind it, or NULL. The row has to be the one being read. */
static const char *plain_reference(const char *p, uint64_t row,
                                   uint32_t *column)
{
    uint32_t c = 0;
    uint64_t r = 0;
    const char *start = p;

    while (*p >= 'A' && *p <= 'Z' && p - start < 3)
        c = c * 26 + (uint32_t)(*p++ - 'A' + 1);
    start = p;
    while (*p >= '0' && *p <= '9' && p - start < 7)
        r = r * 10 + (uint64_t)(*p++ - '0');
    if (*p != '"' || c == 0 || c > LIMIT_SHEET_COLUMNS || r != row)
        return NULL;
    *column = c;
    return p + 1;
}

/* `12"` at p: behind it, or NULL. */
static const char *plain_style(const char *p, uint64_t *style)
{
    const char *start = p;
    uint64_t n = 0;

    while (*p >= '0' && *p <= '9' && p - start < 9)
        n = n * 10 + (uint64_t)(*p++ - '0');
    if (*p != '"' || p == start)
        return NULL;
    *style = n;
    return p + 1;
}

/* `s"` at p: behind it, or NULL. */
static const char *plain_type(const char *p, struct plain_head *h)
{
    if (MATCHES(p, "s\"")) {
        h->type = RAW_SHARED;
        return p + 2;
    }
    if (MATCHES(p, "inlineStr\"")) {
        h->type = RAW_STRING;
        h->inlined = true;
        return p + 10;
    }
    if (MATCHES(p, "n\"")) {
        h->type = RAW_NUMBER;
        return p + 2;
    }
    if (MATCHES(p, "str\"")) {
        h->type = RAW_STRING;
        return p + 4;
    }
    if (MATCHES(p, "b\"")) {
        h->type = RAW_BOOLEAN;
        return p + 2;
    }
    return NULL;
}

/* The whole tag at p: behind it, or NULL. */
static const char *plain_tag(const char *p, uint64_t row, struct plain_head *h)
{
    enum { SEEN_R = 1, SEEN_S = 2, SEEN_T = 4 };
    unsigned seen = 0;

    *h = (struct plain_head){.type = RAW_NUMBER};
    if (!MATCHES(p, "<c"))
        return NULL;
    p += 2;
    while (p && *p == ' ') {
        unsigned now = p[1] == 'r' ? SEEN_R : p[1] == 's' ? SEEN_S : SEEN_T;

        if (p[2] != '=' || p[3] != '"' || (seen & now))
            return NULL;
        seen |= now;
        if (p[1] == 'r')
            p = plain_reference(p + 4, row, &h->column);
        else if (p[1] == 's')
            p = plain_style(p + 4, &h->style);
        else if (p[1] == 't')
            p = plain_type(p + 4, h);
        else
            p = NULL;
    }
    if (!p)
        return NULL;
    h->empty = p[0] == '/';
    if (h->empty)
        p++;
    return *p == '>' ? p + 1 : NULL;
}

/* What became of a plain cell. */
enum plain { PLAIN_ERROR = -1, PLAIN_NOT, PLAIN_TAKEN };

/*
 * A text that needs decoding: decoded into the row's arena.
 * PLAIN_NOT if it is bad in any way.
 */
static enum plain decode_special(struct xlsx_sheet *s, struct slice *text,
                                 struct issue *why)
{
    s->text.len = 0;
    s->text.bad = ISSUE_NONE;
    if (!xml_decode(&s->xml, *text, &s->text, why))
        return PLAIN_ERROR;
    strings_finish_text(&s->text, 0);
    s->row_bytes += s->text.len;
    if (s->text.bad || s->row_bytes > LIMIT_ROW_BYTES)
        return PLAIN_NOT;
    *text = arena_copy(&s->texts, (struct slice){s->text.bytes, s->text.len});
    if (!text->ptr) {
        issue_set(why, ISSUE_MEMORY, "memory is out");
        return PLAIN_ERROR;
    }
    return PLAIN_TAKEN;
}

/*
 * Text from p to the end of the cell, which has to follow it; p is moved
 * behind.
 */
static enum plain plain_text(struct xlsx_sheet *s, const char **p, bool inlined,
                             struct cell *cell, struct issue *why)
{
    struct xml_span span = xml_span(*p, s->xml.end);
    struct slice text = {*p, 0};
    size_t close_len;

    if (!span.end)
        return PLAIN_NOT;
    if (inlined && MATCHES(span.end, "</t></is></c>"))
        close_len = 13;
    else if (!inlined && MATCHES(span.end, "</v></c>"))
        close_len = 8;
    else
        return PLAIN_NOT;
    text.len = (size_t)(span.end - *p);
    if (text.len > LIMIT_CELL_BYTES)
        return PLAIN_NOT;
    if (span.special && !xml_span_is_plain(span, *p)) {
        enum plain done = decode_special(s, &text, why);

        if (done != PLAIN_TAKEN)
            return done;
    }
    cell->kind = CELL_TEXT;
    cell->text = text;
    *p = span.end + close_len;
    return PLAIN_TAKEN;
}

/* Digits of a whole number at p, at most 15 of them: behind them. */
static const char *plain_digits(const char *p, uint64_t *number)
{
    const char *start = p;
    uint64_t n = 0;

    while (*p >= '0' && *p <= '9' && p - start < 15)
        n = n * 10 + (uint64_t)(*p++ - '0');
    *number = n;
    return p;
}

/*
 * Content of <v> that is a number, at p, up to "</v></c>"; p is moved behind.
 * False if it is anything else.
 */
static bool plain_number(struct xlsx_sheet *s, const char **p,
                         const struct plain_head *h, struct cell *cell)
{
    const char *start = *p;
    uint64_t whole;
    const char *q = plain_digits(start, &whole);
    double number = (double)whole;

    if (q == start || *q != '<') {
        while (*q && *q != '<' && *q != '&')
            q++;
        if (!number_from_text((struct slice){start, (size_t)(q - start)},
                              &number))
            return false;
    }
    if (!MATCHES(q, "</v></c>"))
        return false;
    *p = q + 8;
    value_set_number(cell, s->book, h->style, number);
    return true;
}

/* The same for t="s" and t="b". *present is false for an empty string. */
static bool plain_index(struct xlsx_sheet *s, const char **p,
                        const struct plain_head *h, struct cell *cell,
                        bool *present)
{
    uint64_t index;
    const char *q = plain_digits(*p, &index);

    if (q == *p || !MATCHES(q, "</v></c>"))
        return false;
    if (h->type == RAW_BOOLEAN) {
        if (index > 1 || q - *p != 1)
            return false;
        cell->kind = CELL_BOOL;
        cell->truth = index == 1;
    } else {
        if (index >= s->book->strings.count)
            return false;
        *present = value_set_shared(cell, s->book, index, (struct slice){0});
    }
    *p = q + 8;
    return true;
}

/* The content at p and the end of the cell; p is moved behind. */
static enum plain plain_content(struct xlsx_sheet *s, const char **p,
                                const struct plain_head *h, struct cell *cell,
                                bool *present, struct issue *why)
{
    if (h->inlined) {
        if (MATCHES(*p, "<is><t>"))
            *p += 7;
        else if (MATCHES(*p, "<is><t xml:space=\"preserve\">"))
            *p += 28;
        else
            return PLAIN_NOT;
        return plain_text(s, p, true, cell, why);
    }
    if (!MATCHES(*p, "<v>"))
        return PLAIN_NOT;
    *p += 3;
    if (h->type == RAW_STRING)
        return plain_text(s, p, false, cell, why);
    if (h->type == RAW_NUMBER)
        return plain_number(s, p, h, cell) ? PLAIN_TAKEN : PLAIN_NOT;
    return plain_index(s, p, h, cell, present) ? PLAIN_TAKEN : PLAIN_NOT;
}

static enum plain take_one(struct xlsx_sheet *s, struct issue *why)
{
    struct plain_head h;
    /* The first reference may tell the number of the row: not plain. */
    const char *p =
        plain_tag(s->xml.pos, s->numbered ? s->number : UINT64_MAX, &h);
    bool present = true;
    uint32_t column;
    struct cell *cell;

    if (!p)
        return PLAIN_NOT;
    column = h.column ? h.column : s->column + 1;
    if (column > LIMIT_SHEET_COLUMNS)
        return PLAIN_NOT;
    if (!h.empty) {
        enum plain done;

        cell = sheet_new_cell(s, column, why);
        if (!cell)
            return PLAIN_ERROR;
        done = plain_content(s, &p, &h, cell, &present, why);
        if (done != PLAIN_TAKEN)
            return done;
        if (cell->kind == CELL_TEXT && cell->text.len == 0)
            present = false;
        s->count += present;
    }
    s->xml.pos = p;
    s->column = column;
    if (column > s->last)
        s->last = column;
    return PLAIN_TAKEN;
}

int sheet_take_plain(struct xlsx_sheet *s, struct issue *why)
{
    enum plain done;

    if (s->beyond)
        return 0;
    do
        done = take_one(s, why);
    while (done == PLAIN_TAKEN);
    return done == PLAIN_ERROR ? -1 : 0;
}
