/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.c: numbers, dates, shared strings, booleans, errors.
 *
 * Dates are days since an epoch. In the 1900 system day 60 is 29 February 1900,
 * which never was: days before it count from one day later than those after
 * it, and the day itself stays a number.
 */
#include "read/value.h"

#include <math.h>
#include <string.h>

#include "sluice_limits.h"

#define MS_PER_DAY   86400000.0
#define SERIAL_END   2958466.0 /* 10000-01-01 in the 1900 system */
#define LEAP_BUG_DAY 60.0
#define DAYS_1904    (-24107) /* 1904-01-01, in days since 1970 */
#define DAYS_1900    (-25569) /* 1899-12-30 */

enum raw_type raw_type_of(struct slice t)
{
    if (!t.ptr || slice_equal(t, SLICE("n")))
        return RAW_NUMBER;
    if (slice_equal(t, SLICE("s")))
        return RAW_SHARED;
    if (slice_equal(t, SLICE("str")) || slice_equal(t, SLICE("inlineStr")))
        return RAW_STRING;
    if (slice_equal(t, SLICE("b")))
        return RAW_BOOLEAN;
    if (slice_equal(t, SLICE("e")))
        return RAW_ERROR;
    return slice_equal(t, SLICE("d")) ? RAW_ISO_DATE : RAW_UNKNOWN;
}

void value_bad(struct cell *cell, enum issue_code bad, struct slice raw)
{
    cell->kind = CELL_BAD;
    cell->bad = (uint8_t)bad;
    cell->text = raw;
}

static void set_ms(struct cell *cell, enum cell_kind kind, double ms)
{
    cell->kind = (uint8_t)kind;
    cell->ms = (int64_t)ms;
}

void value_set_number(struct cell *cell, const struct xlsx *book,
                      uint64_t style, double number)
{
    enum number_class class = styles_class(&book->styles, style);
    double ms;
    double days;

    cell->kind = CELL_NUMBER;
    cell->number = number;
    if (class == NUMBER_PLAIN || !(fabs(number) < SERIAL_END))
        return;
    ms = floor(number * MS_PER_DAY + 0.5);
    if (class == NUMBER_DURATION ||
        (class == NUMBER_TIME && number >= 0 && number < 1)) {
        set_ms(cell, CELL_TIME, ms);
        return;
    }
    if (number < 0)
        return;
    if (book->epoch_1904) {
        days = DAYS_1904;
    } else {
        if (number >= LEAP_BUG_DAY && number < LEAP_BUG_DAY + 1)
            return;
        days = number < LEAP_BUG_DAY ? DAYS_1900 + 1 : DAYS_1900;
    }
    set_ms(cell, CELL_DATETIME, ms + days * MS_PER_DAY);
}

bool value_set_shared(struct cell *cell, const struct xlsx *book,
                      uint64_t index, struct slice raw)
{
    enum issue_code bad;
    struct slice text;

    if (index >= book->strings.count) {
        value_bad(cell, ISSUE_STRING_INDEX, raw);
        return true;
    }
    text = strings_get(&book->strings, index, &bad);
    cell->lasting = true;
    if (bad) {
        value_bad(cell, bad, text);
        return true;
    }
    cell->kind = CELL_TEXT;
    cell->text = text;
    return text.len > 0;
}

/* Reads `count` digits at *p and moves it; false if they are not there. */
static bool take_digits(const char **p, const char *end, int count, int *out)
{
    int n = 0;

    if (end - *p < count)
        return false;
    for (int i = 0; i < count; i++) {
        char c = (*p)[i];

        if (c < '0' || c > '9')
            return false;
        n = n * 10 + (c - '0');
    }
    *p += count;
    *out = n;
    return true;
}

static bool take(const char **p, const char *end, char c)
{
    if (*p == end || **p != c)
        return false;
    ++*p;
    return true;
}

/* "HH:MM[:SS[.fff]][Z]" up to the end, as milliseconds. */
static bool take_clock(const char *p, const char *end, int64_t *ms)
{
    int hour;
    int minute;
    int second = 0;
    double fraction = 0;

    if (!take_digits(&p, end, 2, &hour) || !take(&p, end, ':') ||
        !take_digits(&p, end, 2, &minute))
        return false;
    if (take(&p, end, ':') && !take_digits(&p, end, 2, &second))
        return false;
    if (p < end && *p == '.') {
        const char *start = p++;

        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (!number_from_text((struct slice){start, (size_t)(p - start)},
                              &fraction))
            return false;
    }
    take(&p, end, 'Z');
    if (p != end || hour > 24 || minute > 59 || second > 60)
        return false;
    *ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) +
          (int64_t)floor(fraction * 1000 + 0.5);
    return true;
}

