/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isotext.h: dates and times from their ISO 8601 text.
 *
 * Only the whole slice counts: no white space, no other order of day and month.
 * Dates are YYYY-MM-DD with years 0001 to 9999. Clocks are HH:MM or HH:MM:SS,
 * with a fraction if there are seconds; digits past the microsecond round.
 */
#ifndef SLUICE_ISOTEXT_H
#define SLUICE_ISOTEXT_H

#include "text.h"

#define USECS_PER_SECOND INT64_C(1000000)
#define USECS_PER_DAY    (INT64_C(86400) * USECS_PER_SECOND)

struct iso_datetime {
    int64_t usecs;          /* since 1970-01-01T00:00:00; UTC when zoned */
    bool has_clock;         /* more than a date */
    bool has_seconds;       /* the clock has seconds */
    bool zoned;             /* ends in Z or an offset */
    size_t fraction_digits; /* behind the seconds */
};

/*
 * "2024-02-29", or a date, 'T' or a space, and a clock; behind a clock 'Z' or
 * an offset "+HH", "+HHMM", "+HH:MM" (or '-') may stand. Hours end at 23.
 */
bool iso_datetime_read(struct slice s, struct iso_datetime *out);

struct iso_clock {
    int64_t usecs; /* negative behind a '-' */
    bool has_seconds;
    size_t fraction_digits;
};

/*
 * "[-]HH:MM[:SS[.fff]]" as a duration: hours are two digits or more and not
 * wrapped. False also when microseconds do not fit 64 bits.
 */
bool iso_clock_read(struct slice s, struct iso_clock *out);

#endif
