/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c: slices, UTF-8, and numbers, dates and column names as text.
 *
 * Nothing here depends on the locale: strtod is only given digits and an
 * exponent, never a decimal point.
 */
#include "text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define MS_PER_DAY ((int64_t)86400000)

struct slice slice_of(const char *terminated)
{
    return (struct slice){terminated, strlen(terminated)};
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

/* Bytes of white space at the start of `s`; 0 when there is none. */
static size_t space_at_start(struct slice s)
{
    if (s.len > 0 &&
        (*s.ptr == ' ' || *s.ptr == '\t' || *s.ptr == '\r' || *s.ptr == '\n'))
        return 1;
    return s.len >= 2 && memcmp(s.ptr, "\xc2\xa0", 2) == 0 ? 2 : 0;
}

static size_t space_at_end(struct slice s)
{
    if (s.len >= 2 && memcmp(s.ptr + s.len - 2, "\xc2\xa0", 2) == 0)
        return 2;
    if (s.len == 0)
        return 0;
    return space_at_start((struct slice){s.ptr + s.len - 1, 1});
}

struct slice slice_trim(struct slice s)
{
    size_t n;

    while ((n = space_at_start(s)) > 0) {
        s.ptr += n;
        s.len -= n;
    }
    while ((n = space_at_end(s)) > 0)
        s.len -= n;
    return s;
}

/* Offset of the first byte from `i` on that is not ASCII, or s.len. */
static size_t ascii_run(struct slice s, size_t i)
{
#ifdef __SSE2__
    for (; s.len - i >= 16; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(s.ptr + i));
        int high = _mm_movemask_epi8(v);

        if (high != 0)
            return i + (size_t)__builtin_ctz((unsigned)high);
    }
#endif
    for (; s.len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, s.ptr + i, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < s.len && (unsigned char)s.ptr[i] < 0x80)
        i++;
    return i;
}

/* Bytes of the well-formed character at p, of at most n bytes; 0 if none is. */
static size_t utf8_char(const unsigned char *p, size_t n)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t len;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        len = 2;
    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        len = 3;
        if (p[0] == 0xe0)
            low = 0xa0;
        else if (p[0] == 0xed)
            high = 0x9f;
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        len = 4;
        if (p[0] == 0xf0)
            low = 0x90;
        else if (p[0] == 0xf4)
            high = 0x8f;
    } else {
        return 0;
    }
    if (n < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

/*
 * Past the characters of two and three bytes at i whose first byte allows any
 * others behind it: nearly all that are not ASCII.
 */
static size_t common_run(struct slice s, size_t i)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (s.len - i >= sizeof(uint32_t)) {
        uint32_t v;

        memcpy(&v, s.ptr + i, sizeof(v));
        if ((v & 0xc0c0f0) == 0x8080e0 && (v & 0xff) != 0xe0 &&
            (v & 0xff) != 0xed)
            i += 3;
        else if ((v & 0xc0e0) == 0x80c0 && (v & 0x1e) != 0)
            i += 2;
        else
            break;
    }
#endif
    return i;
}

size_t utf8_check(struct slice s)
{
    size_t i = 0;

    while ((i = ascii_run(s, i)) < s.len) {
        /* Characters beyond ASCII come in runs. */
        i = common_run(s, i);
        if (i == s.len || (unsigned char)s.ptr[i] < 0x80)
            continue;
        do {
            size_t n = utf8_char((const unsigned char *)s.ptr + i, s.len - i);

            if (n == 0)
                return i;
            i += n;
        } while (i < s.len && (unsigned char)s.ptr[i] >= 0x80);
    }
    return i;
}

size_t text_control(struct slice s)
{
    unsigned char c = s.len > 0 ? (unsigned char)s.ptr[0] : ' ';
    if (c < 0x20 || c == 0x7f)
        return 1;
    return c == 0xc2 && s.len > 1 && (unsigned char)s.ptr[1] >= 0x80 &&
                   (unsigned char)s.ptr[1] < 0xa0
               ? 2
               : 0;
}

size_t utf8_prefix(struct slice s, size_t max)
{
    size_t i = max;

    if (s.len <= max)
        return s.len;
    /* A character has at most three bytes after its first. */
    while (i > 0 && max - i < 3 && ((unsigned char)s.ptr[i] & 0xc0) == 0x80)
        i--;
    return ((unsigned char)s.ptr[i] & 0xc0) == 0x80 ? max : i;
}

