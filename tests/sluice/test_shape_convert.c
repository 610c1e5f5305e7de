/* SPDX-License-Identifier: Apache-2.0 */
/* test_shape_convert.c: every kind of cell into every type of column. */
#include "check.h"

#include <float.h>

#include "shape/convert.h"
#include "shape/isotext.h"
#include "shape_cells.h"

#define DAY_MS INT64_C(86400000)

static struct arena arena;

/* Converts into a column of this type; what came out, or the refusal. */
struct outcome {
    int result;
    struct value value;
    struct issue why;
};

static struct outcome convert(struct column column, struct cell cell)
{
    struct outcome o = {.value.kind = VALUE_NULL};

    o.result = convert_cell(&column, &cell, &arena, &o.value, &o.why);
    return o;
}

static struct outcome convert_type(enum column_type type, struct cell cell)
{
    return convert((struct column){.type = type, .size = 8}, cell);
}

static void check_text(struct outcome o, const char *text)
{
    CHECK_EQ_INT(o.result, 0);
    CHECK_EQ_INT(o.value.kind, VALUE_TEXT);
    if (o.result == 0 && o.value.kind == VALUE_TEXT)
        CHECK_MSG(slice_equal(o.value.text, slice_of(text)),
                  "\"%.*s\" is not \"%s\"", (int)o.value.text.len,
                  o.value.text.ptr, text);
}

static void check_integer(struct outcome o, enum value_kind kind, int64_t n)
{
    CHECK_MSG(o.result == 0, "refused: %s", o.why.text);
    CHECK_EQ_INT(o.value.kind, kind);
    if (o.result == 0)
        CHECK_EQ_INT(o.value.integer, n);
}

static void check_truth(struct outcome o, bool truth)
{
    CHECK_EQ_INT(o.result, 0);
    CHECK_EQ_INT(o.value.kind, VALUE_BOOLEAN);
    CHECK_EQ_INT(o.value.truth, truth);
}

static void check_refused(struct outcome o, enum issue_code code)
{
    CHECK_EQ_INT(o.result, -1);
    if (o.result < 0)
        CHECK_MSG(o.why.code == code, "code is %s: %s",
                  issue_code_name(o.why.code), o.why.text);
}

static void anything_becomes_text(void)
{
    check_text(convert_type(COLUMN_TEXT, text_cell(1, " a b ")), " a b ");
    check_text(convert_type(COLUMN_TEXT, number_cell(1, 5551234567.0)),
               "5551234567");
    check_text(convert_type(COLUMN_TEXT, number_cell(1, 0.1)), "0.1");
    check_text(convert_type(COLUMN_TEXT, bool_cell(1, true)), "true");
    check_text(convert_type(COLUMN_TEXT, datetime_cell(1, 0)), "1970-01-01");
    check_text(convert_type(COLUMN_TEXT, datetime_cell(1, 1500)),
               "1970-01-01T00:00:01.500");
    check_text(convert_type(COLUMN_TEXT, time_cell(1, 90000)), "00:01:30");
    check_text(convert_type(COLUMN_OTHER, text_cell(1, "{}")), "{}");
    CHECK_EQ_INT(convert_type(COLUMN_TEXT, text_cell(1, "")).value.kind,
                 VALUE_NULL);
    arena_clear(&arena);
}

static void lasting_text_is_borrowed_and_other_text_copied(void)
{
    char text[] = "abc";
    struct cell cell = text_cell(1, text);

    CHECK(convert_type(COLUMN_TEXT, cell).value.text.ptr != text);
    cell.lasting = true;
    CHECK(convert_type(COLUMN_TEXT, cell).value.text.ptr == text);
    strcpy(text, "12");
    cell.text.len = 2;
    CHECK(convert_type(COLUMN_NUMERIC, cell).value.text.ptr == text);
    cell = number_cell(1, 12);
    cell.lasting = true; /* says nothing of a number */
    check_text(convert_type(COLUMN_NUMERIC, cell), "12");
    check_text(convert_type(COLUMN_TEXT, cell), "12");
    arena_clear(&arena);
}

static void length_counts_characters(void)
{
    struct column column = {.type = COLUMN_TEXT, .max_chars = 3};
    struct outcome o;

    check_text(convert(column, text_cell(1, "äöü")), "äöü");
    o = convert(column, text_cell(4, "äöüx"));
    check_refused(o, ISSUE_TEXT_TOO_LONG);
    CHECK_EQ_STR(o.why.text, "has 4 characters, the column holds 3");
    CHECK_EQ_STR(o.why.value, "äöüx");
    CHECK_EQ_INT(o.why.column, 4);
    check_refused(convert(column, number_cell(1, 1000)), ISSUE_TEXT_TOO_LONG);
    arena_clear(&arena);
}

