/* SPDX-License-Identifier: Apache-2.0 */
/* test_text.c: slices, UTF-8, numbers and dates as text. */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "text.h"

static const char *number_text(double x)
{
    static char out[NUMBER_TEXT_MAX + 1];

    out[number_to_text(x, out)] = '\0';
    return out;
}

static void numbers_are_written_as_ecmascript_does(void)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "0"},
        {1.0, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {100.0, "100"},
        {1e21, "1e+21"},
        {1e20, "100000000000000000000"},
        {123456789012345680000.0, "123456789012345680000"},
        {1.5e300, "1.5e+300"},
        {1e-6, "0.000001"},
        {1e-7, "1e-7"},
        {1.5e-7, "1.5e-7"},
        {0.1 + 0.2, "0.30000000000000004"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"},
        {5.684341886080802e-14, "5.684341886080802e-14"},
        {9.5367431640625e-7, "9.5367431640625e-7"},
        /* 2^-1074 * 2^k: where plain rounding misses the shortest text. */
        {0x1p-44, "5.684341886080802e-14"},
        {0x1p-1017, "7.120236347223045e-307"},
        {123.456, "123.456"},
        {999999.999999, "999999.999999"},
        {4.35, "4.35"},
        {2.675, "2.675"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_EQ_STR(number_text(cases[i].number), cases[i].text);
}

static void numbers_read_back_to_the_same_double(void)
{
    uint64_t seed = 88172645463325252u;

    for (int i = 0; i < 200000; i++) {
        char out[NUMBER_TEXT_MAX];
        double x;
        double back = 0;
        size_t n;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        memcpy(&x, &seed, sizeof(x));
        if (!isfinite(x))
            continue;
        n = number_to_text(x, out);
        CHECK(n <= NUMBER_TEXT_MAX);
        CHECK(number_from_text((struct slice){out, n}, &back));
        CHECK_MSG(back == x, "%.17g reads back as %.17g", x, back);
    }
}

static void reading_rounds_as_strtod_does(void)
{
    uint64_t seed = 2463534242u;

    for (int i = 0; i < 300000; i++) {
        char text[64];
        double x = 0;
        double expected;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        snprintf(text, sizeof(text), "%llu.%0*llu",
                 (unsigned long long)(seed % 100000), (int)(1 + seed % 14),
                 (unsigned long long)((seed >> 20) % 100000000000000));
        expected = strtod(text, NULL);
        CHECK(number_from_text(slice_of(text), &x));
        CHECK_MSG(x == expected, "%s", text);
    }
}

static void odd_numbers(void)
{
    static const char *const bad[] = {
        "",     "-",    "+",   ".",     "1 ",     " 1",
        "0x1",  "inf",  "nan", "1e",    "1e+",    "1,5",
        "1..2", "1e5x", "--1", "1e309", "-1e400", "1e99999999999999999"};
    static const struct {
        const char *text;
        double number;
    } good[] = {
        {"1.", 1.0},
        {".5", 0.5},
        {"+2", 2.0},
        {"1E5", 1e5},
        {"1e-400", 0.0},
        {"000000000000000000000000000000012", 12.0},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.0000000000000000000000001", 9007199254740994.0},
        {"0.10000000000000001", 0.1},
        {"18446744073709551616", 18446744073709551616.0},
        {"1e-99999999999999999999", 0.0},
        {"0e99999", 0.0},
    };
    char many[3000];
    double x = 7;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_MSG(!number_from_text(slice_of(bad[i]), &x), "%s", bad[i]);
    CHECK(x == 7);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        CHECK(number_from_text(slice_of(good[i].text), &x));
        CHECK_MSG(x == good[i].number, "%s", good[i].text);
    }
    /* A tie that only the very last of 2,999 digits breaks. */
    memset(many, '0', sizeof(many));
    memcpy(many, "9007199254740993.", 17);
    many[2998] = '1';
    CHECK(number_from_text((struct slice){many, 2999}, &x));
    CHECK(x == 9007199254740994.0);
    many[2998] = '0';
    CHECK(number_from_text((struct slice){many, 2999}, &x));
    CHECK(x == 9007199254740992.0);
}

static void integers(void)
{
    int64_t n = 5;

    CHECK(integer_from_text(SLICE("9223372036854775807"), &n) &&
          n == INT64_MAX);
    CHECK(integer_from_text(SLICE("-9223372036854775808"), &n) &&
          n == INT64_MIN);
    CHECK(integer_from_text(SLICE("+007"), &n) && n == 7);
    CHECK(!integer_from_text(SLICE("9223372036854775808"), &n));
    CHECK(!integer_from_text(SLICE("-9223372036854775809"), &n));
    CHECK(!integer_from_text(SLICE("1.0"), &n));
    CHECK(!integer_from_text(SLICE(""), &n));
    CHECK(!integer_from_text(SLICE("-"), &n));
    CHECK_EQ_INT(n, 7);
}

static void utf8(void)
{
    static const struct {
        const char *bytes;
        size_t good; /* bytes of it that are well-formed */
    } cases[] = {
        {"plain ASCII that is longer than sixteen bytes", 45},
        {"caf\xc3\xa9", 5},
        {"\xe2\x82\xac", 3},
        {"\xf0\x9f\x98\x80", 4},
        {"a\xc0\xaf", 1},
        {"\xe0\x80\xaf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"0123456789abcdef\x80", 16},
        {"ab\xe2\x82", 2},
        {"\xff", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_EQ_INT(utf8_check(slice_of(cases[i].bytes)), cases[i].good);
    CHECK_EQ_INT(utf8_prefix(SLICE("caf\xc3\xa9s"), 4), 3);
    CHECK_EQ_INT(utf8_prefix(SLICE("caf\xc3\xa9s"), 5), 5);
    CHECK_EQ_INT(utf8_prefix(SLICE("\xf0\x9f\x98\x80"), 3), 0);
    CHECK_EQ_INT(utf8_prefix(SLICE("abc"), 10), 3);
    CHECK_EQ_INT(utf8_prefix(SLICE("\x80\x80\x80\x80\x80\x80"), 5), 5);
}

static void slices(void)
{
    CHECK(slice_equal(slice_trim(SLICE(" \t\r\n\xc2\xa0x y\xc2\xa0 ")),
                      SLICE("x y")));
    CHECK_EQ_INT(slice_trim(SLICE(" \xc2\xa0 ")).len, 0);
    CHECK(slice_equal_nocase(SLICE("Name"), SLICE("nAME")));
    CHECK(!slice_equal_nocase(SLICE("Name"), SLICE("Names")));
    CHECK(!slice_equal_nocase(SLICE("@"), SLICE("`")));
    CHECK(slice_equal((struct slice){NULL, 0}, SLICE("")));
}

static const char *date_text(int64_t ms)
{
    static char out[DATE_TEXT_MAX + 1];

    out[datetime_to_text(ms, out)] = '\0';
    return out;
}

static const char *span_text(int64_t ms)
{
    static char out[DATE_TEXT_MAX + 1];

    out[duration_to_text(ms, out)] = '\0';
    return out;
}

static void dates(void)
{
    int64_t year;
    unsigned month;
    unsigned day;

    CHECK_EQ_STR(date_text(0), "1970-01-01");
    CHECK_EQ_STR(date_text(-1), "1969-12-31T23:59:59.999");
    CHECK_EQ_STR(date_text(951782400000), "2000-02-29");
    CHECK_EQ_STR(date_text(951782400000 + 3723000), "2000-02-29T01:02:03");
    CHECK_EQ_STR(span_text(0), "00:00:00");
    CHECK_EQ_STR(span_text(-5400500), "-01:30:00.500");
    CHECK_EQ_STR(span_text(360000000), "100:00:00");
    CHECK_EQ_INT((intmax_t)strlen(span_text(INT64_MIN)), 24);
    for (int64_t d = -800000; d < 3000000; d += 13) {
        civil_from_days(d, &year, &month, &day);
        CHECK_EQ_INT(days_from_civil(year, month, day), d);
    }
    CHECK_EQ_INT(days_from_civil(1899, 12, 30), -25569);
}

static void columns(void)
{
    char name[9];

    column_name(1, name);
    CHECK_EQ_STR(name, "A");
    column_name(26, name);
    CHECK_EQ_STR(name, "Z");
    column_name(27, name);
    CHECK_EQ_STR(name, "AA");
    CHECK_EQ_INT(column_name(16384, name), 3);
    CHECK_EQ_STR(name, "XFD");
    CHECK_EQ_INT(column_name(UINT32_MAX, name), 7);
}

CHECK_MAIN(numbers_are_written_as_ecmascript_does,
           numbers_read_back_to_the_same_double, reading_rounds_as_strtod_does,
           odd_numbers, integers, utf8, slices, dates, columns)
