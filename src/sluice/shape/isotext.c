/* SPDX-License-Identifier: Apache-2.0 */
/* isotext.c: reads ISO 8601 dates and times. */
#include "shape/isotext.h"

#define MICRO_DIGITS 6

/* What is left to read. */
struct reader {
    const char *p;
    const char *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool at_digit(const struct reader *r)
{
    return r->p < r->end && is_digit(*r->p);
}

static bool take(struct reader *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* Exactly `digits` digits. */
static bool take_number(struct reader *r, int digits, unsigned *out)
{
    unsigned n = 0;

    for (int i = 0; i < digits; i++) {
        if (!at_digit(r))
            return false;
        n = n * 10 + (unsigned)(*r->p++ - '0');
    }
    *out = n;
    return true;
}

/* YYYY-MM-DD of a day that there is, as days since 1970. */
static bool take_date(struct reader *r, int64_t *days)
{
    unsigned year, month, day;
    int64_t same_year;
    unsigned same_month, same_day;

    if (!take_number(r, 4, &year) || !take(r, '-') ||
        !take_number(r, 2, &month) || !take(r, '-') || !take_number(r, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *days = days_from_civil(year, month, day);
    civil_from_days(*days, &same_year, &same_month, &same_day);
    /* A day too many lies in the next month. */
    return same_month == month;
}

/* The digits behind the point as microseconds, rounded. */
static bool take_fraction(struct reader *r, int64_t *usecs, size_t *digits)
{
    int64_t n = 0;
    size_t count = 0;
    bool up = false;

    for (; at_digit(r); r->p++, count++) {
        if (count < MICRO_DIGITS)
            n = n * 10 + (*r->p - '0');
        else if (count == MICRO_DIGITS)
            up = *r->p >= '5';
    }
    if (count == 0)
        return false;
    for (size_t i = count; i < MICRO_DIGITS; i++)
        n *= 10;
    *usecs = n + up;
    *digits = count;
    return true;
}

/* ":MM[:SS[.fff]]", which follows the hours. */
static bool take_minutes(struct reader *r, struct iso_clock *clock)
{
    unsigned minute, second = 0;
    int64_t fraction = 0;

    clock->has_seconds = false;
    clock->fraction_digits = 0;
    if (!take(r, ':') || !take_number(r, 2, &minute) || minute > 59)
        return false;
    if (take(r, ':')) {
        clock->has_seconds = true;
        if (!take_number(r, 2, &second) || second > 59)
            return false;
        if (take(r, '.') &&
            !take_fraction(r, &fraction, &clock->fraction_digits))
            return false;
    }
    clock->usecs = (minute * 60 + second) * USECS_PER_SECOND + fraction;
    return true;
}

/* 'Z' or an offset; *minutes is what local time is ahead of UTC. */
static bool take_zone(struct reader *r, int *minutes)
{
    unsigned hour, minute = 0;
    bool behind;

    *minutes = 0;
    if (take(r, 'Z') || take(r, 'z'))
        return true;
    behind = take(r, '-');
    if (!behind && !take(r, '+'))
        return false;
    if (!take_number(r, 2, &hour))
        return false;
    if ((take(r, ':') || at_digit(r)) && !take_number(r, 2, &minute))
        return false;
    if (hour > 15 || minute > 59)
        return false;
    *minutes = (int)(hour * 60 + minute) * (behind ? -1 : 1);
    return true;
}

bool iso_datetime_read(struct slice s, struct iso_datetime *out)
{
    struct reader r = {s.ptr, s.ptr + s.len};
    struct iso_datetime made = {0};
    struct iso_clock clock = {0};
    int64_t days;
    unsigned hour;
    int ahead = 0;

    /* The shortest and cheapest look first: most text is no date. */
    if (s.len < 10 || !is_digit(s.ptr[0]) || !take_date(&r, &days))
        return false;
    made.usecs = days * USECS_PER_DAY;
    if (r.p < r.end) {
        if (!take(&r, 'T') && !take(&r, 't') && !take(&r, ' '))
            return false;
        if (!take_number(&r, 2, &hour) || hour > 23 ||
            !take_minutes(&r, &clock))
            return false;
        made.has_clock = true;
        made.has_seconds = clock.has_seconds;
        made.fraction_digits = clock.fraction_digits;
        made.usecs += hour * 3600 * USECS_PER_SECOND + clock.usecs;
        made.zoned = r.p < r.end;
        if (made.zoned && (!take_zone(&r, &ahead) || r.p < r.end))
            return false;
        made.usecs -= ahead * 60 * USECS_PER_SECOND;
    }
    *out = made;
    return true;
}

bool iso_clock_read(struct slice s, struct iso_clock *out)
{
    struct reader r = {s.ptr, s.ptr + s.len};
    struct iso_clock made;
    bool negative = take(&r, '-');
    const char *first = r.p;
    int64_t hours = 0;

    for (; at_digit(&r); r.p++) {
        if (__builtin_mul_overflow(hours, 10, &hours) ||
            __builtin_add_overflow(hours, *r.p - '0', &hours))
            return false;
    }
    if (r.p - first < 2 || !take_minutes(&r, &made) || r.p < r.end)
        return false;
    if (__builtin_mul_overflow(hours, 3600 * USECS_PER_SECOND, &hours) ||
        __builtin_add_overflow(hours, made.usecs, &made.usecs))
        return false;
    if (negative)
        made.usecs = -made.usecs;
    *out = made;
    return true;
}