static void integers_are_whole_and_fit(void)
{
    struct column small = {.type = COLUMN_INTEGER, .size = 2};
    struct column medium = {.type = COLUMN_INTEGER, .size = 4};

    check_integer(convert_type(COLUMN_INTEGER, number_cell(1, -3)),
                  VALUE_INTEGER, -3);
    check_integer(convert_type(COLUMN_INTEGER, text_cell(1, " 007\t")),
                  VALUE_INTEGER, 7);
    check_integer(convert_type(COLUMN_INTEGER, bool_cell(1, true)),
                  VALUE_INTEGER, 1);
    check_integer(
        convert_type(COLUMN_INTEGER, text_cell(1, "-9223372036854775808")),
        VALUE_INTEGER, INT64_MIN);
    check_refused(
        convert_type(COLUMN_INTEGER, text_cell(1, "9223372036854775808")),
        ISSUE_OUT_OF_RANGE);
    check_integer(
        convert_type(COLUMN_INTEGER, number_cell(1, 9007199254740991.0)),
        VALUE_INTEGER, 9007199254740991);
    check_refused(
        convert_type(COLUMN_INTEGER, number_cell(1, -9007199254740992.0)),
        ISSUE_OUT_OF_RANGE);
    check_refused(convert_type(COLUMN_INTEGER, number_cell(1, 1e300)),
                  ISSUE_OUT_OF_RANGE);
    check_integer(convert(small, number_cell(1, -32768)), VALUE_INTEGER,
                  -32768);
    check_refused(convert(small, number_cell(1, 32768)), ISSUE_OUT_OF_RANGE);
    check_integer(convert(medium, text_cell(1, "2147483647")), VALUE_INTEGER,
                  2147483647);
    check_refused(convert(medium, text_cell(1, "-2147483649")),
                  ISSUE_OUT_OF_RANGE);
}

static void what_is_no_integer_is_refused(void)
{
    static const char *const texts[] = {"1.0", "1e3", "abc", "-", "+",
                                        "1 2", "0x1", "--1", "１"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_refused(convert_type(COLUMN_INTEGER, text_cell(1, texts[i])),
                      ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_INTEGER, number_cell(1, 1.5)),
                  ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_INTEGER, datetime_cell(1, 0)),
                  ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_INTEGER, time_cell(1, 0)), ISSUE_CONVERT);
}

static void reals_fit(void)
{
    struct column small = {.type = COLUMN_REAL, .size = 4};
    struct outcome o = convert_type(COLUMN_REAL, text_cell(1, " -1.5e3 "));

    CHECK(o.result == 0 && o.value.kind == VALUE_REAL &&
          o.value.real == -1500.0);
    CHECK(convert_type(COLUMN_REAL, number_cell(1, 0.1)).value.real == 0.1);
    CHECK_EQ_INT(convert_type(COLUMN_REAL, text_cell(1, "0e-999")).result, 0);
    check_refused(convert_type(COLUMN_REAL, text_cell(1, "1e400")),
                  ISSUE_OUT_OF_RANGE);
    check_refused(convert_type(COLUMN_REAL, text_cell(1, "1e-400")),
                  ISSUE_OUT_OF_RANGE);
    check_refused(convert_type(COLUMN_REAL, text_cell(1, "NaN")),
                  ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_REAL, text_cell(1, "1,5")),
                  ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_REAL, text_cell(1, "1e")), ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_REAL, bool_cell(1, true)), ISSUE_CONVERT);
    CHECK_EQ_INT(convert(small, number_cell(1, FLT_MAX)).result, 0);
    check_refused(convert(small, number_cell(1, 1e39)), ISSUE_OUT_OF_RANGE);
    check_refused(convert(small, text_cell(1, "1e-60")), ISSUE_OUT_OF_RANGE);
    CHECK_EQ_INT(convert(small, number_cell(1, 0)).result, 0);
}

