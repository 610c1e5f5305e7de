/* SPDX-License-Identifier: Apache-2.0 */
/* convert.c: cells become values. */
#include "shape/convert.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "shape/celltext.h"
#include "shape/isotext.h"

#define MS_PER_DAY   ((int64_t)86400000)
#define USECS_PER_MS 1000
#define EXACT_LIMIT  9007199254740992.0 /* 2^53 */

/* One conversion: what goes in, and where its result goes. */
struct conversion {
    const struct column *column;
    const struct cell *cell;
    struct arena *arena;
    struct issue *why;
};

/* Says why the cell does not convert: printf. Returns -1. */
__attribute__((format(printf, 3, 4))) static int refuse(
    const struct conversion *c, enum issue_code code, const char *format, ...)
{
    char room[CELL_TEXT_ROOM];
    char text[ISSUE_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    issue_set(c->why, code, "%s", text);
    c->why->column = c->cell->column;
    issue_value(c->why, cell_text(c->cell, room));
    return -1;
}

static const char *type_name(enum column_type type)
{
    switch (type) {
    case COLUMN_INTEGER:
        return "a whole number";
    case COLUMN_REAL:
    case COLUMN_NUMERIC:
        return "a number";
    case COLUMN_BOOLEAN:
        return "true or false";
    case COLUMN_DATE:
        return "a date (YYYY-MM-DD)";
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return "a date and time (YYYY-MM-DD HH:MM:SS)";
    case COLUMN_TIME:
        return "a time of day (HH:MM:SS)";
    case COLUMN_INTERVAL:
        return "a duration (HH:MM:SS)";
    case COLUMN_TEXT:
    case COLUMN_OTHER:
        break;
    }
    return "text";
}

/* The usual refusal. */
static int mismatch(const struct conversion *c)
{
    return refuse(c, ISSUE_CONVERT, "is not %s", type_name(c->column->type));
}

static int bad_cell(const struct conversion *c)
{
    enum issue_code code = (enum issue_code)c->cell->bad;
    const char *text = "cannot be understood";

    switch (code) {
    case ISSUE_NUL:
        text = "holds a NUL character, which database text cannot";
        break;
    case ISSUE_ENCODING:
        text = "is not valid Unicode text";
        break;
    case ISSUE_STRING_INDEX:
        text = "shared-string index out of range";
        break;
    case ISSUE_BAD_NUMBER:
        text = "is a number cell that holds no number";
        break;
    case ISSUE_BAD_BOOLEAN:
        text = "is a boolean cell that holds neither 0 nor 1";
        break;
    case ISSUE_BAD_REFERENCE:
        text = "cell reference outside the sheet or its row";
        break;
    case ISSUE_DUPLICATE_CELL:
        text = "the row has this column twice";
        break;
    case ISSUE_CELL_TYPE:
        text = "is of a cell type that is not known";
        break;
    case ISSUE_QUOTE:
        text = "goes on behind its closing quote (a quote inside is written "
               "twice)";
        break;
    case ISSUE_TEXT_TOO_LONG:
        text = "is longer than a cell may be";
        break;
    case ISSUE_ERROR_VALUE:
        text = "is an error value";
        break;
    default:
        if (!issue_is_row(code))
            code = ISSUE_CELL_TYPE;
        break;
    }
    return refuse(c, code, "%s", text);
}

/* --- text ----------------------------------------------------------------- */

static size_t count_chars(struct slice s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return count;
}

/* Gives the text to *out; copies it unless it lasts. */
static int put_text(const struct conversion *c, struct slice text, bool lasting,
                    struct value *out)
{
    if (!lasting) {
        text = arena_copy(c->arena, text);
        if (!text.ptr)
            return issue_set(c->why, ISSUE_MEMORY, "out of memory");
    }
    *out = (struct value){.kind = VALUE_TEXT, .text = text};
    return 0;
}

static int to_text(const struct conversion *c, struct value *out)
{
    char room[CELL_TEXT_ROOM];
    struct slice text = cell_text(c->cell, room);
    int32_t max = c->column->max_chars;

    /* Fewer bytes than characters there never are. */
    if (max > 0 && text.len > (size_t)max) {
        size_t chars = count_chars(text);

        if (chars > (size_t)max)
            return refuse(c, ISSUE_TEXT_TOO_LONG,
                          "has %zu characters, the column holds %d", chars,
                          (int)max);
    }
    return put_text(c, text, c->cell->kind == CELL_TEXT && c->cell->lasting,
                    out);
}

/* --- numbers -------------------------------------------------------------- */

/* A decimal number by its form alone. */
struct decimal_form {
    size_t start;  /* of the first digit */
    size_t whole;  /* digits before the point */
    size_t length; /* of digits and point */
    int64_t exponent;
    bool zero; /* no digit but 0 */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 'e', a sign or none, digits; the value stops growing far out of range. */
static bool read_exponent(struct slice s, int64_t *out)
{
    size_t i = 1;
    bool negative = false;
    int64_t n = 0;

    if (s.len > i && (s.ptr[i] == '+' || s.ptr[i] == '-'))
        negative = s.ptr[i++] == '-';
    if (i >= s.len || (s.ptr[0] | 0x20) != 'e')
        return false;
    for (; i < s.len; i++) {
        if (!is_digit(s.ptr[i]))
            return false;
        if (n < 1000000000)
            n = n * 10 + (s.ptr[i] - '0');
    }
    *out = negative ? -n : n;
    return true;
}

/* "[+-]digits[.digits][e[+-]digits]", a digit on one side of the point. */
static bool read_decimal_form(struct slice s, struct decimal_form *out)
{
    struct decimal_form made = {.zero = true};
    size_t i = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');
    bool point = false;
    size_t digits = 0;

    made.start = i;
    for (; i < s.len; i++) {
        if (is_digit(s.ptr[i])) {
            digits++;
            made.whole += !point;
            made.zero = made.zero && s.ptr[i] == '0';
        } else if (s.ptr[i] == '.' && !point) {
            point = true;
        } else {
            break;
        }
    }
    made.length = i - made.start;
    if (digits == 0)
        return false;
    if (i < s.len &&
        !read_exponent((struct slice){s.ptr + i, s.len - i}, &made.exponent))
        return false;
    *out = made;
    return true;
}

/* Digits before the point once the exponent is applied; 0 or fewer below 1. */
static int64_t whole_digits(struct slice s, const struct decimal_form *form)
{
    const char *p = s.ptr + form->start;
    int64_t place = (int64_t)form->whole;

    if (form->zero)
        return 0;
    for (size_t i = 0; i < form->length && (p[i] == '0' || p[i] == '.'); i++)
        place -= p[i] == '0';
    return place + form->exponent;
}

static int put_integer(const struct conversion *c, int64_t n, struct value *out)
{
    if ((c->column->size == 2 && (n < INT16_MIN || n > INT16_MAX)) ||
        (c->column->size == 4 && (n < INT32_MIN || n > INT32_MAX)))
        return refuse(c, ISSUE_OUT_OF_RANGE, "does not fit %d bytes",
                      (int)c->column->size);
    *out = (struct value){.kind = VALUE_INTEGER, .integer = n};
    return 0;
}

static bool only_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]))
            return false;
    }
    return s.len > 0;
}

