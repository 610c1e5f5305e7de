/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_value.c: encoders for PostgreSQL's binary and text formats.
 *
 * PostgreSQL counts days and microseconds from 2000-01-01 and holds numeric in
 * digits of base 10,000.
 */
#include "load/pg_value.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "load/valuetext.h"

#define DAYS_TO_2000    INT64_C(10957)
#define USECS_PER_DAY   INT64_C(86400000000)
#define USECS_TO_2000   (DAYS_TO_2000 * USECS_PER_DAY)
#define UNIX_DAYS_YEAR1 INT64_C(-719162)

/*
 * Date ranges from 4714-11-24 BC to 5874897-12-31, in days since 1970. The end
 * of timestamp, in 294276, lies beyond 64 bits of microseconds since 1970.
 */
#define DAYS_MIN INT64_C(-2440588)
#define DAYS_MAX INT64_C(2145042905)

/* The ranges of numeric: digits before and after the point. */
#define NUMERIC_DIGITS_BEFORE 131072
#define NUMERIC_DIGITS_AFTER  16383
#define NUMERIC_NEGATIVE      0x4000

struct codec_oids {
    uint32_t oid;
    uint32_t array_oid;
};

/* pg_type's own numbers; they are part of the protocol and never change. */
static const struct codec_oids codec_oids[] = {
    [PG_TEXT] = {25, 1009},    [PG_BOOL] = {16, 1000},
    [PG_INT2] = {21, 1005},    [PG_INT4] = {23, 1007},
    [PG_INT8] = {20, 1016},    [PG_FLOAT4] = {700, 1021},
    [PG_FLOAT8] = {701, 1022}, [PG_NUMERIC] = {1700, 1231},
    [PG_DATE] = {1082, 1182},  [PG_TIMESTAMP] = {1114, 1115},
    [PG_TIME] = {1083, 1183},  [PG_INTERVAL] = {1186, 1187},
    [PG_OTHER] = {25, 1009},
};
#define TIMESTAMPTZ_OID       1184
#define TIMESTAMPTZ_ARRAY_OID 1185

static enum pg_codec codec_of(const struct column *column)
{
    switch (column->type) {
    case COLUMN_TEXT:
        return PG_TEXT;
    case COLUMN_INTEGER:
        return column->size == 2   ? PG_INT2
               : column->size == 4 ? PG_INT4
                                   : PG_INT8;
    case COLUMN_REAL:
        return column->size == 4 ? PG_FLOAT4 : PG_FLOAT8;
    case COLUMN_NUMERIC:
        return PG_NUMERIC;
    case COLUMN_BOOLEAN:
        return PG_BOOL;
    case COLUMN_DATE:
        return PG_DATE;
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return PG_TIMESTAMP;
    case COLUMN_TIME:
        return PG_TIME;
    case COLUMN_INTERVAL:
        return PG_INTERVAL;
    case COLUMN_OTHER:
        break;
    }
    /* Only a database has other types; what we create as such is text. */
    return column->db_oid == 0 ? PG_TEXT : PG_OTHER;
}

struct pg_column pg_column_of(const struct column *column)
{
    struct pg_column made = {.codec = codec_of(column)};
    made.oid = codec_oids[made.codec].oid;
    made.array_oid = codec_oids[made.codec].array_oid;
    if (column->type == COLUMN_TIMESTAMPTZ) {
        made.oid = TIMESTAMPTZ_OID;
        made.array_oid = TIMESTAMPTZ_ARRAY_OID;
    }
    switch (made.codec) {
    case PG_INT2:
    case PG_INT4:
    case PG_FLOAT4:
    case PG_NUMERIC:
    case PG_DATE:
    case PG_TIMESTAMP:
    case PG_TIME:
        made.checked = true;
        break;
    default:
        break;
    }
    return made;
}

/* --- numeric -------------------------------------------------------------- */

/* A decimal taken apart: its digits lie in `text`, the point among them. */
struct decimal {
    struct slice digits; /* from the first digit to the last, point included */
    bool negative;
    int64_t scale; /* digits after the point once the exponent is applied */
    int64_t point; /* digits before the point, from the first that counts */
    size_t first;  /* index in `digits` of the first digit that is not 0 */
    size_t last;   /* index behind the last one that is not 0; 0: it is zero */
};

static size_t skip_digits(struct slice text, size_t at)
{
    while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9')
        at++;
    return at;
}

static bool read_exponent(struct slice text, size_t at, int64_t *exponent)
{
    *exponent = 0;
    if (at == text.len)
        return true;
    if (text.ptr[at] != 'e' && text.ptr[at] != 'E')
        return false;
    at++;
    bool negative = at < text.len && text.ptr[at] == '-';
    if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+'))
        at++;
    if (at == text.len || skip_digits(text, at) != text.len)
        return false;
    for (; at < text.len; at++) {
        /* Far beyond the range already: more digits make no difference. */
        if (*exponent < 1000000)
            *exponent = *exponent * 10 + (text.ptr[at] - '0');
    }
    if (negative)
        *exponent = -*exponent;
    return true;
}

