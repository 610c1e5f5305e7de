/* SPDX-License-Identifier: Apache-2.0 */
/*
 * valuetext.c: values as ISO text.
 */
#include "load/valuetext.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define USECS_PER_SECOND INT64_C(1000000)
#define USECS_PER_DAY    (INT64_C(86400) * USECS_PER_SECOND)

/*
 * Years before 1 are written as astronomers do (0 is 1 BC), with a sign; a
 * database that wants "BC" is not reached by such values (see pg_value.c).
 */
static size_t put_date(char *out, size_t size, int64_t days)
{
    int64_t year;
    unsigned month;
    unsigned day;
    civil_from_days(days, &year, &month, &day);
    int len =
        snprintf(out, size, "%s%04" PRId64 "-%02u-%02u", year < 0 ? "-" : "",
                 year < 0 ? -year : year, month, day);
    return len > 0 ? (size_t)len : 0;
}

/* `usecs` is not negative. Trailing zeroes of the fraction are left out. */
static size_t put_clock(char *out, size_t size, uint64_t usecs)
{
    uint64_t seconds = usecs / USECS_PER_SECOND;
    unsigned fraction = (unsigned)(usecs % USECS_PER_SECOND);
    int len = snprintf(out, size, "%02" PRIu64 ":%02u:%02u", seconds / 3600,
                       (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
    if (len < 0)
        return 0;
    size_t used = (size_t)len;
    if (fraction > 0) {
        snprintf(out + used, size - used, ".%06u", fraction);
        used += 7;
        while (out[used - 1] == '0')
            used--;
    }
    return used;
}

static size_t put_timestamp(char *out, size_t size, int64_t usecs)
{
    int64_t days = usecs / USECS_PER_DAY;
    int64_t rest = usecs % USECS_PER_DAY;
    if (rest < 0) {
        rest += USECS_PER_DAY;
        days--;
    }
    size_t used = put_date(out, size, days);
    out[used++] = 'T';
    return used + put_clock(out + used, size - used, (uint64_t)rest);
}

static size_t put_time(char *out, size_t size, int64_t usecs)
{
    size_t used = 0;
    uint64_t magnitude = (uint64_t)usecs;
    if (usecs < 0) {
        out[used++] = '-';
        magnitude = 0 - magnitude;
    }
    return used + put_clock(out + used, size - used, magnitude);
}

static size_t put_real(char *out, double real)
{
    if (isfinite(real))
        return number_to_text(real, out);
    const char *text = isnan(real) ? "NaN"
                       : real > 0  ? "Infinity"
                                   : "-Infinity";
    return (size_t)snprintf(out, VALUE_TEXT_MAX, "%s", text);
}

struct slice value_text(const struct value *value, char room[VALUE_TEXT_MAX])
{
    size_t len = 0;
    switch (value->kind) {
    case VALUE_NULL:
        break;
    case VALUE_TEXT:
        return value->text;
    case VALUE_INTEGER:
        len =
            (size_t)snprintf(room, VALUE_TEXT_MAX, "%" PRId64, value->integer);
        break;
    case VALUE_REAL:
        len = put_real(room, value->real);
        break;
    case VALUE_BOOLEAN:
        return value->truth ? SLICE("true") : SLICE("false");
    case VALUE_DATE:
        len = put_date(room, VALUE_TEXT_MAX, value->integer);
        break;
    case VALUE_TIMESTAMP:
        len = put_timestamp(room, VALUE_TEXT_MAX, value->integer);
        break;
    case VALUE_TIME:
        len = put_time(room, VALUE_TEXT_MAX, value->integer);
        break;
    }
    return (struct slice){room, len};
}