static void numerics_keep_their_digits(void)
{
    struct column money = {.type = COLUMN_NUMERIC, .precision = 5, .scale = 2};

    check_text(convert_type(COLUMN_NUMERIC,
                            text_cell(1, " 12345678901234567890.1230 ")),
               "12345678901234567890.1230");
    check_text(convert_type(COLUMN_NUMERIC, number_cell(1, -0.25)), "-0.25");
    check_text(convert(money, text_cell(1, "999.991")), "999.991");
    check_text(convert(money, text_cell(1, "000999.99")), "000999.99");
    check_text(convert(money, text_cell(1, "0.0001e6")), "0.0001e6");
    check_text(convert(money, text_cell(1, "0e999999")), "0e999999");
    check_refused(convert(money, text_cell(1, "1000")), ISSUE_OUT_OF_RANGE);
    check_refused(convert(money, text_cell(1, "1e3")), ISSUE_OUT_OF_RANGE);
    check_refused(convert(money, text_cell(1, "0.0001e7")), ISSUE_OUT_OF_RANGE);
    check_refused(convert(money, number_cell(1, 1e22)), ISSUE_OUT_OF_RANGE);
    check_refused(convert(money, text_cell(1, "12,50")), ISSUE_CONVERT);
    check_refused(convert(money, text_cell(1, ".")), ISSUE_CONVERT);
    check_refused(convert(money, bool_cell(1, false)), ISSUE_CONVERT);
    arena_clear(&arena);
}

static void booleans_have_ten_words(void)
{
    static const char *const words[] = {"TRUE", "false", "Yes", "no", "T",
                                        "f",    "Y",     "n",   "1",  " 0 "};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        check_truth(convert_type(COLUMN_BOOLEAN, text_cell(1, words[i])),
                    i % 2 == 0);
    check_truth(convert_type(COLUMN_BOOLEAN, bool_cell(1, true)), true);
    check_truth(convert_type(COLUMN_BOOLEAN, number_cell(1, 0)), false);
    check_truth(convert_type(COLUMN_BOOLEAN, number_cell(1, 1)), true);
    check_refused(convert_type(COLUMN_BOOLEAN, number_cell(1, 2)),
                  ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_BOOLEAN, text_cell(1, "maybe")),
                  ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_BOOLEAN, datetime_cell(1, 0)),
                  ISSUE_CONVERT);
}

static void dates_have_no_time_of_day(void)
{
    check_integer(convert_type(COLUMN_DATE, datetime_cell(1, -DAY_MS)),
                  VALUE_DATE, -1);
    check_integer(convert_type(COLUMN_DATE, text_cell(1, "2000-02-29 ")),
                  VALUE_DATE, 11016);
    check_integer(
        convert_type(COLUMN_DATE, text_cell(1, "1970-01-02T00:00:00")),
        VALUE_DATE, 1);
    check_refused(convert_type(COLUMN_DATE, datetime_cell(1, 1)),
                  ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_DATE, text_cell(1, "1970-01-02T00:01")),
                  ISSUE_CONVERT);
    check_refused(
        convert_type(COLUMN_DATE, text_cell(1, "1970-01-02T00:00:00Z")),
        ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_DATE, text_cell(1, "02/29/2000")),
                  ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_DATE, number_cell(1, 45000)),
                  ISSUE_CONVERT);
}

static void timestamps_have_a_zone_or_not(void)
{
    check_integer(convert_type(COLUMN_TIMESTAMP, datetime_cell(1, 1500)),
                  VALUE_TIMESTAMP, 1500000);
    check_integer(convert_type(COLUMN_TIMESTAMP, text_cell(1, "1970-01-02")),
                  VALUE_TIMESTAMP, USECS_PER_DAY);
    check_integer(
        convert_type(COLUMN_TIMESTAMP, text_cell(1, "1969-12-31 23:59:59.5")),
        VALUE_TIMESTAMP, -500000);
    check_refused(
        convert_type(COLUMN_TIMESTAMP, text_cell(1, "1970-01-01T00:00:00Z")),
        ISSUE_CONVERT);
    check_integer(convert_type(COLUMN_TIMESTAMPTZ,
                               text_cell(1, "1970-01-01T01:00:00+01:00")),
                  VALUE_TIMESTAMP, 0);
    check_integer(
        convert_type(COLUMN_TIMESTAMPTZ, text_cell(1, "1970-01-01T00:00:01")),
        VALUE_TIMESTAMP, 1000000);
    check_integer(convert_type(COLUMN_TIMESTAMPTZ, datetime_cell(1, 0)),
                  VALUE_TIMESTAMP, 0);
    check_refused(convert_type(COLUMN_TIMESTAMP, datetime_cell(1, INT64_MAX)),
                  ISSUE_OUT_OF_RANGE);
    check_refused(convert_type(COLUMN_TIMESTAMP, text_cell(1, "now")),
                  ISSUE_CONVERT);
    check_refused(convert_type(COLUMN_TIMESTAMP, time_cell(1, 0)),
                  ISSUE_CONVERT);
}