static int text_to_integer(const struct conversion *c, struct slice text,
                           struct value *out)
{
    struct slice digits = text;
    int64_t n;

    if (integer_from_text(text, &n))
        return put_integer(c, n, out);
    if (text.ptr[0] == '-' || text.ptr[0] == '+')
        digits = (struct slice){text.ptr + 1, text.len - 1};
    if (only_digits(digits))
        return refuse(c, ISSUE_OUT_OF_RANGE, "does not fit 8 bytes");
    return mismatch(c);
}

static int to_integer(const struct conversion *c, struct slice text,
                      struct value *out)
{
    double number;

    switch (c->cell->kind) {
    case CELL_TEXT:
        return text_to_integer(c, text, out);
    case CELL_BOOL:
        return put_integer(c, c->cell->truth, out);
    case CELL_NUMBER:
        number = c->cell->number;
        break;
    default:
        return mismatch(c);
    }
    if (number != floor(number))
        return mismatch(c);
    if (fabs(number) >= EXACT_LIMIT)
        return refuse(c, ISSUE_OUT_OF_RANGE,
                      "is larger than a number cell holds exactly");
    return put_integer(c, (int64_t)number, out);
}

static int to_real(const struct conversion *c, struct slice text,
                   struct value *out)
{
    struct decimal_form form = {0};
    double number;

