/* SPDX-License-Identifier: Apache-2.0 */
/* infer.c: types from all rows. */
#include "shape/infer.h"

#include <math.h>
#include <stdlib.h>

#include "shape/isotext.h"
#include "sluice_limits.h"

#define MS_PER_DAY ((int64_t)86400000)

/* Below this every whole number is a double of its own. */
#define EXACT_LIMIT 9007199254740992.0 /* 2^53 */

/* Digits that survive the way through a double, and through an int64_t. */
#define REAL_DIGITS    15
#define INTEGER_DIGITS 18

enum seen {
    SEEN_TEXT = 1 << 0,
    SEEN_INTEGER = 1 << 1,
    SEEN_REAL = 1 << 2,
    SEEN_BOOLEAN = 1 << 3,
    SEEN_DATE = 1 << 4,
    SEEN_TIMESTAMP = 1 << 5,
    SEEN_TIME = 1 << 6,
    SEEN_DURATION = 1 << 7,
    /* Qualities of the above, not types of their own. */
    SEEN_WIDE_INTEGER = 1 << 8, /* would not survive as a real */
    SEEN_DECIMALS = 1 << 9,     /* a number in text: *_decimals are valid */
    SEEN_END_ZERO = 1 << 10     /* a fraction that ends in 0 */
};

#define SEEN_TYPES 0xffu

void infer_init(struct inference *inference, bool text_is_typed)
{
    *inference = (struct inference){.text_is_typed = text_is_typed};
}

void infer_clear(struct inference *inference)
{
    free(inference->columns);
    infer_init(inference, inference->text_is_typed);
}