static void times_lie_within_a_day_and_intervals_need_not(void)
{
    check_integer(convert_type(COLUMN_TIME, time_cell(1, 90000)), VALUE_TIME,
                  90000000);
    check_integer(convert_type(COLUMN_TIME, text_cell(1, "00:01:30.5")),
                  VALUE_TIME, 90500000);
    check_refused(convert_type(COLUMN_TIME, time_cell(1, DAY_MS)),
                  ISSUE_OUT_OF_RANGE);
    check_refused(convert_type(COLUMN_TIME, text_cell(1, "-00:01")),
                  ISSUE_OUT_OF_RANGE);
    check_refused(convert_type(COLUMN_TIME, datetime_cell(1, 0)),
                  ISSUE_CONVERT);
    check_integer(convert_type(COLUMN_INTERVAL, time_cell(1, -DAY_MS)),
                  VALUE_TIME, -USECS_PER_DAY);
    check_integer(convert_type(COLUMN_INTERVAL, text_cell(1, "48:00")),
                  VALUE_TIME, 2 * USECS_PER_DAY);
    check_refused(convert_type(COLUMN_INTERVAL, time_cell(1, INT64_MIN)),
                  ISSUE_OUT_OF_RANGE);
    check_refused(convert_type(COLUMN_INTERVAL, text_cell(1, "2 days")),
                  ISSUE_CONVERT);
}

static void blank_text_is_null_where_it_is_no_text(void)
{
    for (int type = COLUMN_INTEGER; type <= COLUMN_INTERVAL; type++) {
        struct outcome o =
            convert_type((enum column_type)type, text_cell(1, " \xc2\xa0\t"));

        CHECK_EQ_INT(o.result, 0);
        CHECK_EQ_INT(o.value.kind, VALUE_NULL);
    }
    check_text(convert_type(COLUMN_TEXT, text_cell(1, " ")), " ");
    arena_clear(&arena);
}

static void errors_and_bad_cells_convert_to_nothing(void)
{
    static const enum issue_code codes[] = {
        ISSUE_NUL,
        ISSUE_ENCODING,
        ISSUE_STRING_INDEX,
        ISSUE_BAD_NUMBER,
        ISSUE_BAD_BOOLEAN,
        ISSUE_BAD_REFERENCE,
        ISSUE_DUPLICATE_CELL,
        ISSUE_CELL_TYPE,
        ISSUE_TEXT_TOO_LONG,
    };
    char seen[16][ISSUE_TEXT_MAX];
    size_t count = sizeof(codes) / sizeof(codes[0]);

    for (int type = COLUMN_TEXT; type <= COLUMN_OTHER; type++)
        check_refused(
            convert_type((enum column_type)type, error_cell(1, "#N/A")),
            ISSUE_ERROR_VALUE);
    for (size_t i = 0; i < count; i++) {
        struct outcome o =
            convert_type(COLUMN_TEXT, bad_cell(3, codes[i], "12\001a"));

        check_refused(o, codes[i]);
        CHECK_EQ_STR(o.why.value, "12?a");
        CHECK_EQ_INT(o.why.column, 3);
        strcpy(seen[i], o.why.text);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(seen[i], seen[j]) != 0);
    }
    /* A code that rejects no row must not leave a row between the stools. */
    check_refused(convert_type(COLUMN_TEXT, bad_cell(1, ISSUE_IO, "")),
                  ISSUE_CELL_TYPE);
}

static void a_refusal_says_what_was_wanted(void)
{
    struct outcome o = convert_type(COLUMN_DATE, text_cell(2, "soon"));

    CHECK_EQ_STR(o.why.text, "is not a date (YYYY-MM-DD)");
    CHECK_EQ_STR(o.why.value, "soon");
    CHECK_EQ_INT(o.why.column, 2);
    o = convert_type(COLUMN_INTEGER, datetime_cell(2, 0));
    CHECK_EQ_STR(o.why.value, "1970-01-01");
}

CHECK_MAIN(anything_becomes_text,
           lasting_text_is_borrowed_and_other_text_copied,
           length_counts_characters, integers_are_whole_and_fit,
           what_is_no_integer_is_refused, reals_fit, numerics_keep_their_digits,
           booleans_have_ten_words, dates_have_no_time_of_day,
           timestamps_have_a_zone_or_not,
           times_lie_within_a_day_and_intervals_need_not,
           blank_text_is_null_where_it_is_no_text,
           errors_and_bad_cells_convert_to_nothing,
           a_refusal_says_what_was_wanted)