    if (c->cell->kind == CELL_NUMBER)
        number = c->cell->number;
    else if (c->cell->kind != CELL_TEXT || !read_decimal_form(text, &form))
        return mismatch(c);
    else if (!number_from_text(text, &number) || (number == 0 && !form.zero))
        return refuse(c, ISSUE_OUT_OF_RANGE, "does not fit %d bytes",
                      c->column->size == 4 ? 4 : 8);
    if (c->column->size == 4 && number != 0 &&
        (isinf((float)number) || (float)number == 0))
        return refuse(c, ISSUE_OUT_OF_RANGE, "does not fit 4 bytes");
    *out = (struct value){.kind = VALUE_REAL, .real = number};
    return 0;
}

static int to_numeric(const struct conversion *c, struct slice text,
                      struct value *out)
{
    char room[CELL_TEXT_ROOM];
    struct decimal_form form;
    bool lasting = c->cell->lasting;

    if (c->cell->kind == CELL_NUMBER) {
        text = cell_text(c->cell, room);
        lasting = false;
    } else if (c->cell->kind != CELL_TEXT) {
        return mismatch(c);
    }
    if (!read_decimal_form(text, &form))
        return mismatch(c);
    if (c->column->precision > 0 &&
        whole_digits(text, &form) > c->column->precision - c->column->scale)
        return refuse(c, ISSUE_OUT_OF_RANGE, "does not fit numeric(%d,%d)",
                      c->column->precision, c->column->scale);
    return put_text(c, text, lasting, out);
}

/* --- booleans ------------------------------------------------------------- */

static int to_boolean(const struct conversion *c, struct slice text,
                      struct value *out)
{
    /* Even ones mean true. */
    static const char *const words[] = {"true", "false", "yes", "no", "t",
                                        "f",    "y",     "n",   "1",  "0"};

    if (c->cell->kind == CELL_BOOL) {
        *out = (struct value){.kind = VALUE_BOOLEAN, .truth = c->cell->truth};
        return 0;
    }
    if (c->cell->kind == CELL_NUMBER &&
        (c->cell->number == 0 || c->cell->number == 1)) {
        *out = (struct value){.kind = VALUE_BOOLEAN,
                              .truth = c->cell->number == 1};
        return 0;
    }
    if (c->cell->kind != CELL_TEXT)
        return mismatch(c);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_equal_nocase(text, slice_of(words[i]))) {
            *out = (struct value){.kind = VALUE_BOOLEAN, .truth = i % 2 == 0};
            return 0;
        }
    }
    return mismatch(c);
}

/* --- dates and times ------------------------------------------------------ */

/* The cell as microseconds since 1970; *zoned when its text has a zone. */
static int read_datetime(const struct conversion *c, struct slice text,
                         int64_t *usecs, bool *zoned)
{
    struct iso_datetime datetime;

    *zoned = false;
    if (c->cell->kind == CELL_DATETIME) {
        if (__builtin_mul_overflow(c->cell->ms, (int64_t)USECS_PER_MS, usecs))
            return refuse(c, ISSUE_OUT_OF_RANGE, "is too far from today");
        return 0;
    }
    if (c->cell->kind != CELL_TEXT || !iso_datetime_read(text, &datetime))
        return mismatch(c);
    *usecs = datetime.usecs;
    *zoned = datetime.zoned;
    return 0;
}