static unsigned days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        return 29;
    return days[month - 1];
}

/* An ISO 8601 date, date-time or time, as sheets with t="d" write them. */
static bool set_iso_date(struct cell *cell, struct slice s)
{
    const char *p = s.ptr;
    const char *end = s.ptr + s.len;
    int64_t ms = 0;
    int year;
    int month;
    int day;

    if (take(&p, end, 'T') || (s.len > 2 && s.ptr[2] == ':')) {
        if (!take_clock(p, end, &ms))
            return false;
        set_ms(cell, CELL_TIME, (double)ms);
        return true;
    }
    if (!take_digits(&p, end, 4, &year) || !take(&p, end, '-') ||
        !take_digits(&p, end, 2, &month) || !take(&p, end, '-') ||
        !take_digits(&p, end, 2, &day) || month < 1 || month > 12 || day < 1 ||
        (unsigned)day > days_in_month(year, month))
        return false;
    if (p < end && ((!take(&p, end, 'T') && !take(&p, end, ' ')) ||
                    !take_clock(p, end, &ms)))
        return false;
    cell->kind = CELL_DATETIME;
    cell->ms =
        days_from_civil(year, (unsigned)month, (unsigned)day) * 86400000 + ms;
    return true;
}

/* A boolean, or a bad cell. */
static void set_boolean(struct cell *cell, struct slice raw)
{
    bool truth =
        slice_equal(raw, SLICE("1")) || slice_equal_nocase(raw, SLICE("true"));

    if (!truth && !slice_equal(raw, SLICE("0")) &&
        !slice_equal_nocase(raw, SLICE("false"))) {
        value_bad(cell, ISSUE_BAD_BOOLEAN, raw);
        return;
    }
    cell->kind = CELL_BOOL;
    cell->truth = truth;
}

bool value_set(struct cell *cell, const struct xlsx *book, enum raw_type type,
               uint64_t style, struct slice raw)
{
    struct slice trimmed = type == RAW_STRING ? raw : slice_trim(raw);
    double number;
    int64_t index;

    cell->lasting = false;
    cell->bad = ISSUE_NONE;
    if (trimmed.len == 0)
        return false;
    switch (type) {
    case RAW_NUMBER:
        if (number_from_text(trimmed, &number))
            value_set_number(cell, book, style, number);
        else
            value_bad(cell, ISSUE_BAD_NUMBER, raw);
        break;
    case RAW_SHARED:
        if (integer_from_text(trimmed, &index) && index >= 0)
            return value_set_shared(cell, book, (uint64_t)index, raw);
        value_bad(cell, ISSUE_STRING_INDEX, raw);
        break;
    case RAW_STRING:
        cell->kind = CELL_TEXT;
        cell->text = raw;
        break;
    case RAW_BOOLEAN:
        set_boolean(cell, trimmed);
        break;
    case RAW_ERROR:
        cell->kind = CELL_ERROR;
        cell->text = trimmed;
        break;
    case RAW_ISO_DATE:
        if (number_from_text(trimmed, &number))
            value_set_number(cell, book, style, number);
        else if (!set_iso_date(cell, trimmed))
            value_bad(cell, ISSUE_BAD_NUMBER, raw);
        break;
    default:
        value_bad(cell, ISSUE_CELL_TYPE, raw);
    }
    return true;
}

bool value_reference(struct slice text, uint32_t *column, uint32_t *row)
{
    uint64_t c = 0;
    uint64_t r = 0;
    size_t i = 0;
    size_t digits;

    for (; i < text.len && (text.ptr[i] | 0x20) >= 'a' &&
           (text.ptr[i] | 0x20) <= 'z';
         i++) {
        c = c * 26 + (uint64_t)((text.ptr[i] | 0x20) - 'a' + 1);
        if (c > LIMIT_SHEET_COLUMNS)
            return false;
    }
    digits = i;
    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
        r = r * 10 + (uint64_t)(text.ptr[i] - '0');
        if (r > LIMIT_SHEET_ROWS)
            return false;
    }
    if (i != text.len || digits == 0 || c == 0 || r == 0)
        return false;
    *column = (uint32_t)c;
    *row = (uint32_t)r;
    return true;
}