/* Makes room for `count` columns. */
static bool grow(struct inference *inference, uint32_t count)
{
    uint32_t room = inference->room ? inference->room : 16;
    struct inferred *columns;

    while (room < count)
        room *= 2;
    if (room != inference->room) {
        columns = reallocarray(inference->columns, room, sizeof(*columns));
        if (!columns)
            return false;
        inference->columns = columns;
        inference->room = room;
    }
    while (inference->count < count)
        inference->columns[inference->count++] = (struct inferred){0};
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number as digits, cut at its point. */
struct number_form {
    size_t whole;    /* digits before the point */
    size_t decimals; /* digits behind it */
    bool zero;       /* no digit but 0 */
};

/*
 * "[-]digits[.digits]" without a leading zero that could be left out, and no
 * "-0".
 */
static bool read_number_form(struct slice s, struct number_form *out)
{
    size_t i = s.len > 0 && s.ptr[0] == '-';
    size_t start = i;
    bool zero = true;

    for (; i < s.len && is_digit(s.ptr[i]); i++)
        zero = zero && s.ptr[i] == '0';
    out->whole = i - start;
    out->decimals = 0;
    if (out->whole == 0 || (out->whole > 1 && s.ptr[start] == '0'))
        return false;
    if (i < s.len && s.ptr[i] == '.') {
        for (i++; i < s.len && is_digit(s.ptr[i]); i++, out->decimals++)
            zero = zero && s.ptr[i] == '0';
        if (out->decimals == 0)
            return false;
    }
    out->zero = zero;
    return i == s.len && !(zero && start > 0);
}

static uint16_t see_number_text(struct inferred *column, struct slice s)
{
    struct number_form form;
    uint8_t decimals;
    uint16_t seen = SEEN_DECIMALS;
    size_t digits;

    if (!read_number_form(s, &form))
        return SEEN_TEXT;
    /* The single 0 before a point is no digit that counts. */
    digits = form.whole + form.decimals;
    if (form.decimals > 0 && s.ptr[s.len - form.decimals - 2] == '0' &&
        form.whole == 1)
        digits--;
    if (digits > (form.decimals > 0 ? REAL_DIGITS : INTEGER_DIGITS))
        return SEEN_TEXT;
    decimals = (uint8_t)form.decimals;
    if (!(column->seen & SEEN_DECIMALS) || decimals < column->min_decimals)
        column->min_decimals = decimals;
    if (!(column->seen & SEEN_DECIMALS) || decimals > column->max_decimals)
        column->max_decimals = decimals;
    if (form.decimals == 0)
        return seen | SEEN_INTEGER |
               (digits > REAL_DIGITS ? SEEN_WIDE_INTEGER : 0);
    if (s.ptr[s.len - 1] == '0')
        seen |= SEEN_END_ZERO;
    return seen | SEEN_REAL;
}

/* Dates and times in the form that comes back; microseconds at most. */
static uint16_t see_time_text(struct slice s)
{
    struct iso_datetime datetime;
    struct iso_clock clock;

    if (iso_datetime_read(s, &datetime)) {
        if (!datetime.has_clock)
            return SEEN_DATE;
        return datetime.has_seconds && !datetime.zoned &&
                       datetime.fraction_digits <= 6
                   ? SEEN_TIMESTAMP
                   : SEEN_TEXT;
    }
    if (s.ptr[2] == ':' && iso_clock_read(s, &clock) && clock.has_seconds &&
        clock.fraction_digits <= 6 && clock.usecs < USECS_PER_DAY)
        return SEEN_TIME;
    return SEEN_TEXT;
}

/* What the content of text says; `s` is not empty. */
static uint16_t see_text(struct inferred *column, struct slice s)
{
    if (is_digit(s.ptr[0]) && s.len >= 8 &&
        (s.ptr[2] == ':' || s.ptr[4] == '-'))
        return see_time_text(s);
    if (is_digit(s.ptr[0]) || s.ptr[0] == '-')
        return see_number_text(column, s);
    if (slice_equal_nocase(s, SLICE("true")) ||
        slice_equal_nocase(s, SLICE("false")))
        return SEEN_BOOLEAN;
    return SEEN_TEXT;
}

static uint16_t see_cell(const struct inference *inference,
                         struct inferred *column, const struct cell *cell)
{
    switch ((enum cell_kind)cell->kind) {
    case CELL_TEXT:
        if (cell->text.len == 0)
            return 0;
        return inference->text_is_typed ? SEEN_TEXT
                                        : see_text(column, cell->text);
    case CELL_NUMBER:
        return fabs(cell->number) < EXACT_LIMIT &&
                       cell->number == floor(cell->number)
                   ? SEEN_INTEGER
                   : SEEN_REAL;
    case CELL_BOOL:
        return SEEN_BOOLEAN;
    case CELL_DATETIME:
        return cell->ms % MS_PER_DAY == 0 ? SEEN_DATE : SEEN_TIMESTAMP;
    case CELL_TIME:
        return cell->ms >= 0 && cell->ms < MS_PER_DAY ? SEEN_TIME
                                                      : SEEN_DURATION;
    case CELL_ERROR:
    case CELL_BAD:
        break;
    }
    return 0;
}

int infer_row(struct inference *inference, const struct cell_row *row,
              struct issue *why)
{
    for (uint32_t i = 0; i < row->count; i++) {
        const struct cell *cell = &row->cells[i];
        struct inferred *column;

        /* A bad reference may lie outside the grid. */
        if (cell->column < 1 || cell->column > LIMIT_SHEET_COLUMNS)
            continue;
        if (cell->column > inference->count && !grow(inference, cell->column))
            return issue_set(why, ISSUE_MEMORY, "out of memory");
        column = &inference->columns[cell->column - 1];
        /* Text swallows everything: no need to look. */
        if (!(column->seen & SEEN_TEXT))
            column->seen |= see_cell(inference, column, cell);
    }
    return 0;
}

static enum column_type number_type(const struct inferred *column)
{
    unsigned seen = column->seen;

    if ((seen & SEEN_TYPES) == SEEN_INTEGER)
        return COLUMN_INTEGER;
    if ((seen & SEEN_WIDE_INTEGER) ||
        ((seen & SEEN_END_ZERO) &&
         column->min_decimals != column->max_decimals))
        return COLUMN_TEXT;
    return COLUMN_REAL;
}

enum column_type infer_type(const struct inference *inference, uint32_t column)
{
    const struct inferred *state;

    if (column < 1 || column > inference->count)
        return COLUMN_TEXT;
    state = &inference->columns[column - 1];
    switch (state->seen & SEEN_TYPES) {
    case SEEN_INTEGER:
    case SEEN_REAL:
    case SEEN_INTEGER | SEEN_REAL:
        return number_type(state);
    case SEEN_BOOLEAN:
        return COLUMN_BOOLEAN;
    case SEEN_DATE:
        return COLUMN_DATE;
    case SEEN_TIMESTAMP:
    case SEEN_DATE | SEEN_TIMESTAMP:
        return COLUMN_TIMESTAMP;
    case SEEN_TIME:
        return COLUMN_TIME;
    case SEEN_DURATION:
    case SEEN_TIME | SEEN_DURATION:
        return COLUMN_INTERVAL;
    default:
        return COLUMN_TEXT;
    }
}

void infer_finish(const struct inference *inference,
                  const struct mapping *mapping, struct table *table)
{
    for (uint32_t i = 0; i < mapping->count; i++) {
        int32_t field = mapping->columns[i].field;
        struct column *column;

        if (field < 0)
            continue;
        column = &table->columns[mapping->plan.columns[field]];
        column->type = infer_type(inference, i + 1);
        column->size =
            column->type == COLUMN_INTEGER || column->type == COLUMN_REAL ? 8
                                                                          : 0;
    }
}