/* 10^0 to 10^22: the powers of ten that a double holds exactly. */
static const double exact_power[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static size_t put_unsigned(char *out, uint64_t n)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    return count;
}

/*
 * A decimal of at most 15 digits is told apart from all others by its double:
 * if m / 10^k gives x back, m with k decimals is the shortest text of x for the
 * least such k. Finds most numbers that people type. Returns 0 if it does not.
 */
static size_t put_short_decimal(double x, char *out)
{
    for (int k = 0; k <= 6; k++) {
        double m = nearbyint(x * exact_power[k]);
        uint64_t scale = (uint64_t)exact_power[k];
        uint64_t fraction;
        size_t n;

        if (!(m < 1e15))
            return 0;
        if (m / exact_power[k] != x)
            continue;
        n = put_unsigned(out, (uint64_t)m / scale);
        if (k == 0)
            return n;
        fraction = (uint64_t)m % scale;
        out[n] = '.';
        for (int i = k; i > 0; i--, fraction /= 10)
            out[n + (size_t)i] = (char)('0' + fraction % 10);
        return n + 1 + (size_t)k;
    }
    return 0;
}

static double digits_to_double(const char *digits, int count, int exponent)
{
    char text[48];

    snprintf(text, sizeof(text), "%.*se%d", count, digits, exponent - count);
    return strtod(text, NULL);
}

/* Adds one to the last of `count` digits; 999 becomes 100, carried. */
static void digits_up(char *digits, int count, int *exponent)
{
    int i = count - 1;

    while (i >= 0 && digits[i] == '9')
        digits[i--] = '0';
    if (i >= 0) {
        digits[i]++;
    } else {
        digits[0] = '1';
        ++*exponent;
    }
}