static int to_date(const struct conversion *c, struct slice text,
                   struct value *out)
{
    int64_t usecs = 0;
    bool zoned;

    if (read_datetime(c, text, &usecs, &zoned) < 0)
        return -1;
    if (zoned || usecs % USECS_PER_DAY != 0)
        return refuse(c, ISSUE_CONVERT,
                      "has a time of day, which the column cannot hold");
    *out = (struct value){.kind = VALUE_DATE, .integer = usecs / USECS_PER_DAY};
    return 0;
}

static int to_timestamp(const struct conversion *c, struct slice text,
                        struct value *out)
{
    int64_t usecs = 0;
    bool zoned;

    if (read_datetime(c, text, &usecs, &zoned) < 0)
        return -1;
    if (zoned && c->column->type == COLUMN_TIMESTAMP)
        return refuse(c, ISSUE_CONVERT,
                      "has a time zone, which the column cannot hold");
    *out = (struct value){.kind = VALUE_TIMESTAMP, .integer = usecs};
    return 0;
}

static int to_time(const struct conversion *c, struct slice text,
                   struct value *out)
{
    struct iso_clock clock;

    if (c->cell->kind == CELL_TIME) {
        if (__builtin_mul_overflow(c->cell->ms, (int64_t)USECS_PER_MS,
                                   &clock.usecs))
            return refuse(c, ISSUE_OUT_OF_RANGE, "is too long a time");
    } else if (c->cell->kind != CELL_TEXT || !iso_clock_read(text, &clock)) {
        return mismatch(c);
    }
    if (c->column->type == COLUMN_TIME &&
        (clock.usecs < 0 || clock.usecs >= USECS_PER_DAY))
        return refuse(c, ISSUE_OUT_OF_RANGE, "is not within a day");
    *out = (struct value){.kind = VALUE_TIME, .integer = clock.usecs};
    return 0;
}

/* --- any cell ------------------------------------------------------------- */

static int convert_typed(const struct conversion *c, struct value *out)
{
    struct slice text = {0};

    if (c->cell->kind == CELL_TEXT) {
        text = slice_trim(c->cell->text);
        if (text.len == 0) {
            *out = (struct value){.kind = VALUE_NULL};
            return 0;
        }
    }
    switch (c->column->type) {
    case COLUMN_INTEGER:
        return to_integer(c, text, out);
    case COLUMN_REAL:
        return to_real(c, text, out);
    case COLUMN_NUMERIC:
        return to_numeric(c, text, out);
    case COLUMN_BOOLEAN:
        return to_boolean(c, text, out);
    case COLUMN_DATE:
        return to_date(c, text, out);
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return to_timestamp(c, text, out);
    case COLUMN_TIME:
    case COLUMN_INTERVAL:
        return to_time(c, text, out);
    case COLUMN_TEXT:
    case COLUMN_OTHER:
        break;
    }
    return to_text(c, out);
}

int convert_cell(const struct column *column, const struct cell *cell,
                 struct arena *arena, struct value *out, struct issue *why)
{
    struct conversion c = {column, cell, arena, why};
    bool to_any_text =
        column->type == COLUMN_TEXT || column->type == COLUMN_OTHER;

    if (cell->kind == CELL_BAD)
        return bad_cell(&c);
    if (cell->kind == CELL_ERROR)
        return refuse(&c, ISSUE_ERROR_VALUE, "is an error value");
    if (!to_any_text)
        return convert_typed(&c, out);
    if (cell->kind == CELL_TEXT && cell->text.len == 0) {
        *out = (struct value){.kind = VALUE_NULL};
        return 0;
    }
    return to_text(&c, out);
}
