/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h: a piece of text that somebody else owns, and what is done to it.
 *
 * A slice is a pointer and a length; the bytes are UTF-8 unless a comment says
 * otherwise, are not terminated, and may hold NUL. A slice never owns: whoever
 * hands one out says how long its bytes live.
 */
#ifndef SLUICE_TEXT_H
#define SLUICE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* A slice over a string literal. */
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

struct slice slice_of(const char *terminated);
bool slice_equal(struct slice a, struct slice b);
/* Equal but for the case of A to Z. */
bool slice_equal_nocase(struct slice a, struct slice b);
/* Without white space (space, tab, CR, LF, NBSP) at either end. */
struct slice slice_trim(struct slice s);

/*
 * Offset of the first byte that is not part of well-formed UTF-8 (overlong
 * forms, surrogates and code points past U+10FFFF are not), or s.len.
 */
size_t utf8_check(struct slice s);

/*
 * Bytes of the control character that the text begins with, 0 when it begins
 * with none: U+0000 to U+001F, U+007F, and the two-byte U+0080 to U+009F, which
 * terminals take for commands as well.
 */
size_t text_control(struct slice s);

/*
 * The longest prefix of at most `max` bytes that does not cut a character.
 */
size_t utf8_prefix(struct slice s, size_t max);

/*
 * Writes the shortest decimal that reads back to the same double, in the form
 * of ECMAScript's Number::toString ("1e+21", never ".0", -0 as "0"). `out` has
 * room for NUMBER_TEXT_MAX bytes; returns the length, no terminator. Infinities
 * and NaN are not for this function.
 */
#define NUMBER_TEXT_MAX 32
size_t number_to_text(double number, char *out);

/*
 * Reads a whole slice as a decimal number: optional sign, digits, point,
 * exponent; no white space, no hex, no "inf" or "nan". False when it is
 * anything else or does not fit a finite double.
 */
bool number_from_text(struct slice s, double *out);

/* Whole slice as a signed 64-bit integer; false on anything else. */
bool integer_from_text(struct slice s, int64_t *out);

/*
 * Dates are milliseconds since 1970-01-01T00:00:00 without a time zone;
 * durations and times of day are milliseconds.
 *
 * datetime_to_text: "YYYY-MM-DD", followed by "THH:MM:SS" and ".fff" unless the
 * time of day is exactly midnight. duration_to_text: "[-]HH:MM:SS[.fff]", hours
 * not wrapped. Both need DATE_TEXT_MAX bytes and return the length.
 */
#define DATE_TEXT_MAX 40
size_t datetime_to_text(int64_t ms, char *out);
size_t duration_to_text(int64_t ms, char *out);

/* Days since 1970-01-01 of a proleptic Gregorian date, and back. */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
void civil_from_days(int64_t days, int64_t *year, unsigned *month,
                     unsigned *day);

/*
 * "A" for 1, "XFD" for 16384; writes up to 8 bytes and a terminator, returns
 * the length.
 */
size_t column_name(uint32_t column, char out[9]);

#endif