/* `count` without the zeros at the end. */
static int without_zeros(const char *digits, int count)
{
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

/*
 * The fewest digits d1..dn with 0.d1..dn * 10^exponent == x, the closest of
 * them. Rounding to n digits finds them, except where x is a power of two: its
 * neighbour below is nearer than the one above, so the digits rounded up may
 * read back where the closer ones below do not.
 *
 * Whatever can be said in 15 digits or fewer is found with 15 and the zeros cut
 * off, but for subnormal numbers, which hold fewer.
 */
static int shortest_digits(double x, char digits[18], int *exponent)
{
    char text[40];
    const char *end;
    int whole;
    bool power = frexp(x, &whole) == 0.5;

    for (int n = x < DBL_MIN ? 1 : 15;; n++) {
        snprintf(text, sizeof(text), "%.*e", n - 1, x);
        /* Between the first digit and the others stands the locale's point. */
        end = strchr(text, 'e');
        digits[0] = text[0];
        memcpy(digits + 1, end - (n - 1), (size_t)n - 1);
        *exponent = atoi(end + 1) + 1;
        if (n == 17 || digits_to_double(digits, n, *exponent) == x)
            return without_zeros(digits, n);
        if (!power)
            continue;
        digits_up(digits, n, exponent);
        if (digits_to_double(digits, n, *exponent) == x)
            return without_zeros(digits, n);
    }
}

/* Lays out `count` digits, the point after `point` of them, as ECMAScript. */
static size_t put_digits(const char *digits, int count, int point, char *out)
{
    size_t n = 0;

    if (point > 21 || point <= -6) {
        out[n++] = digits[0];
        if (count > 1) {
            out[n++] = '.';
            memcpy(out + n, digits + 1, (size_t)count - 1);
            n += (size_t)count - 1;
        }
        return n + (size_t)snprintf(out + n, 8, "e%+d", point - 1);
    }
    if (point <= 0) {
        memcpy(out, "0.", 2);
        n = 2;
        memset(out + n, '0', (size_t)-point);
        n += (size_t)-point;
        memcpy(out + n, digits, (size_t)count);
        return n + (size_t)count;
    }
    for (int i = 0; i < count || i < point; i++) {
        if (i == point)
            out[n++] = '.';
        out[n++] = i < count ? digits[i] : '0';
    }
    return n;
}

size_t number_to_text(double number, char *out)
{
    char digits[18];
    size_t sign = 0;
    size_t n;
    int count;
    int exponent;

    if (number < 0) {
        out[sign++] = '-';
        number = -number;
    }
    n = put_short_decimal(number, out + sign);
    if (n > 0)
        return sign + n;
    count = shortest_digits(number, digits, &exponent);
    return sign + put_digits(digits, count, exponent, out + sign);
}

/* A decimal read but not yet converted: 0.d1d2... * 10^point, sign apart. */
struct decimal {
    const char *p; /* what is left to read */
    const char *end;
    char digits[801]; /* significant ones; the rest is summed up as a 1 */
    size_t count;
    int64_t point;
    bool negative;
    bool any;    /* at least one digit was there */
    bool beyond; /* a non-zero digit did not fit into digits */
};

static void decimal_digit(struct decimal *d, char c, bool fraction)
{
    d->any = true;
    if (!fraction && (d->count > 0 || c != '0'))
        d->point++;
    if (d->count == 0 && c == '0') {
        if (fraction)
            d->point--;
        return;
    }
    /* 767 digits decide any rounding; what follows can only break a tie. */
    if (d->count < sizeof(d->digits) - 1)
        d->digits[d->count++] = c;
    else if (c != '0')
        d->beyond = true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads "e-12" at d->p; false if an exponent is begun but not there. */
static bool decimal_exponent(struct decimal *d)
{
    int64_t exponent = 0;
    bool negative = false;

    if (d->p == d->end || (*d->p | 0x20) != 'e')
        return true;
    d->p++;
    if (d->p < d->end && (*d->p == '+' || *d->p == '-'))
        negative = *d->p++ == '-';
    if (d->p == d->end || !is_digit(*d->p))
        return false;
    for (; d->p < d->end && is_digit(*d->p); d->p++) {
        if (exponent < INT64_C(1000000000000))
            exponent = exponent * 10 + (*d->p - '0');
    }
    d->point += negative ? -exponent : exponent;
    return true;
}

static bool decimal_read(struct decimal *d)
{
    if (d->p < d->end && (*d->p == '-' || *d->p == '+'))
        d->negative = *d->p++ == '-';
    for (; d->p < d->end && is_digit(*d->p); d->p++)
        decimal_digit(d, *d->p, false);
    if (d->p < d->end && *d->p == '.') {
        d->p++;
        for (; d->p < d->end && is_digit(*d->p); d->p++)
            decimal_digit(d, *d->p, true);
    }
    return d->any && decimal_exponent(d) && d->p == d->end;
}

/* The general case: any length, correctly rounded by strtod. */
static bool number_slow(struct slice s, double *out)
{
    struct decimal d = {.p = s.ptr, .end = s.ptr + s.len};
    char text[sizeof(d.digits) + 32];
    int64_t exponent;
    double x;

    if (!decimal_read(&d))
        return false;
    if (d.count == 0) {
        *out = 0.0;
        return true;
    }
    if (d.point > 400)
        return false;
    if (d.point < -400) {
        *out = 0.0;
        return true;
    }
    if (d.beyond)
        d.digits[d.count++] = '1';
    exponent = d.point - (int64_t)d.count;
    snprintf(text, sizeof(text), "%.*se%lld", (int)d.count, d.digits,
             (long long)exponent);
    x = strtod(text, NULL);
    if (!isfinite(x))
        return false;
    *out = d.negative ? -x : x;
    return true;
}

/*
 * digits * 10^exponent when that is certain to be correctly rounded: one exact
 * operation on two exact operands. With 64-bit mantissas 19 digits are exact
 * too, and the second rounding, to 53 bits, can only go wrong within one unit
 * of a tie, which is left to the slow path.
 */
static bool scale_exact(uint64_t digits, int exponent, double *out)
{
    if (digits <= (UINT64_C(1) << 53)) {
        if (exponent < -22 || exponent > 22)
            return false;
        *out = exponent < 0 ? (double)digits / exact_power[-exponent]
                            : (double)digits * exact_power[exponent];
        return true;
    }
#if LDBL_MANT_DIG == 64
    long double x = (long double)digits;
    uint64_t mantissa;
    unsigned low;

    if (exponent < -22 || exponent > 22)
        return false;
    if (exponent < 0)
        x /= (long double)exact_power[-exponent];
    else
        x *= (long double)exact_power[exponent];
    memcpy(&mantissa, &x, sizeof(mantissa));
    low = (unsigned)(mantissa & 0x7ff);
    if (low >= 0x3ff && low <= 0x401)
        return false;
    *out = (double)x;
    return true;
#else
    return false;
#endif
}

bool number_from_text(struct slice s, double *out)
{
    const char *p = s.ptr;
    const char *end = s.ptr + s.len;
    const char *first;
    const char *point = NULL;
    uint64_t digits = 0;
    bool negative = false;
    double x;

    /* 19 digits and a point fill a uint64_t without overflow. */
    if (s.len == 0 || s.len > 21)
        return number_slow(s, out);
    if (*p == '-' || *p == '+')
        negative = *p++ == '-';
    first = p;
    for (; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');

        if (digit <= 9)
            digits = digits * 10 + digit;
        else if (*p == '.' && !point)
            point = p;
        else
            return number_slow(s, out);
    }
    if (p - first - (point != NULL) < 1 || p - first - (point != NULL) > 19)
        return number_slow(s, out);
    if (!scale_exact(digits, point ? -(int)(end - point - 1) : 0, &x))
        return number_slow(s, out);
    *out = negative ? -x : x;
    return true;
}

bool integer_from_text(struct slice s, int64_t *out)
{
    size_t i = 0;
    bool negative = false;
    int64_t n = 0;

    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        negative = s.ptr[i++] == '-';
    if (i == s.len)
        return false;
    for (; i < s.len; i++) {
        int digit = s.ptr[i] - '0';

        if (!is_digit(s.ptr[i]) || __builtin_mul_overflow(n, 10, &n))
            return false;
        /* Downwards for negative numbers, because INT64_MIN has no opposite. */
        if (__builtin_add_overflow(n, negative ? -digit : digit, &n))
            return false;
    }
    *out = n;
    return true;
}

/*
 * Years begin in March here, so that the leap day is the last of its year, and
 * come in eras of 400, which all have the same 146,097 days.
 */
#define ERA_DAYS        146097
#define MARCH_0_TO_1970 719468 /* days from 0000-03-01 to 1970-01-01 */

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_divide(y, 400);
    int64_t year_of_era = y - era * 400;
    unsigned month_from_march = month > 2 ? month - 3 : month + 9;
    unsigned day_of_year = (153 * month_from_march + 2) / 5 + day - 1;

    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 -
           year_of_era / 100 + day_of_year - MARCH_0_TO_1970;
}

void civil_from_days(int64_t days, int64_t *year, unsigned *month,
                     unsigned *day)
{
    int64_t z = days + MARCH_0_TO_1970;
    int64_t era = floor_divide(z, ERA_DAYS);
    unsigned day_of_era = (unsigned)(z - era * ERA_DAYS);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 +
                            day_of_era / 36524 - day_of_era / 146096) /
                           365;
    unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;

    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month =
        month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

/* "HH:MM:SS[.fff]" of a duration without sign, hours not wrapped. */
static size_t put_clock(uint64_t ms, char *out, size_t size)
{
    unsigned fraction = (unsigned)(ms % 1000);
    unsigned second = (unsigned)(ms / 1000 % 60);
    unsigned minute = (unsigned)(ms / 60000 % 60);
    unsigned long long hour = ms / 3600000;

    if (fraction == 0)
        return (size_t)snprintf(out, size, "%02llu:%02u:%02u", hour, minute,
                                second);
    return (size_t)snprintf(out, size, "%02llu:%02u:%02u.%03u", hour, minute,
                            second, fraction);
}

size_t datetime_to_text(int64_t ms, char *out)
{
    int64_t days = floor_divide(ms, MS_PER_DAY);
    int64_t clock = ms - days * MS_PER_DAY;
    int64_t year;
    unsigned month;
    unsigned day;
    size_t n;

    civil_from_days(days, &year, &month, &day);
    n = (size_t)snprintf(out, DATE_TEXT_MAX, "%04lld-%02u-%02u",
                         (long long)year, month, day);
    if (clock == 0)
        return n;
    out[n++] = 'T';
    return n + put_clock((uint64_t)clock, out + n, DATE_TEXT_MAX - n);
}

size_t duration_to_text(int64_t ms, char *out)
{
    uint64_t magnitude = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
    size_t sign = ms < 0;

    if (sign)
        out[0] = '-';
    return sign + put_clock(magnitude, out + sign, DATE_TEXT_MAX - sign);
}

size_t column_name(uint32_t column, char out[9])
{
    char letters[8];
    size_t count = 0;

    while (column > 0) {
        column--;
        letters[count++] = (char)('A' + column % 26);
        column /= 26;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = letters[count - 1 - i];
    out[count] = '\0';
    return count;
}