/* False when the text is not a decimal number. */
static bool read_decimal(struct slice text, struct decimal *d)
{
    *d = (struct decimal){0};
    size_t at = 0;
    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+'))
        at = 1;
    d->negative = at == 1 && text.ptr[0] == '-';
    size_t start = at;
    size_t point = skip_digits(text, at);
    size_t end = point;
    if (point < text.len && text.ptr[point] == '.')
        end = skip_digits(text, point + 1);
    size_t fraction = end > point ? end - point - 1 : 0;
    int64_t exponent;
    if (point - start + fraction == 0 || !read_exponent(text, end, &exponent))
        return false;

    d->digits = (struct slice){text.ptr + start, end - start};
    d->scale = (int64_t)fraction - exponent;
    if (d->scale < 0)
        d->scale = 0;
    size_t whole = point - start;
    for (size_t i = 0; i < d->digits.len; i++) {
        char c = d->digits.ptr[i];
        if (c == '0' || c == '.')
            continue;
        if (d->last == 0)
            d->first = i;
        d->last = i + 1;
    }
    d->point = (int64_t)whole - (int64_t)d->first + exponent;
    if (d->first > whole)
        d->point++; /* the point itself is no digit */
    return true;
}

/* Position of the base-10,000 digit that holds the first decimal digit. */
static int64_t numeric_weight(const struct decimal *d)
{
    int64_t place = d->point - 1;
    return place >= 0 ? place / 4 : (place - 3) / 4;
}

static void put_numeric(struct outbuf *out, struct slice text)
{
    struct decimal d;
    if (!read_decimal(text, &d))
        d = (struct decimal){0};
    size_t length_at = out->len;
    out->len += 4 + 2; /* the length and the digit count come last */
    uint16_t count = 0;
    if (d.last == 0) {
        outbuf_put16(out, 0);
        outbuf_put16(out, 0);
        outbuf_put16(out, (uint16_t)d.scale);
    } else {
        int64_t weight = numeric_weight(&d);
        outbuf_put16(out, (uint16_t)weight);
        outbuf_put16(out, d.negative ? NUMERIC_NEGATIVE : 0);
        outbuf_put16(out, (uint16_t)d.scale);
        /* Decimal digits that the first group still lacks. */
        int64_t lacks = d.point - weight * 4;
        unsigned group = 0;
        for (size_t i = d.first; i < d.last; i++) {
            if (d.digits.ptr[i] == '.')
                continue;
            group = group * 10 + (unsigned)(d.digits.ptr[i] - '0');
            if (--lacks > 0)
                continue;
            outbuf_put16(out, (uint16_t)group);
            count++;
            group = 0;
            lacks = 4;
        }
        if (lacks < 4) {
            for (; lacks > 0; lacks--)
                group *= 10;
            outbuf_put16(out, (uint16_t)group);
            count++;
        }
    }
    size_t end = out->len;
    out->len = length_at;
    outbuf_put32(out, (uint32_t)(end - length_at - 4));
    outbuf_put16(out, count);
    out->len = end;
}

static bool check_numeric(struct slice text, enum issue_code *code,
                          const char **reason)
{
    struct decimal d;
    if (!read_decimal(text, &d)) {
        *code = ISSUE_CONVERT;
        *reason = "is not a decimal number";
        return false;
    }
    if (d.scale <= NUMERIC_DIGITS_AFTER &&
        (d.last == 0 || d.point <= NUMERIC_DIGITS_BEFORE))
        return true;
    *code = ISSUE_OUT_OF_RANGE;
    *reason = "has more digits than numeric holds";
    return false;
}

/* --- checks --------------------------------------------------------------- */

static bool in_range(const struct pg_column *column, const struct value *value)
{
    int64_t n = value->integer;
    switch (column->codec) {
    case PG_INT2:
        return n >= INT16_MIN && n <= INT16_MAX;
    case PG_INT4:
        return n >= INT32_MIN && n <= INT32_MAX;
    case PG_FLOAT4:
        return !isfinite(value->real) || fabs(value->real) <= (double)FLT_MAX;
    case PG_DATE:
        return n >= DAYS_MIN && n <= DAYS_MAX;
    case PG_TIMESTAMP:
        return n >= DAYS_MIN * USECS_PER_DAY;
    case PG_TIME:
        return n >= 0 && n <= USECS_PER_DAY;
    default:
        return true;
    }
}

bool pg_value_check(const struct pg_column *column, const struct value *value,
                    enum issue_code *code, const char **text)
{
    if (!column->checked || value->kind == VALUE_NULL)
        return true;
    if (column->codec == PG_NUMERIC)
        return check_numeric(value->text, code, text);
    if (in_range(column, value))
        return true;
    *code = ISSUE_OUT_OF_RANGE;
    *text = column->codec == PG_TIME ? "is not a time of day"
                                     : "is out of the column's range";
    return false;
}

/* --- binary --------------------------------------------------------------- */

static void put_float4(struct outbuf *out, double real)
{
    float narrow = (float)real;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof(bits));
    outbuf_put32(out, 4);
    outbuf_put32(out, bits);
}

static void put_float8(struct outbuf *out, double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof(bits));
    outbuf_put32(out, 8);
    outbuf_put64(out, bits);
}

static void put_int8(struct outbuf *out, int64_t n)
{
    outbuf_put32(out, 8);
    outbuf_put64(out, (uint64_t)n);
}

void pg_put_field(struct outbuf *out, const struct pg_column *column,
                  const struct value *value)
{
    if (value->kind == VALUE_NULL) {
        outbuf_put32(out, UINT32_MAX);
        return;
    }
    int64_t n = value->integer;
    switch (column->codec) {
    case PG_TEXT:
    case PG_OTHER:
        outbuf_put32(out, (uint32_t)value->text.len);
        if (value->text.len > 0)
            memcpy(out->ptr + out->len, value->text.ptr, value->text.len);
        out->len += value->text.len;
        break;
    case PG_BOOL:
        outbuf_put32(out, 1);
        out->ptr[out->len++] = value->truth ? 1 : 0;
        break;
    case PG_INT2:
        outbuf_put32(out, 2);
        outbuf_put16(out, (uint16_t)n);
        break;
    case PG_INT4:
        outbuf_put32(out, 4);
        outbuf_put32(out, (uint32_t)n);
        break;
    case PG_INT8:
    case PG_TIME:
        put_int8(out, n);
        break;
    case PG_FLOAT4:
        put_float4(out, value->real);
        break;
    case PG_FLOAT8:
        put_float8(out, value->real);
        break;
    case PG_NUMERIC:
        put_numeric(out, value->text);
        break;
    case PG_DATE:
        outbuf_put32(out, 4);
        outbuf_put32(out, (uint32_t)(n - DAYS_TO_2000));
        break;
    case PG_TIMESTAMP:
        put_int8(out, n - USECS_TO_2000);
        break;
    case PG_INTERVAL:
        outbuf_put32(out, 16);
        outbuf_put64(out, (uint64_t)n);
        outbuf_put32(out, 0); /* days and months: a sheet knows only time */
        outbuf_put32(out, 0);
        break;
    }
}

/* --- text ----------------------------------------------------------------- */

static void put_escaped(struct outbuf *out, struct slice text)
{
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++) {
        char escape;
        switch (text.ptr[i]) {
        case '\\':
            escape = '\\';
            break;
        case '\n':
            escape = 'n';
            break;
        case '\r':
            escape = 'r';
            break;
        case '\t':
            escape = 't';
            break;
        default:
            continue;
        }
        outbuf_put(out, text.ptr + plain, i - plain);
        outbuf_put(out, (char[]){'\\', escape}, 2);
        plain = i + 1;
    }
    outbuf_put(out, text.ptr + plain, text.len - plain);
}

/*
 * Dates before the year 1 are written "0044-03-15 BC": the sign that
 * value_text would write is not read.
 */
static void put_bc_date(struct outbuf *out, const struct value *value)
{
    int64_t days = value->integer;
    int64_t usecs = 0;
    if (value->kind == VALUE_TIMESTAMP) {
        days = value->integer / USECS_PER_DAY;
        usecs = value->integer % USECS_PER_DAY;
        if (usecs < 0) {
            usecs += USECS_PER_DAY;
            days--;
        }
    }
    int64_t year;
    unsigned month;
    unsigned day;
    civil_from_days(days, &year, &month, &day);
    outbuf_format(out, "%04d-%02u-%02u", (int)(1 - year), month, day);
    if (value->kind == VALUE_TIMESTAMP) {
        struct value clock = {.kind = VALUE_TIME, .integer = usecs};
        char room[VALUE_TEXT_MAX];
        struct slice text = value_text(&clock, room);
        outbuf_put(out, " ", 1);
        outbuf_put(out, text.ptr, text.len);
    }
}

void pg_put_text(struct outbuf *out, const struct pg_column *column,
                 const struct value *value)
{
    if (value->kind == VALUE_NULL) {
        outbuf_put(out, "\\N", 2);
        return;
    }
    if (value->kind == VALUE_TEXT) {
        put_escaped(out, value->text);
        return;
    }
    bool bc = false;
    if (value->kind == VALUE_DATE)
        bc = value->integer < UNIX_DAYS_YEAR1;
    else if (value->kind == VALUE_TIMESTAMP)
        bc = value->integer < UNIX_DAYS_YEAR1 * USECS_PER_DAY;
    if (bc) {
        put_bc_date(out, value);
    } else {
        char room[VALUE_TEXT_MAX];
        struct slice text = value_text(value, room);
        outbuf_put(out, text.ptr, text.len);
    }
    if (column->oid == TIMESTAMPTZ_OID)
        outbuf_put(out, "+00", 3);
    if (bc)
        outbuf_put(out, " BC", 3);
}
